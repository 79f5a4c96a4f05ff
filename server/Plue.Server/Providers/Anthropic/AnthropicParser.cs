using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Anthropic;

/// <summary>Parses the events of a streamed message. Each is read in one pass over its bytes; only the published text is allocated.</summary>
/// <param name="isHosted">True if the host uses another name for the model than Anthropic; signatures are stored for the requested name.</param>
internal class AnthropicParser(ProviderFailures failures, ProviderRequest request, bool isHosted = false) : WireParser(failures, request)
{
    private readonly Dictionary<long, Block> blocks = [];
    private Counts counts;
    private string? stopReason;

    private enum EventType
    {
        Other,
        MessageStart,
        BlockStart,
        BlockDelta,
        BlockStop,
        MessageDelta,
        MessageStop,
        Error,
    }

    public override void Read(ReadOnlySpan<byte> payload)
    {
        var json = JsonText.ReadObject(payload);
        var type = EventType.Other;
        var index = 0L;
        var content = default(Content);
        var message = default(Opening);
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("type"u8))
            {
                type = NextType(ref json);
            }
            else if (json.ValueTextEquals("index"u8))
            {
                index = json.NextInt64() ?? 0;
            }
            else if (json.ValueTextEquals("delta"u8) || json.ValueTextEquals("content_block"u8))
            {
                content = NextContent(ref json, payload);
            }
            else if (json.ValueTextEquals("message"u8))
            {
                message = NextOpening(ref json);
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

        switch (type)
        {
            case EventType.MessageStart:
                Emit(new ProviderEvent.Accepted(isHosted ? Request.Model : message.Model, message.Id));
                ReportUsage();
                break;
            case EventType.BlockStart:
                StartBlock(index, content);
                break;
            case EventType.BlockDelta:
                Continue(index, content);
                break;
            case EventType.BlockStop:
                StopBlock(index);
                break;
            case EventType.MessageDelta:
                stopReason = content.StopReason ?? stopReason;
                ReportUsage();
                break;
            case EventType.MessageStop:
                End();
                break;
            case EventType.Error:
                Fail(Failures.OfEvent(VendorMessage.Read(payload.ToArray())));
                break;
        }
    }

    private void StartBlock(long index, Content content)
    {
        switch (content.Type)
        {
            case "tool_use" when content.Name is { Length: > 0 } name:
                var call = Start(content.Id, name);
                blocks[index] = new Block(call);
                // Some servers send the whole input here and no deltas.
                if (content.Input is { } input)
                {
                    Append(call, input);
                }
                break;
            case "redacted_thinking":
                EndReasoning(null, content.Data);
                break;
            case "thinking":
                blocks[index] = new Block(null) { IsReasoning = true, Signature = content.Signature };
                Reasoning(content.Thinking);
                break;
            default:
                Text(content.Text);
                break;
        }
    }

    private void Continue(long index, Content content)
    {
        if (content.Text is { } text)
        {
            Text(text);
        }
        else if (content.Thinking is { } thinking)
        {
            Reasoning(thinking);
        }
        else if (!blocks.TryGetValue(index, out var block))
        {
            return;
        }
        else if (content.PartialJson is { Length: > 0 } fragment && block.Call is { } call)
        {
            Append(call, fragment);
        }
        else if (content.Signature is { Length: > 0 } signature)
        {
            blocks[index] = block with { Signature = block.Signature + signature };
        }
    }

    private void StopBlock(long index)
    {
        if (!blocks.Remove(index, out var block))
        {
            return;
        }
        if (block.IsReasoning)
        {
            EndReasoning(string.IsNullOrEmpty(block.Signature) ? null : block.Signature);
        }
        if (block.Call is { } call)
        {
            Finish(call);
        }
    }

    private void End()
    {
        foreach (var index in blocks.Keys.ToArray())
        {
            StopBlock(index);
        }
        FinishWithCalls(ReasonOf(stopReason, DefaultReason));
    }

    /// <param name="otherwise">The reason for an unknown or missing name.</param>
    public static StopReason ReasonOf(string? name, StopReason otherwise) =>
        name switch
        {
            "max_tokens" => StopReason.MaxTokens,
            "stop_sequence" => StopReason.StopSequence,
            "tool_use" => StopReason.ToolUse,
            "refusal" => StopReason.Refusal,
            "model_context_window_exceeded" => StopReason.ContextFull,
            _ => otherwise,
        };

    private void ReportUsage()
    {
        if (counts.IsKnown)
        {
            Emit(new ProviderEvent.UsageReported(counts.ToUsage()));
        }
    }

