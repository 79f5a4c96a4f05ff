using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>A step of a chat or task that triggers hooks.</summary>
internal sealed record HookEvent(HookTrigger Trigger)
{
    private const int MaxTextLength = 200_000;

    /// <summary>Gets the tool of a call, by its name in templates; null for other steps.</summary>
    public string? Tool { get; init; }
    public string? ToolUseId { get; init; }

    /// <summary>Gets the arguments of the call, as a JSON object.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>Gets the real paths of the files that the call affects.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    public string? Response { get; init; }
    public bool IsError { get; init; }

    /// <summary>Gets further members: strings, numbers or booleans by name.</summary>
    public IReadOnlyDictionary<string, object> Details { get; init; } = new Dictionary<string, object>();

    /// <summary>Gets the JSON for the command's standard input.</summary>
    /// <param name="sessionId">The id of the chat or task.</param>
    internal byte[] ToJson(CommandHook hook, string sessionId, string folder)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("session_id", sessionId);
            writer.WriteString("cwd", folder);
            writer.WriteString("hook_event_name", hook.Event);
            if (Tool is { } tool)
            {
                WriteCall(writer, hook, tool, folder);
            }
            foreach (var (name, value) in Details)
            {
                Write(writer, name, value);
            }

            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private void WriteCall(Utf8JsonWriter writer, CommandHook hook, string tool, string folder)
    {
        writer.WriteString("tool_name", hook.ClaudeEvent is null ? tool : ClaudeToolNames.Of(tool)[0]);
        writer.WritePropertyName("tool_input");
        if (Parameters is not { } parameters)
        {
            writer.WriteStartObject();
            writer.WriteEndObject();
        }
        else if (hook.ClaudeEvent is null)
        {
            parameters.WriteTo(writer);
        }
        else
        {
            ClaudeToolNames.ToClaude(tool, parameters, folder).WriteTo(writer);
        }

        if (ToolUseId is { } id)
        {
            writer.WriteString("tool_use_id", id);
        }
        if (hook.ClaudeEvent is null)
        {
            writer.WriteStartArray("files");
            foreach (var file in Files)
            {
                writer.WriteStringValue(file);
            }

            writer.WriteEndArray();
        }
        if (Response is { } response)
        {
            writer.WriteString(IsError ? "error" : "tool_response", Cut(response));
        }
    }

    private static void Write(Utf8JsonWriter writer, string name, object value)
    {
        switch (value)
        {
            case bool flag:
                writer.WriteBoolean(name, flag);
                break;
            case decimal number:
                writer.WriteNumber(name, number);
                break;
            default:
                writer.WriteString(name, Cut(value.ToString() ?? ""));
                break;
        }
    }

    private static string Cut(string text) => text.Length <= MaxTextLength ? text : text[..MaxTextLength];

    /// <summary>Gets arguments as text, as stored and displayed.</summary>
    internal static string TextOf(JsonElement parameters)
    {
        using var bytes = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                bytes,
                new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            parameters.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}

/// <summary>The combined decisions of all hooks for an event. The strictest applies.</summary>
internal sealed record HookEffects
{
    public static readonly HookEffects None = new();

    /// <summary>Gets why the step is refused, or why the model continues; null if no hook refused.</summary>
    public string? Refusal { get; init; }

    /// <summary>Gets why the user must be asked; null if no hook requires it.</summary>
    public string? Ask { get; init; }

    /// <summary>Gets the arguments that replace those of the model; null for no change.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>Gets the texts of hooks for the model.</summary>
    public IReadOnlyList<string> Context { get; init; } = [];

    public IReadOnlyList<HookRun> Runs { get; init; } = [];
}
