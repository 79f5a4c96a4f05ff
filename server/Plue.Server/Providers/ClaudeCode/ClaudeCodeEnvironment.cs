using Plue.Server.Messages;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>The environment of the CLI: only listed variables, because Plue's own environment may contain other keys.</summary>
internal static class ClaudeCodeEnvironment
{
    /// <summary>The values to keep out of logs and errors.</summary>
    public static readonly IReadOnlyCollection<string> SecretNames =
    [
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "CLAUDE_CODE_OAUTH_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
    ];

    private static readonly string[] Names =
    [
        .. OwnEnvironment.Harmless,
        "SHELL",
        "DBUS_SESSION_BUS_ADDRESS",
        "NODE_EXTRA_CA_CERTS",
        "NODE_USE_SYSTEM_CA",
        "CLAUDE_CONFIG_DIR",
        "CLAUDE_CODE_USE_BEDROCK",
        "CLAUDE_CODE_USE_VERTEX",
        "CLAUDE_CODE_USE_FOUNDRY",
        "CLAUDE_CODE_SKIP_BEDROCK_AUTH",
        "CLAUDE_CODE_SKIP_VERTEX_AUTH",
        "CLAUDE_CODE_GIT_BASH_PATH",
        "CLAUDE_CODE_CLIENT_CERT",
        "CLAUDE_CODE_CLIENT_KEY",
        "HOMEDRIVE",
        "HOMEPATH",
        "ProgramFiles(x86)",
        "ProgramW6432",
    ];

    /// <summary>Variables that sign in to the vendor or change its address; omitted if a key of Plue is used.</summary>
    private static readonly string[] Logins =
    [
        "ANTHROPIC_AUTH_TOKEN",
        "ANTHROPIC_BASE_URL",
        "ANTHROPIC_CUSTOM_HEADERS",
        "CLAUDE_CODE_OAUTH_TOKEN",
    ];

    private static readonly string[] CloudPrefixes = ["AWS_", "GOOGLE_", "CLOUDSDK_", "CLOUD_ML_", "VERTEX_REGION_", "AZURE_"];

    /// <summary>Gets the environment of a process that searches for the CLI (a login shell, a version query). It contains no credentials.</summary>
    public static Dictionary<string, string> Plain(IReadOnlyDictionary<string, string> own)
    {
        var chosen = own.Where(pair =>
                Names.Contains(pair.Key)
                || pair.Key.StartsWith("LC_", StringComparison.Ordinal)
                || pair.Key.StartsWith("XDG_", StringComparison.Ordinal)
            )
            .ToDictionary(pair => pair.Key, pair => pair.Value);
        chosen["TERM"] = "dumb";
        return chosen;
    }

    /// <summary>
    /// Gets the environment with either the user's own sign-in or the key of the settings. With a configured endpoint it never has the user's sign-in,
    /// which belongs to another origin.
    /// </summary>
    /// <exception cref="FailureException">The key is not available.</exception>
    public static async ValueTask<Dictionary<string, string>> BuildAsync(
        IReadOnlyDictionary<string, string> own,
        ProviderSettings settings,
        ISecretSource secrets,
        string program,
        CancellationToken cancellationToken
    )
    {
        var chosen = Plain(own);
        // A script can find its interpreter in its own folder.
        if (Path.GetDirectoryName(program) is { Length: > 0 } folder)
        {
            chosen["PATH"] = $"{chosen.GetValueOrDefault("PATH")}{Path.PathSeparator}{folder}".TrimStart(Path.PathSeparator);
        }

        var hasCloud = chosen.Keys.Any(name => name.StartsWith("CLAUDE_CODE_USE_", StringComparison.Ordinal));
        var ownsLogin = settings.Endpoint is null && settings.ApiKeyRef is null;
        foreach (var (name, value) in own)
        {
            var isLogin = Logins.Contains(name);
            if (
                (isLogin && ownsLogin)
                || (!isLogin && name != "ANTHROPIC_API_KEY" && name.StartsWith("ANTHROPIC_", StringComparison.Ordinal))
                || (hasCloud && CloudPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
            )
            {
                chosen[name] = value;
            }
        }

        chosen["CLAUDE_CODE_MAX_RETRIES"] = "2";
        chosen["DISABLE_AUTOUPDATER"] = "1";
        chosen["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        // Each command starts in the folder, so the approved command is the one that runs.
        chosen["CLAUDE_CODE_DISABLE_BACKGROUND_TASKS"] = "1";
        chosen["CLAUDE_BASH_MAINTAIN_PROJECT_WORKING_DIR"] = "1";
        // In milliseconds. A call that waits for a task can take hours.
        chosen["MCP_TOOL_TIMEOUT"] = "86400000";
        chosen["ENABLE_TOOL_SEARCH"] = "false";
        if (ownsLogin)
        {
            return chosen;
        }

        foreach (var name in chosen.Keys.Where(name => name.StartsWith("CLAUDE_CODE_USE_", StringComparison.Ordinal)).ToList())
        {
            chosen.Remove(name);
        }

        if (settings.Endpoint is { } endpoint)
        {
            chosen["ANTHROPIC_BASE_URL"] = endpoint.OriginalString;
        }
        else if (own.TryGetValue("ANTHROPIC_BASE_URL", out var ownBase))
        {
            chosen["ANTHROPIC_BASE_URL"] = ownBase;
        }

        chosen["ANTHROPIC_API_KEY"] = settings.ApiKeyRef is { } reference
            ? (await secrets.GetAsync(reference, OriginOf(chosen), cancellationToken).ConfigureAwait(false)).Reveal()
            : "none";
        return chosen;
    }

    private static Uri OriginOf(Dictionary<string, string> chosen) =>
        Uri.TryCreate(chosen.GetValueOrDefault("ANTHROPIC_BASE_URL"), UriKind.Absolute, out var origin)
            ? origin
            : new Uri("https://api.anthropic.com");
}
