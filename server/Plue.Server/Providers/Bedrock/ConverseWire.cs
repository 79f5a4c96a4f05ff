using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Bedrock;

/// <summary>The request body of <c>converse</c> and <c>converse-stream</c>, which is the same for every vendor's models.</summary>
internal static class ConverseWire
{
    private const int MostOfId = 64;

    /// <summary>The smallest question there is, for a check.</summary>
    public static byte[] Check() => """{"messages":[{"role":"user","content":[{"text":"Hi"}]}],"inferenceConfig":{"maxTokens":1}}"""u8.ToArray();

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, RefusableOptions without, out RefusableOptions sent)
    {
        var written = RefusableOptions.None;
        var body = JsonBody.Write(json =>
        {
            var messages = RequestMessages.Of(request, settings);
            WriteSystem(json, request);
            WriteMessages(json, messages);
            WriteConfig(json, request, settings, without, ref written);
            WriteTools(json, request, messages);
            WriteReasoning(json, request, settings, without, ref written);
        });
        sent = written;
        return body;
    }

    private static void WriteSystem(Utf8JsonWriter json, ProviderRequest request)
    {
        var texts = RequestMessages.SystemTexts(request);
        if (texts.Count == 0) return;
        json.WriteStartArray("system");
        foreach (var text in texts) WriteText(json, text);
        json.WriteEndArray();
    }

    /// <summary>The roles must take turns, so messages of one role that follow each other are one.</summary>
    private static void WriteMessages(Utf8JsonWriter json, IReadOnlyList<Message> messages)
    {
        json.WriteStartArray("messages");
        for (var at = 0; at < messages.Count;)
        {
            var role = messages[at].Role;
            json.WriteStartObject();
            json.WriteString("role", role == MessageRole.User ? "user" : "assistant");
            json.WriteStartArray("content");
            var parts = messages.Skip(at).TakeWhile(message => message.Role == role).SelectMany(message => { at++; return message.Parts; }).ToList();
            // Results come first, as the models want them.
            foreach (var part in parts.OrderBy(part => part is MessagePart.ToolResult ? 0 : 1)) WritePart(json, part);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter json, MessagePart part)
    {
        switch (part)
        {
            case MessagePart.File { IsImage: true, Data: { } data } image:
                json.WriteStartObject();
                json.WriteStartObject("image");
                json.WriteString("format", image.MediaType!["image/".Length..]);
                json.WriteStartObject("source");
                json.WriteBase64String("bytes", data.Span);
                json.WriteEndObject();
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case MessagePart.Text or MessagePart.File:
                WriteText(json, RequestMessages.Text(part)!);
                break;
            case MessagePart.ToolUse use:
                json.WriteStartObject();
                json.WriteStartObject("toolUse");
                json.WriteString("toolUseId", ToolUseIds.Plain(use.ToolUseId, MostOfId));
                json.WriteString("name", use.ToolName);
                json.WriteObject("input", use.Parameters);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case MessagePart.ToolResult result:
                json.WriteStartObject();
                json.WriteStartObject("toolResult");
                json.WriteString("toolUseId", ToolUseIds.Plain(result.ToolUseId, MostOfId));
                json.WriteStartArray("content");
                WriteResult(json, result.Error ?? result.Result ?? "");
                json.WriteEndArray();
                if (result.Error is not null) json.WriteString("status", "error");
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case MessagePart.Reasoning { Signature: not null } or MessagePart.Reasoning { Opaque: not null }:
                WriteReasoned(json, (MessagePart.Reasoning)part);
                break;
        }
    }

    /// <summary>An empty text is refused; an empty value is not.</summary>
    private static void WriteResult(Utf8JsonWriter json, string text)
    {
        if (!string.IsNullOrWhiteSpace(text))
        {
            WriteText(json, text);
            return;
        }

        json.WriteStartObject();
        json.WriteStartObject("json");
        json.WriteString("output", text);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteReasoned(Utf8JsonWriter json, MessagePart.Reasoning reasoning)
    {
        json.WriteStartObject();
        json.WriteStartObject("reasoningContent");
        if (reasoning.Opaque is { } redacted)
        {
            json.WriteString("redactedContent", redacted);
        }
        else
        {
            json.WriteStartObject("reasoningText");
            json.WriteString("text", reasoning.Content);
            json.WriteString("signature", reasoning.Signature);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static void WriteConfig(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings, RefusableOptions without, ref RefusableOptions sent)
    {
        var maxTokens = request.MaxTokens ?? settings.MaxTokens;
        var temperature = without.HasFlag(RefusableOptions.Temperature) ? null : request.Temperature ?? settings.Temperature;
        var stops = without.HasFlag(RefusableOptions.StopSequences) ? [] : request.StopSequences.Count > 0 ? request.StopSequences : settings.StopSequences;
        if (maxTokens is null && temperature is null && stops.Count == 0) return;
        json.WriteStartObject("inferenceConfig");
        if (maxTokens is { } most) json.WriteNumber("maxTokens", most);
        if (temperature is { } heat)
        {
            sent |= RefusableOptions.Temperature;
            json.WriteNumber("temperature", Math.Clamp(heat, 0, 1));
        }

        if (stops.Count > 0)
        {
            sent |= RefusableOptions.StopSequences;
            json.WriteStartArray("stopSequences");
            foreach (var stop in stops) json.WriteStringValue(stop);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>History with calls is refused without tools: those it names are then declared, with any parameters.</summary>
    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request, IReadOnlyList<Message> messages)
    {
        IReadOnlyList<ToolDeclaration> tools = request.Tools.Count > 0 ? request.Tools :
        [
            .. messages.SelectMany(message => message.Parts).OfType<MessagePart.ToolUse>().Select(use => use.ToolName).Distinct()
                .Select(name => new ToolDeclaration(name, "", """{"type":"object"}""")),
        ];
        if (tools.Count == 0) return;
        json.WriteStartObject("toolConfig");
        json.WriteStartArray("tools");
        foreach (var tool in tools)
        {
            json.WriteStartObject();
            json.WriteStartObject("toolSpec");
            json.WriteString("name", tool.Name);
            if (!string.IsNullOrWhiteSpace(tool.Description)) json.WriteString("description", tool.Description);
            json.WriteStartObject("inputSchema");
            json.WriteObject("json", tool.ParametersSchema);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Each vendor has its own field for it; only OpenAI's takes a level as it is.</summary>
    private static void WriteReasoning(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings, RefusableOptions without, ref RefusableOptions sent)
    {
        if ((request.ReasoningLevel ?? settings.ReasoningLevel) is not { } level || !BedrockModels.IsOf(request.Model, "openai") || without.HasFlag(RefusableOptions.ReasoningLevel)) return;
        sent |= RefusableOptions.ReasoningLevel;
        json.WriteStartObject("additionalModelRequestFields");
        json.WriteString("reasoning_effort", level is "none" or "off" or "disabled" or "minimal" ? "low" : level is "xhigh" or "max" ? "high" : level);
        json.WriteEndObject();
    }
}
