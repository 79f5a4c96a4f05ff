using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>The request body of the Responses API. Nothing is stored at the vendor: the conversation is sent whole, encrypted reasoning included.</summary>
internal static class ResponsesWire
{
    private const int MostOfId = 64;
    private const string EncryptedContent = "reasoning.encrypted_content";

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, RefusableOptions without, out RefusableOptions sent)
    {
        var options = RefusableOptions.None;
        var body = JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            if (RequestMessages.SystemTexts(request) is { Count: > 0 } system) json.WriteString("instructions", string.Join("\n\n", system));
            json.WriteStartArray("input");
            foreach (var message in RequestMessages.Of(request, settings))
            {
                if (message.Role == MessageRole.Assistant) WriteAnswer(json, message, May(RefusableOptions.EncryptedReasoning));
                else WriteQuestion(json, message);
            }

            json.WriteEndArray();
            WriteTools(json, request);
            json.WriteBoolean("stream", true);
            json.WriteBoolean("store", false);
            if (May(RefusableOptions.EncryptedReasoning))
            {
                json.WriteStartArray("include");
                json.WriteStringValue(EncryptedContent);
                json.WriteEndArray();
            }

            if ((request.MaxTokens ?? settings.MaxTokens) is { } maxTokens && May(RefusableOptions.MaxTokens)) json.WriteNumber("max_output_tokens", maxTokens);
            if ((request.Temperature ?? settings.Temperature) is { } temperature && May(RefusableOptions.Temperature)) json.WriteNumber("temperature", temperature);
            if ((request.ReasoningLevel ?? settings.ReasoningLevel) is not { } level || !May(RefusableOptions.ReasoningLevel)) return;
            var isOff = level is "none" or "off" or "disabled";
            json.WriteStartObject("reasoning");
            json.WriteString("effort", isOff ? "none" : level);
            if (!isOff) json.WriteString("summary", "auto");
            json.WriteEndObject();
        });
        sent = options;
        return body;

        bool May(RefusableOptions option)
        {
            if (without.HasFlag(option)) return false;
            options |= option;
            return true;
        }
    }

    private static void WriteQuestion(Utf8JsonWriter json, Message message)
    {
        foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
        {
            json.WriteStartObject();
            json.WriteString("type", "function_call_output");
            json.WriteString("call_id", ToolUseIds.Short(result.ToolUseId, MostOfId));
            json.WriteString("output", RequestMessages.Text(result));
            json.WriteEndObject();
        }

        if (RequestMessages.HasImages(message)) WriteWithImages(json, message);
        else if (RequestMessages.Text(message) is { Length: > 0 } text) WriteText(json, "user", "input_text", text);
    }

    private static void WriteWithImages(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        foreach (var (text, image) in RequestMessages.Pieces(message))
        {
            json.WriteStartObject();
            json.WriteString("type", image is null ? "input_text" : "input_image");
            if (image is null) json.WriteString("text", text);
            else json.WriteString("image_url", RequestMessages.DataUrl(image));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message, bool takesReasoning)
    {
        for (var at = 0; at < message.Parts.Count; at++)
        {
            switch (message.Parts[at])
            {
                // Reasoning that leads to nothing is refused.
                case MessagePart.Reasoning { Opaque: { } item } when takesReasoning && ResponsesParser.IsReasoningItem(item) && LeadsOn(message, at):
                    json.WriteRawValue(item, skipInputValidation: true);
                    break;
                case MessagePart.ToolUse use:
                    json.WriteStartObject();
                    json.WriteString("type", "function_call");
                    json.WriteString("call_id", ToolUseIds.Short(use.ToolUseId, MostOfId));
                    json.WriteString("name", use.ToolName);
                    json.WriteString("arguments", JsonText.IsObject(use.Parameters) ? use.Parameters : "{}");
                    json.WriteEndObject();
                    break;
                case var part when RequestMessages.Text(part) is { } text:
                    WriteText(json, "assistant", "output_text", text);
                    break;
            }
        }
    }

    private static bool LeadsOn(Message message, int at) => message.Parts.Skip(at + 1).Any(part => part is not MessagePart.Reasoning);

    private static void WriteText(Utf8JsonWriter json, string role, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteStartArray("content");
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("text", text);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request)
    {
        if (request.Tools.Count == 0) return;
        json.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WriteObject("parameters", tool.ParametersSchema);
            // Left out it means true here, and then schemas with optional fields are refused.
            json.WriteBoolean("strict", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
