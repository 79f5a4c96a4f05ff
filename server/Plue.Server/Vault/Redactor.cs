using System.Text;
using Plue.Server.Platform;

namespace Plue.Server.Vault;

/// <summary>
/// Masks known secrets, by exact match, in logs, errors, responses and exports: in plain text, reversed, in hex, inside base64 at any alignment, and all
/// of these escaped (percent-encoding, JSON and C escapes), also twice. Registered secrets stay masked after the vault is locked, because a late log
/// line may still contain them. Thread-safe.
/// </summary>
public sealed class Redactor : ITextMask
{
    /// <summary>Shorter secrets would mask ordinary words and are not masked.</summary>
    public const int MinimumLength = 4;

    /// <summary>The maximum number of nested escapes, as for JSON in a URL.</summary>
    private const int MaxEscapeDepth = 2;

    private const string Masked = "***";
    private readonly Lock sync = new();
    private readonly HashSet<string> secrets = new(StringComparer.Ordinal);

    /// <summary>Created on first use: most processes end before that.</summary>
    private volatile SecretVariants? forms;
    private volatile bool isEmpty = true;

    public void Register(string secret)
    {
        if (secret.Length < MinimumLength)
        {
            return;
        }

        lock (sync)
        {
            if (secrets.Add(secret))
            {
                (forms, isEmpty) = (null, false);
            }
        }
    }

    /// <summary>Returns the text with secrets masked; the same instance if it contains none.</summary>
    public string Mask(string text)
    {
        if (isEmpty)
        {
            return text;
        }

        var ranges = RangesIn(text, forms ?? Build(), MaxEscapeDepth);
        if (ranges.Count == 0)
        {
            return text;
        }

        ranges.Sort((one, other) => one.Start.CompareTo(other.Start));
        var masked = new StringBuilder(text.Length);
        var copied = 0;
        for (var at = 0; at < ranges.Count; )
        {
            var (start, end) = ranges[at++];
            while (at < ranges.Count && ranges[at].Start < end)
            {
                end = Math.Max(end, ranges[at++].End);
            }

            masked.Append(text, copied, start - copied).Append(Masked);
            copied = end;
        }

        return masked.Append(text, copied, text.Length - copied).ToString();
    }

    /// <summary>Called for each chunk of a response, so it takes no lock.</summary>
    public bool IsEmpty => isEmpty;

    public int StableLength(string text)
    {
        if (isEmpty)
        {
            return text.Length;
        }

        var known = forms ?? Build();
        var open = OpenIn(text, known, MaxEscapeDepth);
        if (open == 0)
        {
            return 0;
        }

        // No complete secret may span the cut.
        foreach (var (start, end) in RangesIn(text, known, MaxEscapeDepth).OrderByDescending(range => range.Start))
        {
            if (start < open && end > open)
            {
                open = start;
            }
        }

        return open;
    }

    private SecretVariants Build()
    {
        lock (sync)
        {
            return forms = new SecretVariants(secrets);
        }
    }

    private static List<(int Start, int End)> RangesIn(string text, SecretVariants known, int depth)
    {
        List<(int Start, int End)> ranges = [];
        known.Find(text, ranges);
        if (depth == 0 || !UnescapedText.MayOccurIn(text))
        {
            return ranges;
        }

        foreach (var plain in UnescapedText.Of(text, known))
        {
            foreach (var (start, end) in RangesIn(plain.Text, known, depth - 1))
            {
                ranges.Add((plain.OriginalOffset(start), plain.OriginalOffset(end)));
            }
        }

        return ranges;
    }

    /// <summary>Gets the first position from which the text may continue as a secret, or as an escape of one.</summary>
    private static int OpenIn(string text, SecretVariants known, int depth)
    {
        var open = known.OpenIn(text);
        if (depth == 0 || !UnescapedText.MayOccurIn(text))
        {
            return open;
        }

        // The value of an incomplete escape at the end is unknown; only the text before it is used.
        var whole = text[..UnescapedText.PartialEscapeStart(text)];
        open = Math.Min(open, whole.Length < text.Length ? known.OpenIn(whole) : open);
        foreach (var plain in UnescapedText.Of(whole, known))
        {
            if (plain.ReachesEnd)
            {
                open = Math.Min(open, plain.OriginalOffset(OpenIn(plain.Text, known, depth - 1)));
            }
        }

        return open;
    }
}
