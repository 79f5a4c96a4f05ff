using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>A step of a chat or task that hooks run for.</summary>
public sealed record HookEvent(HookTrigger Trigger)
{
    private const int MaxTextLength = 200_000;

    /// <summary>Of a call, as templates name the tool; null for other steps.</summary>
    public string? Tool { get; init; }
    public string? ToolUseId { get; init; }

    /// <summary>The arguments of the call, a JSON object.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>The real paths of the files that the call is about.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>The result of the call, or its error.</summary>
    public string? Response { get; init; }
    public bool IsError { get; init; }

    /// <summary>Further members: their names, with texts, numbers or booleans.</summary>
    public IReadOnlyDictionary<string, object> Details { get; init; } = new Dictionary<string, object>();

    /// <summary>What the command reads from its standard input.</summary>
    /// <param name="sessionId">The chat or task.</param>
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

    /// <summary>Arguments as text, as they are stored and shown.</summary>
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

/// <summary>What the hooks for an event decided together. The strictest counts.</summary>
public sealed record HookEffects
{
    public static readonly HookEffects None = new();

    /// <summary>Why it may not happen, or why the model continues; null if no hook objects.</summary>
    public string? Refusal { get; init; }

    /// <summary>Why the user is asked; null if no hook wants that.</summary>
    public string? Ask { get; init; }

    /// <summary>The arguments in place of those of the model; null if none were replaced.</summary>
    public JsonElement? Parameters { get; init; }

    /// <summary>Text for the model, from each hook that has some.</summary>
    public IReadOnlyList<string> Context { get; init; } = [];

    public IReadOnlyList<HookRun> Runs { get; init; } = [];
}
