using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Bedrock;

/// <summary>Parses the events of <c>converse-stream</c>. The response ends with the usage, which follows the stop event, or with the body.</summary>
internal sealed class ConverseParser(ProviderFailures failures, ProviderRequest request) : WireParser(failures, request)
{
    private readonly Dictionary<long, Block> blocks = [];
    private string? stopReason;

    public override void Read(ReadOnlySpan<byte> payload)
    {
        var frame = BedrockFrame.Of(payload);
        if (frame.Problem is not null)
        {
            Fail(frame.FailureBy(Failures));
            return;
        }

        switch (frame.EventType)
        {
            case "messageStart":
                Emit(new ProviderEvent.Accepted(Request.Model, null));
                break;
            case "contentBlockStart":
                StartBlock(Content.Of(frame.Payload));
                break;
            case "contentBlockDelta":
                Continue(Content.Of(frame.Payload));
                break;
            case "contentBlockStop":
                StopBlock(Content.Of(frame.Payload).Index);
                break;
            case "messageStop":
                // A stop event without a reason ends the response, too.
                stopReason = Content.Of(frame.Payload).StopReason ?? "";
                break;
            case "metadata":
                ReadUsage(frame.Payload);
                TryEnd();
                break;
        }
    }

    public override bool TryEnd()
    {
        if (IsOver)
        {
            return true;
        }
        if (stopReason is null)
        {
            return false;
        }
        foreach (var index in blocks.Keys.ToArray())
        {
            StopBlock(index);
        }
        if (!HasBrokenCall && stopReason is "malformed_tool_use")
        {
            Fail(Failures.StoppedEarly("it called a tool in a form that cannot be read"));
        }
        else if (!HasBrokenCall && stopReason is "malformed_model_output")
        {
            Fail(Failures.StoppedEarly("it wrote something that cannot be read"));
        }
        // Some models report the end of the turn for a response with calls.
        else
        {
            FinishWithCalls(
                stopReason is "guardrail_intervened" or "content_filtered"
                    ? StopReason.Refusal
                    : AnthropicParser.ReasonOf(stopReason, DefaultReason)
            );
        }
        return true;
    }

    private void StartBlock(Content content)
    {
        if (content.ToolName is not { Length: > 0 } name)
        {
            return;
        }
        blocks[content.Index] = new Block(Start(content.ToolUseId, name));
    }

    private void Continue(Content content)
    {
        if (content.Text is { } text)
        {
            Text(text);
            return;
        }

        if (content.ToolInput is { Length: > 0 } fragment && blocks.TryGetValue(content.Index, out var called) && called.Call is { } call)
        {
            Append(call, fragment);
        }

        if (!content.IsReasoning)
        {
            return;
        }
        if (!blocks.TryGetValue(content.Index, out var block))
        {
            blocks[content.Index] = block = new Block(null);
        }
        Reasoning(content.Reasoning);
        // Both may arrive in fragments. Fragments of base64 are joined as bytes, because each is padded.
        block.Signature += content.Signature;
        if (content.Redacted is { Length: > 0 } redacted)
        {
            block.Redacted.AddRange(redacted);
        }
    }

    private void StopBlock(long index)
    {
        if (!blocks.Remove(index, out var block))
        {
            return;
        }
        if (block.Call is not { } call)
        {
            EndReasoning(
                string.IsNullOrEmpty(block.Signature) ? null : block.Signature,
                block.Redacted.Count == 0 ? null : Convert.ToBase64String([.. block.Redacted])
            );
            return;
        }

        Finish(call);
    }

