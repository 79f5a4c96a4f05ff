using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The settings of a provider, independent of documents. See templates/llm-provider.json5 for field names and defaults.</summary>
public sealed record ProviderSettings
{
    /// <summary>The name in <c>codex://providers/NAME</c>.</summary>
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>One of <see cref="ProviderKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The origin of the settings.</summary>
    public ProviderSource Source { get; init; } = ProviderSource.File;
    public bool Enabled { get; init; } = true;

    /// <summary>Null for the vendor's default host. If set, no other host is used.</summary>
    public Uri? Endpoint { get; init; }
    public string? Model { get; init; }
    public string? CatalogProvider { get; init; }

    /// <summary>Null for the default of the kind.</summary>
    public AuthType? Auth { get; init; }

    /// <summary><c>vault://owner/name</c>, or <c>env://NAME</c> for a key found in the environment; null if no key is used.</summary>
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

    /// <summary>The timeout of the first byte and between reads; null for the default (first byte: 120 s hosted, 300 s local; between reads: 120 s).</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary><c>standard</c>, <c>none</c> or <c>patient</c>.</summary>
    public string RetryPolicy { get; init; } = "standard";
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Region, project, profile, authorization server and similar fields, by field name. Values may be <c>vault://</c> addresses.</summary>
    public IReadOnlyDictionary<string, string> AdditionalAuth { get; init; } = new Dictionary<string, string>();

    /// <summary>Prices that the user entered, by model id. They take precedence over the vendor's and the catalog's.</summary>
    public IReadOnlyDictionary<string, Price> ModelPrices { get; init; } = new Dictionary<string, Price>();

    /// <summary>External programs and agents: the absolute path of the program.</summary>
    public string? Command { get; init; }

    /// <summary>Agents: the arguments of the program.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Agents: environment variables of the program. Values may be <c>vault://</c> or <c>env://</c> addresses.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Agents: whether the program runs in the sandbox, if the machine has one.</summary>
    public bool UsesSandbox { get; init; } = true;

    /// <summary>Agents: further folders to which the program may write in the sandbox.</summary>
    public IReadOnlyList<string> WritableFolders { get; init; } = [];

    /// <summary>Agents: the session mode while changes are allowed; null for the one that matches the mode of the chat.</summary>
    public string? SessionMode { get; init; }

    /// <summary>Agents: the program gets the approved MCP servers of the chat.</summary>
    public bool PassesMcpServers { get; init; }
    public bool SupportsStreaming { get; init; } = true;

    /// <summary>The capabilities of the kind. A provider may lack some of them: see <see cref="IProvider.Capabilities"/>.</summary>
    public ProviderCapabilities Capabilities
    {
        get
        {
            var ofKind = ProviderKinds.Find(Kind)?.Capabilities ?? ProviderCapabilities.Default;
            // Without an OAuth sign-in, Copilot's models are the editor's.
            return Kind == ProviderKinds.GithubCopilot && AuthType != AuthType.Oauth ? ofKind with { IsOfEditor = true }
                : IsClaudeCodeAgent ? ofKind with { OwnHooks = true }
                : UsesOwnSettings && Kind == ProviderKinds.ClaudeCode ? ofKind with { OwnSkills = true, OwnHooks = true }
                : ofKind;
        }
    }

    /// <summary>Agents: true if the program is an adapter for Claude Code, which reads the settings of Claude Code.</summary>
    private bool IsClaudeCodeAgent =>
        Kind == ProviderKinds.Acp
        && Arguments.Prepend(Command ?? "").Any(part => Path.GetFileName(part).Contains("claude", StringComparison.OrdinalIgnoreCase));

    /// <summary>Ollama is free, unless its server needs a key or the user entered prices.</summary>
    public bool IsFree => Capabilities.IsFree && AuthType != AuthType.ApiKey && ModelPrices.Count == 0;

    /// <summary>The authentication of requests.</summary>
    public AuthType AuthType => Auth ?? ProviderKinds.Find(Kind)?.AuthTypes[0] ?? AuthType.None;

    /// <summary>The endpoint or the vendor's default; null if the kind has none.</summary>
    public Uri? Address => Endpoint ?? (ProviderKinds.Find(Kind)?.DefaultEndpoint is { } vendor ? new Uri(vendor) : null);

    /// <summary>The endpoint for display, without user name and password; null if there is none.</summary>
    public string? ShownEndpoint =>
        Endpoint switch
        {
            { IsAbsoluteUri: true, UserInfo.Length: > 0 } => Endpoint.GetComponents(
                UriComponents.AbsoluteUri & ~UriComponents.UserInfo,
                UriFormat.UriEscaped
            ),
            _ => Endpoint?.ToString(),
        };

    /// <summary>Returns a field of <see cref="AdditionalAuth"/>; null if it is missing or blank.</summary>
    public string? AuthField(string name) =>
        AdditionalAuth.TryGetValue(name, out var value) && value.Trim() is { Length: > 0 } text ? text : null;

    /// <summary>Compares by value. The record's equality compares lists by reference.</summary>
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
