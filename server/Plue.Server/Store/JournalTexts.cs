namespace Plue.Server.Store;

/// <summary>
/// Distinguishes message text in the bytes of a journal from member names, ids, times and numbers. It inspects only the bytes around a position,
/// because parsing every line as JSON takes ten times as long. If these are ambiguous, the position counts as text.
/// </summary>
internal static class JournalTexts
{
    /// <summary>True if a text may contain the term.</summary>
    /// <param name="json">Any number of complete lines.</param>
    public static bool MayContain(ReadOnlySpan<byte> json, EscapedTerm term)
    {
        for (var at = term.IndexOfIn(json, 0); at >= 0; at = term.IndexOfIn(json, at))
        {
            if (EndOfOther(json, at) is not { } end)
            {
                return true;
            }

            at = end;
        }

        return false;
    }

    /// <summary>Returns the end of the non-text around <paramref name="at"/>; null if the position may be in a text.</summary>
    private static int? EndOfOther(ReadOnlySpan<byte> json, int at)
    {
        var quote = LastQuote(json[..at]);
        if (quote < 0)
        {
            return null;
        }

        // A single word between two quotes is never the separator of two strings, so the first quote begins a string.
        if (quote >= 2 && json[quote - 1] == ':' && WordBefore(json, quote - 2) is { IsEmpty: false } member)
        {
            return IsSearched(member) ? null : NextQuote(json, at);
        }

        var isBehindName = json[quote + 1] == ':' && !WordBefore(json, quote).IsEmpty;
        if (isBehindName)
        {
            return NextQuote(json, at);
        }

        var end = quote + 1;
        while (end < json.Length && IsWordByte(json[end]))
        {
            end++;
        }

        return end > at && end + 1 < json.Length && json[end] == '"' && json[end + 1] == ':' ? end : null;
    }

    /// <summary>Finds the last quote that is not escaped; -1 if there is none.</summary>
    private static int LastQuote(ReadOnlySpan<byte> json)
    {
        var quote = json.LastIndexOf((byte)'"');
        while (quote > 0 && IsEscaped(json, quote))
        {
            quote = json[..quote].LastIndexOf((byte)'"');
        }

        return quote;
    }

    private static int NextQuote(ReadOnlySpan<byte> json, int at)
    {
        do
        {
            var next = json[(at + 1)..].IndexOf((byte)'"');
            if (next < 0)
            {
                return json.Length;
            }

            at += 1 + next;
        } while (IsEscaped(json, at));
        return at;
    }

    private static bool IsEscaped(ReadOnlySpan<byte> json, int at)
    {
        var first = at;
        while (first > 0 && json[first - 1] == '\\')
        {
            first--;
        }

        return (at - first) % 2 == 1;
    }

    /// <summary>Gets the word before this quote if it begins with a quote; otherwise empty.</summary>
    private static ReadOnlySpan<byte> WordBefore(ReadOnlySpan<byte> json, int quote)
    {
        if (json[quote] != '"')
        {
            return [];
        }

        var begin = quote;
        while (begin > 0 && IsWordByte(json[begin - 1]))
        {
            begin--;
        }

        return begin > 0 && json[begin - 1] == '"' && !IsEscaped(json, begin - 1) ? json[begin..quote] : [];
    }

    private static bool IsWordByte(byte one) => char.IsAsciiLetterOrDigit((char)one) || one == '_';

    /// <summary>True for members that <see cref="SearchQuery"/> searches.</summary>
    private static bool IsSearched(ReadOnlySpan<byte> member) =>
        member.SequenceEqual("content"u8)
        || member.SequenceEqual("path"u8)
        || member.SequenceEqual("parameters"u8)
        || member.SequenceEqual("result"u8)
        || member.SequenceEqual("error"u8)
        || member.SequenceEqual("tool_name"u8);
}
