using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;

namespace Plue.Server.Acp;

/// <summary>The mode, model and reasoning level of a chat as session modes and configuration options of the protocol.</summary>
internal sealed class SessionOptions(ProviderRegistry providers)
{
    private const string Mode = "mode";
    private const string Model = "model";
    private const string Level = "reasoning_level";

    /// <summary>Instead of a reasoning level: the provider's default.</summary>
    private const string DefaultLevel = "default";

    /// <summary>More than a list can reasonably show.</summary>
    private const int MaxModels = 1_000;

    private static readonly (string Id, string Name, string Description)[] Modes =
    [
        ("ask", "Agent", "Asks before it edits a file or runs a command."),
        ("edit", "Auto-Edit", "Edits workspace files without asking. Asks before it runs a command."),
        ("plan", "Plan", "Reads files and writes a plan. Changes nothing and runs nothing."),
        ("read", "Ask", "Reads files and responds. Changes nothing and runs nothing."),
    ];

    /// <summary>Gets the mode from the chat's field.</summary>
    public static string ModeOf(StoredChat chat) =>
        chat.Text(PermissionModes.Field) is { } mode && Modes.Any(one => one.Id == mode) ? mode : Modes[0].Id;

    /// <summary>Writes <c>modes</c> and <c>configOptions</c>.</summary>
    public void Write(Utf8JsonWriter writer, StoredChat chat)
    {
        writer.WriteStartObject("modes"u8);
        writer.WriteString("currentModeId"u8, ModeOf(chat));
        writer.WriteStartArray("availableModes"u8);
        foreach (var (id, name, description) in Modes)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, id);
            writer.WriteString("name"u8, name);
            writer.WriteString("description"u8, description);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        WriteOptions(writer, chat);
    }

    /// <summary>Writes all <c>configOptions</c>.</summary>
    public void WriteOptions(Utf8JsonWriter writer, StoredChat chat)
    {
        writer.WriteStartArray("configOptions"u8);
        WriteHead(writer, Mode, "Mode", "mode", ModeOf(chat));
        writer.WriteStartArray("options"u8);
        foreach (var (id, name, description) in Modes)
        {
            WriteValue(writer, id, name, description);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();

        var offered = Offered(chat);
        WriteHead(writer, Model, "Model", "model", Current(chat));
        writer.WriteStartArray("options"u8);
        foreach (var (provider, models) in offered)
        {
            writer.WriteStartObject();
            writer.WriteString("group"u8, provider.Id);
            writer.WriteString("name"u8, provider.Name);
            writer.WriteStartArray("options"u8);
            foreach (var model in models)
            {
                WriteValue(writer, ValueOf(provider.Id, model.Id), model.Name is { Length: > 0 } name ? name : model.Id, model.Description);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();

        if (LevelsOf(chat) is { Count: > 0 } levels)
        {
            WriteHead(writer, Level, "Reasoning level", "thought_level", chat.Options.ReasoningLevel ?? DefaultLevel);
            writer.WriteStartArray("options"u8);
            WriteValue(writer, DefaultLevel, "Default", "The provider's setting.");
            foreach (var level in levels)
            {
                WriteValue(writer, level, level, null);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Returns the change of the chat for an option.</summary>
    /// <exception cref="AcpErrorException">There is no such option or value.</exception>
    public ChatFields Change(StoredChat chat, string option, string value)
    {
        switch (option)
        {
            case Mode when Modes.Any(mode => mode.Id == value):
                return new ChatFields
                {
                    Values = new Dictionary<string, JsonElement>
                    {
                        [PermissionModes.Field] = JsonSerializer.SerializeToElement(value, StoredJson.Default.String),
                    },
                };
            case Model
                when value.IndexOf('/', StringComparison.Ordinal) is > 0 and var at
                    && Offered(chat).FirstOrDefault(one => one.Provider.Id == value[..at]) is { Models: { } models }
                    && models.Any(model => model.Id == value[(at + 1)..]):
                return new ChatFields(ProviderId: value[..at], Model: value[(at + 1)..]);
            case Level when value == DefaultLevel || LevelsOf(chat).Contains(value):
                return new ChatFields(Options: chat.Options with { ReasoningLevel = value == DefaultLevel ? null : value });
            case Mode or Model or Level:
                throw new AcpErrorException(AcpErrorException.InvalidParams, $"The option {option} has no value {value}.");
            default:
                throw new AcpErrorException(AcpErrorException.InvalidParams, $"There is no option {option}.");
        }
    }

    /// <summary>Gets the models of enabled providers that are known without a request; the default model of each first.</summary>
    private IReadOnlyList<(ProviderSettings Provider, IReadOnlyList<ModelInfo> Models)> Offered(StoredChat chat)
    {
        var left = MaxModels;
        List<(ProviderSettings Provider, IReadOnlyList<ModelInfo> Models)> offered = [];
        foreach (var settings in providers.SwitchedOn().Where(settings => !settings.Capabilities.IsDemo))
        {
            var known = providers.KnownModels(settings);
            string?[] named =
            [
                settings.Id == chat.ProviderId ? providers.KnownModel(settings, chat.Model) : null,
                providers.KnownModel(settings, null),
            ];
            List<ModelInfo> models =
            [
                .. named
                    .OfType<string>()
                    .Distinct(StringComparer.Ordinal)
                    .Select(id => known.FirstOrDefault(model => model.Id == id) ?? new ModelInfo { Id = id })
                    .Concat(known)
                    .DistinctBy(model => model.Id, StringComparer.Ordinal)
                    .Take(left),
            ];
            left -= models.Count;
            if (models.Count > 0)
            {
                offered.Add((settings, models));
            }
        }

        return offered;
    }

    private string Current(StoredChat chat) =>
        chat.ProviderId is { } id && providers.Find(id) is { } provider
            ? ValueOf(id, providers.KnownModel(provider.Settings, chat.Model) ?? "")
            : "";

    private IReadOnlyList<string> LevelsOf(StoredChat chat) =>
        chat.ProviderId is { } id && providers.Find(id)?.Settings is { } settings && providers.KnownModel(settings, chat.Model) is { } model
            ? providers.ModelOf(settings, model)?.ReasoningLevels ?? []
            : [];

    private static string ValueOf(string provider, string model) => $"{provider}/{model}";

    private static void WriteHead(Utf8JsonWriter writer, string id, string name, string category, string value)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, id);
        writer.WriteString("name"u8, name);
        writer.WriteString("category"u8, category);
        writer.WriteString("type"u8, "select"u8);
        writer.WriteString("currentValue"u8, value);
    }

    private static void WriteValue(Utf8JsonWriter writer, string value, string name, string? description)
    {
        writer.WriteStartObject();
        writer.WriteString("value"u8, value);
        writer.WriteString("name"u8, name);
        if (description is { Length: > 0 })
        {
            writer.WriteString("description"u8, description);
        }

        writer.WriteEndObject();
    }
}
