using System.Globalization;
using System.Text.Json;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Providers.Acp;
using Plue.Server.Tools;

namespace Plue.Server.Acp;

/// <summary>Writes messages from the agent to the client, in the Agent Client Protocol, version 1.</summary>
internal static class AgentWire
{
    public const string UserChunk = "user_message_chunk";
    public const string TextChunk = "agent_message_chunk";
    public const string ThoughtChunk = "agent_thought_chunk";

    /// <summary>The maximum length of a call's text in characters. The rest is in the chat.</summary>
    private const int MaxText = 256 * 1024;

    public static byte[] Update(string sessionId, string kind, Action<Utf8JsonWriter> fields) =>
        AcpWire.Notification(
            AcpWire.SessionUpdate,
            writer =>
            {
                writer.WriteString("sessionId"u8, sessionId);
                writer.WriteStartObject("update"u8);
                writer.WriteString("sessionUpdate"u8, kind);
                fields(writer);
                writer.WriteEndObject();
            }
        );

    public static byte[] Chunk(string sessionId, string kind, string messageId, string text) =>
        Update(
            sessionId,
            kind,
            writer =>
            {
                WriteText(writer, "content", text);
                writer.WriteString("messageId"u8, messageId);
            }
        );

    /// <summary>Writes a file attached to a message of the user.</summary>
    public static byte[] FileChunk(string sessionId, string messageId, string name, string uri) =>
        Update(
            sessionId,
            UserChunk,
            writer =>
            {
                writer.WriteStartObject("content"u8);
                writer.WriteString("type"u8, "resource_link"u8);
                writer.WriteString("name"u8, name);
                writer.WriteString("uri"u8, uri);
                writer.WriteEndObject();
                writer.WriteString("messageId"u8, messageId);
            }
        );

    public static byte[] Plan(string sessionId, TodoList plan) =>
        Update(
            sessionId,
            "plan",
            writer =>
            {
                writer.WriteStartArray("entries"u8);
                foreach (var step in plan.Steps)
                {
                    writer.WriteStartObject();
                    writer.WriteString("content"u8, step.Text);
                    writer.WriteString("priority"u8, "medium"u8);
                    writer.WriteString(
                        "status"u8,
                        step.State switch
                        {
                            TodoState.Done => "completed",
                            TodoState.Active => "in_progress",
                            _ => "pending",
                        }
                    );
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }
        );

    public static byte[] Notice(string sessionId, string severity, string title) =>
        Update(
            sessionId,
            "notice",
            writer =>
            {
                writer.WriteString("severity"u8, severity);
                writer.WriteString("title"u8, title);
            }
        );

    /// <param name="used">Tokens in the context window.</param>
    /// <param name="cost">The cost of the chat so far in USD; null if unknown.</param>
    public static byte[] Usage(string sessionId, long used, long size, decimal? cost) =>
        Update(
            sessionId,
            "usage_update",
            writer =>
            {
                writer.WriteNumber("used"u8, used);
                writer.WriteNumber("size"u8, size);
                if (cost is { } usd)
                {
                    writer.WriteStartObject("cost"u8);
                    writer.WriteNumber("amount"u8, usd);
                    writer.WriteString("currency"u8, "USD"u8);
                    writer.WriteEndObject();
                }
            }
        );

    public static byte[] Info(string sessionId, string title, DateTimeOffset updatedAt) =>
        Update(
            sessionId,
            "session_info_update",
            writer =>
            {
                writer.WriteString("title"u8, title);
                WriteTime(writer, updatedAt);
            }
        );

    public static void WriteTime(Utf8JsonWriter writer, DateTimeOffset time) =>
        writer.WriteString("updatedAt"u8, time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));

    public static void WriteText(Utf8JsonWriter writer, string name, string text)
    {
        writer.WriteStartObject(name);
        writer.WriteString("type"u8, "text"u8);
        writer.WriteString("text"u8, text);
        writer.WriteEndObject();
    }

    /// <summary>Writes the array <c>content</c> of a call.</summary>
    public static void WriteContent(
        Utf8JsonWriter writer,
        IReadOnlyList<string> texts,
        IReadOnlyList<EditedFile> files,
        string? terminal = null
    )
    {
        writer.WriteStartArray("content"u8);
        if (terminal is not null)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "terminal"u8);
            writer.WriteString("terminalId"u8, terminal);
            writer.WriteEndObject();
        }

        foreach (var file in files)
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "diff"u8);
            writer.WriteString("path"u8, file.Path);
            if (file.Before is { } before)
            {
                writer.WriteString("oldText"u8, before);
            }
            else
            {
                writer.WriteNull("oldText"u8);
            }

            writer.WriteString("newText"u8, file.After ?? "");
            writer.WriteEndObject();
        }

        foreach (var text in texts.Where(text => text.Length > 0))
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, "content"u8);
            WriteText(writer, "content", Shortened(text));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static string StopReasonOf(StopReason reason) =>
        reason switch
        {
            StopReason.MaxTokens or StopReason.ContextFull => "max_tokens",
            StopReason.Refusal => "refusal",
            StopReason.Stopped => "cancelled",
            _ => "end_turn",
        };

    private static string Shortened(string text) =>
        text.Length <= MaxText
            ? text
            : $"{text[..(MaxText / 2)]}\n[… {text.Length - MaxText} characters omitted …]\n{text[^(MaxText / 2)..]}";
}
