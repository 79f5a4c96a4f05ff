using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// Parses the chunks of a streamed completion. The response is complete after a finish reason; the token count follows it, and <c>[DONE]</c> may follow.
/// </summary>
/// <param name="splitsThinking">True if a leading <c>&lt;think&gt;</c> is reasoning; false for OpenAI itself.</param>
/// <param name="readsText">True for completions outside a chat: their text is in <c>text</c>, or where a chat has it.</param>
internal sealed class OpenAiParser(ProviderFailures failures, ProviderRequest request, bool splitsThinking = true, bool readsText = false)
    : WireParser(failures, request)
{
    private readonly ThinkTag? thinkTag = splitsThinking ? new ThinkTag() : null;
    private readonly ReasoningDetails details = new();
    private readonly Dictionary<long, ToolCall> byIndex = [];
    private ToolCall? latest;
    private Counts counts;
    private string? finishReason;
    private bool hasContent;

    public override void Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Trim(" \t"u8) is var plain && plain.SequenceEqual("[DONE]"u8))
        {
            if (finishReason is null && !hasContent)
            {
                Fail(Failures.Cut());
            }
            else
            {
                End();
            }
            return;
        }

        if (plain.IsEmpty)
        {
            return;
        }
        var json = JsonText.ReadObject(payload);
        string? id = null,
            model = null;
        var isError = false;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("choices"u8))
            {
                ReadChoices(ref json, payload);
            }
            else if (json.ValueTextEquals("usage"u8))
            {
                counts.Take(ref json);
            }
            else if (json.ValueTextEquals("x_groq"u8))
            {
                ReadGroq(ref json);
            }
            else if (!IsAccepted && json.ValueTextEquals("id"u8))
            {
                id = json.NextFilled();
            }
            else if (!IsAccepted && json.ValueTextEquals("model"u8))
            {
                model = json.NextFilled();
            }
            else if (json.ValueTextEquals("error"u8))
            {
                isError = json.NextIsSet();
            }
            else if (json.ValueTextEquals("object"u8))
            {
                isError |= json.Read() && json.TokenType == JsonTokenType.String && json.ValueTextEquals("error"u8);
            }
            else
            {
                json.Skip();
            }
        }

        if (isError)
        {
            Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
        }
        else
        {
            Accept(model, id);
        }
    }

    public override bool TryEnd()
    {
        if (finishReason is null)
        {
            return false;
        }
        End();
        return true;
    }

    private void End()
    {
        FlushThinking();
        foreach (var call in Calls.All)
        {
            Finish(call);
        }
        if (details.ToJson() is { } opaque)
        {
            EndReasoning(null, opaque);
        }
        if (counts.IsKnown)
        {
            Emit(new ProviderEvent.UsageReported(counts.ToUsage(), counts.Cost));
        }
        if (finishReason == "error")
        {
            Fail(Failures.OfEvent(new VendorMessage("server_error", "")));
        }
        else
        {
            FinishWithCalls(
                finishReason switch
                {
                    "length" => StopReason.MaxTokens,
                    "content_filter" => StopReason.Refusal,
                    // Many servers send "stop" for a response with calls; the calls take precedence.
                    _ => DefaultReason,
                }
            );
        }
    }

    private void ReadChoices(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray())
        {
            return;
        }
        while (json.NextObject())
        {
            ReadChoice(ref json, payload);
        }
    }

    private void ReadChoice(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        while (json.NextProperty())
        {
            // A few servers send the last chunk as a complete message.
            if (json.ValueTextEquals("delta"u8))
            {
                ReadDelta(ref json, payload);
            }
            else if (readsText && json.ValueTextEquals("text"u8))
            {
                ReadText(json.NextString());
            }
            else if (json.ValueTextEquals("finish_reason"u8))
            {
                finishReason = json.NextFilled() ?? finishReason;
            }
            else if (json.ValueTextEquals("usage"u8))
            {
                counts.Take(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    private void ReadText(string? text)
    {
        string? reasoning = null;
        FlushText(ref reasoning, ref text);
    }

    private void ReadDelta(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        string? text = null,
            reasoning = null,
            refusal = null;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("content"u8))
            {
                text = NextContent(ref json, ref reasoning);
            }
            else if (
                json.ValueTextEquals("reasoning_content"u8)
                || json.ValueTextEquals("reasoning"u8)
                || json.ValueTextEquals("reasoning_text"u8)
            )
            {
                reasoning = json.NextFilled() ?? reasoning;
            }
            else if (json.ValueTextEquals("refusal"u8))
            {
                refusal = json.NextString();
            }
            else if (json.ValueTextEquals("tool_calls"u8))
            {
                // Within a chunk, reasoning and text precede the calls, whatever the order of the fields.
                FlushText(ref reasoning, ref text);
                ReadCalls(ref json, payload);
            }
            else if (json.ValueTextEquals("reasoning_details"u8))
            {
                ReadDetails(ref json, payload);
            }
            else
            {
                json.Skip();
            }
        }

        FlushText(ref reasoning, ref text);
        hasContent |= refusal is { Length: > 0 };
        Text(refusal);
    }

    private void FlushText(ref string? reasoning, ref string? text)
    {
        hasContent |= reasoning is { Length: > 0 } || text is { Length: > 0 };
        Reasoning(reasoning);
        if (thinkTag is null || text is not { Length: > 0 })
        {
            Text(text);
        }
        else
        {
            Take(thinkTag.Read(text));
        }
        reasoning = text = null;
    }

    /// <summary>Publishes text that was held back because it could have been the start of a tag.</summary>
    private void FlushThinking()
    {
        if (thinkTag is not null)
        {
            Take(thinkTag.End());
        }
    }

    private void Take((string? Reasoning, string? Text) split)
    {
        Reasoning(split.Reasoning);
        Text(split.Text);
    }

    private void ReadCalls(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray())
        {
            return;
        }
        while (json.NextObject())
        {
            var call = FunctionCall.Read(ref json, payload);
            Take(
                call.Index,
                string.IsNullOrEmpty(call.Id) ? null : call.Id,
                string.IsNullOrEmpty(call.Name) ? null : call.Name,
                call.Arguments
            );
        }
    }

    /// <summary>
    /// Assigns a delta to a call. If the index is missing or always 0, a new id starts a new call, and so does a further name after complete arguments.
    /// </summary>
    private void Take(long? index, string? id, string? name, string? arguments)
    {
        var call = index is { } at ? byIndex.GetValueOrDefault(at) : latest;
        if (call is not null && name is not null && IsNewCall(call, id, name))
        {
            call = null;
        }
        if (call is null)
        {
            if (name is null)
            {
                return;
            }
            FlushThinking();
            EndReasoning(null);
            hasContent = true;
            call = Start(id, name);
        }

        latest = call;
        if (index is { } place)
        {
            byIndex[place] = call;
        }
        Append(call, arguments);
    }

    private static bool IsNewCall(ToolCall call, string? id, string name) =>
        id is not null ? id != call.VendorId : name != call.Name || (call.HasArguments && call.ToFinished().Raw is null);

    /// <summary>Reads a text, or a list of fragments (Mistral), some of which are reasoning.</summary>
    private static string? NextContent(ref Utf8JsonReader json, ref string? reasoning)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.StartArray)
        {
            return json.StringHere();
        }
        var text = new StringBuilder();
        var thoughts = new StringBuilder();
        ReadPieces(ref json, text, thoughts);
        if (thoughts.Length > 0)
        {
            reasoning = thoughts.ToString();
        }
        return text.ToString();
    }

    private static void ReadPieces(ref Utf8JsonReader json, StringBuilder text, StringBuilder thoughts)
    {
        while (json.NextObject())
        {
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("text"u8))
                {
                    text.Append(json.NextString());
                }
                else if (json.ValueTextEquals("thinking"u8))
                {
                    json.Read();
                    if (json.TokenType == JsonTokenType.StartArray)
                    {
                        ReadPieces(ref json, thoughts, thoughts);
                    }
                    else
                    {
                        thoughts.Append(json.StringHere());
                    }
                }
                else
                {
                    json.Skip();
                }
            }
        }
    }

    private void ReadDetails(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsArray())
        {
            return;
        }
        while (json.NextObject())
        {
            details.Add(json.RawHere(payload));
        }
    }

    private void ReadGroq(ref Utf8JsonReader json)
    {
        if (!json.NextIsObject())
        {
            return;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("usage"u8))
            {
                counts.Take(ref json);
            }
            else
            {
                json.Skip();
            }
        }
    }

    /// <summary>The prompt's count includes cached tokens. Later numbers replace earlier ones.</summary>
    private struct Counts
    {
        private CachedTokens cached;
        private long input,
            output,
            reasoning;

        public bool IsKnown { get; private set; }
        public decimal? Cost { get; private set; }

        public void Take(ref Utf8JsonReader json)
        {
            if (!json.NextIsObject())
            {
                return;
            }
            IsKnown = true;
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("prompt_tokens"u8))
                {
                    input = json.NextInt64() ?? input;
                }
                else if (json.ValueTextEquals("completion_tokens"u8))
                {
                    output = json.NextInt64() ?? output;
                }
                else if (json.ValueTextEquals("prompt_cache_hit_tokens"u8))
                {
                    cached.Read = json.NextInt64() ?? cached.Read;
                }
                else if (json.ValueTextEquals("prompt_tokens_details"u8))
                {
                    cached.Take(ref json);
                }
                else if (json.ValueTextEquals("completion_tokens_details"u8))
                {
                    reasoning = json.NextInt64("reasoning_tokens"u8) ?? reasoning;
                }
                else if (json.ValueTextEquals("cost"u8))
                {
                    Cost = NextCost(ref json) ?? Cost;
                }
                else
                {
                    json.Skip();
                }
            }
        }

        public readonly Usage ToUsage() =>
            new()
            {
                InputTokens = input,
                OutputTokens = output,
                CachedReadTokens = cached.Read,
                CachedWriteTokens = cached.Written,
                ReasoningTokens = reasoning,
            };

        private static decimal? NextCost(ref Utf8JsonReader json)
        {
            json.Read();
            if (json.TokenType == JsonTokenType.Number && json.TryGetDecimal(out var cost))
            {
                return cost;
            }
            json.Skip();
            return null;
        }
    }
}
