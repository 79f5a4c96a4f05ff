using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Servers that want something else than the rest.</summary>
internal enum Dialect { Compatible, OpenAi, OpenRouter, DeepSeek, Kimi, Zai, Mistral, Groq }

/// <summary>The request body of Chat Completions.</summary>
internal static class OpenAiWire
{
    public static Dialect DialectOf(ProviderEndpoint endpoint) =>
        endpoint.IsHost("api.openai.com") ? Dialect.OpenAi
        : endpoint.IsHost("openrouter.ai") ? Dialect.OpenRouter
        : endpoint.IsHost("deepseek.com") ? Dialect.DeepSeek
        : endpoint.IsHost("moonshot.ai") || endpoint.IsHost("moonshot.cn") || endpoint.IsHost("kimi.com") ? Dialect.Kimi
        : endpoint.IsHost("z.ai") || endpoint.IsHost("bigmodel.cn") ? Dialect.Zai
        : endpoint.IsHost("mistral.ai") ? Dialect.Mistral
        : endpoint.IsHost("groq.com") ? Dialect.Groq
        : Dialect.Compatible;

    /// <summary>
    /// People give the base (<c>…/v1</c>), the host alone, or the address of a call itself.
    /// A path that has a version in it (<c>/api/v1</c>, <c>/paas/v4</c>, <c>/v1beta/openai</c>) is taken as it is.
    /// </summary>
    public static string ApiRoot(string path)
    {
        foreach (var call in new[] { "/chat/completions", "/responses" })
        {
            if (path.EndsWith(call, StringComparison.Ordinal)) path = path[..^call.Length];
        }

        var hasVersion = path.Split('/').Any(segment => segment.Length > 1 && segment[0] == 'v' && char.IsAsciiDigit(segment[1]));
        return hasVersion ? path : path + "/v1";
    }

