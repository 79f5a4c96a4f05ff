using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// The CLI's stream-json, both ways: one JSON object a line. Deltas, which are nearly all lines, are read without a document.
/// What is not understood is <see cref="ClaudeCodeLine.Other"/>, for the CLI grows new kinds with every release.
/// </summary>
internal static class ClaudeCodeWire
{
    public const string HookBefore = "before";
    public const string HookAfter = "after";

    public static ClaudeCodeLine Read(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] != (byte)'{') { return ClaudeCodeLine.Other.Instance; }

        try { return ReadWhole(line); }
        catch (InvalidOperationException) { return ReadReplaced(line); }
        catch (JsonException) { return ClaudeCodeLine.Other.Instance; }
    }

    /// <param name="hasTools">Each use of a tool is asked about and its end told, whatever the CLI thinks of it.</param>
    /// <param name="hasServer">Tools of ours are offered.</param>
    public static byte[] Initialize(string requestId, string? system, bool hasTools, bool hasServer) => Write(writer =>
    {
        StartRequest(writer, requestId, "initialize");
        if (hasTools) { WriteHooks(writer); }
        if (hasServer)
        {
            writer.WriteStartArray("sdkMcpServers");
            writer.WriteStringValue(ClaudeCodeServer.Name);
            writer.WriteEndArray();
        }

        if (system is not null)
        {
            writer.WriteStartArray("systemPrompt");
            writer.WriteStringValue(system);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    });

    public static byte[] Interrupt(string requestId) => Write(writer =>
    {
        StartRequest(writer, requestId, "interrupt");
        writer.WriteEndObject();
    });

    public static byte[] SetModel(string requestId, string model) => Write(writer =>
    {
        StartRequest(writer, requestId, "set_model");
        writer.WriteString("model", model);
        writer.WriteEndObject();
    });

    /// <param name="query">False only adds it to the history; a result line still answers.</param>
    public static byte[] User(string text, bool query, IReadOnlyList<MessagePart.File>? images = null) => Write(writer =>
    {
        writer.WriteString("type", "user");
        writer.WriteStartObject("message");
        writer.WriteString("role", "user");
        // The last block must be a text: it is the one that is read for commands.
        WriteText(writer, text.Length > 0 ? PlainText(text) : ["\u2060"], images);
        writer.WriteEndObject();
        WriteOrigin(writer);
        if (!query) { writer.WriteBoolean("shouldQuery", false); }
    });

    /// <summary>An earlier answer, for the history. Nothing answers it.</summary>
    public static byte[] Assistant(string text) => Write(writer =>
    {
        writer.WriteString("type", "assistant");
        writer.WriteStartObject("message");
        writer.WriteString("role", "assistant");
        WriteText(writer, [text]);
        writer.WriteEndObject();
        WriteOrigin(writer);
    });

    public static byte[] Allow(string requestId, string input) => Respond(requestId, writer =>
    {
        writer.WriteString("behavior", "allow");
        writer.WritePropertyName("updatedInput");
        writer.WriteRawValue(input);
    });

    public static byte[] Deny(string requestId, string message) => Respond(requestId, writer =>
    {
        writer.WriteString("behavior", "deny");
        writer.WriteString("message", message);
    });

    /// <summary>The answer to a hook: before a tool runs we want to be asked; after it there is nothing to say.</summary>
    public static byte[] Hooked(string requestId, bool isBefore) => Respond(requestId, writer =>
    {
        if (!isBefore) { return; }

        writer.WriteStartObject("hookSpecificOutput");
        writer.WriteString("hookEventName", "PreToolUse");
        writer.WriteString("permissionDecision", "ask");
        writer.WriteEndObject();
    });

    /// <summary>A successful answer with these fields.</summary>
    public static byte[] Respond(string requestId, Action<Utf8JsonWriter> fields) => Write(writer =>
    {
        StartResponse(writer, requestId, "success");
        writer.WriteStartObject("response");
        fields(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    public static byte[] Refuse(string requestId, string error) => Write(writer =>
    {
        StartResponse(writer, requestId, "error");
        writer.WriteString("error", error);
        writer.WriteEndObject();
    });

    /// <summary>
    /// Cuts a text so that the CLI takes it as said. It reads the last text block of a user line for commands (a leading <c>/</c>) and
    /// for files to attach (<c>@path</c>, from anywhere on the machine and without a question), and only that one: so the last block
    /// begins behind the last such sign.
    /// </summary>
    internal static IReadOnlyList<string> PlainText(string text)
    {
        if (!text.Contains('@') && !text.AsSpan().TrimStart().StartsWith("/")) { return [text]; }

        var cut = text.LastIndexOf('@') + 1;
        while (cut < text.Length && !char.IsLetterOrDigit(text[cut])) { cut++; }

        // A word joiner: not seen, and not the white space that the API refuses as a block.
        return cut < text.Length ? [text[..cut], text[cut..]] : [text, "\u2060"];
    }

    private static byte[] Write(Action<Utf8JsonWriter> fields)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return stream.ToArray();
    }

    private static void WriteHooks(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("hooks");
        foreach (var (when, hook) in new[] { ("PreToolUse", HookBefore), ("PostToolUse", HookAfter), ("PostToolUseFailure", HookAfter) })
        {
            writer.WriteStartArray(when);
            writer.WriteStartObject();
            writer.WriteStartArray("hookCallbackIds");
            writer.WriteStringValue(hook);
            writer.WriteEndArray();
            // A hook that is not answered in time counts as none, and then reading would be asked about no more.
            writer.WriteNumber("timeout", 24 * 60 * 60);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void StartRequest(Utf8JsonWriter writer, string requestId, string subtype)
    {
        writer.WriteString("type", "control_request");
        writer.WriteString("request_id", requestId);
        writer.WriteStartObject("request");
        writer.WriteString("subtype", subtype);
    }

    private static void StartResponse(Utf8JsonWriter writer, string requestId, string subtype)
    {
        writer.WriteString("type", "control_response");
        writer.WriteStartObject("response");
        writer.WriteString("subtype", subtype);
        writer.WriteString("request_id", requestId);
    }

    private static void WriteText(Utf8JsonWriter writer, IReadOnlyList<string> blocks, IReadOnlyList<MessagePart.File>? images = null)
    {
        writer.WriteStartArray("content");
        foreach (var image in images ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("type", "image");
            writer.WriteStartObject("source");
            writer.WriteString("type", "base64");
            writer.WriteString("media_type", image.MediaType);
            writer.WriteBase64String("data", image.Data!.Value.Span);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        foreach (var block in blocks)
        {
            writer.WriteStartObject();
            writer.WriteString("type", "text");
            writer.WriteString("text", block);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteOrigin(Utf8JsonWriter writer)
    {
        writer.WriteNull("parent_tool_use_id");
        writer.WriteString("session_id", "");
    }

    private static ClaudeCodeLine ReadWhole(ReadOnlySpan<byte> line)
    {
        if (line.StartsWith("{\"type\":\"stream_event\""u8)) { return ReadStreamEvent(line); }

        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        return Text(root, "type") switch
        {
            "stream_event" => ReadStreamEvent(line),
            _ when root.TryGetProperty("parent_tool_use_id", out var parent) && parent.ValueKind == JsonValueKind.String => ClaudeCodeLine.Other.Instance,
            "assistant" => ReadAssistant(root),
            "user" => ReadToolResults(root),
            "result" => ReadResult(root),
            "system" => ReadSystem(root),
            "control_request" => ReadQuestion(root),
            "control_response" => ReadAnswer(root),
            "control_cancel_request" => new ClaudeCodeLine.QuestionTakenBack(Text(root, "request_id") ?? ""),
            "rate_limit_event" when root.TryGetProperty("rate_limit_info", out var info) => new ClaudeCodeLine.RateLimit(
                Text(info, "status"), Number(info, "resetsAt") is > 0 and < 99_999_999_999 and var at ? DateTimeOffset.FromUnixTimeSeconds((long)at) : null),
            _ => ClaudeCodeLine.Other.Instance,
        };
    }

    private static ClaudeCodeLine ReadReplaced(ReadOnlySpan<byte> line)
    {
        // A byte that is no UTF-8 becomes U+FFFD as well.
        try { return ReadWhole(Encoding.UTF8.GetBytes(LoneSurrogates.Replaced(Encoding.UTF8.GetString(line)))); }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { return ClaudeCodeLine.Other.Instance; }
    }

    /// <summary>What a stream_event may hold, gathered in whatever order its properties come.</summary>
    private ref struct StreamEvent
    {
        public string? Type, DeltaType, Content, BlockKind, Id, Name, Model, Parent;
        public int Index;
        public long Input, Output, CachedRead, CachedWrite;
    }

    private static ClaudeCodeLine ReadStreamEvent(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
        var found = new StreamEvent();
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("event"u8)) { ReadEvent(ref reader, ref found); }
            else if (reader.ValueTextEquals("parent_tool_use_id"u8)) { found.Parent = NextString(ref reader); }
            else { Skip(ref reader); }
        }

        if (found.Parent is not null) { return ClaudeCodeLine.Other.Instance; }

        var usage = UsageOf(found.Input, found.Output, found.CachedRead, found.CachedWrite, 0);
        return found.Type switch
        {
            "content_block_delta" => found.DeltaType switch
            {
                "text_delta" => new ClaudeCodeLine.TextDelta(found.Index, found.Content ?? ""),
                "thinking_delta" => new ClaudeCodeLine.ThinkingDelta(found.Index, found.Content ?? ""),
                "input_json_delta" => new ClaudeCodeLine.InputDelta(found.Index, found.Content ?? ""),
                _ => ClaudeCodeLine.Other.Instance,
            },
            "message_start" => new ClaudeCodeLine.MessageStarted(found.Id ?? "", found.Model, usage),
            "content_block_start" => new ClaudeCodeLine.BlockStarted(found.Index, found.BlockKind ?? "", found.Id, found.Name),
            "content_block_stop" => new ClaudeCodeLine.BlockStopped(found.Index),
            "message_delta" => new ClaudeCodeLine.MessageEnding(usage),
            _ => ClaudeCodeLine.Other.Instance,
        };
    }

    private static void ReadEvent(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!Enter(ref reader)) { return; }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8)) { found.Type = NextString(ref reader); }
            else if (reader.ValueTextEquals("index"u8)) { found.Index = (int)NextNumber(ref reader); }
            else if (reader.ValueTextEquals("usage"u8)) { ReadUsage(ref reader, ref found); }
            else if (reader.ValueTextEquals("delta"u8)) { ReadDelta(ref reader, ref found); }
            else if (reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("content_block"u8)) { ReadHead(ref reader, ref found); }
            else { Skip(ref reader); }
        }
    }

    private static void ReadDelta(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!Enter(ref reader)) { return; }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8)) { found.DeltaType = NextString(ref reader); }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8))
            {
                found.Content = NextString(ref reader);
            }
            else { Skip(ref reader); }
        }
    }

    private static void ReadHead(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!Enter(ref reader)) { return; }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8)) { found.BlockKind = NextString(ref reader); }
            else if (reader.ValueTextEquals("id"u8)) { found.Id = NextString(ref reader); }
            else if (reader.ValueTextEquals("name"u8)) { found.Name = NextString(ref reader); }
            else if (reader.ValueTextEquals("model"u8)) { found.Model = NextString(ref reader); }
            else if (reader.ValueTextEquals("usage"u8)) { ReadUsage(ref reader, ref found); }
            else { Skip(ref reader); }
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!Enter(ref reader)) { return; }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("input_tokens"u8)) { found.Input = NextNumber(ref reader); }
            else if (reader.ValueTextEquals("output_tokens"u8)) { found.Output = NextNumber(ref reader); }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8)) { found.CachedRead = NextNumber(ref reader); }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8)) { found.CachedWrite = NextNumber(ref reader); }
            else { Skip(ref reader); }
        }
    }

    /// <summary>Steps into the object that follows; false when something else does, which is then skipped.</summary>
    private static bool Enter(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartObject) { return true; }

        reader.Skip();
        return false;
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static string? NextString(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) { return reader.GetString(); }

        reader.Skip();
        return null;
    }

    private static long NextNumber(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number)) { return number; }

        reader.Skip();
        return 0;
    }

    private static ClaudeCodeLine.Assistant ReadAssistant(JsonElement root)
    {
        var message = Object(root, "message");
        var blocks = new List<ClaudeCodeLine.Block>();
        foreach (var block in Items(message, "content"))
        {
            ClaudeCodeLine.Block? read = Text(block, "type") switch
            {
                "text" => new ClaudeCodeLine.Block.Text(Text(block, "text") ?? ""),
                "thinking" => new ClaudeCodeLine.Block.Thinking(Text(block, "thinking") ?? "", Text(block, "signature")),
                "redacted_thinking" => new ClaudeCodeLine.Block.Redacted(Text(block, "data") ?? ""),
                "tool_use" => new ClaudeCodeLine.Block.ToolUse(
                    Text(block, "id") ?? "", Text(block, "name") ?? "", block.TryGetProperty("input", out var input) ? input.GetRawText() : "{}"),
                _ => null,
            };
            if (read is not null) { blocks.Add(read); }
        }

        return new ClaudeCodeLine.Assistant(Text(message, "id") ?? "", Text(message, "model"), blocks, Text(root, "error"));
    }

    private static ClaudeCodeLine ReadToolResults(JsonElement root)
    {
        var results = new List<ClaudeCodeLine.ToolResult>();
        foreach (var block in Items(Object(root, "message"), "content"))
        {
            if (Text(block, "type") != "tool_result") { continue; }

            var content = Text(block, "content") ?? string.Join('\n', Items(block, "content").Select(item => Text(item, "text") ?? $"[{Text(item, "type")}]"));
            results.Add(new ClaudeCodeLine.ToolResult(Text(block, "tool_use_id") ?? "", content, IsTrue(block, "is_error")));
        }

        return results.Count > 0 ? new ClaudeCodeLine.ToolResults(results) : ClaudeCodeLine.Other.Instance;
    }

    private static ClaudeCodeLine.Result ReadResult(JsonElement root)
    {
        var usage = Object(root, "usage");
        var text = Text(root, "result") ?? string.Join(' ', Items(root, "errors").Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()));
        return new ClaudeCodeLine.Result(
            IsTrue(root, "is_error"),
            Text(root, "subtype"),
            (int?)Number(root, "api_error_status"),
            text,
            Text(root, "stop_reason"),
            Text(root, "terminal_reason"),
            UsageOf(Count(usage, "input_tokens"), Count(usage, "output_tokens"), Count(usage, "cache_read_input_tokens"),
                Count(usage, "cache_creation_input_tokens"), Count(Object(usage, "output_tokens_details"), "thinking_tokens")),
            root.TryGetProperty("total_cost_usd", out var cost) && cost.ValueKind == JsonValueKind.Number && cost.TryGetDecimal(out var usd) ? usd : null);
    }

    private static ClaudeCodeLine ReadSystem(JsonElement root) => Text(root, "subtype") switch
    {
        "init" => new ClaudeCodeLine.Init(Text(root, "session_id"), Text(root, "model")),
        "api_retry" => new ClaudeCodeLine.Retry(
            (int)Count(root, "attempt"), TimeSpan.FromMilliseconds(Math.Clamp(Number(root, "retry_delay_ms") ?? 0, 0, 86_400_000)),
            (int?)Number(root, "error_status"), Text(root, "error")),
        _ => ClaudeCodeLine.Other.Instance,
    };

    private static ClaudeCodeLine ReadQuestion(JsonElement root)
    {
        var request = Object(root, "request");
        return new ClaudeCodeLine.Question(
            Text(root, "request_id") ?? "", Text(request, "subtype") ?? "", Text(request, "tool_name"), Raw(request, "input"))
        {
            ToolUseId = Text(request, "tool_use_id"),
            Hook = Text(request, "callback_id"),
            Message = Text(request, "server_name") == ClaudeCodeServer.Name ? ReadServerMessage(Object(request, "message")) : null,
        };
    }

    private static ClaudeCodeLine.ServerMessage ReadServerMessage(JsonElement message)
    {
        var parameters = Object(message, "params");
        return new ClaudeCodeLine.ServerMessage(Text(message, "method") ?? "", Raw(message, "id"))
        {
            ProtocolVersion = Text(parameters, "protocolVersion"),
            ToolName = Text(parameters, "name"),
            Arguments = Raw(parameters, "arguments") ?? "{}",
            ToolUseId = Text(Object(parameters, "_meta"), "claudecode/toolUseId"),
            CancelledId = Raw(parameters, "requestId"),
        };
    }

    private static ClaudeCodeLine.Answer ReadAnswer(JsonElement root)
    {
        var response = Object(root, "response");
        var error = Text(response, "subtype") == "error" ? Text(response, "error") ?? "unknown error" : null;
        var content = Object(response, "response");
        var models = content.ValueKind == JsonValueKind.Object && content.TryGetProperty("models", out _) ? ReadModels(content) : null;
        return new ClaudeCodeLine.Answer(Text(response, "request_id") ?? "", error, models);
    }

    private static List<ModelInfo> ReadModels(JsonElement content) => Items(content, "models")
        .Where(model => Text(model, "value") is { Length: > 0 })
        .Select(model => new ModelInfo
        {
            Id = Text(model, "value") ?? "",
            Name = Text(model, "displayName"),
            Description = Text(model, "description"),
            ReasoningLevels = IsTrue(model, "supportsEffort") ? Items(model, "supportedEffortLevels").Select(level => level.ToString()).ToList() : null,
        })
        .ToList();

    /// <summary>Our input tokens are everything sent; the vendor counts the cached parts apart.</summary>
    private static Usage UsageOf(long input, long output, long cachedRead, long cachedWrite, long reasoning) => new()
    {
        InputTokens = input + cachedRead + cachedWrite,
        OutputTokens = output,
        CachedReadTokens = cachedRead,
        CachedWriteTokens = cachedWrite,
        ReasoningTokens = reasoning,
    };

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string? Raw(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.GetRawText() : null;

    private static double? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static long Count(JsonElement element, string name) => Number(element, name) is >= 0 and <= long.MaxValue / 4 and var number ? (long)number : 0;

    private static bool IsTrue(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static JsonElement Object(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : default;

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [];
}
