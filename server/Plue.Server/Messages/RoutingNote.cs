namespace Plue.Server.Messages;

/// <summary>Who was chosen for an answer among several candidates, and why.</summary>
public sealed record RoutingNote(string Chosen, string Why, IReadOnlyList<Rejection> Rejected);

/// <param name="Why">Why it was not chosen, or how it failed, one sentence.</param>
public sealed record Rejection(string Candidate, string Why);
