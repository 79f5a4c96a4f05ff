using System.Text;
using Plue.Server.Json5;

namespace Plue.Server.Language;

/// <summary>
/// Normalizes white space between the tokens of a JSON5 text: two spaces per level, one after a colon or comma, none at line ends, and at most one empty
/// line. Line breaks are kept, and every value, key and comment stays unchanged, byte for byte.
/// </summary>
internal static class Formatter
{
    /// <returns>The edits in order; empty for a text with errors.</returns>
    public static IReadOnlyList<(TextSpan At, string Text)> Format(OpenDocument document)
    {
        if (!document.Location.IsJson5 || document.IsTooLarge || !document.Json5.IsValid || document.Json5.Root is null)
        {
            return [];
        }
        // Rare line separators, which end a comment.
        if (document.Text.AsSpan().ContainsAny('\u2028', '\u2029'))
        {
            return [];
        }

        var text = document.Text;
        var newLine = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var edits = new List<(TextSpan, string)>();
        // For each open bracket, the level of its content: one more than that of the bracket's line, so that brackets on one line add only one level.
        var open = new Stack<int>();
        var (lineLevel, end, before) = (0, 0, '\0');
        foreach (var token in Tokens(text, document.Json5))
        {
            var gap = text[end..token.Start];
            var breaks = Breaks(gap);
            var mark = token.IsComment ? '\0' : text[token.Start];
            var level = open.Count == 0 ? 0 : open.Peek();
            if (mark is '}' or ']' && open.Count > 0)
            {
                level = open.Pop() - 1;
            }
            if (breaks > 0 || end == 0)
            {
                lineLevel = level;
            }
            var requested =
                breaks > 0 ? string.Concat(Enumerable.Repeat(newLine, end == 0 ? 0 : Math.Min(breaks, 2))) + new string(' ', 2 * level)
                : end == 0 ? ""
                : Between(before, mark, gap, token.IsComment);
            if (requested != gap)
            {
                edits.Add((new TextSpan(end, token.Start), requested));
            }
            if (mark is '{' or '[')
            {
                open.Push(lineLevel + 1);
            }
            (end, before) = (token.End, token.IsComment ? '\0' : text[token.End - 1]);
        }

        if (text[end..] != newLine)
        {
            edits.Add((new TextSpan(end, text.Length), newLine));
        }
        return edits;
    }

    public static string Applied(string text, IReadOnlyList<(TextSpan At, string Text)> edits)
    {
        var output = new StringBuilder();
        var from = 0;
        foreach (var (at, replacement) in edits)
        {
            output.Append(text, from, at.Start - from).Append(replacement);
            from = at.End;
        }

        return output.Append(text, from, text.Length - from).ToString();
    }

    private static string Between(char before, char mark, string gap, bool isComment) =>
        (before, mark) switch
        {
            // Trailing comments are often aligned.
            _ when isComment => gap.Length == 0 ? " " : gap,
            (_, ',' or ':') => "",
            (':' or ',', '}' or ']') => gap.Length == 0 ? "" : " ",
            (':' or ',', _) => " ",
            _ => gap.Length == 0 ? "" : " ",
        };

    private static int Breaks(string gap)
    {
        var count = 0;
        for (var i = 0; i < gap.Length; i++)
        {
            if (gap[i] == '\n' || (gap[i] == '\r' && (i + 1 == gap.Length || gap[i + 1] != '\n')))
            {
                count++;
            }
        }

        return count;
    }

    private readonly record struct Token(int Start, int End, bool IsComment);

    /// <summary>Gets keys, values, punctuation and comments in order. Uses the parsed spans instead of guessing where tokens end.</summary>
    private static List<Token> Tokens(string text, Json5Document document)
    {
        var tokens = document.Comments.Select(comment => new Token(comment.Span.Start, comment.Span.End, true)).ToList();
        Collect(document.Root!);
        tokens.Sort((a, b) => a.Start.CompareTo(b.Start));
        return WithSeparators(text, tokens);

        void Collect(Json5Node node)
        {
            if (node is not (Json5Object or Json5Array))
            {
                tokens.Add(new Token(node.Span.Start, node.Span.End, false));
                return;
            }

            tokens.Add(new Token(node.Span.Start, node.Span.Start + 1, false));
            tokens.Add(new Token(node.Span.End - 1, node.Span.End, false));
            foreach (var member in (node as Json5Object)?.Members ?? [])
            {
                tokens.Add(new Token(member.NameSpan.Start, member.NameSpan.End, false));
                Collect(member.Value);
            }

            foreach (var item in (node as Json5Array)?.Items ?? [])
            {
                Collect(item);
            }
        }
    }

    private static List<Token> WithSeparators(string text, List<Token> tokens)
    {
        var all = new List<Token>(tokens.Count * 2);
        var end = 0;
        foreach (var token in tokens)
        {
            Separators(end, token.Start);
            all.Add(token);
            end = token.End;
        }

        Separators(end, text.Length);
        return all;

        void Separators(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                if (text[i] is ',' or ':')
                {
                    all.Add(new Token(i, i + 1, false));
                }
            }
        }
    }
}
