namespace Plue.Server.Messages;

/// <summary>The user's decision on a tool call, stored with the result of the call.</summary>
/// <param name="Decision"><c>once</c>, <c>always</c> or <c>deny</c>.</param>
/// <param name="Reason">The user's reason for a denial.</param>
/// <param name="Rule">The permission rule that <c>always</c> stored.</param>
public sealed record ApprovalNote(string Decision, string? Reason, string? Rule, DateTimeOffset Time);
