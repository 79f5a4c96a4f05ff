using System.Buffers;
using System.Text;

namespace Plue.Server.Vault;

/// <summary>The encodings of known secrets that are searched literally.</summary>
internal sealed class SecretVariants
{
    /// <summary>.NET searches for up to 80 strings at once several times as fast as for more.</summary>
    private const int MaxPerSearch = 80;

    private const string Base64Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_";
    private static readonly SearchValues<char> Base64 = SearchValues.Create(Base64Letters);

    private readonly SearchValues<string>[] searches;
    private readonly SearchValues<char> beginnings;
    private readonly Dictionary<char, Variant[]> longestFirst;
    private readonly HashSet<char> letters;

    public SecretVariants(IEnumerable<string> secrets)
    {
        // Unescaped text consists of UTF-8 bytes, one per character.
        var all = secrets
            .Concat(secrets.Select(secret => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(secret))).ToList())
            .SelectMany(VariantsOf)
            .GroupBy(form => form.Text)
            .Select(same => new Variant(same.Key, same.Any(form => form.DependsOnPrevious), same.Any(form => form.DependsOnNext)))
            .ToList();
        searches =
        [
            .. all.Select(form => form.Text).Chunk(MaxPerSearch).Select(texts => SearchValues.Create(texts, StringComparison.Ordinal)),
        ];
        beginnings = SearchValues.Create([.. all.Select(form => form.Text[0]).Distinct()]);
        longestFirst = all.GroupBy(form => form.Text[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(form => form.Text.Length).ToArray());
        MaxLength = all.Max(form => form.Text.Length);
        // Base64 is followed by letters of neighboring bytes and padding; text that is escaped twice contains escape characters.
        letters = [.. all.SelectMany(form => form.Text), .. Base64Letters, '=', '%', '\\'];
    }

    public int MaxLength { get; }

    /// <summary>True if a character can be part of a secret, or starts an escape.</summary>
    public bool Occurs(int codePoint)
    {
        if (codePoint <= byte.MaxValue && letters.Contains((char)codePoint))
        {
            return true;
        }
        if (!Rune.IsValid(codePoint))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[4];
        new Rune(codePoint).EncodeToUtf8(bytes);
        return letters.Contains((char)bytes[0]);
    }

    public void Find(string text, List<(int Start, int End)> ranges)
    {
        foreach (var search in searches)
        {
            Find(text, search, ranges);
        }
    }

    /// <returns>The first position from which the text may continue as one of the variants; its length if there is none.</returns>
    public int OpenIn(string text)
    {
        for (var open = Math.Max(0, text.Length - MaxLength - 2); open < text.Length; open++)
        {
            var next = text.AsSpan(open).IndexOfAny(beginnings);
            if (next < 0)
            {
                break;
            }

            open += next;
            var rest = text.AsSpan(open);
            foreach (var form in longestFirst[text[open]])
            {
                var mayContinue =
                    rest.Length < form.Text.Length
                        ? form.Text.AsSpan().StartsWith(rest, StringComparison.Ordinal)
                        // For base64, the following character is masked, too.
                        : form.DependsOnNext
                            && rest.Length <= form.Text.Length + 2
                            && rest.StartsWith(form.Text, StringComparison.Ordinal)
                            && IsOneGroup(rest[form.Text.Length..]);
                if (mayContinue)
                {
                    return form.DependsOnPrevious && open > 0 && Base64.Contains(text[open - 1]) ? open - 1 : open;
                }
            }
        }

        return text.Length;
    }

    private void Find(string text, SearchValues<string> search, List<(int Start, int End)> ranges)
    {
        var start = text.AsSpan().IndexOfAny(search);
        while (start >= 0)
        {
            // Matches may overlap, so the range grows while another one starts inside it.
            var (first, end) = (start, start + 1);
            for (var at = start; at < end; at++)
            {
                if (MatchAt(text, at) is not { } match)
                {
                    continue;
                }

                first = Math.Min(first, match.Start);
                end = Math.Max(end, match.End);
            }

            ranges.Add((first, end));
            var further = text.AsSpan(end).IndexOfAny(search);
            start = further < 0 ? -1 : end + further;
        }
    }

    private (int Start, int End)? MatchAt(string text, int at)
    {
        if (!longestFirst.TryGetValue(text[at], out var forms))
        {
            return null;
        }

        foreach (var form in forms)
        {
            if (!text.AsSpan(at).StartsWith(form.Text, StringComparison.Ordinal))
            {
                continue;
            }

            var (start, end) = (at, at + form.Text.Length);
            if (form.DependsOnPrevious && start > 0 && Base64.Contains(text[start - 1]))
            {
                start--;
            }
            if (form.DependsOnNext && end < text.Length && Base64.Contains(text[end]))
            {
                end++;
                for (var signs = 0; signs < 2 && end < text.Length && text[end] == '='; signs++)
                {
                    end++;
                }
            }

            return (start, end);
        }

        return null;
    }

    private static bool IsOneGroup(ReadOnlySpan<char> behind) =>
        behind.Length == 0 || (Base64.Contains(behind[0]) && (behind.Length == 1 || behind[1] == '='));

    private static IEnumerable<Variant> VariantsOf(string secret)
    {
        yield return new Variant(secret);
        yield return new Variant(Reversed(secret));
        if (secret.Contains(' '))
        {
            yield return new Variant(secret.Replace(' ', '+'));
        }

        var bytes = Encoding.UTF8.GetBytes(secret);
        yield return new Variant(Convert.ToHexStringLower(bytes));
        yield return new Variant(Convert.ToHexString(bytes));
        for (var offset = 0; offset < 3; offset++)
        {
            // The characters that depend only on the secret, in the base64 of any text that contains it. Each neighbor depends on it in part.
            var encoded = Convert.ToBase64String([.. new byte[offset], .. bytes]);
            var end = offset + bytes.Length;
            var form = new Variant(
                encoded[(((offset * 8) + 5) / 6)..(end * 8 / 6)],
                DependsOnPrevious: offset > 0,
                DependsOnNext: end % 3 > 0
            );
            yield return form;
            yield return form with
            {
                Text = form.Text.Replace('+', '-').Replace('/', '_'),
            };
        }
    }

    private static string Reversed(string text) =>
        string.Create(
            text.Length,
            text,
            static (span, source) =>
            {
                source.CopyTo(span);
                span.Reverse();
            }
        );

    /// <param name="DependsOnPrevious">True if the preceding character depends in part on the secret.</param>
    /// <param name="DependsOnNext">True if the following character does.</param>
    private readonly record struct Variant(string Text, bool DependsOnPrevious = false, bool DependsOnNext = false);
}
