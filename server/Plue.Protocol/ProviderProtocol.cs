using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

[JsonConverter(typeof(CamelCaseEnumConverter<ProviderStatus>))]
public enum ProviderStatus
{
    Untested,
    Testing,
    Connected,
    Error,
    Disabled,
}

/// <summary>The origin of a provider: a file of the user, a key in the environment, a program found on this machine, or the tour.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<ProviderSource>))]
public enum ProviderSource
{
    File,
    Environment,
    Found,
    Tour,
}

/// <summary>Authentication methods of providers. Files spell the names in snake_case.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AuthType>))]
public enum AuthType
{
    None,
    ApiKey,
    Oauth,
    AwsCredentials,
    ServiceAccount,
}

public sealed record ProviderSummary
{
    /// <summary>A name in <c>codex://providers/</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string? Description { get; init; }
    public required string Kind { get; init; }
    public required ProviderSource Source { get; init; }
    public required bool Enabled { get; init; }
    public required ProviderStatus Status { get; init; }
    public DateTimeOffset? LastTested { get; init; }
    public ErrorView? Error { get; init; }

    /// <summary>The end of the cooldown after repeated failures; null if there is none.</summary>
    public DateTimeOffset? CooldownUntil { get; init; }

    /// <summary>The limits of a subscription that its last response reported and that are not reset yet; null for none.</summary>
    public IReadOnlyList<UsageWindowView>? Windows { get; init; }

    /// <summary>The problem of the file with its position; null if it is valid.</summary>
    public FileFault? Fault { get; init; }

    /// <summary>The path of the file; null if it has none.</summary>
    public string? File { get; init; }
    public string? CatalogProvider { get; init; }
    public string? Endpoint { get; init; }

    /// <summary>The model for chats without one.</summary>
    public string? Model { get; init; }

    /// <summary>The number of models in the last listing; null before the first one.</summary>
    public int? ModelCount { get; init; }
    public required AuthType AuthType { get; init; }

    /// <summary>True if this kind can use an API key.</summary>
    public required bool TakesKey { get; init; }

    /// <summary><c>vault://owner/name</c>, or <c>env://NAME</c> for a key in the environment.</summary>
    public string? KeyReference { get; init; }
    public required bool HasCredential { get; init; }

    /// <summary>The origin to which a key of this provider is sent: scheme, host and port.</summary>
    public string? Origin { get; init; }

    /// <summary>True if new chats use it.</summary>
    public required bool IsDefault { get; init; }

    /// <summary>True if it is the background model, for titles and summaries.</summary>
    public required bool IsDefaultSmall { get; init; }
}

/// <param name="Name">As the vendor spells it: <c>five_hour</c>, <c>seven_day</c>, <c>seven_day_opus</c>.</param>
/// <param name="UsedPercent">0 to 100.</param>
public sealed record UsageWindowView(string Name, int UsedPercent, DateTimeOffset ResetsAt);

/// <param name="HoldsSecret">True if the file contains a literal key, which provider/moveKey moves to the vault.</param>
public sealed record FileFault(string Path, int Line, int Column, string Message, bool HoldsSecret);

/// <param name="FolderProblem">Why the folder of provider files cannot be read; null if it can.</param>
public sealed record ProviderListResult(IReadOnlyList<ProviderSummary> Items, IReadOnlyList<ProviderKindView> Kinds, string? FolderProblem);

/// <param name="NeedsEndpoint">True if the user must enter the address.</param>
/// <param name="DefaultEndpoint">Null if the user must enter one, or none is called.</param>
/// <param name="AuthTypes">The default first.</param>
public sealed record ProviderKindView(
    string Kind,
    string Name,
    bool TakesKey,
    bool TakesEndpoint,
    bool NeedsEndpoint,
    string? DefaultEndpoint,
    IReadOnlyList<AuthType> AuthTypes
);

/// <param name="DefaultId">The default provider of new chats.</param>
/// <param name="Message">The provider that was found and is used, for the user: "Using Claude Code, signed in with a subscription."</param>
/// <param name="Checks">The checks and their results, one sentence each.</param>
public sealed record ProviderDiscoverResult(string DefaultId, string Message, IReadOnlyList<string> Checks);

/// <summary>Creates or changes a provider codex. Contains no secrets: vault/store stores the key.</summary>
/// <param name="Id">Null derives it from the name.</param>
/// <param name="Endpoint">Null keeps it, an empty text removes it; the same for <paramref name="Model"/> and <paramref name="CatalogProvider"/>.</param>
/// <param name="MakeDefault">True makes it the default provider of new chats.</param>
/// <param name="MakeDefaultSmall">True makes it the background model.</param>
/// <param name="Fields">Other fields of the <c>llm-provider</c> template by their names in the file; null removes one.</param>
public sealed record ProviderConfigureParams(
    string? Id,
    string Name,
    string Kind,
    string? Endpoint,
    string? Model,
    bool? Enabled,
    bool? MakeDefault,
    bool? MakeDefaultSmall,
    string? CatalogProvider,
    IReadOnlyDictionary<string, JsonElement>? Fields
);

