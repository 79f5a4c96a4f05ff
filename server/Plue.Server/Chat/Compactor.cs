using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>
/// Makes room in the model's window: has everything before the last question summarised. The instructions are sent anyway, the last question and
/// what followed stay word for word, and so do todos that are still open. The messages themselves stay in the chat.
/// </summary>
/// <param name="window">Tokens of the context window of the model that summarizes; null when not known.</param>
internal sealed partial class Compactor(ISideModel model, long? window, TimeProvider time)
{
    private const long MaxSummaryTokens = 4096;
    private const long WindowWhenUnknown = 32_768;
    private const int MaxResultLength = 2000;
    private static readonly TimeSpan SummaryTimeout = TimeSpan.FromMinutes(3);

    /// <exception cref="FailureException">Conflict: nothing to summarise.</exception>
    public static void RequireWork(IReadOnlyList<Message> path)
    {
        if (!HasWork(path))
        {
            throw new FailureException(
                FailureKind.Conflict,
                "There is nothing to summarize yet: only messages before the last question are summarized."
            );
        }
    }

    /// <summary>Whether there is anything before the last question that is not summarised yet.</summary>
    public static bool HasWork(IReadOnlyList<Message> path) => Covered(path).Any(message => message.Compaction is null);

    /// <summary>Whether a summary would free tokens: the messages that it replaces are longer than a summary may be.</summary>
    /// <param name="window">Tokens.</param>
    public static bool IsWorthwhile(IReadOnlyList<Message> path, long window) =>
        HasWork(path) && Covered(path).Sum(TokenEstimate.Of) > LongestOf(window);

    /// <returns>The summary, not stored yet; it follows the last message of <paramref name="path"/>.</returns>
    /// <param name="instructions">How to summarise: the prompt.</param>
    /// <exception cref="FailureException">Conflict: nothing to summarise, or the summary would save nothing. Else why the model did not answer.</exception>
    public async Task<Message> SummariseAsync(
        string codexId,
        IReadOnlyList<Message> path,
        ModelChoice who,
        string instructions,
        CancellationToken cancellationToken
    )
    {
        RequireWork(path);

        var before = SentHistory.Of(path).Sum(TokenEstimate.Of);
        var covered = SentHistory.WithoutRefused(Covered(path));
        SideAnswer? answer = null;
        var usage = new Usage();
        Cost? cost = null;
        foreach (var piece in Pieces(covered, Room))
        {
            var text = answer is null ? piece : $"{SentHistory.Heading}\n\n{answer.Text}\n\nWhat followed:\n\n{piece}";
            answer = await model.AskAsync(
                new SideRequest(codexId, "summary", who, instructions, text, (int)MaxSummary),
                SummaryTimeout,
                cancellationToken
            );
            usage = Sum(usage, answer.Usage);
            cost = Sum(cost, answer.Cost);
        }

        var now = time.GetUtcNow();
        var said = answer!.Text + OpenTodos(path);
        var summary = new Message
        {
            Id = Ids.New("msg"),
            CodexId = codexId,
            ParentId = path[^1].Id,
            Role = MessageRole.System,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [new MessagePart.Text(said)],
            Usage = usage,
            Cost = cost,
            ProviderInfo = answer.ProviderInfo,
            Compaction = new Compaction(covered.Count(message => message.Compaction is null), before, 0),
        };
        var after = SentHistory.Of([.. path, summary]).Sum(TokenEstimate.Of);
        return after < before
            ? summary with
            {
                Compaction = summary.Compaction with { TokensAfter = after },
            }
            : throw new FailureException(
                FailureKind.Conflict,
                "A summary would not be shorter than the messages, so the chat was not changed."
            );
    }

    /// <summary>What a summary would stand for: from the last one on, everything before the last question.</summary>
    private static IReadOnlyList<Message> Covered(IReadOnlyList<Message> path)
    {
        var from = Math.Max(0, path.ToList().FindLastIndex(message => message.Compaction is not null));
        var to = SentHistory.KeptFrom(path, path.Count);
        // Of what an earlier summary kept word for word, the question before it is not in it yet.
        if (path.Count > 0 && path[from].Compaction is not null)
        {
            return
            [
                path[from],
                .. path.Skip(SentHistory.KeptFrom(path, from))
                    .Take(to - SentHistory.KeptFrom(path, from))
                    .Where(message => message.Compaction is null),
            ];
        }
        return [.. path.Take(to)];
    }

