using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Ollama;

/// <summary>The request bodies of Ollama's own API.</summary>
internal static class OllamaWire
{
    public static byte[] Show(string model) => JsonBody.Write(json => json.WriteString("model", model));

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, OllamaModel model) => JsonBody.Write(json =>
    {
        json.WriteString("model", request.Model);
        json.WriteBoolean("stream", true);
        WriteMessages(json, model.Can("vision") == false ? RequestMessages.WithoutImages(request) : request, settings);
        if (model.Can("tools") != false) WriteTools(json, request);
        if ((request.ReasoningLevel ?? settings.ReasoningLevel) is { } level && model.Can("thinking") == true) WriteThink(json, model, level);
        json.WriteStartObject("options");
        json.WriteNumber("num_ctx", model.ContextToSend);
        if ((request.MaxTokens ?? settings.MaxTokens) is { } maxTokens) json.WriteNumber("num_predict", maxTokens);
        if ((request.Temperature ?? settings.Temperature) is { } temperature) json.WriteNumber("temperature", temperature);
        var stops = request.StopSequences.Count > 0 ? request.StopSequences : settings.StopSequences;
        if (stops.Count > 0)
        {
            json.WriteStartArray("stop");
            foreach (var stop in stops) json.WriteStringValue(stop);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    });

    private static void WriteMessages(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings)
    {
        json.WriteStartArray("messages");
        foreach (var system in RequestMessages.SystemTexts(request)) WriteMessage(json, "system", system);
        var names = request.Messages.SelectMany(message => message.Parts).OfType<MessagePart.ToolUse>()
            .GroupBy(use => use.ToolUseId).ToDictionary(uses => uses.Key, uses => uses.First().ToolName);
        foreach (var message in RequestMessages.Of(request, settings))
        {
            if (message.Role == MessageRole.Assistant)
            {
                WriteAnswer(json, message);
                continue;
            }

            foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("tool_name", names[result.ToolUseId]);
                json.WriteString("tool_call_id", result.ToolUseId);
                json.WriteString("content", RequestMessages.Text(result));
                json.WriteEndObject();
            }

            if (RequestMessages.HasImages(message)) WriteWithImages(json, message);
            else if (RequestMessages.Text(message) is { Length: > 0 } text) WriteMessage(json, "user", text);
        }

        json.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    private static void WriteWithImages(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteString("content", RequestMessages.Text(message));
        json.WriteStartArray("images");
        foreach (var (_, image) in RequestMessages.Pieces(message))
        {
            if (image is not null) json.WriteBase64StringValue(image.Data!.Value.Span);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        json.WriteString("content", RequestMessages.Text(message));
        var uses = message.Parts.OfType<MessagePart.ToolUse>().ToList();
        if (uses.Count > 0)
        {
            var thinking = string.Concat(message.Parts.OfType<MessagePart.Reasoning>().Select(part => part.Content));
            if (thinking.Length > 0) json.WriteString("thinking", thinking);
            json.WriteStartArray("tool_calls");
            foreach (var use in uses)
            {
                json.WriteStartObject();
                json.WriteString("id", use.ToolUseId);
                json.WriteStartObject("function");
                json.WriteString("name", use.ToolName);
                json.WriteObject("arguments", use.Parameters);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

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
            json.WriteStartObject("function");
            json.WriteString("name", tool.Name);
            json.WriteString("description", tool.Description);
            json.WriteObject("parameters", tool.ParametersSchema);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteThink(Utf8JsonWriter json, OllamaModel model, string level)
    {
        var isOff = level is "none" or "off" or "disabled";
        if (!model.ThinksInLevels) json.WriteBoolean("think", !isOff);
        else json.WriteString("think", level is "low" or "medium" or "high" ? level : isOff || level == "minimal" ? "low" : "high");
    }
}
