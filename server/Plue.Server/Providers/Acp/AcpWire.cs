using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>The messages of the Agent Client Protocol, version 1.</summary>
internal static class AcpWire
{
    public const int ProtocolVersion = 1;
    public const int RequestCancelled = -32800;
    public const string CancelRequest = "$/cancel_request";
    public const string SessionUpdate = "session/update";

    public static byte[] Request(long id, string method, Action<Utf8JsonWriter> parameters) =>
        Line(writer =>
        {
            writer.WriteNumber("id"u8, id);
            WriteCall(writer, method, parameters);
        });

    public static byte[] Notification(string method, Action<Utf8JsonWriter> parameters) =>
        Line(writer => WriteCall(writer, method, parameters));

    /// <param name="id">As the agent wrote it.</param>
    public static byte[] Result(string id, Action<Utf8JsonWriter> result) =>
        Line(writer =>
        {
            WriteRaw(writer, "id", id);
            writer.WriteStartObject("result"u8);
            result(writer);
            writer.WriteEndObject();
        });

    /// <param name="id">As the agent wrote it.</param>
    public static byte[] Error(string id, int code, string message) =>
        Line(writer =>
        {
            WriteRaw(writer, "id", id);
            writer.WriteStartObject("error"u8);
            writer.WriteNumber("code"u8, code);
            writer.WriteString("message"u8, message);
            writer.WriteEndObject();
        });

    /// <param name="usesFiles">Offers to read and write files.</param>
    public static Action<Utf8JsonWriter> Initialize(bool usesFiles, string version) =>
        writer =>
        {
            writer.WriteNumber("protocolVersion"u8, ProtocolVersion);
            writer.WriteStartObject("clientCapabilities"u8);
            writer.WriteStartObject("fs"u8);
            writer.WriteBoolean("readTextFile"u8, usesFiles);
            writer.WriteBoolean("writeTextFile"u8, usesFiles);
            writer.WriteEndObject();
            writer.WriteBoolean("terminal"u8, true);
            writer.WriteStartObject("session"u8);
            writer.WriteStartObject("configOptions"u8);
            WriteEmpty(writer, "boolean");
            writer.WriteEndObject();
            WriteEmpty(writer, "notices");
            writer.WriteEndObject();
            writer.WriteStartObject("elicitation"u8);
            WriteEmpty(writer, "form");
            WriteEmpty(writer, "url");
            writer.WriteEndObject();
            writer.WriteEndObject();
            writer.WriteStartObject("clientInfo"u8);
            writer.WriteString("name"u8, "plue");
            writer.WriteString("title"u8, "Plue");
            writer.WriteString("version"u8, version);
            writer.WriteEndObject();
        };

    /// <param name="id">Of a session to continue; null for a new one.</param>
    /// <param name="others">Further folders; sent only to agents that take them.</param>
    public static Action<Utf8JsonWriter> Session(
        string? id,
        string folder,
        IReadOnlyList<string> others,
        IReadOnlyList<AgentServer> servers
    ) =>
        writer =>
        {
            if (id is not null)
            {
                writer.WriteString("sessionId"u8, id);
            }

            writer.WriteString("cwd"u8, folder);
            if (others.Count > 0)
            {
                writer.WriteStartArray("additionalDirectories"u8);
                foreach (var other in others)
                {
                    writer.WriteStringValue(other);
                }

                writer.WriteEndArray();
            }

            writer.WriteStartArray("mcpServers"u8);
            foreach (var server in servers)
            {
                WriteServer(writer, server);
            }

            writer.WriteEndArray();
        };

