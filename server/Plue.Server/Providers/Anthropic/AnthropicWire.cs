using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Anthropic;

/// <summary>Writes the request body. The bytes before a cache mark are the same in the next request; see <see cref="CacheMarks"/>.</summary>
internal static partial class AnthropicWire
{
    private const int MinBudget = 1024;
    private const int MaxIdLength = 128;

    /// <param name="host">Null for Anthropic's own API.</param>
    public static byte[] Request(
        ProviderRequest request,
        ProviderSettings settings,
        RefusableOptions without,
        out RefusableOptions sent,
        AnthropicHost? host = null
    )
    {
        var options = new RequestOptions(request, settings, without);
        var thinking = ThinkingOf(request.Model, options.ReasoningLevel);
        var maxTokens = options.MaxTokens ?? DefaultMaxTokens(request.Model, thinking);
        var body = JsonBody.Write(json =>
        {
            if (host is null)
            {
                json.WriteString("model", request.Model);
            }
            else
            {
                json.WriteString("anthropic_version", host.Version);
            }
            // The thinking budget counts toward max_tokens, so it is added to the requested limit.
            json.WriteNumber("max_tokens", maxTokens + thinking.Budget);
            if (host is not { HasStreamField: false })
            {
                json.WriteBoolean("stream", true);
            }
            WriteTools(json, request);
            WriteSystem(json, request);
            WriteMessages(json, RequestMessages.Of(request, settings));
            if (thinking.IsOn || thinking.IsOff)
            {
                options.Sent |= RefusableOptions.ReasoningLevel;
            }
            WriteThinking(json, thinking);
            if (!thinking.IsOn && options.TakeTemperature() is { } temperature)
            {
                json.WriteNumber("temperature", Math.Clamp(temperature, 0, 1));
            }
            json.WriteStrings("stop_sequences", options.TakeStopSequences());
        });
        sent = options.Sent;
        return body;
    }