    public static byte[] Request(ProviderRequest request, ProviderSettings settings, Dialect dialect, RefusableOptions without, out RefusableOptions sent)
    {
        var options = RefusableOptions.None;
        var body = JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            WriteMessages(json, request, settings, dialect);
            WriteTools(json, request, dialect);
            json.WriteBoolean("stream", true);
            if (May(RefusableOptions.StreamOptions))
            {
                json.WriteStartObject("stream_options");
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }

            if (dialect == Dialect.OpenRouter)
            {
                json.WriteStartObject("usage");
                json.WriteBoolean("include", true);
                json.WriteEndObject();
            }

            if ((request.MaxTokens ?? settings.MaxTokens) is { } maxTokens)
            {
                // OpenAI's reasoning models know only the new name, almost every other server only the old one. A refused one gives way to the other.
                var usesNewName = (dialect == Dialect.OpenAi) == May(RefusableOptions.MaxTokens);
                json.WriteNumber(usesNewName ? "max_completion_tokens" : "max_tokens", maxTokens);
            }

            if ((request.Temperature ?? settings.Temperature) is { } temperature && May(RefusableOptions.Temperature)) json.WriteNumber("temperature", temperature);
            if ((request.ReasoningLevel ?? settings.ReasoningLevel) is { } level && May(RefusableOptions.ReasoningLevel)) WriteReasoning(json, dialect, level);

            var stops = request.StopSequences.Count > 0 ? request.StopSequences : settings.StopSequences;
            if (stops.Count == 0 || !May(RefusableOptions.StopSequences)) return;
            json.WriteStartArray("stop");
            foreach (var stop in stops) json.WriteStringValue(stop);
            json.WriteEndArray();
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

    private static void WriteMessages(Utf8JsonWriter json, ProviderRequest request, ProviderSettings settings, Dialect dialect)
    {
        json.WriteStartArray("messages");
        foreach (var system in RequestMessages.SystemTexts(request)) WriteMessage(json, "system", system);
        foreach (var message in RequestMessages.Of(request, settings))
        {
            if (message.Role == MessageRole.Assistant)
            {
                WriteAnswer(json, message, dialect);
                continue;
            }

            foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
            {
                json.WriteStartObject();
                json.WriteString("role", "tool");
                json.WriteString("tool_call_id", CallId(result.ToolUseId, dialect));
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

    /// <summary>A list of blocks only where it must be one: not every server takes it.</summary>
    private static void WriteWithImages(Utf8JsonWriter json, Message message)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        foreach (var (text, image) in RequestMessages.Pieces(message))
        {
            json.WriteStartObject();
            json.WriteString("type", image is null ? "text" : "image_url");
            if (image is null)
            {
                json.WriteString("text", text);
            }
            else
            {
                json.WriteStartObject("image_url");
                json.WriteString("url", RequestMessages.DataUrl(image));
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message, Dialect dialect)
    {
        var uses = message.Parts.OfType<MessagePart.ToolUse>().ToList();
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        // Some servers refuse null here.
        json.WriteString("content", RequestMessages.Text(message));
        WriteOwnReasoning(json, message, dialect, hasTools: uses.Count > 0);
        if (uses.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var use in uses)
            {
                json.WriteStartObject();
                json.WriteString("id", CallId(use.ToolUseId, dialect));
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", use.ToolName);
                json.WriteString("arguments", JsonText.IsObject(use.Parameters) ? use.Parameters : "{}");
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>DeepSeek and Kimi refuse a history whose tool calls lack the reasoning that led to them, even an empty one. Others refuse the field.</summary>
    private static void WriteOwnReasoning(Utf8JsonWriter json, Message message, Dialect dialect, bool hasTools)
    {
        var reasoning = message.Parts.OfType<MessagePart.Reasoning>().ToList();
        if (dialect == Dialect.OpenRouter && reasoning.LastOrDefault(part => part.Opaque is not null)?.Opaque is { } details && details.StartsWith('['))
        {
            json.WritePropertyName("reasoning_details");
            json.WriteRawValue(details, skipInputValidation: true);
            return;
        }

        if (!hasTools || dialect is Dialect.OpenAi or Dialect.OpenRouter or Dialect.Mistral or Dialect.Groq) return;
        var text = string.Concat(reasoning.Select(part => part.Content));
        if (text.Length > 0 || dialect is Dialect.DeepSeek or Dialect.Kimi) json.WriteString("reasoning_content", text);
    }

    /// <summary>Mistral takes nine letters and digits, and nothing else, and OpenAI no more than 40: an id of another vendor becomes one that is always the same.</summary>
    private static string CallId(string id, Dialect dialect)
    {
        const int Length = 9;
        const int MostAtOpenAi = 40;
        if (dialect == Dialect.OpenAi) return ToolUseIds.Short(id, MostAtOpenAi);
        if (dialect != Dialect.Mistral || (id.Length == Length && id.All(char.IsAsciiLetterOrDigit))) return id;
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..Length];
    }

    private static void WriteTools(Utf8JsonWriter json, ProviderRequest request, Dialect dialect)
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
        if (dialect == Dialect.Zai) json.WriteBoolean("tool_stream", true);
    }

    private static void WriteReasoning(Utf8JsonWriter json, Dialect dialect, string level)
    {
        var isOff = level is "none" or "off" or "disabled";
        switch (dialect)
        {
            case Dialect.OpenRouter:
                json.WriteStartObject("reasoning");
                if (isOff) json.WriteBoolean("enabled", false);
                else json.WriteString("effort", level);
                json.WriteEndObject();
                break;
            case Dialect.DeepSeek or Dialect.Kimi or Dialect.Zai:
                json.WriteStartObject("thinking");
                json.WriteString("type", isOff ? "disabled" : "enabled");
                json.WriteEndObject();
                if (!isOff && dialect == Dialect.DeepSeek) json.WriteString("reasoning_effort", level);
                break;
            default:
                json.WriteString("reasoning_effort", isOff ? "none" : level);
                break;
        }
    }
}