    /// <param name="texts">Blocks before the images.</param>
    public static Action<Utf8JsonWriter> Prompt(string sessionId, IReadOnlyList<string> texts, IReadOnlyList<MessagePart.File> images) =>
        writer =>
        {
            writer.WriteString("sessionId"u8, sessionId);
            writer.WriteStartArray("prompt"u8);
            foreach (var text in texts)
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, "text"u8);
                writer.WriteString("text"u8, text);
                writer.WriteEndObject();
            }

            foreach (var image in images)
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, "image"u8);
                writer.WriteString("mimeType"u8, image.MediaType ?? "image/png");
                writer.WriteBase64String("data"u8, image.Data!.Value.Span);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        };

    public static Action<Utf8JsonWriter> Fields(params (string Name, string Value)[] fields) =>
        writer =>
        {
            foreach (var (name, value) in fields)
            {
                writer.WriteString(name, value);
            }
        };

    public static Action<Utf8JsonWriter> Selected(string optionId) =>
        writer =>
        {
            writer.WriteStartObject("outcome"u8);
            writer.WriteString("outcome"u8, "selected"u8);
            writer.WriteString("optionId"u8, optionId);
            writer.WriteEndObject();
        };

    public static void Cancelled(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("outcome"u8);
        writer.WriteString("outcome"u8, "cancelled"u8);
        writer.WriteEndObject();
    }

    /// <summary>The answer to a question of the agent.</summary>
    /// <param name="values">A JSON object; null or empty for none.</param>
    public static Action<Utf8JsonWriter> Answer(string action, string? values = null) =>
        writer =>
        {
            writer.WriteString("action"u8, action);
            if (values is { Length: > 0 })
            {
                WriteRaw(writer, "content", values);
            }
        };

    public static void Empty(Utf8JsonWriter writer) { }

    /// <summary>Gets the message of an error with its data.</summary>
    public static string ErrorText(JsonElement error)
    {
        var message = error.Text("message") ?? "";
        var detail = error.Field("data") switch
        {
            { ValueKind: JsonValueKind.String } text => LoneSurrogates.TextOf(text),
            { } data => data.Text("details") ?? data.Text("message") ?? data.Text("reason"),
            null => null,
        };
        return detail is { Length: > 0 } && !message.Contains(detail, StringComparison.Ordinal)
            ? message is "" or "Internal error"
                ? detail
                : $"{message}: {detail}"
            : message;
    }

    /// <summary>Usage as the response to a prompt reports it; null where it does not.</summary>
    public static Usage? UsageOf(JsonElement result)
    {
        if (result.Field("usage") is { } usage)
        {
            var (input, output) = (Count(usage, "inputTokens"), Count(usage, "outputTokens"));
            var (read, written) = (Count(usage, "cachedReadTokens"), Count(usage, "cachedWriteTokens"));
            // Some agents count cached tokens apart from the input, which only the total shows.
            var isApart = usage.Whole("totalTokens") is { } total && total >= input + output + read + written && read + written > 0;
            return input + output == 0
                ? null
                : new Usage
                {
                    InputTokens = isApart ? input + read + written : input,
                    OutputTokens = output,
                    CachedReadTokens = read,
                    CachedWriteTokens = written,
                    ReasoningTokens = Count(usage, "thoughtTokens"),
                };
        }

        return
            result.Field("_meta")?.Field("quota")?.Field("token_count") is { } quota
            && (Count(quota, "input_tokens"), Count(quota, "output_tokens")) is var (sent, received) and not (0, 0)
            ? new Usage { InputTokens = sent, OutputTokens = received }
            : null;
    }

    /// <summary>The text of a content block; null for other blocks.</summary>
    public static string? TextOf(JsonElement block) =>
        block.Text("type") switch
        {
            "text" => block.Text("text"),
            "resource_link" => block.Text("uri"),
            "resource" => block.Field("resource")?.Text("text"),
            { } other => $"[{other}]",
            null => null,
        };

    private static long Count(JsonElement element, string name) =>
        element.Whole(name) is >= 0 and <= long.MaxValue / 8 and var count ? count : 0;

    private static void WriteServer(Utf8JsonWriter writer, AgentServer server)
    {
        writer.WriteStartObject();
        writer.WriteString("name"u8, server.Name);
        if (server.Address is { } address)
        {
            writer.WriteString("type"u8, "http"u8);
            writer.WriteString("url"u8, address.OriginalString);
        }
        else
        {
            writer.WriteString("command"u8, server.Command);
            writer.WriteStartArray("args"u8);
            foreach (var argument in server.Arguments)
            {
                writer.WriteStringValue(argument);
            }

            writer.WriteEndArray();
        }

        writer.WriteStartArray(server.Address is null ? "env"u8 : "headers"u8);
        foreach (var (name, value) in server.Values)
        {
            writer.WriteStartObject();
            writer.WriteString("name"u8, name);
            writer.WriteString("value"u8, value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteCall(Utf8JsonWriter writer, string method, Action<Utf8JsonWriter> parameters)
    {
        writer.WriteString("method"u8, method);
        writer.WriteStartObject("params"u8);
        parameters(writer);
        writer.WriteEndObject();
    }

    private static void WriteEmpty(Utf8JsonWriter writer, string name)
    {
        writer.WriteStartObject(name);
        writer.WriteEndObject();
    }

    private static void WriteRaw(Utf8JsonWriter writer, string name, string json)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(json);
    }

    private static byte[] Line(Action<Utf8JsonWriter> content)
    {
        using var line = new MemoryStream();
        using (var writer = new Utf8JsonWriter(line, PlainJson.Writing))
        {
            writer.WriteStartObject();
            writer.WriteString("jsonrpc"u8, "2.0"u8);
            content(writer);
            writer.WriteEndObject();
        }

        return line.ToArray();
    }
}
