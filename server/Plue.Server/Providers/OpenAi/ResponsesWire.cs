using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Writes the request body of the Responses API. The vendor stores nothing: each request contains the conversation and encrypted reasoning.</summary>
internal static class ResponsesWire
{
    private const int MaxIdLength = 64;
    private const string EncryptedContent = "reasoning.encrypted_content";

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, RefusableOptions without, out RefusableOptions sent)
    {
        var options = new RequestOptions(request, settings, without);
        var body = JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            if (RequestMessages.SystemTexts(request) is { Count: > 0 } system)
            {
                json.WriteString("instructions", string.Join("\n\n", system));
            }
            json.WriteStartArray("input");
            foreach (var message in RequestMessages.Of(request, settings))
            {
                if (message.Role == MessageRole.Assistant)
                {
                    WriteAnswer(json, message, options.Take(RefusableOptions.EncryptedReasoning));
                }
                else
                {
                    WriteQuestion(json, message);
                }
            }

            json.WriteEndArray();
            WriteTools(json, request);
            json.WriteBoolean("stream", true);
            json.WriteBoolean("store", false);
            if (options.Take(RefusableOptions.PromptCacheKey))
            {
                json.WriteString("prompt_cache_key", request.CodexId);
            }
            if (options.Take(RefusableOptions.EncryptedReasoning))
            {
                json.WriteStrings("include", [EncryptedContent]);
            }
            if (options.MaxTokens is { } maxTokens && options.Take(RefusableOptions.MaxTokens))
            {
                json.WriteNumber("max_output_tokens", maxTokens);
            }
            if (options.TakeTemperature() is { } temperature)
            {
                json.WriteNumber("temperature", temperature);
            }
            if (options.TakeReasoningLevel() is not { } level)
            {
                return;
            }
            if (RequestOptions.IsOff(level))
            {
                json.WriteObject("reasoning", ("effort", "none"));
            }
            else
            {
                json.WriteObject("reasoning", ("effort", level), ("summary", "auto"));
            }
        });
        sent = options.Sent;
        return body;
    }

    private static void WriteQuestion(Utf8JsonWriter json, Message message)
    {
        foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
        {
            json.WriteObject(
                ("type", "function_call_output"),
                ("call_id", ToolUseIds.Short(result.ToolUseId, MaxIdLength)),
                ("output", RequestMessages.Text(result))
            );
        }

        if (RequestMessages.HasImages(message))
        {
            WriteWithImages(json, message);
        }
        else if (RequestMessages.Text(message) is { Length: > 0 } text)
        {
            WriteText(json, "user", "input_text", text);
        }
    }

    private static void WriteWithImages(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        foreach (var (text, image) in RequestMessages.Pieces(message))
        {
            if (image is null)
            {
                json.WriteObject(("type", "input_text"), ("text", text));
            }
            else
            {
                json.WriteObject(("type", "input_image"), ("image_url", RequestMessages.DataUrl(image)));
            }
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
                // The API rejects reasoning that is not followed by a message or call.
                case MessagePart.Reasoning { Opaque: { } item }
                    when takesReasoning && ResponsesParser.IsReasoningItem(item) && HasContentAfter(message, at):
                    json.WriteRawValue(item, skipInputValidation: true);
                    break;
                case MessagePart.ToolUse use:
                    json.WriteObject(
                        ("type", "function_call"),
                        ("call_id", ToolUseIds.Short(use.ToolUseId, MaxIdLength)),
                        ("name", use.ToolName),
                        ("arguments", JsonText.IsObject(use.Parameters) ? use.Parameters : "{}")
                    );
                    break;
                case var part when RequestMessages.Text(part) is { } text:
                    WriteText(json, "assistant", "output_text", text);
                    break;
            }
        }
    }

    private static bool HasContentAfter(Message message, int at) =>
        message.Parts.Skip(at + 1).Any(part => part is not MessagePart.Reasoning);

    private static void WriteText(Utf8JsonWriter json, string role, string type, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteStartArray("content");
        json.WriteObject(("type", type), ("text", text));
        json.WriteEndArray();
        json.WriteEndObject();
    }

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
            json.WriteFields(("type", "function"), ("name", tool.Name), ("description", tool.Description));
            json.WriteRawObject("parameters", tool.ParametersSchema);
            // The default is true, with which schemas with optional fields are rejected.
            json.WriteBoolean("strict", false);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