    private static EventType NextType(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
        }
        else if (json.ValueTextEquals("content_block_delta"u8))
        {
            return EventType.BlockDelta;
        }
        else if (json.ValueTextEquals("content_block_start"u8))
        {
            return EventType.BlockStart;
        }
        else if (json.ValueTextEquals("content_block_stop"u8))
        {
            return EventType.BlockStop;
        }
        else if (json.ValueTextEquals("message_start"u8))
        {
            return EventType.MessageStart;
        }
        else if (json.ValueTextEquals("message_delta"u8))
        {
            return EventType.MessageDelta;
        }
        else if (json.ValueTextEquals("message_stop"u8))
        {
            return EventType.MessageStop;
        }
        else if (json.ValueTextEquals("error"u8))
        {
            return EventType.Error;
        }
        return EventType.Other;
    }

    private static Content NextContent(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        var content = default(Content);
        if (!json.NextIsObject())
        {
            return content;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("text"u8))
            {
                content.Text = json.NextString();
            }
            else if (json.ValueTextEquals("type"u8))
            {
                content.Type = NextBlockType(ref json);
            }
            else if (json.ValueTextEquals("thinking"u8))
            {
                content.Thinking = json.NextString();
            }
            else if (json.ValueTextEquals("partial_json"u8))
            {
                content.PartialJson = json.NextString();
            }
            else if (json.ValueTextEquals("signature"u8))
            {
                content.Signature = json.NextString();
            }
            else if (json.ValueTextEquals("stop_reason"u8))
            {
                content.StopReason = json.NextString();
            }
            else if (json.ValueTextEquals("data"u8))
            {
                content.Data = json.NextString();
            }
            else if (json.ValueTextEquals("id"u8))
            {
                content.Id = json.NextString();
            }
            else if (json.ValueTextEquals("name"u8))
            {
                content.Name = json.NextString();
            }
            else if (json.ValueTextEquals("input"u8))
            {
                content.Input = NextInput(ref json, payload);
            }
            else
            {
                json.Skip();
            }
        }

        return content;
    }

    /// <summary>Returns a constant for known names, so that the type of a delta allocates no string.</summary>
    private static string? NextBlockType(ref Utf8JsonReader json)
    {
        json.Read();
        if (json.TokenType != JsonTokenType.String)
        {
            json.Skip();
        }
        else if (json.ValueTextEquals("tool_use"u8))
        {
            return "tool_use";
        }
        else if (json.ValueTextEquals("thinking"u8))
        {
            return "thinking";
        }
        else if (json.ValueTextEquals("redacted_thinking"u8))
        {
            return "redacted_thinking";
        }
        return null;
    }

    /// <summary>Returns null for the empty object that precedes deltas.</summary>
    private static string? NextInput(ref Utf8JsonReader json, ReadOnlySpan<byte> payload)
    {
        if (!json.NextIsObject())
        {
            return null;
        }
        var raw = json.RawHere(payload);
        return raw.AsSpan(1, raw.Length - 2).Trim().IsEmpty ? null : raw;
    }

    private Opening NextOpening(ref Utf8JsonReader json)
    {
        var opening = default(Opening);
        if (!json.NextIsObject())
        {
            return opening;
        }
        while (json.NextProperty())
        {
            if (json.ValueTextEquals("id"u8))
            {
                opening.Id = json.NextString();
            }
            else if (json.ValueTextEquals("model"u8))
            {
                opening.Model = json.NextString();
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

        return opening;
    }

    private struct Content
    {
        public string? Type,
            Text,
            Thinking,
            PartialJson,
            Signature,
            StopReason,
            Data,
            Id,
            Name,
            Input;
    }

    private struct Opening
    {
        public string? Id,
            Model;
    }

    private sealed record Block(ToolCall? Call)
    {
        public bool IsReasoning { get; init; }
        public string? Signature { get; init; }
    }

    /// <summary>Anthropic counts cached tokens separately from the input; Plue includes them. Later numbers replace earlier ones.</summary>
    private struct Counts
    {
        private long input,
            output,
            read,
            write;

        public bool IsKnown { get; private set; }

        public void Take(ref Utf8JsonReader json)
        {
            if (!json.NextIsObject())
            {
                return;
            }
            IsKnown = true;
            while (json.NextProperty())
            {
                // Some servers repeat the fields with zeros at the end.
                if (json.ValueTextEquals("input_tokens"u8))
                {
                    input = json.NextInt64() is > 0 and var count ? count : input;
                }
                else if (json.ValueTextEquals("output_tokens"u8))
                {
                    output = json.NextInt64() ?? output;
                }
                else if (json.ValueTextEquals("cache_read_input_tokens"u8))
                {
                    read = json.NextInt64() is > 0 and var count ? count : read;
                }
                else if (json.ValueTextEquals("cache_creation_input_tokens"u8))
                {
                    write = json.NextInt64() is > 0 and var count ? count : write;
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
                InputTokens = input + read + write,
                OutputTokens = output,
                CachedReadTokens = read,
                CachedWriteTokens = write,
            };
    }
}
