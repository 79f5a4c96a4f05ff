using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>The models, modes and other options of a session, as the agent offers them.</summary>
internal sealed class AcpOptions
{
    private const int MaxOptions = 1_000;

    private string? modelOption;
    private string? levelOption;
    private string? modeOption;
    private IReadOnlyList<SessionOption> others = [];

    public IReadOnlyList<ModelInfo> Models { get; private set; } = [];
    public string? Model { get; private set; }
    public IReadOnlyList<SessionChoice> Modes { get; private set; } = [];

    /// <summary>The mode that the session began with.</summary>
    public string? FirstMode { get; private set; }
    public string? Mode { get; private set; }
    public IReadOnlyList<string> Levels { get; private set; } = [];
    public string? Level { get; private set; }

    /// <summary>The options besides model and reasoning level.</summary>
    public IReadOnlyList<SessionOption> Choosable =>
        Modes.Count == 0 ? others : [new SessionOption(SessionOption.Mode, "Mode", null, Mode, Modes), .. others];

    /// <summary>Takes in a result of session/new, session/load or session/resume.</summary>
    public void Read(JsonElement session)
    {
        if (session.Field("models") is { } models)
        {
            Model = models.Text("currentModelId");
            Models =
            [
                .. models
                    .Items("availableModels")
                    .Where(model => model.Text("modelId") is { Length: > 0 })
                    .Take(MaxOptions)
                    .Select(model => new ModelInfo
                    {
                        Id = model.Text("modelId")!,
                        Name = model.Text("name"),
                        Description = model.Text("description"),
                        SupportsTools = true,
                    }),
            ];
        }

        if (session.Field("modes") is { } modes)
        {
            Mode = modes.Text("currentModeId");
            Modes = ChoicesOf(modes.Items("availableModes"), "id");
        }

        ReadOptions(session);
        FirstMode ??= Mode;
    }

    /// <summary>Takes in a complete list of options.</summary>
    public void ReadOptions(JsonElement holder)
    {
        if (holder.Field("configOptions") is not { ValueKind: JsonValueKind.Array })
        {
            return;
        }

        List<SessionOption> rest = [];
        foreach (var option in holder.Items("configOptions").Take(MaxOptions))
        {
            var (id, current) = (option.Text("id"), option.Text("currentValue"));
            var isSwitch = option.Text("type") == "boolean";
            var values = ChoicesOf(
                option.Items("options").SelectMany(one => one.Field("options") is null ? [one] : one.Items("options")),
                "value"
            );
            switch (option.Text("category"))
            {
                case var _ when isSwitch:
                    Add(option.Flag("currentValue") == true ? "true" : "false");
                    break;
                case "model":
                    (modelOption, Model) = (id, current);
                    Models =
                    [
                        .. values.Select(one => new ModelInfo
                        {
                            Id = one.Value,
                            Name = one.Name,
                            Description = one.Description,
                            SupportsTools = true,
                        }),
                    ];
                    break;
                case "thought_level":
                    (levelOption, Level) = (id, current);
                    Levels = [.. values.Select(one => one.Value)];
                    break;
                case "mode":
                    // Agents that have both send the same modes.
                    if (Modes.Count == 0 || modeOption is not null)
                    {
                        (modeOption, Mode) = (id, current);
                        Modes = values;
                    }

                    break;
                default:
                    if (values.Count > 0)
                    {
                        Add(current);
                    }

                    break;
            }

            void Add(string? now)
            {
                if (id is { Length: > 0 } and not SessionOption.Mode)
                {
                    rest.Add(new SessionOption(id, option.Text("name") ?? id, option.Text("description"), now, isSwitch ? [] : values));
                }
            }
        }

        others = rest;
    }

    public void ModeChanged(string? mode) => Mode = mode ?? Mode;

    /// <returns>The request that selects a model; null if the agent has no choice.</returns>
    public (string Method, (string, string)[] Fields)? SelectModel(string model) =>
        modelOption is { } option ? ("session/set_config_option", [("configId", option), ("value", model)])
        : Models.Count > 0 ? ("session/set_model", [("modelId", model)])
        : null;

    /// <inheritdoc cref="SelectModel"/>
    public (string Method, (string, string)[] Fields)? SelectLevel(string level) =>
        levelOption is { } option && Levels.Contains(level)
            ? ("session/set_config_option", [("configId", option), ("value", level)])
            : null;

    /// <inheritdoc cref="SelectModel"/>
    public (string Method, (string, string)[] Fields) SelectMode(string mode) =>
        modeOption is { } option
            ? ("session/set_config_option", [("configId", option), ("value", mode)])
            : ("session/set_mode", [("modeId", mode)]);

    /// <returns>The request that changes another option; null for an option or a value that the agent does not have, or that is set already.</returns>
    public Action<Utf8JsonWriter>? Select(string id, string value) =>
        others.FirstOrDefault(option => option.Id == id) is { } option
        && option.Current != value
        && (option.Choices.Count == 0 ? value is "true" or "false" : option.Choices.Any(choice => choice.Value == value))
            ? writer =>
            {
                writer.WriteString("configId"u8, id);
                if (option.Choices.Count > 0)
                {
                    writer.WriteString("value"u8, value);
                    return;
                }

                writer.WriteString("type"u8, "boolean"u8);
                writer.WriteBoolean("value"u8, value == "true");
            }
            : null;

    public void Selected(string? model = null, string? level = null) => (Model, Level) = (model ?? Model, level ?? Level);

    /// <summary>The session mode for a mode of the chat: by its usual names, otherwise the one that the session began with.</summary>
    /// <param name="own">The user's choice for when changes are allowed.</param>
    public string? ModeFor(AgentMode mode, string? own)
    {
        string[] names = mode switch
        {
            AgentMode.Plan => ["plan", "read-only", "readonly", "ask"],
            AgentMode.Read => ["read-only", "readonly", "ask", "plan"],
            AgentMode.Edit => ["acceptedits", "autoedit", "auto-edit", "agent", "build", "default"],
            _ => ["default", "read-only", "agent", "build"],
        };
        if (own is not null && mode is AgentMode.Ask or AgentMode.Edit && Modes.Any(one => one.Value == own))
        {
            return own;
        }

        return names.Select(name => Modes.FirstOrDefault(one => LastWord(one.Value) == name)?.Value).OfType<string>().FirstOrDefault()
            ?? FirstMode;
    }

    private static IReadOnlyList<SessionChoice> ChoicesOf(IEnumerable<JsonElement> items, string key) =>
        [
            .. items
                .Where(one => one.Text(key) is { Length: > 0 })
                .Take(MaxOptions)
                .Select(one => new SessionChoice(one.Text(key)!, one.Text("name") ?? one.Text(key)!, one.Text("description"))),
        ];

    /// <summary>Some agents use addresses: <c>https://example.com/modes#plan</c>.</summary>
    private static string LastWord(string id) => id[(id.LastIndexOfAny(['#', '/']) + 1)..].ToLowerInvariant();
}