    /// <summary>Tokens of a summary: what it replaces should be far longer.</summary>
    private long MaxSummary => LongestOf(Window);

    private static long LongestOf(long window) => Math.Min(MaxSummaryTokens, window / 4);

    /// <summary>Tokens of the text to be summarised at once.</summary>
    private long Room => Math.Max(1024, (Window - MaxSummary) * 6 / 10);

    private long Window => window ?? WindowWhenUnknown;

    /// <summary>The conversation as text, in pieces of at most so many tokens, cut between messages where that can be.</summary>
    private static IEnumerable<string> Pieces(IReadOnlyList<Message> messages, long room)
    {
        var piece = new StringBuilder();
        long tokens = 0;
        foreach (var text in messages.Select(TextOf).SelectMany(text => Split(text, room)))
        {
            var more = TokenEstimate.Of(text);
            if (tokens > 0 && tokens + more > room)
            {
                yield return piece.ToString();
                piece.Clear();
                tokens = 0;
            }

            piece.Append(text).Append("\n\n");
            tokens += more;
        }

        if (tokens > 0)
        {
            yield return piece.ToString();
        }
    }

    private static IEnumerable<string> Split(string text, long room)
    {
        var most = (int)Math.Min(int.MaxValue, room * 3 / 2);
        for (var at = 0; at < text.Length; )
        {
            var length = Math.Min(most, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]))
            {
                length--;
            }

            yield return text.Substring(at, length);
            at += length;
        }
    }

    private static string TextOf(Message message)
    {
        if (message.Compaction is not null)
        {
            return SentHistory.TextOf(message);
        }

        var text = new StringBuilder(message.Role == MessageRole.User ? "# The user\n" : "# The assistant\n");
        foreach (var part in message.Parts)
        {
            text.AppendLine(
                part switch
                {
                    MessagePart.Text said => said.Content,
                    MessagePart.File { Skill: { } skill } => $"[skill {skill.Title}]",
                    MessagePart.File file => $"[file {file.Path}]\n{Beginning(file.Content)}",
                    MessagePart.ToolUse use => $"[called {use.ToolName} with {Beginning(use.Parameters)}]",
                    MessagePart.ToolResult result => $"[result: {Beginning(result.Error ?? result.Result)}]",
                    _ => "",
                }
            );
        }

        return text.ToString();
    }

    private static string Beginning(string? text) =>
        text is null ? ""
        : text.Length <= MaxResultLength ? text
        : $"{text[..MaxResultLength]}…";

    /// <summary>Word for word, because a summary may lose one.</summary>
    private static string OpenTodos(IReadOnlyList<Message> path)
    {
        var open = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match todo in SentHistory.WithoutRefused(path).SelectMany(message => Todo().Matches(message.Text)))
        {
            var what = todo.Groups["what"].Value.Trim();
            if (todo.Groups["done"].Value == " ")
            {
                open[what] = $"- [ ] {what}";
            }
            else
            {
                open.Remove(what);
            }
        }

        return open.Count == 0 ? "" : $"\n\nOpen todos, word for word:\n{string.Join('\n', open.Values)}";
    }

    private static Usage Sum(Usage sum, Usage? more) =>
        more is null
            ? sum
            : new Usage
            {
                InputTokens = sum.InputTokens + more.InputTokens,
                OutputTokens = sum.OutputTokens + more.OutputTokens,
                CachedReadTokens = sum.CachedReadTokens + more.CachedReadTokens,
                CachedWriteTokens = sum.CachedWriteTokens + more.CachedWriteTokens,
                ReasoningTokens = sum.ReasoningTokens + more.ReasoningTokens,
            };

    private static Cost? Sum(Cost? sum, Cost? more) =>
        sum is null ? more
        : more is null ? sum
        : more with
        {
            InputCost = sum.InputCost + more.InputCost,
            OutputCost = sum.OutputCost + more.OutputCost,
            CachedCost = sum.CachedCost + more.CachedCost,
            TotalCost = sum.TotalCost + more.TotalCost,
        };

    [GeneratedRegex(@"^[ \t]*[-*+] \[(?<done>[ xX])\] (?<what>.+)$", RegexOptions.Multiline)]
    private static partial Regex Todo();
}
