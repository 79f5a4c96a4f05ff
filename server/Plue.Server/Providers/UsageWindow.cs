namespace Plue.Server.Providers;

/// <summary>A limit of a subscription that is reset at a time, such as Claude's five hours and seven days.</summary>
/// <param name="Name">As the vendor spells it: <c>five_hour</c>, <c>seven_day</c>, <c>seven_day_opus</c>.</param>
/// <param name="Used">Share of the limit, 0 to 1.</param>
public sealed record UsageWindow(string Name, double Used, DateTimeOffset ResetsAt);
