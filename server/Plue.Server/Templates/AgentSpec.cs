using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>The agent settings of a chat or task, read from its values. Shapes: server/template-file.json5.</summary>
internal sealed record AgentSpec
{
    /// <summary>
    /// Keys that a template can also set at its top level: <c>budget: {...}</c> sets the default of the field <c>budget</c>, which a parent declares.
    /// Inheritance, locks, checks and forms therefore only handle fields.
    /// </summary>
    public static readonly IReadOnlyList<string> Keys =
    [
        "provider_ref",
        "model",
        "candidates",
        "system_prompt_ref",
        "system_prompt_override",
        "tags",
        "available_tools",
        "permissions",
        "budget",
        "outputs",
        "checks",
        "max_spawned_tasks",
        "mcp_servers",
        "isolation",
    ];

    /// <summary>Gets the addresses of the provider and its fallbacks; empty uses the user's default.</summary>
    public IReadOnlyList<string> ProviderRefs { get; init; } = [];
    public string? Model { get; init; }
    public IReadOnlyList<AgentCandidate> Candidates { get; init; } = [];
    public string? SystemPromptRef { get; init; }
    public string? SystemPromptOverride { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Gets the tools of the agent. It has no others.</summary>
    public IReadOnlyList<string> AvailableTools { get; init; } = [];
    public AgentPermissions Permissions { get; init; } = new([], [], []);
    public AgentBudget Budget { get; init; } = new(null, null, null, null);

    /// <summary>Gets the JSON schema of the result; null if any text is accepted.</summary>
    public Json5Object? Outputs { get; init; }
    public IReadOnlyList<AgentCheck> Checks { get; init; } = [];
    public int MaxSpawnedTasks { get; init; }

    /// <param name="values">With defaults of the template. Values of the wrong type are omitted; validation reports them.</param>
    public static AgentSpec Of(Json5Object values) =>
        new()
        {
            ProviderRefs = ProvidersOf(values),
            Model = Text(values, "model"),
            Candidates =
            [
                .. Objects(values, "candidates")
                    .Select(candidate => new AgentCandidate(
                        ProvidersOf(candidate),
                        Text(candidate, "model"),
                        candidate.GetStrings("needs")
                    )),
            ],
            SystemPromptRef = Text(values, "system_prompt_ref"),
            SystemPromptOverride = Text(values, "system_prompt_override"),
            Tags = values.GetStrings("tags"),
            AvailableTools = values.GetStrings("available_tools"),
            Permissions = values.GetObject("permissions") is { } rights
                ? new(rights.GetStrings("allow"), rights.GetStrings("ask"), rights.GetStrings("deny"))
                : new([], [], []),
            Budget = values.GetObject("budget") is { } budget ? AgentBudget.Of(budget) : new(null, null, null, null),
            Outputs = values.GetObject("outputs"),
            Checks = [.. Objects(values, "checks").Select(check => new AgentCheck(Text(check, "command"), check.GetObject("schema")))],
            MaxSpawnedTasks = values.GetInteger("max_spawned_tasks") ?? 0,
        };

    private static IReadOnlyList<string> ProvidersOf(Json5Object values) =>
        Text(values, "provider_ref") is { } one ? [one] : values.GetStrings("provider_ref");

    private static string? Text(Json5Object values, string name) =>
        values.GetString(name) is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    private static IEnumerable<Json5Object> Objects(Json5Object values, string name) =>
        (values.GetArray(name)?.Items ?? []).OfType<Json5Object>();
}

/// <summary>A model that can be chosen for a task, and the capabilities that it needs.</summary>
internal sealed record AgentCandidate(IReadOnlyList<string> ProviderRefs, string? Model, IReadOnlyList<string> Needs);

/// <summary>Rules, in the order of their file. Deny precedes ask, and ask precedes allow.</summary>
internal sealed record AgentPermissions(IReadOnlyList<string> Allow, IReadOnlyList<string> Ask, IReadOnlyList<string> Deny);

/// <summary>A budget; null for no limit.</summary>
internal sealed record AgentBudget(decimal? Usd, long? Tokens, int? Rounds, long? Seconds)
{
    public static AgentBudget Of(Json5Object values) =>
        new(
            values.GetNumber("usd") is { } usd && double.IsFinite(usd) && Math.Abs(usd) < 1e12 ? (decimal)usd : null,
            Whole(values, "tokens"),
            values.GetInteger("rounds"),
            Whole(values, "seconds")
        );

    private static long? Whole(Json5Object values, string name) =>
        values.GetNumber(name) is { } number && Math.Abs(number) < 1e15 ? (long)number : null;
}

/// <summary>A check of a task result: the exit code of a command, or a JSON schema for its outputs.</summary>
internal sealed record AgentCheck(string? Command, Json5Object? Schema);
