using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Parses the events of a streamed response, which ends with one of four events. There is no stop reason for tool calls except the calls.</summary>
internal sealed class ResponsesParser(ProviderFailures failures, ProviderRequest request) : WireParser(failures, request)
{
    private readonly Dictionary<long, ToolCall> byOutput = [];
    private readonly HashSet<ToolCall> finished = [];
    private bool hasSummary;
    private bool hasRefused;
    private bool isInText;

    private enum EventType
    {
        Other,
        Created,
        ItemAdded,
        ItemDone,
        Text,
        Refusal,
        Reasoning,
        ReasoningPart,
        Arguments,
        ArgumentsDone,
        Completed,
        Incomplete,
        Failed,
        Error,
    }

    /// <summary>True if a stored opaque text was created by the Responses API.</summary>
    public static bool IsReasoningItem(string opaque) => opaque.StartsWith("{\"type\":\"reasoning\",", StringComparison.Ordinal);

    public override void Read(ReadOnlySpan<byte> payload)
    {
        if (payload.Trim(" \t"u8) is var plain && (plain.IsEmpty || plain.SequenceEqual("[DONE]"u8)))
        {
            return;
        }
        var json = JsonText.ReadObject(payload);
        var type = EventType.Other;
        var output = -1L;
        string? delta = null,
            arguments = null;
        var item = default(Item);
        var response = default(Response);
        var isError = false;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("type"u8))
            {
                type = NextType(ref json);
            }
            else if (json.ValueTextEquals("output_index"u8))
            {
                output = json.NextInt64() ?? -1;
            }
            else if (json.ValueTextEquals("delta"u8))
            {
                delta = json.NextString();
            }
            else if (json.ValueTextEquals("arguments"u8))
            {
                arguments = json.NextString();
            }
            else if (json.ValueTextEquals("item"u8))
            {
                item = NextItem(ref json, payload);
            }
            else if (json.ValueTextEquals("response"u8))
            {
                response = NextResponse(ref json);
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

        // Gateways send errors without a type.
        if (isError && type == EventType.Other)
        {
            type = EventType.Error;
        }
        switch (type)
        {
            case EventType.Created:
                Accept(response.Model, response.Id);
                break;
            case EventType.Text:
                isInText |= delta is { Length: > 0 };
                Text(delta);
                break;
            case EventType.Refusal:
                hasRefused = true;
                Text(delta);
                break;
            case EventType.Reasoning:
                isInText = false;
                hasSummary |= delta is { Length: > 0 };
                Reasoning(delta);
                break;
            case EventType.ReasoningPart:
                if (hasSummary)
                {
                    Reasoning("\n\n");
                }
                break;
            // A comment before the response and the response are two messages.
            case EventType.ItemAdded when item.Type == "message" && isInText:
                Text("\n\n");
                break;
            case EventType.ItemAdded when item.Type == "function_call":
                Start(output, item);
                break;
            case EventType.Arguments:
                if (Call(output) is { } growing)
                {
                    Append(growing, delta);
                }
                break;
            case EventType.ArgumentsDone:
                if (Call(output) is { HasArguments: false } silent)
                {
                    Append(silent, arguments);
                }
                break;
            case EventType.ItemDone:
                EndItem(output, item);
                break;
            case EventType.Completed:
                End(response, null);
                break;
            case EventType.Incomplete:
                End(response, response.IncompleteReason ?? "");
                break;
            case EventType.Failed:
                Fail(Failures.OfEvent(new VendorMessage(response.ErrorCode ?? "", response.ErrorMessage ?? "")));
                break;
            case EventType.Error:
                Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
                break;
        }
    }

    private ToolCall? Start(long output, Item item)
    {
        if (string.IsNullOrEmpty(item.Name))
        {
            return null;
        }
        EndReasoning(null);
        isInText = false;
        return byOutput[output] = Start(item.CallId, item.Name);
    }

    private ToolCall? Call(long output) => byOutput.GetValueOrDefault(output);

    private void EndItem(long output, Item item)
    {
        switch (item.Type)
        {
            case "reasoning":
                hasSummary = false;
                // The reasoning is complete only in this event, not in the one that starts the item.
                EndReasoning(null, item.EncryptedContent is null ? null : Opaque(item));
                break;
            case "function_call":
                if ((Call(output) ?? Start(output, item)) is not { } call)
                {
                    break;
                }
                if (!call.HasArguments)
                {
                    Append(call, item.Arguments);
                }
                if (finished.Add(call))
                {
                    Finish(call);
                }
                break;
        }
    }

    /// <param name="incomplete">Why the response is incomplete; null if it is complete.</param>
    private void End(Response response, string? incomplete)
    {
        Accept(response.Model, response.Id);
        if (incomplete is null)
        {
            foreach (var call in Calls.All.Where(finished.Add))
            {
                Finish(call);
            }
        }

        if (response.Usage is { } usage)
        {
            Emit(new ProviderEvent.UsageReported(usage));
        }
        if (incomplete is "content_filter")
        {
            Finish(StopReason.Refusal);
        }
        else if (incomplete is not null)
        {
            Finish(StopReason.MaxTokens);
        }
        else
        {
            FinishWithCalls(hasRefused && Calls.All.Count == 0 ? StopReason.Refusal : DefaultReason);
        }
    }

