using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>
/// Compacts a chat by summarizing everything before the last question. Instructions are sent anyway; the last question, what follows it, and open todos stay
/// verbatim. The messages stay in the chat.
/// </summary>
/// <param name="window">The context window of the summarizing model, in tokens; null if unknown.</param>
internal sealed partial class Compactor(ISideModel model, long? window, TimeProvider time)
{
    private const long MaxSummaryTokens = 4096;
    private const long WindowWhenUnknown = 32_768;
    private const int MaxResultLength = 2000;
    private static readonly TimeSpan SummaryTimeout = TimeSpan.FromMinutes(3);

    /// <exception cref="FailureException">Conflict: there is nothing to summarize.</exception>
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

    /// <summary>True if messages before the last question are not summarized yet.</summary>
    public static bool HasWork(IReadOnlyList<Message> path) => Covered(path).Any(message => message.Compaction is null);

    /// <summary>True if a summary would free tokens: the replaced messages are longer than the maximum summary.</summary>
    /// <param name="window">In tokens.</param>
    public static bool IsWorthwhile(IReadOnlyList<Message> path, long window) =>
        HasWork(path) && Covered(path).Sum(TokenEstimate.Of) > LongestOf(window);

    /// <returns>The summary, not stored yet; it follows the last message of <paramref name="path"/>.</returns>
    /// <param name="instructions">The summary prompt.</param>
    /// <exception cref="FailureException">
    /// Conflict: there is nothing to summarize, or the summary would not be shorter. Otherwise the failure of the model.
    /// </exception>
    public async Task<Message> SummariseAsync(
        string codexId,
        IReadOnlyList<Message> path,
        ModelChoice choice,
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
        foreach (var piece in Pieces(covered, PieceLimit))
        {
            var text = answer is null ? piece : $"{SentHistory.Heading}\n\n{answer.Text}\n\nWhat followed:\n\n{piece}";
            answer = await model.AskAsync(
                new SideRequest(codexId, "summary", choice, instructions, text, (int)MaxSummary),
                SummaryTimeout,
                cancellationToken
            );
            usage = Sum(usage, answer.Usage);
            cost = Sum(cost, answer.Cost);
        }

        var now = time.GetUtcNow();
        var content = answer!.Text + OpenTodos(path);
        var summary = new Message
        {
            Id = Ids.New("msg"),
            CodexId = codexId,
            ParentId = path[^1].Id,
            Role = MessageRole.System,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [new MessagePart.Text(content)],
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

    /// <summary>Gets the messages that a summary replaces: the last summary and everything after it, up to the last question.</summary>
    private static IReadOnlyList<Message> Covered(IReadOnlyList<Message> path)
    {
        var from = Math.Max(0, path.ToList().FindLastIndex(message => message.Compaction is not null));
        var to = SentHistory.KeptFrom(path, path.Count);
        // The question that the earlier summary kept verbatim is not part of that summary.
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

    /// <summary>Gets the maximum length of a summary in tokens, far below what it replaces.</summary>
    private long MaxSummary => LongestOf(Window);

    private static long LongestOf(long window) => Math.Min(MaxSummaryTokens, window / 4);

    /// <summary>Gets the maximum length in tokens of the text to summarize at once.</summary>
    private long PieceLimit => Math.Max(1024, (Window - MaxSummary) * 6 / 10);

    private long Window => window ?? WindowWhenUnknown;

    /// <summary>Splits the conversation into pieces of limited tokens, between messages if possible.</summary>
    private static IEnumerable<string> Pieces(IReadOnlyList<Message> messages, long limit)
    {
        var piece = new StringBuilder();
        long tokens = 0;
        foreach (var text in messages.Select(TextOf).SelectMany(text => Split(text, limit)))
        {
            var more = TokenEstimate.Of(text);
            if (tokens > 0 && tokens + more > limit)
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

    private static IEnumerable<string> Split(string text, long limit)
    {
        var most = (int)Math.Min(int.MaxValue, limit * 3 / 2);
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
                    MessagePart.Text { Content: var content } => content,
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

    /// <summary>Gets the open todos verbatim, because a summary may lose some.</summary>
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
