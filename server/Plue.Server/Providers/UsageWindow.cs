namespace Plue.Server.Providers;

/// <summary>A limit of a subscription that is reset periodically, such as Claude's five hours and seven days.</summary>
/// <param name="Name">The vendor's name: <c>five_hour</c>, <c>seven_day</c>, <c>seven_day_opus</c>.</param>
/// <param name="Used">The used share, 0 to 1.</param>
public sealed record UsageWindow(string Name, double Used, DateTimeOffset ResetsAt);
