namespace Plue.Server.Providers;

/// <summary>Methods of authentication; templates/llm-provider.json5 contains their names in files.</summary>
public enum AuthType
{
    None,
    ApiKey,
    Oauth,
    AwsCredentials,
    ServiceAccount,
}

/// <summary>A kind of provider: the API of a vendor or of a family of vendors.</summary>
/// <param name="AuthTypes">The default first.</param>
/// <param name="DefaultEndpoint">Null if the user enters one, or none is needed.</param>
/// <param name="TakesEndpoint">Whether the user may enter an endpoint.</param>
internal sealed record ProviderKind(string Id, string Name, IReadOnlyList<AuthType> AuthTypes, string? DefaultEndpoint, bool TakesEndpoint)
{
    public ProviderCapabilities Capabilities { get; init; } = ProviderCapabilities.Default;

    /// <summary>The example shown if the user must enter an endpoint; otherwise null.</summary>
    public string? ExampleEndpoint { get; init; }

    /// <summary>The catalog for provider files that name none; null if there is none.</summary>
    public string? Catalog { get; init; }

    /// <summary>The default model; null to use the catalog and the vendor's list.</summary>
    public string? DefaultModel { get; init; }

    /// <summary>The name in OpenTelemetry (<c>gen_ai.provider.name</c>).</summary>
    public string TelemetryName { get; init; } = Id;

    /// <summary>The hosts of a cloud with one host for each region, as a pattern; null for other kinds.</summary>
    public string? RegionalHosts { get; init; }

    public bool NeedsEndpoint => ExampleEndpoint is not null;

    public bool TakesKey => AuthTypes.Contains(AuthType.ApiKey);
}

/// <summary>All kinds of providers.</summary>
internal static class ProviderKinds
{
    public const string ClaudeCode = "claude-code";
    public const string Anthropic = "anthropic";
    public const string OpenAi = "openai";
    public const string OpenAiCompatible = "openai-compatible";
    public const string Ollama = "ollama";
    public const string Gemini = "gemini";
    public const string Bedrock = "bedrock";
    public const string VertexAi = "vertexai";
    public const string Azure = "azure";
    public const string OpenRouter = "openrouter";
    public const string GithubCopilot = "github-copilot";
    public const string VsCode = "vscode";
    public const string External = "external";
    public const string Acp = "acp";
    public const string Tour = "tour";

    /// <summary>The kind of a file that does not specify one.</summary>
    public const string Default = ClaudeCode;

    private static readonly ProviderCapabilities ListsAllModels = new() { ListsAllModels = true };