    /// <summary>Bedrock counts cached tokens separately from the input; Plue includes them.</summary>
    private void ReadUsage(ReadOnlySpan<byte> payload)
    {
        long input = 0,
            output = 0,
            read = 0,
            write = 0;
        var isKnown = false;
        var json = JsonText.ReadObject(payload);
        while (json.NextProperty())
        {
            if (!json.ValueTextEquals("usage"u8))
            {
                json.Skip();
                continue;
            }

            if (!json.NextIsObject())
            {
                continue;
            }
            isKnown = true;
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("inputTokens"u8))
                {
                    input = json.NextInt64() ?? 0;
                }
                else if (json.ValueTextEquals("outputTokens"u8))
                {
                    output = json.NextInt64() ?? 0;
                }
                else if (json.ValueTextEquals("cacheReadInputTokens"u8))
                {
                    read = json.NextInt64() ?? 0;
                }
                else if (json.ValueTextEquals("cacheWriteInputTokens"u8))
                {
                    write = json.NextInt64() ?? 0;
                }
                else
                {
                    json.Skip();
                }
            }
        }

        if (isKnown)
        {
            Emit(
                new ProviderEvent.UsageReported(
                    new Usage
                    {
                        InputTokens = input + read + write,
                        OutputTokens = output,
                        CachedReadTokens = read,
                        CachedWriteTokens = write,
                    }
                )
            );
        }
    }

    private sealed class Block(ToolCall? call)
    {
        public ToolCall? Call => call;
        public string? Signature { get; set; }
        public List<byte> Redacted { get; } = [];
    }

    /// <summary>The fields of all block and stop events; each event has some of them.</summary>
    private struct Content
    {
        public long Index;
        public string? StopReason,
            ToolUseId,
            ToolName,
            ToolInput,
            Text,
            Reasoning,
            Signature;
        public byte[]? Redacted;
        public bool IsReasoning;

        public static Content Of(ReadOnlySpan<byte> payload)
        {
            var content = default(Content);
            var json = JsonText.ReadObject(payload);
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("contentBlockIndex"u8))
                {
                    content.Index = json.NextInt64() ?? 0;
                }
                else if (json.ValueTextEquals("stopReason"u8))
                {
                    content.StopReason = json.NextString();
                }
                else if (json.ValueTextEquals("start"u8) || json.ValueTextEquals("delta"u8))
                {
                    content.ReadPart(ref json);
                }
                else
                {
                    json.Skip();
                }
            }

            return content;
        }

        private void ReadPart(ref Utf8JsonReader json)
        {
            if (!json.NextIsObject())
            {
                return;
            }
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("text"u8))
                {
                    Text = json.NextString();
                }
                else if (json.ValueTextEquals("toolUse"u8))
                {
                    ReadTool(ref json);
                }
                else if (json.ValueTextEquals("reasoningContent"u8))
                {
                    ReadReasoning(ref json);
                }
                else
                {
                    json.Skip();
                }
            }
        }

        private void ReadTool(ref Utf8JsonReader json)
        {
            if (!json.NextIsObject())
            {
                return;
            }
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("toolUseId"u8))
                {
                    ToolUseId = json.NextString();
                }
                else if (json.ValueTextEquals("name"u8))
                {
                    ToolName = json.NextString();
                }
                else if (json.ValueTextEquals("input"u8))
                {
                    ToolInput = json.NextString();
                }
                else
                {
                    json.Skip();
                }
            }
        }

        private void ReadReasoning(ref Utf8JsonReader json)
        {
            if (!json.NextIsObject())
            {
                return;
            }
            IsReasoning = true;
            while (json.NextProperty())
            {
                if (json.ValueTextEquals("text"u8))
                {
                    Reasoning = json.NextString();
                }
                else if (json.ValueTextEquals("signature"u8))
                {
                    Signature = json.NextString();
                }
                else if (json.ValueTextEquals("redactedContent"u8))
                {
                    Redacted = NextBytes(ref json);
                }
                else
                {
                    json.Skip();
                }
            }
        }

        private static byte[]? NextBytes(ref Utf8JsonReader json)
        {
            json.Read();
            if (json.TokenType != JsonTokenType.String)
            {
                json.Skip();
                return null;
            }

            return json.TryGetBytesFromBase64(out var bytes) ? bytes : throw new JsonException("Redacted content is base64.");
        }
    }
}
