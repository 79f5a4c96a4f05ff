using System.Text;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// Takes <c>&lt;think&gt;…&lt;/think&gt;</c> at the beginning of an answer for the reasoning that it is, wherever the deltas are cut.
/// Anywhere else the tag is text. The white space around the thoughts belongs to neither side.
/// </summary>
internal sealed class ThinkTag
{
    private const string Opening = "<think>";
    private const string Closing = "</think>";

    private readonly StringBuilder held = new();
    private Place place;
    private bool hasThought;

    private enum Place
    {
        Before,
        Inside,
        Behind,
        Passed,
    }

    /// <summary>What is known of the answer now, in this order; the rest waits.</summary>
    public (string? Reasoning, string? Text) Read(string delta)
    {
        if (place == Place.Passed)
        {
            return (null, delta);
        }
        var text = held.Append(delta).ToString();
        held.Clear();
        if (place == Place.Before && !TryOpen(ref text))
        {
            return (null, text);
        }
        var reasoning = place == Place.Inside ? Think(ref text) : null;
        if (place != Place.Behind)
        {
            return (reasoning, null);
        }
        text = text.TrimStart();
        if (text.Length == 0)
        {
            return (reasoning, null);
        }
        place = Place.Passed;
        return (reasoning, text);
    }

    /// <summary>Nothing more comes, or something else does: what was held back is what it looks like.</summary>
    public (string? Reasoning, string? Text) End()
    {
        var text = held.ToString();
        held.Clear();
        var wasInside = place == Place.Inside;
        place = Place.Passed;
        return wasInside ? (text.TrimEnd(), null) : (null, text);
    }

    /// <returns>False with what is plain text; it is empty while that is not decided.</returns>
    private bool TryOpen(ref string text)
    {
        var begin = text.AsSpan().TrimStart();
        if (begin.StartsWith(Opening, StringComparison.Ordinal))
        {
            text = begin[Opening.Length..].ToString();
            place = Place.Inside;
            return true;
        }

        if (Opening.AsSpan().StartsWith(begin, StringComparison.Ordinal))
        {
            held.Append(text);
            text = "";
            return false;
        }

        place = Place.Passed;
        return false;
    }

    private string Think(ref string text)
    {
        if (!hasThought)
        {
            text = text.TrimStart();
        }
        var end = text.IndexOf(Closing, StringComparison.Ordinal);
        string thought;
        if (end >= 0)
        {
            thought = text[..end].TrimEnd();
            text = text[(end + Closing.Length)..];
            place = Place.Behind;
        }
        else
        {
            var whole = text.AsSpan(0, text.Length - BeginningOfClosing(text)).TrimEnd().Length;
            thought = text[..whole];
            held.Append(text, whole, text.Length - whole);
        }

        hasThought |= thought.Length > 0;
        return thought;
    }

    /// <returns>How much of the closing tag the text may end with.</returns>
    private static int BeginningOfClosing(string text)
    {
        for (var length = Math.Min(Closing.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(Closing.AsSpan(0, length)))
            {
                return length;
            }
        }

        return 0;
    }
}
