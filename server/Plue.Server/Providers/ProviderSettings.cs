using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>A provider codex as the providers read it: plain values, no documents. Field names and defaults: templates/llm-provider.json5.</summary>
public sealed record ProviderSettings
{
    /// <summary>The codex name, as in <c>codex://providers/NAME</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>One of <see cref="ProviderKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Where the settings come from.</summary>
    public ProviderSource Source { get; init; } = ProviderSource.File;
    public bool Enabled { get; init; } = true;

    /// <summary>Null means the vendor's default host. Once set, no other host is ever called.</summary>
    public Uri? Endpoint { get; init; }
    public string? Model { get; init; }
    public string? CatalogProvider { get; init; }

    /// <summary>Null means the default of the kind.</summary>
    public AuthType? Auth { get; init; }

    /// <summary><c>vault://owner/name</c>, or <c>env://NAME</c> for a key found in the environment; null where none is needed.</summary>
    public string? ApiKeyRef { get; init; }
    public string? CliPath { get; init; }
    public int? MaxTurns { get; init; }

    /// <summary>Claude Code: it uses its own skills, slash commands, hooks, agents and MCP servers in trusted folders.</summary>
    public bool UsesOwnSettings { get; init; }
    public string? CustomSystemPrompt { get; init; }
    public int? MaxTokens { get; init; }
    public double? Temperature { get; init; }
    public IReadOnlyList<string> StopSequences { get; init; } = [];
    public string? ReasoningLevel { get; init; }
    public bool SupportsTools { get; init; } = true;

    /// <summary>For the first byte and between reads; null means the kind's default (first byte 120 s hosted, 300 s local; 120 s between reads).</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary><c>standard</c>, <c>none</c> or <c>patient</c>.</summary>
    public string RetryPolicy { get; init; } = "standard";
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Region, project, profile, the addresses of an authorization server and the like, by their names in the file. Values may be <c>vault://</c>.</summary>
    public IReadOnlyDictionary<string, string> AdditionalAuth { get; init; } = new Dictionary<string, string>();

    /// <summary>Prices that the user entered, by model ID. They take precedence over the vendor's and the catalog's.</summary>
    public IReadOnlyDictionary<string, Price> ModelPrices { get; init; } = new Dictionary<string, Price>();

    /// <summary>External programs and agents: the program, by its absolute path.</summary>
    public string? Command { get; init; }

    /// <summary>Agents: the arguments of the program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Agents: environment variables of the program. Values may be <c>vault://</c> or <c>env://</c>.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Agents: whether the program runs in the sandbox, where the machine has one.</summary>
    public bool UsesSandbox { get; init; } = true;

    /// <summary>Agents: further folders that the program may write to in the sandbox.</summary>
    public IReadOnlyList<string> WritableFolders { get; init; } = [];

    /// <summary>Agents: the session mode while changes are allowed; null for the one that fits the mode of the chat.</summary>
    public string? SessionMode { get; init; }

    /// <summary>Agents: the program gets the approved MCP servers of the chat.</summary>
    public bool PassesServers { get; init; }
    public bool SupportsStreaming { get; init; } = true;

    /// <summary>Those of its kind. A provider may lack some of them: see <see cref="IProvider.Capabilities"/>.</summary>
    public ProviderCapabilities Capabilities
    {
        get
        {
            var ofKind = ProviderKinds.Find(Kind)?.Capabilities ?? ProviderCapabilities.Default;
            // Without a sign-in of its own, Copilot is the editor's.
            return Kind == ProviderKinds.GithubCopilot && AuthType != AuthType.Oauth ? ofKind with { IsOfEditor = true }
                : IsClaudeCodeAgent ? ofKind with { OwnHooks = true }
                : UsesOwnSettings && Kind == ProviderKinds.ClaudeCode ? ofKind with { OwnSkills = true, OwnHooks = true }
                : ofKind;
        }
    }

    /// <summary>Agents: the program is Claude Code behind an adapter, which reads the settings of Claude Code.</summary>
    private bool IsClaudeCodeAgent =>
        Kind == ProviderKinds.Acp
        && Arguments.Prepend(Command ?? "").Any(part => Path.GetFileName(part).Contains("claude", StringComparison.OrdinalIgnoreCase));

    /// <summary>Ollama costs nothing, unless its server takes a key or the user entered prices.</summary>
    public bool IsFree => Capabilities.IsFree && AuthType != AuthType.ApiKey && ModelPrices.Count == 0;

    /// <summary>How requests are authenticated.</summary>
    public AuthType AuthType => Auth ?? ProviderKinds.Find(Kind)?.AuthTypes[0] ?? AuthType.None;

    /// <summary>The address that is called: the endpoint, else the vendor's own; null where the kind has none.</summary>
    public Uri? Address => Endpoint ?? (ProviderKinds.Find(Kind)?.DefaultEndpoint is { } vendor ? new Uri(vendor) : null);

    /// <summary>The endpoint as it may be shown: without a name and a password in it. Null where there is none.</summary>
    public string? ShownEndpoint =>
        Endpoint switch
        {
            { IsAbsoluteUri: true, UserInfo.Length: > 0 } => Endpoint.GetComponents(
                UriComponents.AbsoluteUri & ~UriComponents.UserInfo,
                UriFormat.UriEscaped
            ),
            _ => Endpoint?.ToString(),
        };

    /// <summary>A field of <see cref="AdditionalAuth"/>; null if it is missing or blank.</summary>
    public string? AuthField(string name) =>
        AdditionalAuth.TryGetValue(name, out var value) && value.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>By value. The record's own equality takes two lists for two things.</summary>
    public bool HasSameValuesAs(ProviderSettings other) =>
        this with
        {
            StopSequences = other.StopSequences,
            Headers = other.Headers,
            AdditionalAuth = other.AdditionalAuth,
            ModelPrices = other.ModelPrices,
            Arguments = other.Arguments,
            Environment = other.Environment,
            WritableFolders = other.WritableFolders,
        } == other
        && StopSequences.SequenceEqual(other.StopSequences)
        && Arguments.SequenceEqual(other.Arguments)
        && WritableFolders.SequenceEqual(other.WritableFolders)
        && SameEntries(Environment, other.Environment)
        && SameEntries(Headers, other.Headers)
        && SameEntries(AdditionalAuth, other.AdditionalAuth)
        && SameEntries(ModelPrices, other.ModelPrices);

    private static bool SameEntries<T>(IReadOnlyDictionary<string, T> one, IReadOnlyDictionary<string, T> other)
        where T : class =>
        one.Count == other.Count && one.All(entry => other.TryGetValue(entry.Key, out var value) && value.Equals(entry.Value));
}

public enum ProviderSource
{
    File,
    Environment,
    Found,
    Tour,
    CommandLine,
}
