using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Anthropic;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// Turns the lines of one answer into events. Streamed text counts only once the CLI repeats it as an <c>assistant</c> line: until
/// then a retry may take it back, and <see cref="ProviderEvent.Restarted"/> says so. After that event everything that was confirmed
/// is sent again, so that views can clear the response.
/// </summary>
internal sealed class ClaudeCodeTurn(ClaudeCodeFailures failures, decimal costBefore)
{
    private readonly List<ProviderEvent> confirmed = [];
    private readonly List<OpenBlock> open = [];
    private readonly StringBuilder answer = new();
    private string? messageId;
    private Usage finishedMessages = new();
    private Usage message = new();
    private readonly Dictionary<string, Usage> nestedMessages = new(StringComparer.Ordinal); // of sub-agents
    private string? errorClass;
    private string errorText = "";
    private DateTimeOffset? limitResetsAt;
    private decimal? totalCost;

    public bool HasEnded { get; private set; }

    /// <summary>True if the response has ended for Plue and the CLI still works on it.</summary>
    public bool NeedsInterrupt { get; private set; }

    /// <summary>True after the first content of the response.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Gets the text of the response that was published.</summary>
    public string Answer => answer.ToString();

    /// <summary>Gets the number of model requests.</summary>
    public int Rounds { get; private set; }

    /// <summary>Gets the usage of the response so far.</summary>
    public Usage Used => nestedMessages.Values.Aggregate(Sum(finishedMessages, message), Sum);

    /// <summary>Gets the total cost of the process in USD.</summary>
    public decimal TotalCost => totalCost ?? costBefore;

    public void Accept(ClaudeCodeLine line, List<ProviderEvent> events)
    {
        switch (line)
        {
            case ClaudeCodeLine.TextDelta delta:
                Find(delta.Index, "text").Content.Append(delta.Text);
                EmitText(delta.Text, events);
                break;
            case ClaudeCodeLine.ThinkingDelta delta:
                Find(delta.Index, "thinking").Content.Append(delta.Text);
                events.Add(new ProviderEvent.ReasoningDelta(delta.Text));
                break;
            case ClaudeCodeLine.InputDelta delta when Find(delta.Index, "tool_use").ToolUseId is { } id:
                events.Add(new ProviderEvent.ToolCallDelta(id, delta.Json));
                break;
            case ClaudeCodeLine.MessageStarted started:
                Begin(started, events);
                break;
            case ClaudeCodeLine.BlockStarted block:
                open.Add(new OpenBlock(block.Index, block.Kind, block.ToolUseId));
                if (block is { Kind: "tool_use", ToolUseId: { } toolUseId })
                {
                    events.Add(new ProviderEvent.ToolCallStarted(toolUseId, ClaudeCodeServer.Plain(block.ToolName ?? "")));
                }

                break;
            case ClaudeCodeLine.MessageEnding ending:
                message = Latest(message, ending.Usage);
                events.Add(new ProviderEvent.UsageReported(Used));
                break;
            case ClaudeCodeLine.Assistant { Error: { } error } assistant:
                errorClass = error;
                errorText = string.Concat(assistant.Blocks.OfType<ClaudeCodeLine.Block.Text>().Select(block => block.Content));
                break;
            case ClaudeCodeLine.Assistant assistant:
                HasBegun = true;
                foreach (var block in assistant.Blocks)
                {
                    Confirm(assistant.Id, block, events);
                }

                break;
            case ClaudeCodeLine.Nested { MessageId: { } id } nested:
                nestedMessages[id] = nested.Usage;
                events.Add(new ProviderEvent.UsageReported(Used));
                break;
            case ClaudeCodeLine.ToolResults results:
                foreach (var result in results.Results)
                {
                    Keep(
                        new ProviderEvent.ToolResultReceived(
                            result.ToolUseId,
                            result.IsError ? null : result.Content,
                            result.IsError ? result.Content : null
                        ),
                        events
                    );
                }

                break;
            case ClaudeCodeLine.RateLimit limit:
                limitResetsAt = limit.ResetsAt;
                if (limit.Windows.Count > 0)
                {
                    events.Add(new ProviderEvent.WindowsReported(limit.Windows));
                }
                break;
            case ClaudeCodeLine.Retry retry:
                AcceptRetry(retry, events);
                break;
            case ClaudeCodeLine.Result result:
                End(result, events);
                break;
        }
    }

