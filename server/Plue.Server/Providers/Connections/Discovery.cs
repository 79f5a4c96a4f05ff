using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// Finds providers that work without configuration: a signed-in claude CLI, a local Ollama, keys in the environment, installed agents, and always the tour.
/// </summary>
/// <param name="claudeCode">Looks for the CLI and its sign-in.</param>
/// <param name="probe">Checks whether a provider responds; used for Ollama.</param>
/// <param name="agents">Looks for programs that support ACP, without starting any.</param>
internal sealed class Discovery(
    Func<CancellationToken, Task<ClaudeCodeFinding>> claudeCode,
    Func<ProviderSettings, CancellationToken, Task<Failure?>> probe,
    Func<string, string?> environment,
    ProviderCatalog catalog,
    Func<IReadOnlyList<ProviderSettings>>? agents = null
)
{
    /// <summary>The vendors whose keys are read from the environment, in order of preference.</summary>
    private static readonly (string Id, string Variable)[] Vendors =
    [
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("openai", "OPENAI_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
        ("gemini", "GEMINI_API_KEY"),
        ("groq", "GROQ_API_KEY"),
        ("xai", "XAI_API_KEY"),
        ("deepseek", "DEEPSEEK_API_KEY"),
        ("cerebras", "CEREBRAS_API_KEY"),
        ("moonshot", "MOONSHOT_API_KEY"),
        ("zai", "ZAI_API_KEY"),
        ("kimi-coding", "KIMI_CODING_API_KEY"),
        ("huggingface", "HF_TOKEN"),
    ];

    /// <summary>Clouds whose credentials are more than a key. Any of the variables indicates that they are configured.</summary>
    private static readonly (string Id, string[] Variables)[] Clouds =
    [
        ("bedrock", ["AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"]),
        ("vertexai", ["GOOGLE_APPLICATION_CREDENTIALS"]),
    ];

    private readonly SemaphoreSlim once = new(1, 1);
    private readonly ProviderSettings tour = new()
    {
        Id = "tour",
        Name = "The tour",
        Kind = ProviderKinds.Tour,
        Source = ProviderSource.Tour,
    };
    private volatile DiscoveryResult? last;
    private IReadOnlyList<ProviderSettings>? fromEnvironment;

    /// <summary>The found providers. Keys and the tour are known at once, programs after the first <see cref="RunAsync"/>.</summary>
    public IReadOnlyList<ProviderSettings> Found => last?.Found ?? [.. FromEnvironment(), tour];

    /// <summary>The result of the last discovery; null before the first.</summary>
    public DiscoveryResult? Known => last;

    /// <summary>Returns one sentence if this catalog entry would send a key from the environment to another origin; otherwise null.</summary>
    public string? OriginChange(string id, CatalogProvider? next)
    {
        if (
            Vendors.FirstOrDefault(vendor => vendor.Id == id).Variable is not { } variable
            || !IsSet(variable)
            || next is null
            || catalog.Find(id) is not { } now
        )
        {
            return null;
        }

        var (before, after) = (Settings(id, variable, now), Settings(id, variable, next));
        return Origin(before) == Origin(after)
            ? null
            : $"{before.Name} with the key in {variable} uses {Origin(before)} now and would use {Origin(after)}.";
    }

    /// <summary>Runs the discovery once; later calls return the same result unless <paramref name="again"/> is true.</summary>
    public async Task<DiscoveryResult> RunAsync(bool again, CancellationToken cancellationToken)
    {
        if (!again && last is { } known)
        {
            return known;
        }

        await once.WaitAsync(cancellationToken);
        try
        {
            if (!again && last is { } found)
            {
                return found;
            }
            return last = await DiscoverAsync(cancellationToken);
        }
        finally
        {
            once.Release();
        }
    }

    /// <summary>The address of Ollama; null if the configured one is invalid.</summary>
    public Uri? OllamaAddress => OllamaSettings().Address;

    /// <summary>Checks whether Ollama responds.</summary>
    /// <returns>The address, and why Ollama did not respond; null if it did.</returns>
    public async Task<(string Address, Failure? Failure)> AskOllamaAsync(CancellationToken cancellationToken)
    {
        var ollama = OllamaSettings();
        return (ollama.ShownEndpoint!, await probe(ollama, cancellationToken));
    }

    private async Task<DiscoveryResult> DiscoverAsync(CancellationToken cancellationToken)
    {
        var ollama = OllamaSettings();
        var findClaude = FindClaudeAsync(cancellationToken);
        var checkOllama = probe(ollama, cancellationToken);
        await Task.WhenAll(findClaude, checkOllama);
        var (claude, ollamaFailure) = (await findClaude, await checkOllama);
        var keys = FromEnvironment();

        List<ProviderSettings> found = [];
        List<string> tried = [claude.Sentence];
        if (claude.Path is not null)
        {
            found.Add(
                new ProviderSettings
                {
                    Id = "claude-code",
                    Name = "Claude Code",
                    Kind = ProviderKinds.ClaudeCode,
                    Source = ProviderSource.Found,
                }
            );
        }

        tried.Add(ollamaFailure is null ? $"Ollama answers at {ollama.ShownEndpoint}." : ollamaFailure.Message);
        if (ollamaFailure is null)
        {
            found.Add(ollama);
        }

        tried.Add(
            keys.Count == 0 ? "No API key is in the environment." : $"Keys in the environment: {string.Join(", ", keys.Select(KeyName))}."
        );
        found.AddRange(keys);
        var installed = agents is null ? [] : await Task.Run(agents, cancellationToken);
        if (installed.Count > 0)
        {
            tried.Add($"Agents on this machine: {string.Join(", ", installed.Select(agent => agent.Name))}.");
        }
        found.AddRange(installed);
        found.Add(tour);

        var first =
            claude.SignedIn ? found[0]
            : ollamaFailure is null ? ollama
            : keys.Count > 0 ? keys[0]
            : tour;
        return new DiscoveryResult(found, first.Id, Describe(first, claude), tried);
    }

    /// <summary>A failed check of the CLI is reported as tried and does not prevent the discovery of others.</summary>
    private async Task<ClaudeCodeFinding> FindClaudeAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await claudeCode(cancellationToken);
        }
        catch (FailureException fault)
        {
            return new ClaudeCodeFinding(null, false, null, fault.Failure.Message, []);
        }
    }

    private string Describe(ProviderSettings first, ClaudeCodeFinding claude) =>
        first.Kind switch
        {
            ProviderKinds.ClaudeCode =>
                $"Using Claude Code{(claude.Version is { } version ? $" {version}" : "")}, which is signed in on this machine.",
            ProviderKinds.Ollama => $"Using Ollama at {first.ShownEndpoint}.",
            ProviderKinds.Tour when claude.Path is not null =>
                "Claude Code is on this machine but not signed in, so this is the tour: recorded chats, no key and no network.",
            ProviderKinds.Tour =>
                "Nothing to connect to was found on this machine yet, so this is the tour: recorded chats, no key and no network.",
            _ => $"Using {first.Name} with {KeyName(first)} from the environment.",
        };

    private string KeyName(ProviderSettings settings) =>
        settings.ApiKeyRef?[SecretReference.EnvironmentScheme.Length..]
        ?? Clouds.FirstOrDefault(cloud => cloud.Id == settings.Id).Variables?.First(IsSet)
        ?? "";

    private bool IsSet(string variable) => !string.IsNullOrWhiteSpace(environment(variable));

    private IReadOnlyList<ProviderSettings> FromEnvironment()
    {
        if (fromEnvironment is { } known)
        {
            return known;
        }

        List<ProviderSettings> keys = [];
        // The catalog of a vendor is read only if its key exists.
        foreach (var (id, variable) in Vendors)
        {
            if (!IsSet(variable) || catalog.Find(id) is not { } vendor)
            {
                continue;
            }

            keys.Add(Settings(id, variable, vendor));
        }

        foreach (var (id, variables) in Clouds)
        {
            if (!variables.Any(IsSet) || catalog.Find(id) is not { } vendor)
            {
                continue;
            }

            keys.Add(
                new ProviderSettings
                {
                    Id = id,
                    Name = vendor.Name,
                    Kind = CatalogTypes.KindOf(id, vendor.Type, out _),
                    Source = ProviderSource.Environment,
                    CatalogProvider = id,
                }
            );
        }

        return fromEnvironment = keys;
    }

    private static ProviderSettings Settings(string id, string variable, CatalogProvider vendor) =>
        new()
        {
            Id = id,
            Name = vendor.Name,
            Kind = CatalogTypes.KindOf(id, vendor.Type, out _),
            Source = ProviderSource.Environment,
            CatalogProvider = id,
            ApiKeyRef = $"env://{variable}",
            Endpoint = vendor.ApiEndpoint is { } url && !url.StartsWith('$') ? new Uri(url) : null,
        };

    /// <summary>Returns the origin in its DNS form, which distinguishes lookalike letters of other scripts.</summary>
    private static string Origin(ProviderSettings settings) =>
        settings.Address is { } address
            ? $"{address.Scheme}://{address.IdnHost}{(address.IsDefaultPort ? "" : $":{address.Port}")}"
            : "no address";

    private ProviderSettings OllamaSettings()
    {
        var host = environment("OLLAMA_HOST");
        var endpoint = Uri.TryCreate(
            host is { Length: > 0 } && !host.Contains("://", StringComparison.Ordinal) ? $"http://{host}" : host,
            UriKind.Absolute,
            out var uri
        )
            ? uri
            : new Uri("http://localhost:11434");
        // A server that listens on all addresses is reached on the loopback address.
        if (endpoint.Host == "0.0.0.0")
        {
            endpoint = new UriBuilder(endpoint) { Host = "localhost" }.Uri;
        }
        if (endpoint.IsDefaultPort && host?.Contains("://", StringComparison.Ordinal) != true)
        {
            endpoint = new UriBuilder(endpoint) { Port = 11434 }.Uri;
        }
        return new ProviderSettings
        {
            Id = "ollama",
            Name = "Ollama",
            Kind = ProviderKinds.Ollama,
            Source = ProviderSource.Found,
            Endpoint = endpoint,
        };
    }
}

/// <param name="Path">The CLI; null if none was found.</param>
/// <param name="Sentence">A status message for the user.</param>
internal sealed record ClaudeCodeFinding(string? Path, bool SignedIn, string? Version, string Sentence, IReadOnlyList<string> Tried);

/// <param name="Tried">What was looked for, with the result, one sentence each.</param>
internal sealed record DiscoveryResult(
    IReadOnlyList<ProviderSettings> Found,
    string DefaultId,
    string Sentence,
    IReadOnlyList<string> Tried
);
