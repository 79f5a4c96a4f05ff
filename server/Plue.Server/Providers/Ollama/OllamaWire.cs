using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Ollama;

/// <summary>The request bodies of Ollama's own API.</summary>
internal static class OllamaWire
{
    public static byte[] Show(string model) => JsonBody.Write(json => json.WriteString("model", model));

    /// <summary>The model's template inserts prefix and suffix.</summary>
    public static byte[] Generate(InlineCompletionRequest request) =>
        JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            json.WriteString("prompt", request.Prefix);
            json.WriteString("suffix", request.Suffix);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("options");
            json.WriteNumber("num_predict", request.MaxTokens);
            json.WriteNumber("temperature", 0);
            json.WriteStrings("stop", request.StopSequences);
            json.WriteEndObject();
        });

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, OllamaModel model) =>
        JsonBody.Write(json =>
        {
            var options = new RequestOptions(request, settings, RefusableOptions.None);
            json.WriteString("model", request.Model);
            json.WriteBoolean("stream", true);
            WriteMessages(json, model.Can("vision") == false ? RequestMessages.WithoutImages(request) : request, settings);
            if (model.Can("tools") != false)
            {
                OpenAiWire.WriteTools(json, request);
            }
            if (options.ReasoningLevel is { } level && model.Can("thinking") == true)
            {
                WriteThink(json, model, level);
            }
            json.WriteStartObject("options");
            json.WriteNumber("num_ctx", model.ContextToSend);
            if (options.MaxTokens is { } maxTokens)
            {
                json.WriteNumber("num_predict", maxTokens);
            }
            if (options.TakeTemperature() is { } temperature)
            {
                json.WriteNumber("temperature", temperature);
            }
            json.WriteStrings("stop", options.TakeStopSequences());
            json.WriteEndObject();
        });

    private static void WriteMessages(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings)
    {
        var names = request
            .Messages.SelectMany(message => message.Parts)
            .OfType<MessagePart.ToolUse>()
            .GroupBy(use => use.ToolUseId)
            .ToDictionary(uses => uses.Key, uses => uses.First().ToolName);
        json.WriteStartArray("messages");
        foreach (var system in RequestMessages.SystemTexts(request))
        {
            json.WriteObject(("role", "system"), ("content", system));
        }
        foreach (var message in RequestMessages.Of(request, settings))
        {
            if (message.Role == MessageRole.Assistant)
            {
                WriteAnswer(json, message);
                continue;
            }

            foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
            {
                json.WriteObject(
                    ("role", "tool"),
                    ("tool_name", names[result.ToolUseId]),
                    ("tool_call_id", result.ToolUseId),
                    ("content", RequestMessages.Text(result))
                );
            }

            if (RequestMessages.HasImages(message))
            {
                WriteWithImages(json, message);
            }
            else if (RequestMessages.Text(message) is { Length: > 0 } text)
            {
                json.WriteObject(("role", "user"), ("content", text));
            }
        }

        json.WriteEndArray();
    }

    private static void WriteWithImages(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteFields(("role", "user"), ("content", RequestMessages.Text(message)));
        json.WriteStartArray("images");
        foreach (var (_, image) in RequestMessages.Pieces(message))
        {
            if (image is not null)
            {
                json.WriteBase64StringValue(image.Data!.Value.Span);
            }
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteFields(("role", "assistant"), ("content", RequestMessages.Text(message)));
        var uses = message.Parts.OfType<MessagePart.ToolUse>().ToList();
        if (uses.Count > 0)
        {
            var thinking = string.Concat(message.Parts.OfType<MessagePart.Reasoning>().Select(part => part.Content));
            if (thinking.Length > 0)
            {
                json.WriteString("thinking", thinking);
            }
            json.WriteStartArray("tool_calls");
            foreach (var use in uses)
            {
                json.WriteStartObject();
                json.WriteString("id", use.ToolUseId);
                json.WriteStartObject("function");
                json.WriteString("name", use.ToolName);
                json.WriteRawObject("arguments", use.Parameters);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteThink(Utf8JsonWriter json, OllamaModel model, string level)
    {
        var isOff = RequestOptions.IsOff(level);
        if (!model.HasThinkingLevels)
        {
            json.WriteBoolean("think", !isOff);
        }
        else
        {
            json.WriteString(
                "think",
                level is "low" or "medium" or "high" ? level
                    : isOff || level == "minimal" ? "low"
                    : "high"
            );
        }
    }
}
