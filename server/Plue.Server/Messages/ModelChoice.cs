namespace Plue.Server.Messages;

/// <summary>A provider and one of its models.</summary>
/// <param name="ProviderId">A name in <c>codex://providers/</c>.</param>
/// <param name="Model">Null means the provider's own.</param>
public sealed record ModelChoice(string ProviderId, string? Model = null);