    /// <summary>Ends the response before the CLI does.</summary>
    public void Break(Failure failure, List<ProviderEvent> events)
    {
        NeedsInterrupt = true;
        Fail(failure, events);
    }

    /// <summary>Ends the response with a failure that no line reported.</summary>
    public void Fail(Failure failure, List<ProviderEvent> events)
    {
        if (HasEnded)
        {
            return;
        }

        HasEnded = true;
        events.Add(new ProviderEvent.Failed(failure));
    }

    private void Begin(ClaudeCodeLine.MessageStarted started, List<ProviderEvent> events)
    {
        if (HasUnconfirmed)
        {
            Restart(1, TimeSpan.Zero, "The stream was cut.", events);
        }
        if (!HasBegun)
        {
            events.Add(new ProviderEvent.Accepted(started.Model, started.Id));
        }

        HasBegun = true;
        Rounds++;
        messageId = started.Id;
        open.Clear();
        finishedMessages = Sum(finishedMessages, message);
        message = started.Usage;
        events.Add(new ProviderEvent.UsageReported(Used));
    }

    private void Confirm(string id, ClaudeCodeLine.Block block, List<ProviderEvent> events)
    {
        var kind = KindOf(block);
        var streamed = id == messageId ? open.Find(candidate => !candidate.IsConfirmed && candidate.Kind == kind) : null;
        if (streamed is null || !IsSame(streamed, block))
        {
            if (HasUnconfirmed)
            {
                Restart(1, TimeSpan.Zero, "The stream was cut.", events);
            }

            streamed = null;
        }

        var wasStreamed = streamed is not null;
        if (streamed is not null)
        {
            streamed.IsConfirmed = true;
        }

        switch (block)
        {
            case ClaudeCodeLine.Block.Text text:
                confirmed.Add(new ProviderEvent.TextDelta(wasStreamed ? streamed!.Content.ToString() : text.Content));
                if (!wasStreamed)
                {
                    EmitText(text.Content, events);
                }

                break;
            case ClaudeCodeLine.Block.Thinking thinking:
                confirmed.Add(new ProviderEvent.ReasoningDelta(thinking.Content));
                if (!wasStreamed)
                {
                    events.Add(new ProviderEvent.ReasoningDelta(thinking.Content));
                }

                Keep(new ProviderEvent.ReasoningFinished(thinking.Signature), events);
                break;
            case ClaudeCodeLine.Block.Redacted redacted:
                Keep(new ProviderEvent.ReasoningFinished(null, redacted.Data), events);
                break;
            case ClaudeCodeLine.Block.ToolUse tool:
                var name = ClaudeCodeServer.Plain(tool.Name);
                confirmed.Add(new ProviderEvent.ToolCallStarted(tool.Id, name));
                if (!wasStreamed)
                {
                    events.Add(new ProviderEvent.ToolCallStarted(tool.Id, name));
                }

                Keep(new ProviderEvent.ToolCallFinished(tool.Id, name, tool.Input), events);
                break;
        }
    }

    private void AcceptRetry(ClaudeCodeLine.Retry retry, List<ProviderEvent> events)
    {
        var why = ClaudeCodeFailures.Why(retry.Status, retry.Error);
        if (retry.Status is 401 or 403)
        {
            Break(failures.Authentication(), events);
        }
        else if (HasUnconfirmed)
        {
            Restart(retry.Attempt, retry.Delay, why, events);
        }
        else
        {
            events.Add(
                new ProviderEvent.Waiting($"Claude Code tries again in {Math.Max(1, Math.Round(retry.Delay.TotalSeconds)):0} s: {why}")
            );
        }
    }

