using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// Keys in the environment under the names that vendors' tools use, as <c>env://NAME</c>. A key is sent only to its vendor's origin,
/// or to the origin that the command line named for it in this process.
/// </summary>
/// <param name="read">Gets a variable; <see cref="Environment.GetEnvironmentVariable(string)"/> outside tests.</param>
internal sealed class EnvironmentKeys(Func<string, string?> read, Redactor redactor)
{
    public const string Scheme = SecretReference.EnvironmentScheme;

    public static IReadOnlyDictionary<string, string> VendorOrigins { get; } =
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ANTHROPIC_API_KEY"] = "https://api.anthropic.com",
            ["OPENAI_API_KEY"] = "https://api.openai.com",
            ["OPENROUTER_API_KEY"] = "https://openrouter.ai",
            ["GROQ_API_KEY"] = "https://api.groq.com",
            ["XAI_API_KEY"] = "https://api.x.ai",
            ["DEEPSEEK_API_KEY"] = "https://api.deepseek.com",
            ["CEREBRAS_API_KEY"] = "https://api.cerebras.ai",
            ["MOONSHOT_API_KEY"] = "https://api.moonshot.ai",
            ["GEMINI_API_KEY"] = "https://generativelanguage.googleapis.com",
            ["ZAI_API_KEY"] = "https://api.z.ai",
            ["KIMI_CODING_API_KEY"] = "https://api.kimi.com",
            ["HF_TOKEN"] = "https://router.huggingface.co",
        };

    private readonly Lock sync = new();
    private readonly HashSet<Binding> bound = [];
    private readonly Dictionary<string, string> registered = new(StringComparer.Ordinal);

    /// <summary>Allows this process to send the variable to one more origin, because the user named both (<c>--key-env NAME --base-url URL</c>).</summary>
    /// <exception cref="FailureException">BadRequest: the URL has no origin.</exception>
    public void Bind(string name, string url)
    {
        lock (sync)
        {
            bound.Add(new Binding(name, Origin.Parse(url)));
        }
    }

    /// <summary>Keeps a key that was passed to this process, for one origin and until the process ends.</summary>
    /// <returns>The reference of the key.</returns>
    /// <exception cref="FailureException">BadRequest: the URL has no origin.</exception>
    public string Register(string secret, string url)
    {
        var origin = Origin.Parse(url);
        redactor.Register(secret);
        lock (sync)
        {
            var name = $"given:{registered.Count}";
            registered[name] = secret;
            bound.Add(new Binding(name, origin));
            return Scheme + name;
        }
    }

    /// <param name="reference"><c>env://NAME</c>.</param>
    /// <exception cref="FailureException">NotFound, KeyNotBoundToOrigin.</exception>
    public string Get(string reference, Uri origin)
    {
        var name = reference.StartsWith(Scheme, StringComparison.Ordinal) ? reference[Scheme.Length..] : "";
        if (Origin.Of(origin) is not { } target || !IsBound(name, target))
        {
            throw NotBound(name, origin);
        }

        var secret =
            Value(name)
            ?? throw new FailureException(
                FailureKind.NotFound,
                $"The environment variable {name} is not set. Set it, or store the key in the vault."
            );
        redactor.Register(secret);
        return secret;
    }

    private bool IsBound(string name, Origin origin)
    {
        if (VendorOrigins.TryGetValue(name, out var vendor) && Origin.Parse(vendor) == origin)
        {
            return true;
        }

        lock (sync)
        {
            return bound.Contains(new Binding(name, origin));
        }
    }

    private string? Value(string name)
    {
        lock (sync)
        {
            if (registered.TryGetValue(name, out var handed))
            {
                return handed;
            }
        }

        return read(name)?.Trim() is { Length: > 0 } value ? value : null;
    }

    private static FailureException NotBound(string name, Uri origin) =>
        new(
            FailureKind.KeyNotBoundToOrigin,
            $"The environment variable {name} is not meant for {Origin.Of(origin)?.ToString() ?? "the address asked for"}"
                + (VendorOrigins.TryGetValue(name, out var vendor) ? $", only for {vendor}" : "")
                + ". Store a key for that address in the vault with Plue: Configure Provider Key."
        );

    private sealed record Binding(string Name, Origin Origin);
}
