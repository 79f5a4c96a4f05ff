using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.External;

/// <summary>Reads and writes the envelopes of external providers, one JSON object per line. See docs/external-providers.md.</summary>
internal static class ExternalWire
{
    /// <param name="id">Null for a process that serves a single request.</param>
    public static byte[] Request(string? id, string action, string provider, Action<Utf8JsonWriter> parameters) =>
        Line(writer =>
        {
            if (id is not null)
            {
                writer.WriteString("id"u8, id);
            }
            writer.WriteString("action"u8, action);
            writer.WriteString("provider"u8, provider);
            writer.WriteStartObject("params"u8);
            parameters(writer);
            writer.WriteEndObject();
        });

    public static byte[] Line(Action<Utf8JsonWriter> members) => JsonBody.Write(members);

    /// <summary>Writes the params of <c>stream_chat</c>.</summary>
    public static void WriteChat(Utf8JsonWriter writer, ProviderRequest request)
    {
        writer.WriteString("model"u8, request.Model);
        writer.WriteStartArray("messages"u8);
        if (request.System is { } system)
        {
            WriteMessage(writer, "system", [new MessagePart.Text(system)]);
        }
        foreach (var message in request.Messages)
        {
            WriteMessage(writer, message.Role.ToString().ToLowerInvariant(), message.Parts);
        }
        writer.WriteEndArray();
        writer.WriteStartObject("options"u8);
        if (request.Temperature is { } temperature)
        {
            writer.WriteNumber("temperature"u8, temperature);
        }
        if (request.MaxTokens is { } most)
        {
            writer.WriteNumber("max_tokens"u8, most);
        }
        if (request.ReasoningLevel is { } level)
        {
            writer.WriteString("reasoning_level"u8, level);
        }
        writer.WriteStrings("stop_sequences", request.StopSequences);
        if (request.Tools.Count > 0)
        {
            writer.WriteStartArray("tools"u8);
            foreach (var tool in request.Tools)
            {
                writer.WriteStartObject();
                writer.WriteFields(("name", tool.Name), ("description", tool.Description));
                writer.WritePropertyName("parameters"u8);
                writer.WriteRawValue(tool.ParametersSchema);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>Reads the params of <c>stream_chat</c>. A message may have plain <c>content</c> instead of parts.</summary>
    /// <exception cref="FailureException">MissingField: no model or no messages.</exception>
    public static ProviderRequest ReadChat(JsonElement parameters, string codexId, DateTimeOffset now)
    {
        var model = parameters.Text("model") ?? throw new FailureException(FailureKind.MissingField, "params.model is missing.");
        List<Message> messages = [];
        string? system = null;
        foreach (var item in parameters.Items("messages"))
        {
            var role = item.Text("role") switch
            {
                "system" => MessageRole.System,
                "assistant" => MessageRole.Assistant,
                _ => MessageRole.User,
            };
            var message = new Message
            {
                Id = Ids.New("msg"),
                CodexId = codexId,
                Role = role,
                CreatedAt = now,
                UpdatedAt = now,
                Parts = ReadParts(item),
            };
            if (role == MessageRole.System)
            {
                system = system is null ? message.Text : $"{system}\n\n{message.Text}";
            }
            else
            {
                messages.Add(message);
            }
        }

        if (messages.Count == 0)
        {
            throw new FailureException(FailureKind.MissingField, "params.messages is empty.");
        }

        var options = parameters.Field("options") ?? default;
        var has = options.ValueKind == JsonValueKind.Object;
        return new ProviderRequest
        {
            CodexId = codexId,
            Model = model,
            System = system,
            Messages = messages,
            Temperature =
                has && options.Field("temperature") is { ValueKind: JsonValueKind.Number } temperature ? temperature.GetDouble() : null,
            MaxTokens = has && options.Whole("max_tokens") is { } most and > 0 and <= int.MaxValue ? (int)most : null,
            ReasoningLevel = has ? options.Text("reasoning_level") : null,
            StopSequences = has
                ?
                [
                    .. options
                        .Items("stop_sequences")
                        .Where(item => item.ValueKind == JsonValueKind.String)
                        .Select(item => item.GetString() ?? ""),
                ]
                : [],
            Tools = has
                ?
                [
                    .. options
                        .Items("tools")
                        .Select(tool => new ToolDeclaration(
                            tool.Text("name") ?? "",
                            tool.Text("description") ?? "",
                            tool.Field("parameters")?.GetRawText() ?? "{}"
                        )),
                ]
                : [],
        };
    }

    public static void WriteModel(Utf8JsonWriter writer, ModelInfo model)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, model.Id);
        if (model.Name is { } name)
        {
            writer.WriteString("name"u8, name);
        }
        if (model.Description is { } description)
        {
            writer.WriteString("description"u8, description);
        }
        if (model.ContextLength is { } window)
        {
            writer.WriteNumber("context_length"u8, window);
        }
        if (model.MaxOutput is { } most)
        {
            writer.WriteNumber("max_output"u8, most);
        }
        if (model.SupportsTools is { } tools)
        {
            writer.WriteBoolean("supports_tools"u8, tools);
        }
        if (model.SupportsVision is { } vision)
        {
            writer.WriteBoolean("supports_vision"u8, vision);
        }
        writer.WriteStrings("reasoning_levels", model.ReasoningLevels ?? []);
        if (model.Pricing is { } price)
        {
            writer.WriteStartObject("pricing"u8);
            writer.WriteNumber("input_per_million"u8, price.InputPerMillion);
            writer.WriteNumber("output_per_million"u8, price.OutputPerMillion);
            if (price.CachedReadPerMillion is { } read)
            {
                writer.WriteNumber("cached_read_per_million"u8, read);
            }
            if (price.CachedWritePerMillion is { } write)
            {
                writer.WriteNumber("cached_write_per_million"u8, write);
            }
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <returns>Null for an entry without an id.</returns>
    public static ModelInfo? ReadModel(JsonElement item)
    {
        if (item.Text("id") is not { Length: > 0 } id)
        {
            return null;
        }

        var pricing = item.Field("pricing");
        var levels = item.Items("reasoning_levels")
            .Where(level => level.ValueKind == JsonValueKind.String)
            .Select(level => level.GetString() ?? "")
            .ToList();
        return new ModelInfo
        {
            Id = id,
            Name = item.Text("name"),
            Description = item.Text("description"),
            ContextLength = item.Whole("context_length"),
            MaxOutput = item.Whole("max_output"),
            SupportsTools = item.Flag("supports_tools"),
            SupportsVision = item.Flag("supports_vision"),
            ReasoningLevels = levels.Count > 0 ? levels : null,
            Pricing =
                pricing?.Money("input_per_million") is { } input && pricing.Value.Money("output_per_million") is { } output
                    ? new Price(
                        input,
                        output,
                        pricing.Value.Money("cached_read_per_million"),
                        pricing.Value.Money("cached_write_per_million")
                    )
                    : null,
        };
    }

    public static void WriteError(Utf8JsonWriter writer, Failure failure)
    {
        writer.WriteStartObject("error"u8);
        writer.WriteString("code"u8, JsonNamingPolicy.SnakeCaseLower.ConvertName(failure.Kind.ToString()));
        writer.WriteString("message"u8, failure.Message);
        if (failure.RetryAfter is { } wait)
        {
            writer.WriteNumber("retry_after_ms"u8, (long)wait.TotalMilliseconds);
        }
        writer.WriteEndObject();
    }

    /// <summary>Reads an <c>error</c> member: a text, or an object with code and message.</summary>
    public static Failure ReadError(JsonElement envelope, string who)
    {
        var error = envelope.Field("error");
        var reason = error is { ValueKind: JsonValueKind.String } text ? text.GetString() : error?.Text("message");
        var kind = KindOf(error?.Text("code"));
        var wait = error?.Whole("retry_after_ms") is { } milliseconds and > 0 ? TimeSpan.FromMilliseconds(milliseconds) : (TimeSpan?)null;
        var sentence = string.IsNullOrWhiteSpace(reason) ? "it gave no reason." : VendorMessage.Clean(reason);
        return new Failure(kind, $"{who} said: {sentence}", wait);
    }

    public static void WriteUsage(Utf8JsonWriter writer, Usage usage, decimal? cost)
    {
        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("input_tokens"u8, usage.InputTokens);
        writer.WriteNumber("output_tokens"u8, usage.OutputTokens);
        writer.WriteNumber("total_tokens"u8, usage.TotalTokens);
        writer.WriteNumber("cached_read_tokens"u8, usage.CachedReadTokens);
        writer.WriteNumber("cached_write_tokens"u8, usage.CachedWriteTokens);
        writer.WriteNumber("reasoning_tokens"u8, usage.ReasoningTokens);
        if (cost is { } dollars)
        {
            writer.WriteNumber("cost_usd"u8, dollars);
        }
        writer.WriteEndObject();
    }

    /// <returns>Null if there is none.</returns>
    public static ProviderEvent.UsageReported? ReadUsage(JsonElement done)
    {
        if (done.Field("usage") is not { ValueKind: JsonValueKind.Object } usage)
        {
            return null;
        }

        long Count(string name) => Math.Max(0, usage.Whole(name) ?? 0);
        return new ProviderEvent.UsageReported(
            new Usage
            {
                InputTokens = Count("input_tokens"),
                OutputTokens = Count("output_tokens"),
                CachedReadTokens = Count("cached_read_tokens"),
                CachedWriteTokens = Count("cached_write_tokens"),
                ReasoningTokens = Count("reasoning_tokens"),
            },
            usage.Money("cost_usd") is { } cost and >= 0 ? cost : null
        );
    }

    /// <summary>Maps the code of an error: the name of a failure kind in snake_case; otherwise, the program failed.</summary>
    private static FailureKind KindOf(string? code) =>
        code is { Length: > 0 and < 64 }
        && Enum.TryParse<FailureKind>(code.Replace("_", "", StringComparison.Ordinal), ignoreCase: true, out var kind)
        && !char.IsAsciiDigit(code[0])
            ? kind
            : FailureKind.ProviderExecutableFailed;

    private static void WriteMessage(Utf8JsonWriter writer, string role, IReadOnlyList<MessagePart> parts)
    {
        writer.WriteStartObject();
        writer.WriteString("role"u8, role);
        writer.WriteString("content"u8, string.Concat(parts.OfType<MessagePart.Text>().Select(part => part.Content)));
        writer.WriteStartArray("parts"u8);
        foreach (var part in parts)
        {
            writer.WriteStartObject();
            switch (part)
            {
                case MessagePart.Text(var content):
                    writer.WriteFields(("type", "text"), ("content", content));
                    break;
                case MessagePart.File file:
                    writer.WriteFields(("type", "file"), ("path", file.Path), ("content", file.Content ?? ""));
                    if (file.MediaType is { } mediaType)
                    {
                        writer.WriteString("media_type"u8, mediaType);
                    }
                    if (file.Language is { } language)
                    {
                        writer.WriteString("language"u8, language);
                    }
                    if (file.Data is { } data)
                    {
                        writer.WriteBase64String("data"u8, data.Span);
                    }
                    break;
                case MessagePart.ToolUse(var id, var name, var arguments):
                    writer.WriteFields(("type", "tool_use"), ("tool_use_id", id), ("tool_name", name), ("parameters", arguments));
                    break;
                case MessagePart.ToolResult(var id, var result, var error):
                    writer.WriteFields(("type", "tool_result"), ("tool_use_id", id));
                    if (result is not null)
                    {
                        writer.WriteString("result"u8, result);
                    }
                    if (error is not null)
                    {
                        writer.WriteString("error"u8, error);
                    }
                    break;
                case MessagePart.Reasoning reasoning:
                    writer.WriteFields(("type", "reasoning"), ("content", reasoning.Content));
                    break;
                default:
                    throw new InvalidOperationException($"No envelope for {part.GetType().Name}.");
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static IReadOnlyList<MessagePart> ReadParts(JsonElement message)
    {
        var parts = message.Items("parts").Select(ReadPart).OfType<MessagePart>().ToList();
        return parts.Count > 0 ? parts : [new MessagePart.Text(message.Text("content") ?? "")];
    }

    private static MessagePart.File ReadFile(JsonElement part)
    {
        var isImage =
            part.Text("media_type")?.StartsWith("image/", StringComparison.Ordinal) == true
            && part.Field("data") is { ValueKind: JsonValueKind.String };
        return new MessagePart.File(part.Text("path") ?? "", isImage ? null : part.Text("content"), Language: part.Text("language"))
        {
            MediaType = part.Text("media_type"),
            // The cast is needed: otherwise null would be converted to empty, non-null data.
            Data =
                isImage && part.Field("data") is { } data && data.TryGetBytesFromBase64(out var bytes)
                    ? bytes
                    : (ReadOnlyMemory<byte>?)null,
        };
    }

    private static MessagePart? ReadPart(JsonElement part) =>
        part.Text("type") switch
        {
            "text" => new MessagePart.Text(part.Text("content") ?? ""),
            "file" => ReadFile(part),
            // Responses contain an object, and a program may return it unchanged.
            "tool_use" => new MessagePart.ToolUse(
                part.Text("tool_use_id") ?? "",
                part.Text("tool_name") ?? "",
                part.Text("parameters")
                    ?? (part.Field("parameters") is { ValueKind: JsonValueKind.Object } parameters ? parameters.GetRawText() : "{}")
            ),
            "tool_result" => new MessagePart.ToolResult(part.Text("tool_use_id") ?? "", part.Text("result"), part.Text("error")),
            "reasoning" => new MessagePart.Reasoning(part.Text("content") ?? ""),
            _ => null,
        };
}
