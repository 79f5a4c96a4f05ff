using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Gemini;

/// <summary>
/// Parses the chunks of <c>streamGenerateContent</c> of Google's API and Vertex. Each is a complete response, and function calls are not split. The response is
/// complete when the body ends after a finish reason, because some models send one with every chunk.
/// </summary>
internal sealed class GeminiParser(ProviderFailures failures, ProviderRequest request) : WireParser(failures, request)
{
    private Usage? usage;
    private string? finishReason;

    public override void Read(ReadOnlySpan<byte> payload)
    {
        var json = new Utf8JsonReader(payload);
        string? id = null,
            model = null,
            blocked = null;
        var isError = false;
        json.Read();
        // Errors are sometimes inside an array.
        if (json.TokenType == JsonTokenType.StartArray)
        {
            json.Read();
        }
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("A chunk is an object.");
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("candidates"u8))
            {
                ReadCandidates(ref json, payload);
            }
            else if (json.ValueTextEquals("usageMetadata"u8))
            {
                ReadUsage(ref json);
            }
            else if (!IsAccepted && json.ValueTextEquals("responseId"u8))
            {
                id = json.NextString();
            }
            else if (!IsAccepted && json.ValueTextEquals("modelVersion"u8))
            {
                model = json.NextString();
            }
            else if (json.ValueTextEquals("promptFeedback"u8))
            {
                blocked = json.NextString("blockReason"u8) is { Length: > 0 } why ? why : null;
            }
            else if (json.ValueTextEquals("error"u8))
            {
                isError = json.NextIsSet();
            }
            else
            {
                json.Skip();
            }
        }

        if (isError)
        {
            Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
            return;
        }

        // An alias such as "gemini-flash-latest" returns another name; signatures are stored for the requested one.
        if ((id ?? model) is not null)
        {
            Accept(model?.StartsWith(Request.Model, StringComparison.Ordinal) == true ? model : Request.Model, id);
        }

        if (blocked is not null && finishReason is null)
        {
            Fail(
                Failures.OfEvent(
                    new VendorMessage("content_filter", $"the prompt was blocked ({blocked.ToLowerInvariant().Replace('_', ' ')})")
                )
            );
        }
    }

    public override bool TryEnd()
    {
        if (finishReason is null)
        {
            return false;
        }
        if (finishReason is "MAX_TOKENS")
        {
            Finish(StopReason.MaxTokens);
        }
        else if (IsFilter(finishReason))
        {
            Finish(StopReason.Refusal);
        }
        else if (WhyBroken(finishReason) is { } why)
        {
            Fail(Failures.StoppedEarly(why));
        }
        // The finish reason of a turn with calls is also STOP.
        else
        {
            FinishWithCalls(DefaultReason);
        }
        return true;
    }

    private static bool IsFilter(string reason) =>
        reason is "SAFETY" or "BLOCKLIST" or "PROHIBITED_CONTENT" or "SPII" or "IMAGE_SAFETY" or "IMAGE_PROHIBITED_CONTENT";

    /// <summary>Returns null for other reasons.</summary>
    private static string? WhyBroken(string reason) =>
        reason switch
        {
            "RECITATION" or "IMAGE_RECITATION" => "it would have repeated a text word for word",
            "LANGUAGE" => "it does not know the language",
            "MALFORMED_FUNCTION_CALL" => "it called a tool in a form that cannot be read",
            "UNEXPECTED_TOOL_CALL" => "it called a tool that it was not offered",
            "TOO_MANY_TOOL_CALLS" => "it called too many tools",
            "MISSING_THOUGHT_SIGNATURE" => "the conversation lacks a signature of its thoughts",
            "OTHER" => "it gave no reason",
            _ => null,
        };

    private void ReadCandidates(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray())
        {
            return;
        }
        for (var isFirst = true; json.NextObject(); isFirst = false)
        {
            if (isFirst)
            {
                ReadCandidate(ref json, payload);
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadCandidate(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        string? reason = null;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("content"u8))
            {
                ReadContent(ref json, payload);
            }
            else if (json.ValueTextEquals("finishReason"u8))
            {
                reason = json.NextString();
            }
            else
            {
                json.Skip();
            }
        }

        if (string.IsNullOrEmpty(reason) || reason == "FINISH_REASON_UNSPECIFIED")
        {
            return;
        }
        finishReason = reason;
    }

    private void ReadContent(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        while (json.NextProperty())
        {
            if (!json.ValueTextEquals("parts"u8))
            {
                json.Skip();
                continue;
            }

            if (!json.NextIsArray())
            {
                continue;
            }
            while (json.NextObject())
            {
                ReadPart(ref json, payload);
            }
        }
    }

    private void ReadPart(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        string? text = null,
            signature = null,
            callId = null,
            callName = null,
            args = null;
        var isThought = false;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("text"u8))
            {
                text = json.NextString();
            }
            else if (json.ValueTextEquals("thought"u8))
            {
                isThought = json.Read() && json.TokenType == JsonTokenType.True;
            }
            else if (json.ValueTextEquals("thoughtSignature"u8))
            {
                signature = json.NextFilled();
            }
            else if (json.ValueTextEquals("functionCall"u8))
            {
                (callId, callName, args) = NextCall(ref json, payload);
            }
            else
            {
                json.Skip();
            }
        }

        if (callName is { Length: > 0 })
        {
            Take(callId, callName, args, signature);
        }
        else if (isThought)
        {
            Reasoning(text);
            if (signature is not null)
            {
                EndReasoning(signature);
            }
        }
        else
        {
            Text(text);
            if (signature is not null)
            {
                EndReasoning(null, GeminiWire.OnText(signature, text?.Length ?? 0));
            }
        }
    }

    private void Take(string? id, string name, string? args, string? signature)
    {
        EndReasoning(null, signature is null ? null : GeminiWire.OnCall(signature));
        var call = Start(id, name);
        Append(call, args);
        Finish(call);
    }

    private static (string? Id, string? Name, string? Args) NextCall(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        string? id = null,
            name = null,
            args = null;
        if (!json.NextIsObject())
        {
            return default;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("id"u8))
            {
                id = json.NextString();
            }
            else if (json.ValueTextEquals("name"u8))
            {
                name = json.NextString();
            }
            else if (json.ValueTextEquals("args"u8))
            {
                json.Read();
                args = json.RawHere(payload);
            }
            else
            {
                json.Skip();
            }
        }

        return (id, name, args);
    }

    /// <summary>The prompt's count includes cached tokens; thinking tokens are counted separately and billed as output.</summary>
    private void ReadUsage(ref Utf8JsonReader json)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        long input = usage?.InputTokens ?? 0,
            cached = usage?.CachedReadTokens ?? 0,
            thoughts = usage?.ReasoningTokens ?? 0,
            answer = (usage?.OutputTokens ?? 0) - thoughts;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("promptTokenCount"u8))
            {
                input = json.NextInt64() ?? input;
            }
            else if (json.ValueTextEquals("candidatesTokenCount"u8))
            {
                answer = json.NextInt64() ?? answer;
            }
            else if (json.ValueTextEquals("thoughtsTokenCount"u8))
            {
                thoughts = json.NextInt64() ?? thoughts;
            }
            else if (json.ValueTextEquals("cachedContentTokenCount"u8))
            {
                cached = json.NextInt64() ?? cached;
            }
            else
            {
                json.Skip();
            }
        }

        var now = new Usage
        {
            InputTokens = input,
            OutputTokens = answer + thoughts,
            CachedReadTokens = cached,
            ReasoningTokens = thoughts,
        };
        if (now == usage)
        {
            return;
        }
        usage = now;
        Emit(new ProviderEvent.UsageReported(now));
    }
}
