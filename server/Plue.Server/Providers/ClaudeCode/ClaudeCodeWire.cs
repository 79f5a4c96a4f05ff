using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// The CLI's stream-json, both ways: one JSON object a line. Deltas, which are nearly all lines, are read without a document.
/// What is not understood is <see cref="ClaudeCodeLine.Other"/>, for the CLI grows new kinds with every release.
/// </summary>
internal static class ClaudeCodeWire
{
    public const string HookBefore = "before";
    public const string HookAfter = "after";
    private const int MaxWindows = 8;
    private const int MaxStepLength = 200;

    public static ClaudeCodeLine Read(ReadOnlySpan<byte> line)
    {
        if (line.IsEmpty || line[0] != (byte)'{')
        {
            return ClaudeCodeLine.Other.Instance;
        }

        try
        {
            return ReadWhole(line);
        }
        catch (InvalidOperationException)
        {
            return ReadReplaced(line);
        }
        catch (JsonException)
        {
            return ClaudeCodeLine.Other.Instance;
        }
    }

    /// <param name="hasTools">True if each call of a tool needs permission and its end is reported, regardless of the CLI's own rules.</param>
    /// <param name="hasServer">True if Plue's tools are offered.</param>
    public static byte[] Initialize(string requestId, string? system, bool hasTools, bool hasServer) =>
        Write(writer =>
        {
            StartRequest(writer, requestId, "initialize");
            if (hasTools)
            {
                WriteHooks(writer);
            }
            if (hasServer)
            {
                writer.WriteStrings("sdkMcpServers", [ClaudeCodeServer.Name]);
            }
            if (system is not null)
            {
                writer.WriteStrings("systemPrompt", [system]);
            }
            writer.WriteEndObject();
        });

    public static byte[] Interrupt(string requestId) =>
        Write(writer =>
        {
            StartRequest(writer, requestId, "interrupt");
            writer.WriteEndObject();
        });

    public static byte[] SetModel(string requestId, string model) =>
        Write(writer =>
        {
            StartRequest(writer, requestId, "set_model");
            writer.WriteString("model", model);
            writer.WriteEndObject();
        });

    /// <param name="query">False only adds it to the history. A result line still follows.</param>
    public static byte[] User(string text, bool query, IReadOnlyList<MessagePart.File>? images = null) =>
        Write(writer =>
        {
            writer.WriteString("type", "user");
            writer.WriteStartObject("message");
            writer.WriteString("role", "user");
            // The last block must be a text: it is the one that is read for commands.
            WriteText(writer, text.Length > 0 ? PlainText(text) : ["\u2060"], images);
            writer.WriteEndObject();
            WriteOrigin(writer);
            if (!query)
            {
                writer.WriteBoolean("shouldQuery", false);
            }
        });

    /// <summary>Adds an earlier response to the history. No line follows.</summary>
    public static byte[] Assistant(string text) =>
        Write(writer =>
        {
            writer.WriteString("type", "assistant");
            writer.WriteStartObject("message");
            writer.WriteString("role", "assistant");
            WriteText(writer, [text]);
            writer.WriteEndObject();
            WriteOrigin(writer);
        });

    public static byte[] Allow(string requestId, string input) =>
        Respond(
            requestId,
            writer =>
            {
                writer.WriteString("behavior", "allow");
                writer.WritePropertyName("updatedInput");
                writer.WriteRawValue(input);
            }
        );

    public static byte[] Deny(string requestId, string message) =>
        Respond(requestId, writer => writer.WriteFields(("behavior", "deny"), ("message", message)));

    /// <summary>The reply to a hook: before a tool runs, permission is required. After it, the reply is empty.</summary>
    public static byte[] Hooked(string requestId, bool isBefore) =>
        Respond(
            requestId,
            writer =>
            {
                if (isBefore)
                {
                    writer.WriteObject("hookSpecificOutput", ("hookEventName", "PreToolUse"), ("permissionDecision", "ask"));
                }
            }
        );

