using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// Parses a search query: all terms must match. Words are separated by white space; <c>"a phrase"</c> is one term, in which <c>""</c> is a
/// quote; an unclosed phrase extends to the end. Terms match case-insensitively and otherwise character by character:
/// ß is not ss, and é in one character is not e with a combining accent.
/// </summary>
internal static class SearchTerms
{
    /// <summary>The maximum length in UTF-16 units.</summary>
    public const int MaxTextLength = 1_000;

    /// <exception cref="FailureException">BadRequest: longer than <see cref="MaxTextLength"/>.</exception>
    public static IReadOnlyList<string> Parse(string text)
    {
        if (text.Length > MaxTextLength)
        {
            throw new FailureException(FailureKind.BadRequest, "The text to search for is longer than 1,000 characters. Shorten it.");
        }

        List<string> terms = [];
        var term = new StringBuilder();
        for (var at = 0; at < text.Length; )
        {
            term.Clear();
            if (text[at] == '"')
            {
                at = TakePhrase(text, at + 1, term);
            }
            else
            {
                for (; at < text.Length && text[at] != '"' && !char.IsWhiteSpace(text[at]); at++)
                {
                    term.Append(text[at]);
                }
            }

            if (term.Length > 0)
            {
                terms.Add(WithoutLoneSurrogates(term.ToString()));
            }
            while (at < text.Length && char.IsWhiteSpace(text[at]))
            {
                at++;
            }
        }

        return [.. terms.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <returns>The position after the phrase.</returns>
    private static int TakePhrase(string text, int at, StringBuilder phrase)
    {
        for (; at < text.Length; at++)
        {
            if (text[at] == '"' && text.ElementAtOrDefault(at + 1) != '"')
            {
                return at + 1;
            }
            if (text[at] == '"')
            {
                at++;
            }

            phrase.Append(text[at]);
        }

        return at;
    }

    /// <summary>Replaces lone surrogates by U+FFFD, as journals do.</summary>
    private static string WithoutLoneSurrogates(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
}
