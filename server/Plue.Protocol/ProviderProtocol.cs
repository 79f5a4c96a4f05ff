namespace Plue.Protocol;

public enum ProviderStatus { Untested, Testing, Connected, Error, Disabled }

/// <summary>Where a provider comes from: a file of the user's, a key in the environment, a program found on this machine, or the tour.</summary>
public enum ProviderSource { File, Environment, Found, Tour }

public sealed record ProviderSummary
{
    /// <summary>A name in <c>codex://providers/</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public required string Kind { get; init; }
    public required ProviderSource Source { get; init; }
    public required bool Enabled { get; init; }
    public required ProviderStatus Status { get; init; }
    public DateTimeOffset? LastTested { get; init; }
    public ErrorView? Error { get; init; }
    public string? Endpoint { get; init; }
    /// <summary>The model used when a chat names none.</summary>
    public string? Model { get; init; }
    /// <summary>Whether this kind takes an API key at all.</summary>
    public required bool TakesKey { get; init; }
    public required bool HasCredential { get; init; }
    /// <summary>Where a key of this provider would be sent: scheme, host and port.</summary>
    public string? Origin { get; init; }
    public required bool IsDefault { get; init; }
}

public sealed record ProviderListResult(IReadOnlyList<ProviderSummary> Items, IReadOnlyList<ProviderKindView> Kinds);

/// <param name="DefaultEndpoint">Null where the user has to give one.</param>
public sealed record ProviderKindView(string Kind, string Name, bool TakesKey, bool TakesEndpoint, string? DefaultEndpoint);

/// <param name="DefaultId">What new chats use from now on.</param>
/// <param name="Sentence">What was found and is used, for the user: "Using Claude Code, signed in with a subscription."</param>
/// <param name="Tried">What was looked for, and how each ended, one sentence each.</param>
public sealed record ProviderDiscoverResult(string DefaultId, string Sentence, IReadOnlyList<string> Tried);

/// <summary>Creates or changes a provider codex. Never carries a secret: the key goes to the vault by vault/store.</summary>
/// <param name="Id">Null makes one from the name.</param>
/// <param name="MakeDefault">New chats use it from now on.</param>
public sealed record ProviderConfigureParams(string? Id, string Name, string Kind, string? Endpoint, string? Model, bool? Enabled, bool? MakeDefault);

public sealed record ProviderIdParams(string Id);

public sealed record ProviderModelsResult(IReadOnlyList<ModelView> Models);

/// <summary>What is not known is null. Prices are USD for a million tokens.</summary>
public sealed record ModelView
{
    public required string Id { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public long? ContextLength { get; init; }
    public decimal? InputPerMillion { get; init; }
    public decimal? OutputPerMillion { get; init; }
}

/// <param name="CliPath">The one used; null when none was found.</param>
/// <param name="Sentence">What a person wants to know.</param>
/// <param name="Tried">Every place looked at, in order, and what was there.</param>
public sealed record ClaudeCodeCheckResult(bool SignedIn, string? CliPath, string? Version, string Sentence, IReadOnlyList<string> Tried);
