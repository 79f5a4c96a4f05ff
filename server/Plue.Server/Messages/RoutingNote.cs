namespace Plue.Server.Messages;

/// <summary>The model that was chosen among several candidates, and why.</summary>
public sealed record RoutingNote(string Chosen, string Reason, IReadOnlyList<Rejection> Rejected);

/// <param name="Reason">Why it was not chosen, or how it failed, in one sentence.</param>
public sealed record Rejection(string Candidate, string Reason);