public sealed record ProviderIdParams(string Id);

/// <summary>Enabling tests the sign-in. If that fails, the provider stays disabled and the summary has the reason.</summary>
public sealed record ProviderSetEnabledParams(string Id, bool Enabled);

/// <param name="DeleteKey">True also deletes its key from the vault, unless another provider uses it.</param>
public sealed record ProviderDeleteParams(string Id, bool? DeleteKey);

/// <summary>Everything the page shows of one provider.</summary>
/// <param name="Configuration">The file's fields by name; possible secrets are replaced by <c>***REDACTED***</c>.</param>
/// <param name="Key">Its entry in the vault, while that is unlocked and has one.</param>
/// <param name="Errors">The last failures, newest first.</param>
public sealed record ProviderDetail(
    ProviderSummary Summary,
    IReadOnlyDictionary<string, JsonElement> Configuration,
    VaultEntrySummary? Key,
    ProviderUses Uses,
    IReadOnlyList<ProviderErrorView> Errors
);

public sealed record ProviderErrorView(DateTimeOffset At, ErrorView Error);

/// <param name="Chats">The most recent ones; <paramref name="ChatCount"/> is the number of all.</param>
/// <param name="Templates">Ids of templates that name it.</param>
/// <param name="Settings">Names of settings that name it.</param>
public sealed record ProviderUses(
    int ChatCount,
    IReadOnlyList<CodexLink> Chats,
    IReadOnlyList<string> Templates,
    IReadOnlyList<string> Settings
);

public sealed record CodexLink(string Uri, string Title);

/// <param name="Refresh">Asks the vendor even when the stored list is fresh.</param>
public sealed record ProviderModelsParams(string Id, bool? Refresh);

/// <param name="FetchedAt">The time of the request to the vendor; null if the list is the catalog's.</param>
/// <param name="Error">Why the vendor's list could not be requested; the list is then the stored one or the catalog's.</param>
public sealed record ProviderModelsResult(IReadOnlyList<ModelView> Models, DateTimeOffset? FetchedAt, ErrorView? Error);

/// <summary>Unknown values are null, not false or 0. Prices are USD per million tokens.</summary>
public sealed record ModelView
{
    public required string Id { get; init; }
    public string? Name { get; init; }
    public string? Description { get; init; }
    public long? ContextLength { get; init; }
    public long? MaxOutput { get; init; }
    public bool? SupportsTools { get; init; }
    public bool? SupportsVision { get; init; }
    public bool? CanReason { get; init; }

    /// <summary>The reasoning levels, weakest first, as on the wire.</summary>
    public IReadOnlyList<string>? ReasoningLevels { get; init; }
    public string? DefaultReasoningLevel { get; init; }
    public decimal? InputPerMillion { get; init; }
    public decimal? OutputPerMillion { get; init; }
    public decimal? CachedReadPerMillion { get; init; }
    public decimal? CachedWritePerMillion { get; init; }

    /// <summary>The cost of a typical chat of the user, in USD; null if there are no chats or the price is unknown.</summary>
    public decimal? TypicalChatCost { get; init; }
}

/// <summary>Starts a sign-in with OAuth. The window opens <see cref="ProviderSignInResult.Url"/>; provider/awaitSignIn returns the result.</summary>
/// <param name="Url">The address where the user signs in.</param>
/// <param name="UserCode">The code that the user enters there; null if none is needed.</param>
public sealed record ProviderSignInResult(string Url, string? UserCode, DateTimeOffset ExpiresAt);

/// <param name="Path">The whole path of the program.</param>
/// <param name="Sha256">The hash of the current file, in lower-case hex.</param>
/// <param name="Approved">True if this path with this content may be started.</param>
/// <param name="ChangedSinceApproval">True if the path was approved with other content.</param>
/// <param name="Agent">The name of the agent that it is; omitted for other programs.</param>
/// <param name="Arguments">The default arguments of the agent; omitted for other programs.</param>
public sealed record ExecutableView(
    string Path,
    string Name,
    string Sha256,
    bool Approved,
    bool ChangedSinceApproval,
    string? Agent = null,
    IReadOnlyList<string>? Arguments = null
);

public sealed record ProviderExecutablesResult(IReadOnlyList<ExecutableView> Items);

/// <summary>Approves a program as shown to the user. Fails if its content has changed.</summary>
public sealed record ProviderApproveParams(string Path, string Sha256);

/// <summary>A provider changed; null for any. Lists of providers are outdated.</summary>
public sealed record ProviderChangedParams(string? Id);

/// <param name="CliPath">The program that is used; null if none was found.</param>
/// <param name="Message">The result for the user.</param>
/// <param name="Checks">All searched places in order, with the results.</param>
public sealed record ClaudeCodeCheckResult(bool SignedIn, string? CliPath, string? Version, string Message, IReadOnlyList<string> Checks);