    private void End(ClaudeCodeLine.Result result, List<ProviderEvent> events)
    {
        if (!result.IsError && HasUnconfirmed)
        {
            Restart(1, TimeSpan.Zero, "The stream was cut.", events);
        }
        if (!result.IsError && answer.Length == 0 && result.Text.Length > 0)
        {
            EmitText(result.Text, events);
        }

        totalCost = result.TotalCost;
        var usage = result.Usage.TotalTokens > 0 ? result.Usage : Used;
        if (usage.TotalTokens > 0 || TotalCost > costBefore)
        {
            events.Add(new ProviderEvent.UsageReported(usage, result.TotalCost is null ? null : Math.Max(0, TotalCost - costBefore)));
        }

        if (!result.IsError)
        {
            HasEnded = true;
            events.Add(new ProviderEvent.Finished(AnthropicParser.ReasonOf(result.StopReason, StopReason.EndTurn)));
        }
        else if (errorClass == "max_output_tokens")
        {
            HasEnded = true;
            events.Add(new ProviderEvent.Finished(StopReason.MaxTokens));
        }
        else
        {
            Fail(failures.Of(result, errorClass, errorText, limitResetsAt), events);
        }
    }

    private bool HasUnconfirmed => open.Exists(block => !block.IsConfirmed && (block.Content.Length > 0 || block.ToolUseId is not null));

    private void Restart(int attempt, TimeSpan delay, string why, List<ProviderEvent> events)
    {
        open.Clear();
        answer.Clear();
        events.Add(new ProviderEvent.Restarted(attempt, delay, why));
        foreach (var kept in confirmed)
        {
            if (kept is ProviderEvent.TextDelta text)
            {
                answer.Append(text.Text);
            }

            events.Add(kept);
        }
    }

    private void EmitText(string text, List<ProviderEvent> events)
    {
        answer.Append(text);
        events.Add(new ProviderEvent.TextDelta(text));
    }

    private void Keep(ProviderEvent happened, List<ProviderEvent> events)
    {
        confirmed.Add(happened);
        events.Add(happened);
    }

    private OpenBlock Find(int index, string kind)
    {
        if (open.Count > 0 && open[^1].Index == index)
        {
            return open[^1];
        }

        var block = open.Find(candidate => candidate.Index == index);
        if (block is null)
        {
            open.Add(block = new OpenBlock(index, kind, null));
        }

        return block;
    }

    private static bool IsSame(OpenBlock streamed, ClaudeCodeLine.Block block) =>
        block switch
        {
            ClaudeCodeLine.Block.Text text => streamed.Content.ToString().AsSpan().Trim().SequenceEqual(text.Content.AsSpan().Trim()),
            ClaudeCodeLine.Block.ToolUse tool => streamed.ToolUseId == tool.Id,
            _ => true,
        };

    private static string KindOf(ClaudeCodeLine.Block block) =>
        block switch
        {
            ClaudeCodeLine.Block.Text => "text",
            ClaudeCodeLine.Block.Thinking => "thinking",
            ClaudeCodeLine.Block.Redacted => "redacted_thinking",
            _ => "tool_use",
        };

    /// <summary>Merges two usage reports: the second one repeats some numbers of the first and omits others.</summary>
    private static Usage Latest(Usage first, Usage second) =>
        new()
        {
            InputTokens = Math.Max(first.InputTokens, second.InputTokens),
            OutputTokens = Math.Max(first.OutputTokens, second.OutputTokens),
            CachedReadTokens = Math.Max(first.CachedReadTokens, second.CachedReadTokens),
            CachedWriteTokens = Math.Max(first.CachedWriteTokens, second.CachedWriteTokens),
        };

    private static Usage Sum(Usage one, Usage other) =>
        new()
        {
            InputTokens = one.InputTokens + other.InputTokens,
            OutputTokens = one.OutputTokens + other.OutputTokens,
            CachedReadTokens = one.CachedReadTokens + other.CachedReadTokens,
            CachedWriteTokens = one.CachedWriteTokens + other.CachedWriteTokens,
        };

    private sealed class OpenBlock(int index, string kind, string? toolUseId)
    {
        public int Index { get; } = index;
        public string Kind { get; } = kind;
        public string? ToolUseId { get; } = toolUseId;
        public StringBuilder Content { get; } = new();
        public bool IsConfirmed { get; set; }
    }
}
