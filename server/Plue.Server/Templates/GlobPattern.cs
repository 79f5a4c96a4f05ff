namespace Plue.Server.Templates;

/// <summary>A parsed pattern with <c>*</c>, <c>?</c> and, in paths, <c>**</c>. Patterns can be compared.</summary>
internal sealed class GlobPattern
{
    private enum Kind
    {
        Letter,
        AnyLetter,
        WithinName,
        Folders,
        Anything,
    }

    private readonly List<(Kind Kind, char Letter)> parts = [];

    private GlobPattern() { }

    /// <param name="isPath">True if <c>*</c> and <c>?</c> do not match <c>/</c>. Otherwise, <c>*</c> matches any text, and <c>?</c> is literal.</param>
    public static GlobPattern Parse(string text, bool isPath)
    {
        var pattern = new GlobPattern();
        for (var i = 0; i < text.Length; i++)
        {
            var rest = text.AsSpan(i);
            if (!isPath)
            {
                pattern.parts.Add(text[i] == '*' ? (Kind.Anything, '*') : (Kind.Letter, text[i]));
            }
            else if (rest.StartsWith("**/"))
            {
                (pattern, i) = (pattern.With(Kind.Folders), i + 2);
            }
            else if (rest.StartsWith("**"))
            {
                (pattern, i) = (pattern.With(Kind.Anything), i + 1);
            }
            else
            {
                pattern.parts.Add(
                    (
                        text[i] == '*' ? Kind.WithinName
                        : text[i] == '?' ? Kind.AnyLetter
                        : Kind.Letter,
                        text[i]
                    )
                );
            }
        }

        return pattern;
    }

    public bool IsMatch(string text)
    {
        var literal = new GlobPattern();
        foreach (var letter in text)
        {
            literal.parts.Add((Kind.Letter, letter));
        }

        return Covers(literal);
    }

    /// <summary>
    /// True if this pattern matches everything that the other one matches. Never a false positive; may be a false negative, because parts are compared only
    /// from left to right.
    /// </summary>
    public bool Covers(GlobPattern other)
    {
        // reached[j]: the parts before this one cover the first j parts of the other pattern.
        var reached = new bool[other.parts.Count + 1];
        reached[0] = true;
        foreach (var (kind, letter) in parts)
        {
            var next = new bool[reached.Length];
            // True if the text matched by this part so far ends after a folder.
            var isOpen = false;
            for (var j = 0; j <= other.parts.Count; j++)
            {
                var before = j == 0 ? default : other.parts[j - 1];
                switch (kind)
                {
                    case Kind.Anything:
                        next[j] = reached[j] || (j > 0 && next[j - 1]);
                        break;
                    case Kind.WithinName:
                        next[j] = reached[j] || (j > 0 && next[j - 1] && IsWithinName(before));
                        break;
                    case Kind.Folders:
                        next[j] = reached[j] || (isOpen && EndsFolder(before));
                        isOpen |= reached[j];
                        break;
                    case Kind.AnyLetter:
                        next[j] = j > 0 && reached[j - 1] && before.Kind is Kind.Letter or Kind.AnyLetter && IsWithinName(before);
                        break;
                    default:
                        next[j] = j > 0 && reached[j - 1] && before == (Kind.Letter, letter);
                        break;
                }
            }

            reached = next;
        }

        return reached[^1];
    }

    private GlobPattern With(Kind kind)
    {
        parts.Add((kind, '*'));
        return this;
    }

    private static bool IsWithinName((Kind Kind, char Letter) part) =>
        part.Kind is Kind.AnyLetter or Kind.WithinName || part is { Kind: Kind.Letter, Letter: not '/' };

    private static bool EndsFolder((Kind Kind, char Letter) part) =>
        part.Kind == Kind.Folders || part is { Kind: Kind.Letter, Letter: '/' };
}
