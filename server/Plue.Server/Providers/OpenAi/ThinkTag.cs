using System.Text;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// Separates <c>&lt;think&gt;…&lt;/think&gt;</c> at the start of a response as reasoning, even if deltas split the tags. Elsewhere, the tag is text. White
/// space around the reasoning is removed.
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

    /// <summary>Returns the reasoning and text that are certain so far, in this order; the rest is held back.</summary>
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

    /// <summary>Returns what was held back, because the text ended or something else follows.</summary>
    public (string? Reasoning, string? Text) End()
    {
        var text = held.ToString();
        held.Clear();
        var wasInside = place == Place.Inside;
        place = Place.Passed;
        return wasInside ? (text.TrimEnd(), null) : (null, text);
    }

    /// <returns>False for plain text; it is empty while this is undecided.</returns>
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
            var whole = text.AsSpan(0, text.Length - PartialClosingTagLength(text)).TrimEnd().Length;
            thought = text[..whole];
            held.Append(text, whole, text.Length - whole);
        }

        hasThought |= thought.Length > 0;
        return thought;
    }

    /// <returns>The length of a partial closing tag at the end of the text.</returns>
    private static int PartialClosingTagLength(string text)
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
