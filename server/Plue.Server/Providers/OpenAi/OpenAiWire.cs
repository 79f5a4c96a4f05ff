using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Servers with special requirements.</summary>
internal enum Dialect
{
    Compatible,
    OpenAi,
    OpenRouter,
    DeepSeek,
    Kimi,
    Zai,
    Mistral,
    Groq,
}

/// <summary>Writes the request body of Chat Completions.</summary>
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
    /// Accepts the base (<c>…/v1</c>), the host, or the address of a call. A path with a version (<c>/api/v1</c>, <c>/paas/v4</c>, <c>/v1beta/openai</c>) is
    /// not changed.
    /// </summary>
    public static string ApiRoot(string path)
    {
        foreach (var call in new[] { "/chat/completions", "/responses" })
        {
            if (path.EndsWith(call, StringComparison.Ordinal))
            {
                path = path[..^call.Length];
            }
        }

        var hasVersion = path.Split('/').Any(segment => segment.Length > 1 && segment[0] == 'v' && char.IsAsciiDigit(segment[1]));
        return hasVersion ? path : path + "/v1";
    }

    public static byte[] Request(
        ProviderRequest request,
        ProviderSettings settings,
        Dialect dialect,
        RefusableOptions without,
        out RefusableOptions sent
    )
    {
        var options = new RequestOptions(request, settings, without);
        var body = JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            var messages = RequestMessages.Of(request, settings);
            var isMarked = dialect == Dialect.OpenRouter && SupportsCacheMarks(request.Model) && options.Take(RefusableOptions.CacheMarks);
            WriteMessages(json, request, messages, dialect, isMarked);
            WriteTools(json, request);
            if (dialect == Dialect.Zai && request.Tools.Count > 0)
            {
                json.WriteBoolean("tool_stream", true);
            }
            json.WriteBoolean("stream", true);
            if (options.Take(RefusableOptions.StreamOptions))
            {
                WriteFlag(json, "stream_options", "include_usage");
            }
            if (dialect == Dialect.OpenRouter)
            {
                WriteFlag(json, "usage", "include");
                // Requests with the same session id are routed to the same host, which has cached the start of the request.
                json.WriteString("session_id", request.CodexId);
            }

            if (dialect == Dialect.OpenAi && options.Take(RefusableOptions.PromptCacheKey))
            {
                json.WriteString("prompt_cache_key", request.CodexId);
            }
            if (options.MaxTokens is { } maxTokens)
            {
                // OpenAI's reasoning models accept only the new name, almost all other servers only the old one. If one is rejected, the other is used.
                var usesNewName = (dialect == Dialect.OpenAi) == options.Take(RefusableOptions.MaxTokens);
                json.WriteNumber(usesNewName ? "max_completion_tokens" : "max_tokens", maxTokens);
            }

            if (options.TakeTemperature() is { } temperature)
            {
                json.WriteNumber("temperature", temperature);
            }
            if (options.TakeReasoningLevel() is { } level)
            {
                WriteReasoning(json, dialect, level);
            }
            json.WriteStrings("stop", options.TakeStopSequences());
        });
        sent = options.Sent;
        return body;
    }

    /// <summary>True for the models for which OpenRouter does not cache automatically.</summary>
    private static bool SupportsCacheMarks(string model) =>
        model.StartsWith("anthropic/", StringComparison.Ordinal) || model.StartsWith("qwen/", StringComparison.Ordinal);

    private static void WriteMessages(
        Utf8JsonWriter json,
        ProviderRequest request,
        IReadOnlyList<Message> messages,
        Dialect dialect,
        bool isMarked
    )
    {
        var marks = isMarked ? CacheMarks.Of(messages) : CacheMarks.None;
        json.WriteStartArray("messages");
        var systems = RequestMessages.SystemTexts(request);
        for (var at = 0; at < systems.Count; at++)
        {
            WriteMessage(json, "system", systems[at], isMarked && at == systems.Count - 1);
        }
        foreach (var message in messages)
        {
            var endsMarked = message.Parts.Any(part => part is not MessagePart.ToolResult && marks.Contains(part));
            if (message.Role == MessageRole.Assistant)
            {
                WriteAnswer(json, message, dialect, endsMarked);
                continue;
            }

            foreach (var result in message.Parts.OfType<MessagePart.ToolResult>())
            {
                json.WriteStartObject();
                json.WriteFields(("role", "tool"), ("tool_call_id", CallId(result.ToolUseId, dialect)));
                WriteContent(json, RequestMessages.Text(result), marks.Contains(result));
                json.WriteEndObject();
            }

            if (RequestMessages.HasImages(message))
            {
                WriteWithImages(json, message, endsMarked);
            }
            else if (RequestMessages.Text(message) is { Length: > 0 } text)
            {
                WriteMessage(json, "user", text, endsMarked);
            }
        }

        json.WriteEndArray();
    }

    private static void WriteMessage(Utf8JsonWriter json, string role, string text, bool isMarked)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        WriteContent(json, text, isMarked);
        json.WriteEndObject();
    }

    /// <summary>Writes a content part if there is a cache mark; otherwise a string, because some servers do not accept parts.</summary>
    private static void WriteContent(Utf8JsonWriter json, string text, bool isMarked)
    {
        if (!isMarked || text.Length == 0)
        {
            json.WriteString("content", text);
            return;
        }

        json.WriteStartArray("content");
        WriteText(json, text, isMarked);
        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, string text, bool isMarked)
    {
        json.WriteStartObject();
        json.WriteFields(("type", "text"), ("text", text));
        if (isMarked)
        {
            json.WriteObject("cache_control", ("type", "ephemeral"));
        }
        json.WriteEndObject();
    }

    /// <summary>Writes the tools of Chat Completions and Ollama.</summary>
    public static void WriteTools(Utf8JsonWriter json, ProviderRequest request)
    {
        if (request.Tools.Count == 0)
        {
            return;
        }
        json.WriteStartArray("tools");
        foreach (var tool in request.Tools)
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteFields(("name", tool.Name), ("description", tool.Description));
            json.WriteRawObject("parameters", tool.ParametersSchema);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteFlag(Utf8JsonWriter json, string name, string flag)
    {
        json.WriteStartObject(name);
        json.WriteBoolean(flag, true);
        json.WriteEndObject();
    }

    /// <summary>Writes a list of parts only if necessary, because not every server accepts one.</summary>
    private static void WriteWithImages(Utf8JsonWriter json, Message message, bool isMarked)
    {
        json.WriteStartObject();
        json.WriteString("role", "user");
        json.WriteStartArray("content");
        var pieces = RequestMessages.Pieces(message).ToList();
        var lastText = pieces.FindLastIndex(piece => piece.Text is not null);
        for (var at = 0; at < pieces.Count; at++)
        {
            var (text, image) = pieces[at];
            if (image is null)
            {
                WriteText(json, text!, isMarked && at == lastText);
                continue;
            }

            json.WriteStartObject();
            json.WriteString("type", "image_url");
            json.WriteObject("image_url", ("url", RequestMessages.DataUrl(image)));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteAnswer(Utf8JsonWriter json, Message message, Dialect dialect, bool isMarked)
    {
        var uses = message.Parts.OfType<MessagePart.ToolUse>().ToList();
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        // Some servers reject null as content.
        WriteContent(json, RequestMessages.Text(message), isMarked);
        WriteOwnReasoning(json, message, dialect, hasTools: uses.Count > 0);
        if (uses.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var use in uses)
            {
                json.WriteStartObject();
                json.WriteFields(("id", CallId(use.ToolUseId, dialect)), ("type", "function"));
                json.WriteObject(
                    "function",
                    ("name", use.ToolName),
                    ("arguments", JsonText.IsObject(use.Parameters) ? use.Parameters : "{}")
                );
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    /// <summary>DeepSeek and Kimi reject a history whose tool calls lack their reasoning, even if it is empty. Other servers reject the field.</summary>
    private static void WriteOwnReasoning(Utf8JsonWriter json, Message message, Dialect dialect, bool hasTools)
    {
        var reasoning = message.Parts.OfType<MessagePart.Reasoning>().ToList();
        if (
            dialect == Dialect.OpenRouter
            && reasoning.LastOrDefault(part => part.Opaque is not null)?.Opaque is { } details
            && details.StartsWith('[')
        )
        {
            json.WritePropertyName("reasoning_details");
            json.WriteRawValue(details, skipInputValidation: true);
            return;
        }

        if (!hasTools || dialect is Dialect.OpenAi or Dialect.OpenRouter or Dialect.Mistral or Dialect.Groq)
        {
            return;
        }
        var text = string.Concat(reasoning.Select(part => part.Content));
        if (text.Length > 0 || dialect is Dialect.DeepSeek or Dialect.Kimi)
        {
            json.WriteString("reasoning_content", text);
        }
    }

    /// <summary>Replaces other vendors' ids deterministically: Mistral accepts nine letters and digits, and OpenAI at most 40 characters.</summary>
    private static string CallId(string id, Dialect dialect)
    {
        const int Length = 9;
        const int MaxOpenAiLength = 40;
        if (dialect == Dialect.OpenAi)
        {
            return ToolUseIds.Short(id, MaxOpenAiLength);
        }
        if (dialect != Dialect.Mistral || (id.Length == Length && id.All(char.IsAsciiLetterOrDigit)))
        {
            return id;
        }
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)))[..Length];
    }

    private static void WriteReasoning(Utf8JsonWriter json, Dialect dialect, string level)
    {
        var isOff = RequestOptions.IsOff(level);
        switch (dialect)
        {
            case Dialect.OpenRouter:
                json.WriteStartObject("reasoning");
                if (isOff)
                {
                    json.WriteBoolean("enabled", false);
                }
                else
                {
                    json.WriteString("effort", level);
                }
                json.WriteEndObject();
                break;
            case Dialect.DeepSeek or Dialect.Kimi or Dialect.Zai:
                json.WriteObject("thinking", ("type", isOff ? "disabled" : "enabled"));
                if (!isOff && dialect == Dialect.DeepSeek)
                {
                    json.WriteString("reasoning_effort", level);
                }
                break;
            default:
                json.WriteString("reasoning_effort", isOff ? "none" : level);
                break;
        }
    }
}