    /// <summary>Returns the default limit, which the API requires. It is large enough for the files of agents and within each model's limit.</summary>
    private static int DefaultMaxTokens(string model, Thinking thinking) =>
        VersionOf(model) is { } version
            // Claude Opus 4 and 4.1 are limited to 32,000 tokens including thinking.
            ? version.CompareTo((4, 0)) >= 0 && thinking.Budget == 0
                ? 32_000
                : 16_000
            : model.Contains("claude-3-7", StringComparison.Ordinal)
                ? 16_000
                : model.Contains("claude-3-5", StringComparison.Ordinal) || !OldClaude().IsMatch(model)
                    ? 8_192
                    : 4_096;

    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request)
    {
        if (request.Tools.Count == 0)
        {
            return;
        }
        json.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteFields(("name", tool.Name), ("description", tool.Description));
            json.WriteRawObject("input_schema", tool.ParametersSchema);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteSystem(Utf8JsonWriter json, ProviderRequest request)
    {
        var texts = RequestMessages.SystemTexts(request);
        if (texts.Count == 0)
        {
            return;
        }
        json.WriteStartArray("system");
        for (var at = 0; at < texts.Count; at++)
        {
            WritePart(json, new MessagePart.Text(texts[at]), isMarked: at == texts.Count - 1);
        }
        json.WriteEndArray();
    }

    private static void WriteMessages(Utf8JsonWriter json, IReadOnlyList<Message> messages)
    {
        var marks = CacheMarks.Of(messages);
        json.WriteStartArray("messages");
        foreach (var message in messages)
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role == MessageRole.User ? "user" : "assistant");
            json.WriteStartArray("content");
            // The API requires tool results before other parts.
            foreach (var part in message.Parts.OrderBy(part => part is MessagePart.ToolResult ? 0 : 1))
            {
                WritePart(json, part, marks.Contains(part));
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter json, MessagePart part, bool isMarked)
    {
        // The API rejects a thinking block without a signature.
        if (part is MessagePart.Reasoning { Signature: null, Opaque: null })
        {
            return;
        }
        json.WriteStartObject();
        switch (part)
        {
            case MessagePart.File { IsImage: true, Data: { } data } image:
                json.WriteString("type", "image");
                json.WriteStartObject("source");
                json.WriteFields(("type", "base64"), ("media_type", image.MediaType));
                json.WriteBase64String("data", data.Span);
                json.WriteEndObject();
                break;
            case MessagePart.Text or MessagePart.File:
                json.WriteFields(("type", "text"), ("text", RequestMessages.Text(part)!));
                break;
            case MessagePart.ToolUse use:
                json.WriteFields(("type", "tool_use"), ("id", ToolUseIds.Plain(use.ToolUseId, MaxIdLength)), ("name", use.ToolName));
                json.WriteRawObject("input", use.Parameters);
                break;
            case MessagePart.ToolResult result:
                json.WriteFields(
                    ("type", "tool_result"),
                    ("tool_use_id", ToolUseIds.Plain(result.ToolUseId, MaxIdLength)),
                    ("content", result.Error ?? result.Result ?? "")
                );
                if (result.Error is not null)
                {
                    json.WriteBoolean("is_error", true);
                }
                break;
            case MessagePart.Reasoning { Opaque: { } opaque }:
                json.WriteFields(("type", "redacted_thinking"), ("data", opaque));
                break;
            case MessagePart.Reasoning reasoning:
                json.WriteFields(("type", "thinking"), ("thinking", reasoning.Content), ("signature", reasoning.Signature));
                break;
        }

        if (isMarked)
        {
            json.WriteObject("cache_control", ("type", "ephemeral"));
        }
        json.WriteEndObject();
    }

    private static void WriteThinking(Utf8JsonWriter json, Thinking thinking)
    {
        if (thinking.IsOff)
        {
            json.WriteObject("thinking", ("type", "disabled"));
        }
        else if (thinking.Effort is { } effort)
        {
            // Newer models omit the text of their thinking unless it is requested.
            json.WriteObject("thinking", ("type", "adaptive"), ("display", "summarized"));
            json.WriteObject("output_config", ("effort", effort));
        }
        else if (thinking.Budget > 0)
        {
            json.WriteStartObject("thinking");
            json.WriteString("type", "enabled");
            json.WriteNumber("budget_tokens", thinking.Budget);
            json.WriteEndObject();
        }
    }

    /// <summary>Claude 4.6 and later accept an effort, not a budget; older ones and other models a budget; Claude 3.5 and older do not think.</summary>
    private static Thinking ThinkingOf(string model, string? level)
    {
        if (level is null)
        {
            return Thinking.Unset;
        }
        if (RequestOptions.IsOff(level))
        {
            return Thinking.Off;
        }
        if (VersionOf(model) is { } version)
        {
            if (version.CompareTo((4, 6)) >= 0)
            {
                return new Thinking(level == "minimal" ? "low" : level, 0);
            }
        }
        else if (OldClaude().IsMatch(model))
        {
            return Thinking.Unset;
        }

        return new Thinking(
            null,
            level switch
            {
                "minimal" => MinBudget,
                "low" => 4096,
                "medium" => 10_000,
                "high" => 16_000,
                _ => 32_000,
            }
        );
    }

    /// <summary>Returns null for models before Claude 4 and of other vendors.</summary>
    private static (int Major, int Minor)? VersionOf(string model)
    {
        var version = Version().Match(model);
        return version.Success
            ? (int.Parse(version.Groups[1].ValueSpan), version.Groups[2].Success ? int.Parse(version.Groups[2].ValueSpan) : 0)
            : null;
    }

    [GeneratedRegex(@"claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")]
    private static partial Regex Version();

    [GeneratedRegex(@"claude-(3-5|3-opus|3-haiku|3-sonnet|2|instant)")]
    private static partial Regex OldClaude();

    private readonly record struct Thinking(string? Effort, int Budget, bool IsOff = false)
    {
        public static readonly Thinking Unset = new(null, 0);
        public static readonly Thinking Off = new(null, 0, IsOff: true);
        public bool IsOn => Effort is not null || Budget > 0;
    }
}

/// <summary>A cloud that hosts Claude: the model is in the address, and the API version in the body.</summary>
internal sealed record AnthropicHost(string Version, bool HasStreamField)
{
    public static readonly AnthropicHost Bedrock = new("bedrock-2023-05-31", HasStreamField: false);
    public static readonly AnthropicHost Vertex = new("vertex-2023-10-16", HasStreamField: true);
}
