namespace Plue.Server.Messages;

/// <summary>A provider and one of its models.</summary>
/// <param name="ProviderId">The name in <c>codex://providers/</c>.</param>
/// <param name="Model">Null for the provider's default model.</param>
public sealed record ModelChoice(string ProviderId, string? Model = null);