    /// <summary>A successful reply with these fields.</summary>
    public static byte[] Respond(string requestId, Action<Utf8JsonWriter> fields) =>
        Write(writer =>
        {
            StartResponse(writer, requestId, "success");
            writer.WriteStartObject("response");
            fields(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });

    public static byte[] Refuse(string requestId, string error) =>
        Write(writer =>
        {
            StartResponse(writer, requestId, "error");
            writer.WriteString("error", error);
            writer.WriteEndObject();
        });

    /// <summary>
    /// Splits a text so that the CLI does not interpret it. It searches the last text block of a user line for commands (a leading <c>/</c>) and
    /// for files to attach (<c>@path</c>, anywhere on the machine, without permission), and only that block. So the last block
    /// starts after the last such character.
    /// </summary>
    internal static IReadOnlyList<string> PlainText(string text)
    {
        if (!text.Contains('@') && !text.AsSpan().TrimStart().StartsWith("/"))
        {
            return [text];
        }

        var cut = text.LastIndexOf('@') + 1;
        while (cut < text.Length && !char.IsLetterOrDigit(text[cut]))
        {
            cut++;
        }

        // A word joiner: invisible, and not white space, which the API rejects as a block.
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
            writer.WriteStrings("hookCallbackIds", [hook]);
            // The CLI ignores a hook without a reply in time, and would then read without permission.
            writer.WriteNumber("timeout", 24 * 60 * 60);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private static void StartRequest(Utf8JsonWriter writer, string requestId, string subtype)
    {
        writer.WriteFields(("type", "control_request"), ("request_id", requestId));
        writer.WriteStartObject("request");
        writer.WriteString("subtype", subtype);
    }

    private static void StartResponse(Utf8JsonWriter writer, string requestId, string subtype)
    {
        writer.WriteString("type", "control_response");
        writer.WriteStartObject("response");
        writer.WriteFields(("subtype", subtype), ("request_id", requestId));
    }

    private static void WriteText(Utf8JsonWriter writer, IReadOnlyList<string> blocks, IReadOnlyList<MessagePart.File>? images = null)
    {
        writer.WriteStartArray("content");
        foreach (var image in images ?? [])
        {
            writer.WriteStartObject();
            writer.WriteString("type", "image");
            writer.WriteStartObject("source");
            writer.WriteFields(("type", "base64"), ("media_type", image.MediaType));
            writer.WriteBase64String("data", image.Data!.Value.Span);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        foreach (var block in blocks)
        {
            writer.WriteObject(("type", "text"), ("text", block));
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
        if (line.StartsWith("{\"type\":\"stream_event\""u8))
        {
            return ReadStreamEvent(line);
        }

        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
        using var document = JsonDocument.ParseValue(ref reader);
        var root = document.RootElement;
        return root.Text("type") switch
        {
            "stream_event" => ReadStreamEvent(line),
            var kind when root.Text("parent_tool_use_id") is { } parent => ReadNested(root, kind, parent),
            "assistant" => ReadAssistant(root),
            "user" => ReadToolResults(root),
            "result" => ReadResult(root),
            "system" => ReadSystem(root),
            "control_request" => ReadQuestion(root),
            "control_response" => ReadAnswer(root),
            "control_cancel_request" => new ClaudeCodeLine.QuestionCanceled(root.Text("request_id") ?? ""),
            "rate_limit_event" when root.TryGetProperty("rate_limit_info", out var info) => new ClaudeCodeLine.RateLimit(
                info.Text("status"),
                Time(info, "resetsAt"),
                Windows(info)
            ),
            _ => ClaudeCodeLine.Other.Instance,
        };
    }

    private static List<UsageWindow> Windows(JsonElement info)
    {
        List<UsageWindow> windows = [];
        if (info.TryGetProperty("unifiedWindows", out var all) && all.ValueKind == JsonValueKind.Object)
        {
            foreach (var window in all.EnumerateObject().Take(MaxWindows))
            {
                if (
                    window.Name.Length <= 40
                    && Number(window.Value, "utilization") is >= 0 and var used
                    && Time(window.Value, "resetsAt") is { } at
                )
                {
                    windows.Add(new UsageWindow(window.Name, Math.Min(used, 1), at));
                }
            }
        }

        return windows;
    }

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        Number(element, name) is > 0 and < 99_999_999_999 and var at ? DateTimeOffset.FromUnixTimeSeconds((long)at) : null;

    private static ClaudeCodeLine ReadReplaced(ReadOnlySpan<byte> line)
    {
        // Invalid UTF-8 also becomes U+FFFD.
        try
        {
            return ReadWhole(Encoding.UTF8.GetBytes(LoneSurrogates.Replaced(Encoding.UTF8.GetString(line))));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return ClaudeCodeLine.Other.Instance;
        }
    }

    /// <summary>The content of a stream_event, whose properties come in any order.</summary>
    private ref struct StreamEvent
    {
        public string? Type,
            DeltaType,
            Content,
            BlockKind,
            Id,
            Name,
            Model,
            Parent;
        public int Index;
        public long Input,
            Output,
            CachedRead,
            CachedWrite;
    }

    private static ClaudeCodeLine ReadStreamEvent(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line, new JsonReaderOptions { MaxDepth = 512 });
        var found = new StreamEvent();
        reader.Read();
        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("event"u8))
            {
                ReadEvent(ref reader, ref found);
            }
            else if (reader.ValueTextEquals("parent_tool_use_id"u8))
            {
                found.Parent = NextString(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        if (found.Parent is not null)
        {
            return ClaudeCodeLine.Other.Instance;
        }

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
        if (!reader.NextIsObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("type"u8))
            {
                found.Type = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                found.Index = (int)(reader.NextInt64() ?? 0);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                ReadUsage(ref reader, ref found);
            }
            else if (reader.ValueTextEquals("delta"u8))
            {
                ReadDelta(ref reader, ref found);
            }
            else if (reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("content_block"u8))
            {
                ReadHead(ref reader, ref found);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadDelta(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!reader.NextIsObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("type"u8))
            {
                found.DeltaType = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("thinking"u8) || reader.ValueTextEquals("partial_json"u8))
            {
                found.Content = NextString(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadHead(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!reader.NextIsObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("type"u8))
            {
                found.BlockKind = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                found.Id = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                found.Name = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("model"u8))
            {
                found.Model = NextString(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                ReadUsage(ref reader, ref found);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static void ReadUsage(ref Utf8JsonReader reader, ref StreamEvent found)
    {
        if (!reader.NextIsObject())
        {
            return;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("input_tokens"u8))
            {
                found.Input = reader.NextInt64() ?? 0;
            }
            else if (reader.ValueTextEquals("output_tokens"u8))
            {
                found.Output = reader.NextInt64() ?? 0;
            }
            else if (reader.ValueTextEquals("cache_read_input_tokens"u8))
            {
                found.CachedRead = reader.NextInt64() ?? 0;
            }
            else if (reader.ValueTextEquals("cache_creation_input_tokens"u8))
            {
                found.CachedWrite = reader.NextInt64() ?? 0;
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private static string? NextString(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString();
        }

        reader.Skip();
        return null;
    }

    private static ClaudeCodeLine.Assistant ReadAssistant(JsonElement root)
    {
        var message = Object(root, "message");
        var blocks = new List<ClaudeCodeLine.Block>();
        foreach (var block in message.Items("content"))
        {
            ClaudeCodeLine.Block? read = block.Text("type") switch
            {
                "text" => new ClaudeCodeLine.Block.Text(block.Text("text") ?? ""),
                "thinking" => new ClaudeCodeLine.Block.Thinking(block.Text("thinking") ?? "", block.Text("signature")),
                "redacted_thinking" => new ClaudeCodeLine.Block.Redacted(block.Text("data") ?? ""),
                "tool_use" => new ClaudeCodeLine.Block.ToolUse(
                    block.Text("id") ?? "",
                    block.Text("name") ?? "",
                    block.TryGetProperty("input", out var input) ? input.GetRawText() : "{}"
                ),
                _ => null,
            };
            if (read is not null)
            {
                blocks.Add(read);
            }
        }

        return new ClaudeCodeLine.Assistant(message.Text("id") ?? "", message.Text("model"), blocks, root.Text("error"));
    }

    private static ClaudeCodeLine ReadNested(JsonElement root, string? kind, string parent)
    {
        if (kind != "assistant")
        {
            return ClaudeCodeLine.Other.Instance;
        }

        var message = Object(root, "message");
        var usage = Object(message, "usage");
        var steps = ReadAssistant(root)
            .Blocks.Select(block =>
                block switch
                {
                    ClaudeCodeLine.Block.Text text => text.Content.Trim(),
                    ClaudeCodeLine.Block.ToolUse tool => $"{tool.Name} {Shortened(tool.Input)}",
                    _ => "",
                }
            )
            .Where(step => step.Length > 0);
        return new ClaudeCodeLine.Nested(
            parent,
            string.Concat(steps.Select(step => step + "\n")),
            message.Text("id"),
            UsageOf(
                Count(usage, "input_tokens"),
                Count(usage, "output_tokens"),
                Count(usage, "cache_read_input_tokens"),
                Count(usage, "cache_creation_input_tokens"),
                0
            )
        );
    }

    private static string Shortened(string input) =>
        input.ReplaceLineEndings(" ") is var line && line.Length <= MaxStepLength ? line : line[..MaxStepLength] + "…";

    private static ClaudeCodeLine ReadToolResults(JsonElement root)
    {
        var results = new List<ClaudeCodeLine.ToolResult>();
        foreach (var block in Object(root, "message").Items("content"))
        {
            if (block.Text("type") != "tool_result")
            {
                continue;
            }

            var content =
                block.Text("content")
                ?? string.Join('\n', block.Items("content").Select(item => item.Text("text") ?? $"[{item.Text("type")}]"));
            results.Add(new ClaudeCodeLine.ToolResult(block.Text("tool_use_id") ?? "", content, block.Flag("is_error") == true));
        }

        return results.Count > 0 ? new ClaudeCodeLine.ToolResults(results) : ClaudeCodeLine.Other.Instance;
    }

    private static ClaudeCodeLine.Result ReadResult(JsonElement root)
    {
        var usage = Object(root, "usage");
        var text =
            root.Text("result")
            ?? string.Join(
                ' ',
                root.Items("errors").Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString())
            );
        return new ClaudeCodeLine.Result(
            root.Flag("is_error") == true,
            root.Text("subtype"),
            (int?)Number(root, "api_error_status"),
            text,
            root.Text("stop_reason"),
            root.Text("terminal_reason"),
            UsageOf(
                Count(usage, "input_tokens"),
                Count(usage, "output_tokens"),
                Count(usage, "cache_read_input_tokens"),
                Count(usage, "cache_creation_input_tokens"),
                Count(Object(usage, "output_tokens_details"), "thinking_tokens")
            ),
            root.TryGetProperty("total_cost_usd", out var cost) && cost.ValueKind == JsonValueKind.Number && cost.TryGetDecimal(out var usd)
                ? usd
                : null
        );
    }

    private static ClaudeCodeLine ReadSystem(JsonElement root) =>
        root.Text("subtype") switch
        {
            "init" => new ClaudeCodeLine.Init(root.Text("session_id"), root.Text("model")),
            "api_retry" => new ClaudeCodeLine.Retry(
                (int)Count(root, "attempt"),
                TimeSpan.FromMilliseconds(Math.Clamp(Number(root, "retry_delay_ms") ?? 0, 0, 86_400_000)),
                (int?)Number(root, "error_status"),
                root.Text("error")
            ),
            _ => ClaudeCodeLine.Other.Instance,
        };

    private static ClaudeCodeLine ReadQuestion(JsonElement root)
    {
        var request = Object(root, "request");
        return new ClaudeCodeLine.Question(
            root.Text("request_id") ?? "",
            request.Text("subtype") ?? "",
            request.Text("tool_name"),
            Raw(request, "input")
        )
        {
            ToolUseId = request.Text("tool_use_id"),
            Hook = request.Text("callback_id"),
            Message = request.Text("server_name") == ClaudeCodeServer.Name ? ReadServerMessage(Object(request, "message")) : null,
        };
    }

    private static ClaudeCodeLine.ServerMessage ReadServerMessage(JsonElement message)
    {
        var parameters = Object(message, "params");
        return new ClaudeCodeLine.ServerMessage(message.Text("method") ?? "", Raw(message, "id"))
        {
            ProtocolVersion = parameters.Text("protocolVersion"),
            ToolName = parameters.Text("name"),
            Arguments = Raw(parameters, "arguments") ?? "{}",
            ToolUseId = Object(parameters, "_meta").Text("claudecode/toolUseId"),
            CancelledId = Raw(parameters, "requestId"),
        };
    }

    private static ClaudeCodeLine.Answer ReadAnswer(JsonElement root)
    {
        var response = Object(root, "response");
        var error = response.Text("subtype") == "error" ? response.Text("error") ?? "unknown error" : null;
        var content = Object(response, "response");
        var models = content.ValueKind == JsonValueKind.Object && content.TryGetProperty("models", out _) ? ReadModels(content) : null;
        return new ClaudeCodeLine.Answer(response.Text("request_id") ?? "", error, models);
    }

    private static List<ModelInfo> ReadModels(JsonElement content) =>
        content
            .Items("models")
            .Where(model => model.Text("value") is { Length: > 0 })
            .Select(model => new ModelInfo
            {
                Id = model.Text("value") ?? "",
                Name = model.Text("displayName"),
                Description = model.Text("description"),
                ReasoningLevels =
                    model.Flag("supportsEffort") == true
                        ? model.Items("supportedEffortLevels").Select(level => level.ToString()).ToList()
                        : null,
            })
            .ToList();

    /// <summary>Plue's input tokens include cached tokens; the vendor counts them separately.</summary>
    private static Usage UsageOf(long input, long output, long cachedRead, long cachedWrite, long reasoning) =>
        new()
        {
            InputTokens = input + cachedRead + cachedWrite,
            OutputTokens = output,
            CachedReadTokens = cachedRead,
            CachedWriteTokens = cachedWrite,
            ReasoningTokens = reasoning,
        };

    private static string? Raw(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value.GetRawText() : null;

    private static double? Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            ? value.GetDouble()
            : null;

    private static long Count(JsonElement element, string name) =>
        Number(element, name) is >= 0 and <= long.MaxValue / 4 and var number ? (long)number : 0;

    private static JsonElement Object(JsonElement element, string name) =>
        element.Field(name) is { ValueKind: JsonValueKind.Object } value ? value : default;
}
