namespace Plue.Server.Messages;

/// <summary>A question about a call that the user answered, kept with what came of the call.</summary>
/// <param name="Decision"><c>once</c>, <c>always</c> or <c>deny</c>.</param>
/// <param name="Reason">The user's word with a denial.</param>
/// <param name="Rule">What <c>always</c> stored.</param>
public sealed record ApprovalNote(string Decision, string? Reason, string? Rule, DateTimeOffset Time);