    /// <summary>Returns the item to send back, with the fields that the API accepts, in this order.</summary>
    private static string Opaque(Item item) =>
        Encoding.UTF8.GetString(
            JsonBody.Write(json =>
            {
                json.WriteString("type", "reasoning");
                if (item.Id is not null)
                {
                    json.WriteString("id", item.Id);
                }
                json.WritePropertyName("summary");
                json.WriteRawValue(item.Summary ?? "[]", skipInputValidation: true);
                json.WriteString("encrypted_content", item.EncryptedContent);
            })
        );

    private static EventType NextType(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
            return EventType.Other;
        }

        return json.ValueTextEquals("response.output_text.delta"u8) ? EventType.Text
            : json.ValueTextEquals("response.function_call_arguments.delta"u8) ? EventType.Arguments
            : json.ValueTextEquals("response.reasoning_summary_text.delta"u8) || json.ValueTextEquals("response.reasoning_text.delta"u8)
                ? EventType.Reasoning
            : json.ValueTextEquals("response.reasoning_summary_part.added"u8) ? EventType.ReasoningPart
            : json.ValueTextEquals("response.refusal.delta"u8) ? EventType.Refusal
            : json.ValueTextEquals("response.created"u8) || json.ValueTextEquals("response.in_progress"u8) ? EventType.Created
            : json.ValueTextEquals("response.output_item.added"u8) ? EventType.ItemAdded
            : json.ValueTextEquals("response.output_item.done"u8) ? EventType.ItemDone
            : json.ValueTextEquals("response.function_call_arguments.done"u8) ? EventType.ArgumentsDone
            : json.ValueTextEquals("response.completed"u8) ? EventType.Completed
            : json.ValueTextEquals("response.incomplete"u8) ? EventType.Incomplete
            : json.ValueTextEquals("response.failed"u8) ? EventType.Failed
            : json.ValueTextEquals("error"u8) ? EventType.Error
            : EventType.Other;
    }

    private static Item NextItem(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        var item = default(Item);
        if (!json.NextIsObject())
        {
            return item;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("type"u8))
            {
                item.Type = json.NextString();
            }
            else if (json.ValueTextEquals("id"u8))
            {
                item.Id = json.NextString();
            }
            else if (json.ValueTextEquals("call_id"u8))
            {
                item.CallId = json.NextString();
            }
            else if (json.ValueTextEquals("name"u8))
            {
                item.Name = json.NextString();
            }
            else if (json.ValueTextEquals("arguments"u8))
            {
                item.Arguments = json.NextString();
            }
            else if (json.ValueTextEquals("encrypted_content"u8))
            {
                item.EncryptedContent = json.NextFilled();
            }
            else if (json.ValueTextEquals("summary"u8))
            {
                json.Read();
                if (json.TokenType == JsonTokenType.StartArray)
                {
                    item.Summary = json.RawHere(payload);
                }
                else
                {
                    json.Skip();
                }
            }
            else
            {
                json.Skip();
            }
        }

        return item;
    }

    private static Response NextResponse(ref Utf8JsonReader json)
    {
        var response = default(Response);
        if (!json.NextIsObject())
        {
            return response;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("id"u8))
            {
                response.Id = json.NextString();
            }
            else if (json.ValueTextEquals("model"u8))
            {
                response.Model = json.NextString();
            }
            else if (json.ValueTextEquals("usage"u8))
            {
                response.Usage = NextUsage(ref json);
            }
            else if (json.ValueTextEquals("incomplete_details"u8))
            {
                response.IncompleteReason = json.NextString("reason"u8);
            }
            else if (json.ValueTextEquals("error"u8))
            {
                if (!json.NextIsObject())
                {
                    continue;
                }
                while (json.NextProperty())
                {
                    if (json.ValueTextEquals("code"u8))
                    {
                        response.ErrorCode = json.NextString();
                    }
                    else if (json.ValueTextEquals("message"u8))
                    {
                        response.ErrorMessage = json.NextString();
                    }
                    else
                    {
                        json.Skip();
                    }
                }
            }
            else
            {
                json.Skip();
            }
        }

        return response;
    }

    /// <summary>The input includes cached tokens, and the output includes reasoning.</summary>
    private static Usage? NextUsage(ref Utf8JsonReader json)
    {
        if (!json.NextIsObject())
        {
            return null;
        }
        var cached = new CachedTokens();
        long input = 0,
            output = 0,
            reasoning = 0;
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("input_tokens"u8))
            {
                input = json.NextInt64() ?? 0;
            }
            else if (json.ValueTextEquals("output_tokens"u8))
            {
                output = json.NextInt64() ?? 0;
            }
            else if (json.ValueTextEquals("input_tokens_details"u8))
            {
                cached.Take(ref json);
            }
            else if (json.ValueTextEquals("output_tokens_details"u8))
            {
                reasoning = json.NextInt64("reasoning_tokens"u8) ?? 0;
            }
            else
            {
                json.Skip();
            }
        }

        return new Usage
        {
            InputTokens = input,
            OutputTokens = output,
            CachedReadTokens = cached.Read,
            CachedWriteTokens = cached.Written,
            ReasoningTokens = reasoning,
        };
    }

    private struct Item
    {
        public string? Type,
            Id,
            CallId,
            Name,
            Arguments,
            EncryptedContent,
            Summary;
    }

    private struct Response
    {
        public string? Id,
            Model,
            IncompleteReason,
            ErrorCode,
            ErrorMessage;
        public Usage? Usage;
    }
}
