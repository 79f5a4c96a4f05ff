using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Bedrock;

/// <summary>Writes the request body of <c>converse</c> and <c>converse-stream</c>, which is the same for all vendors' models.</summary>
internal static class ConverseWire
{
    private const int MaxIdLength = 64;

    /// <summary>The smallest request, for a check.</summary>
    public static byte[] Check() =>
        """{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":1}}"""u8.ToArray();

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, RefusableOptions without, out RefusableOptions sent)
    {
        var options = new RequestOptions(request, settings, without);
        var body = JsonBody.Write(json =>
        {
            var messages = RequestMessages.Of(request, settings);
            var isMarked = BedrockModels.SupportsCachePoints(request.Model) && options.Take(RefusableOptions.CacheMarks);
            WriteSystem(json, request, isMarked);
            WriteMessages(json, messages, isMarked ? CacheMarks.Of(messages) : CacheMarks.None);
            WriteConfig(json, options);
            WriteTools(json, request, messages);
            WriteReasoning(json, request.Model, options);
        });
        sent = options.Sent;
        return body;
    }

    private static void WriteSystem(Utf8JsonWriter json, ProviderRequest request, bool isMarked)
    {
        var texts = RequestMessages.SystemTexts(request);
        if (texts.Count == 0)
        {
            return;
        }
        json.WriteStartArray("system");
        foreach (var text in texts)
        {
            json.WriteObject(("text", text));
        }
        if (isMarked)
        {
            WriteCachePoint(json);
        }
        json.WriteEndArray();
    }

    /// <summary>Combines consecutive messages with the same role, because roles must alternate.</summary>
    private static void WriteMessages(Utf8JsonWriter json, IReadOnlyList<Message> messages, CacheMarks marks)
    {
        json.WriteStartArray("messages");
        for (var at = 0; at < messages.Count; )
        {
            var role = messages[at].Role;
            json.WriteStartObject();
            json.WriteString("role", role == MessageRole.User ? "user" : "assistant");
            json.WriteStartArray("content");
            var parts = messages
                .Skip(at)
                .TakeWhile(message => message.Role == role)
                .SelectMany(message =>
                {
                    at++;
                    return message.Parts;
                })
                .ToList();
            // Tool results must come first.
            foreach (var part in parts.OrderBy(part => part is MessagePart.ToolResult ? 0 : 1))
            {
                WritePart(json, part);
                if (marks.Contains(part))
                {
                    WriteCachePoint(json);
                }
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCachePoint(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteObject("cachePoint", ("type", "default"));
        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, MessagePart part)
    {
        if (part is MessagePart.Reasoning { Signature: null, Opaque: null })
        {
            return;
        }
        json.WriteStartObject();
        switch (part)
        {
            case MessagePart.File { IsImage: true, Data: { } data } image:
                json.WriteStartObject("image");
                json.WriteString("format", image.MediaType!["image/".Length..]);
                json.WriteStartObject("source");
                json.WriteBase64String("bytes", data.Span);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case MessagePart.Text or MessagePart.File:
                json.WriteString("text", RequestMessages.Text(part)!);
                break;
            case MessagePart.ToolUse use:
                json.WriteStartObject("toolUse");
                json.WriteFields(("toolUseId", ToolUseIds.Plain(use.ToolUseId, MaxIdLength)), ("name", use.ToolName));
                json.WriteRawObject("input", use.Parameters);
                json.WriteEndObject();
                break;
            case MessagePart.ToolResult result:
                json.WriteStartObject("toolResult");
                json.WriteString("toolUseId", ToolUseIds.Plain(result.ToolUseId, MaxIdLength));
                json.WriteStartArray("content");
                WriteResult(json, result.Error ?? result.Result ?? "");
                json.WriteEndArray();
                if (result.Error is not null)
                {
                    json.WriteString("status", "error");
                }
                json.WriteEndObject();
                break;
            case MessagePart.Reasoning reasoning:
                json.WriteStartObject("reasoningContent");
                if (reasoning.Opaque is { } redacted)
                {
                    json.WriteString("redactedContent", redacted);
                }
                else
                {
                    json.WriteObject("reasoningText", ("text", reasoning.Content), ("signature", reasoning.Signature));
                }
                json.WriteEndObject();
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>The API rejects an empty text, but not an empty value.</summary>
    private static void WriteResult(Utf8JsonWriter json, string text)
    {
        if (!string.IsNullOrWhiteSpace(text))
        {
            json.WriteObject(("text", text));
            return;
        }

        json.WriteStartObject();
        json.WriteObject("json", ("output", text));
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, RequestOptions options)
    {
        var temperature = options.TakeTemperature();
        var stops = options.TakeStopSequences();
        if (options.MaxTokens is null && temperature is null && stops.Count == 0)
        {
            return;
        }
        json.WriteStartObject("inferenceConfig");
        if (options.MaxTokens is { } most)
        {
            json.WriteNumber("maxTokens", most);
        }
        if (temperature is { } heat)
        {
            json.WriteNumber("temperature", Math.Clamp(heat, 0, 1));
        }
        json.WriteStrings("stopSequences", stops);
        json.WriteEndObject();
    }

    /// <summary>The API rejects a history with calls but no tools, so the tools in it are declared with any parameters.</summary>
    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request, IReadOnlyList<Message> messages)
    {
        IReadOnlyList<ToolDeclaration> tools =
            request.Tools.Count > 0
                ? request.Tools
                :
                [
                    .. messages
                        .SelectMany(message => message.Parts)
                        .OfType<MessagePart.ToolUse>()
                        .Select(use => use.ToolName)
                        .Distinct()
                        .Select(name => new ToolDeclaration(name, "", """{"type":"object"}""")),
                ];
        if (tools.Count == 0)
        {
            return;
        }
        json.WriteStartObject("toolConfig");
        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteStartObject("toolSpec");
            json.WriteString("name", tool.Name);
            if (!string.IsNullOrWhiteSpace(tool.Description))
            {
                json.WriteString("description", tool.Description);
            }
            json.WriteStartObject("inputSchema");
            json.WriteRawObject("json", tool.ParametersSchema);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Each vendor has a different field; only OpenAI's accepts a level.</summary>
    private static void WriteReasoning(Utf8JsonWriter json, string model, RequestOptions options)
    {
        if (!BedrockModels.IsOf(model, "openai") || options.TakeReasoningLevel() is not { } level)
        {
            return;
        }
        json.WriteObject(
            "additionalModelRequestFields",
            (
                "reasoning_effort",
                RequestOptions.IsOff(level) || level == "minimal" ? "low"
                : level is "xhigh" or "max" ? "high"
                : level
            )
        );
    }
}