    /// <summary>In display order.</summary>
    public static readonly IReadOnlyList<ProviderKind> Table =
    [
        new(ClaudeCode, "Claude Code", [AuthType.None], null, TakesEndpoint: false)
        {
            DefaultModel = "default",
            Capabilities = new()
            {
                OwnHistory = true,
                OwnToolLoop = true,
                OwnRetries = true,
                OwnSettings = new(
                    "Claude Code",
                    "claude --setting-sources user,project,local",
                    [".claude/settings.json", ".claude/settings.local.json", ".mcp.json"]
                ),
            },
        },
        new(Anthropic, "Anthropic", [AuthType.ApiKey, AuthType.Oauth], "https://api.anthropic.com", TakesEndpoint: true)
        {
            Catalog = "anthropic",
            Capabilities = ListsAllModels with { WebSearch = true },
        },
        new(OpenAi, "OpenAI", [AuthType.ApiKey, AuthType.Oauth], "https://api.openai.com/v1", TakesEndpoint: true)
        {
            Catalog = "openai",
            Capabilities = ListsAllModels with { WebSearch = true },
        },
        new(OpenAiCompatible, "OpenAI-compatible", [AuthType.ApiKey, AuthType.Oauth, AuthType.None], null, TakesEndpoint: true)
        {
            ExampleEndpoint = "http://localhost:1234/v1",
            Capabilities = ListsAllModels with { NeedsKey = false, InlineCompletions = true },
        },
        new(Ollama, "Ollama", [AuthType.None, AuthType.ApiKey], "http://localhost:11434", TakesEndpoint: true)
        {
            Capabilities = ListsAllModels with { NeedsKey = false, IsFree = true, IsLocal = true, InlineCompletions = true },
        },
        new(Gemini, "Google Gemini", [AuthType.ApiKey, AuthType.Oauth], "https://generativelanguage.googleapis.com", TakesEndpoint: true)
        {
            Catalog = "gemini",
            TelemetryName = "gcp.gemini",
            Capabilities = ListsAllModels with { ModelsWithoutGif = "gemini", WebSearch = true },
        },
        new(OpenRouter, "OpenRouter", [AuthType.ApiKey, AuthType.Oauth], "https://openrouter.ai/api/v1", TakesEndpoint: true)
        {
            Catalog = "openrouter",
            Capabilities = ListsAllModels with { WebSearch = true },
        },
        new(Azure, "Azure OpenAI", [AuthType.ApiKey, AuthType.Oauth], null, TakesEndpoint: true)
        {
            Catalog = "azure",
            TelemetryName = "azure.ai.openai",
            ExampleEndpoint = "https://my-resource.openai.azure.com",
        },
        new(Bedrock, "AWS Bedrock", [AuthType.AwsCredentials, AuthType.ApiKey], null, TakesEndpoint: true)
        {
            Catalog = "bedrock",
            TelemetryName = "aws.bedrock",
            RegionalHosts = "*.amazonaws.com",
        },
        new(VertexAi, "Google Vertex AI", [AuthType.ServiceAccount, AuthType.Oauth], null, TakesEndpoint: true)
        {
            Catalog = "vertexai",
            TelemetryName = "gcp.vertex_ai",
            RegionalHosts = "*.googleapis.com",
            Capabilities = new() { ModelsWithoutGif = "gemini" },
        },
        new(GithubCopilot, "GitHub Copilot", [AuthType.None, AuthType.Oauth], "https://api.githubcopilot.com", TakesEndpoint: true)
        {
            Catalog = "copilot",
            Capabilities = ListsAllModels,
        },
        new(VsCode, "Language models in VS Code", [AuthType.None], null, TakesEndpoint: false)
        {
            Capabilities = new() { NeedsKey = false, IsOfEditor = true },
        },
        new(External, "External program", [AuthType.None, AuthType.ApiKey], null, TakesEndpoint: false)
        {
            Capabilities = new() { NeedsKey = false, IsUserProgram = true },
        },
        new(Acp, "Agent (ACP)", [AuthType.None], null, TakesEndpoint: false)
        {
            DefaultModel = "default",
            Capabilities = new()
            {
                NeedsKey = false,
                OwnHistory = true,
                OwnToolLoop = true,
                OwnRetries = true,
                OwnSkills = true,
                IsAgent = true,
                IsUserProgram = true,
            },
        },
        new(Tour, "The tour", [AuthType.None], null, TakesEndpoint: false)
        {
            DefaultModel = "recording",
            Capabilities = new()
            {
                Tools = false,
                Images = false,
                OwnRetries = true,
                IsDemo = true,
                IsFree = true,
            },
        },
    ];

    public static readonly IReadOnlyList<string> All = [.. Table.Select(kind => kind.Id)];

    /// <returns>Null for an unknown kind.</returns>
    public static ProviderKind? Find(string id) => Table.FirstOrDefault(kind => kind.Id == id);

    /// <summary>The names of <see cref="AuthType"/> in files.</summary>
    public static readonly IReadOnlyDictionary<string, AuthType> AuthTypesByName = new Dictionary<string, AuthType>(StringComparer.Ordinal)
    {
        ["none"] = AuthType.None,
        ["api_key"] = AuthType.ApiKey,
        ["oauth"] = AuthType.Oauth,
        ["aws_credentials"] = AuthType.AwsCredentials,
        ["service_account"] = AuthType.ServiceAccount,
    };
}

/// <summary>Maps the catalog's types to kinds.</summary>
internal static class CatalogTypes
{
    public static readonly IReadOnlyDictionary<string, string> KindByType = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["anthropic"] = ProviderKinds.Anthropic,
        ["openai"] = ProviderKinds.OpenAi,
        ["openai-compat"] = ProviderKinds.OpenAiCompatible,
        ["openrouter"] = ProviderKinds.OpenRouter,
        ["vercel"] = ProviderKinds.OpenAiCompatible,
        ["google"] = ProviderKinds.Gemini,
        ["azure"] = ProviderKinds.Azure,
        ["bedrock"] = ProviderKinds.Bedrock,
        ["google-vertex"] = ProviderKinds.VertexAi,
        ["ollama"] = ProviderKinds.Ollama,
        ["lmstudio"] = ProviderKinds.OpenAiCompatible,
        ["llamacpp"] = ProviderKinds.OpenAiCompatible,
        ["litellm"] = ProviderKinds.OpenAiCompatible,
        ["omlx"] = ProviderKinds.OpenAiCompatible,
    };

    /// <param name="id">The catalog id, which identifies GitHub Copilot; its type is that of any compatible server.</param>
    /// <param name="isKnown">False for an unknown type, which is treated as OpenAI-compatible.</param>
    public static string KindOf(string id, string type, out bool isKnown)
    {
        isKnown = true;
        if (id == "copilot")
        {
            return ProviderKinds.GithubCopilot;
        }
        if (KindByType.TryGetValue(type, out var kind))
        {
            return kind;
        }

        isKnown = false;
        return ProviderKinds.OpenAiCompatible;
    }
}
