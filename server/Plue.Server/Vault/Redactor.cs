using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// Masks known secrets, exactly, in logs, errors and exports: as they are, escaped for JSON, URL-encoded, and inside base64 at any alignment.
/// What was registered stays masked after the vault is locked, since a late log line may still hold it. Safe to use from any thread.
/// </summary>
public sealed class Redactor : ITextMask
{
    /// <summary>Shorter secrets would blank out ordinary words and are left alone.</summary>
    public const int MinimumLength = 4;

    private const string Masked = "***";
    private readonly Lock gate = new();
    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);
    /// <summary>Made when there is something to mask: most processes end before that.</summary>
    private volatile Index? index;
    private volatile bool isEmpty = true;

    public void Register(string secret)
    {
        if (secret.Length < MinimumLength) { return; }

        lock (gate)
        {
            if (secrets.Add(secret)) { (index, isEmpty) = (null, false); }
        }
    }

    /// <summary>The text itself when nothing in it is secret.</summary>
    public string Mask(string text)
    {
        var (known, any, _) = index ?? Build();
        var start = text.AsSpan().IndexOfAny(any);
        if (start < 0) { return text; }

        var masked = new StringBuilder(text.Length);
        var copied = 0;
        while (start >= 0)
        {
            // Matches may overlap, so the masked stretch grows while another one begins inside it.
            var end = start + LongestAt(text, start, known);
            for (var next = start + 1; next < end; next++) { end = Math.Max(end, next + LongestAt(text, next, known)); }

            masked.Append(text, copied, start - copied).Append(Masked);
            copied = end;
            var further = text.AsSpan(copied).IndexOfAny(any);
            start = further < 0 ? -1 : copied + further;
        }

        return masked.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Asked for each piece of an answer, so it takes no lock.</summary>
    public bool IsEmpty => isEmpty;

    public int Settled(string text)
    {
        var (known, _, beginnings) = index ?? Build();
        if (known.Length == 0) { return text.Length; }

        // The first place where what is there may go on as a secret.
        var open = Math.Max(0, text.Length - known[0].Length + 1);
        for (; open < text.Length; open++)
        {
            var next = text.AsSpan(open).IndexOfAny(beginnings);
            if (next < 0) { return Whole(text, text.Length, known); }

            open += next;
            var rest = text.AsSpan(open);
            if (HasLonger(rest, known)) { break; }
        }

        return Whole(text, Math.Min(open, text.Length), known);

        static bool HasLonger(ReadOnlySpan<char> beginning, string[] longestFirst)
        {
            foreach (var form in longestFirst)
            {
                if (form.Length <= beginning.Length) { return false; }
                if (form.AsSpan().StartsWith(beginning, StringComparison.Ordinal)) { return true; }
            }

            return false;
        }
    }

    /// <summary>A place at or before <paramref name="at"/> that no secret in the text lies across.</summary>
    private static int Whole(string text, int at, string[] longestFirst)
    {
        for (var start = Math.Max(0, at - longestFirst[0].Length + 1); start < at; start++)
        {
            if (start + LongestAt(text, start, longestFirst) > at)
            {
                at = start;
                start = Math.Max(0, at - longestFirst[0].Length + 1) - 1;
            }
        }

        return at;
    }

    private Index Build()
    {
        lock (gate)
        {
            var known = secrets.Concat(secrets.SelectMany(FormsOf)).Distinct(StringComparer.Ordinal).OrderByDescending(form => form.Length).ToArray();
            return index = new Index(known, SearchValues.Create(known, StringComparison.Ordinal), SearchValues.Create([.. known.Select(form => form[0]).Distinct()]));
        }
    }

    private static int LongestAt(string text, int start, string[] longestFirst)
    {
        foreach (var form in longestFirst)
        {
            if (text.AsSpan(start).StartsWith(form, StringComparison.Ordinal)) { return form.Length; }
        }

        return 0;
    }

    private static IEnumerable<string> FormsOf(string secret)
    {
        yield return JavaScriptEncoder.Default.Encode(secret);
        yield return JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(secret);
        foreach (var form in UrlFormsOf(secret)) { yield return form; }

        foreach (var form in Base64FormsOf(secret))
        {
            yield return form;
            foreach (var encoded in UrlFormsOf(form)) { yield return encoded; }

            yield return form.Replace('+', '-').Replace('/', '_');
            yield return JavaScriptEncoder.Default.Encode(form);
        }
    }

    private static IEnumerable<string> UrlFormsOf(string text)
    {
        var upper = Uri.EscapeDataString(text);
        yield return upper;
        yield return upper.Replace("%20", "+", StringComparison.Ordinal);
        yield return LowerEscapes(upper);
    }

    // Of the base64 of any text that contains the secret, the characters that depend on the secret alone, for each of the three alignments.
    private static IEnumerable<string> Base64FormsOf(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        for (var offset = 0; offset < 3; offset++)
        {
            var encoded = Convert.ToBase64String([.. new byte[offset], .. bytes]);
            var first = ((offset * 8) + 5) / 6;
            yield return encoded[first..((offset + bytes.Length) * 8 / 6)];
        }
    }

    private static string LowerEscapes(string encoded)
    {
        var lower = encoded.ToCharArray();
        for (var at = encoded.IndexOf('%'); at >= 0; at = encoded.IndexOf('%', at + 3))
        {
            lower[at + 1] = char.ToLowerInvariant(lower[at + 1]);
            lower[at + 2] = char.ToLowerInvariant(lower[at + 2]);
        }

        return new string(lower);
    }

    private sealed record Index(string[] LongestFirst, SearchValues<string> Any, SearchValues<char> Beginnings);
}
