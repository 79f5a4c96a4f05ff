using System.Text.RegularExpressions;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>Finds secrets that were typed into a file. Findings contain only the location, never the secret.</summary>
internal static partial class LiteralSecrets
{
    public const string Message = "Do not store keys in files. Run Plue: Configure Provider Key.";
    private const int MaxFound = 50;

    /// <summary>Words in a key's name that mark its value as a secret.</summary>
    private static readonly HashSet<string> SecretWords = new(
        ["key", "apikey", "token", "secret", "authorization", "password", "passwd", "passphrase", "credential", "credentials", "cookie"],
        StringComparer.Ordinal
    );

    /// <summary>Last words that mark a name as metadata of a secret.</summary>
    private static readonly HashSet<string> HarmlessEndings = new(
        ["file", "path", "url", "uri", "endpoint", "id", "version", "name", "type", "env", "header", "level", "limit"],
        StringComparer.Ordinal
    );

    /// <summary>Finds secrets by the names of keys, and anywhere in the text, including comments, by the patterns of well-known API keys.</summary>
    public static IReadOnlyList<DocumentProblem> Find(Json5Document document)
    {
        var found = new List<Json5Span>();
        if (document.Root is { } root)
        {
            FindByName(root, found);
        }

        foreach (var match in KnownKeys().EnumerateMatches(document.Text))
        {
            if (found.Count >= MaxFound)
            {
                break;
            }

            var span = document.Lines.Span(match.Index, match.Index + match.Length);
            if (!found.Any(other => other.Start <= span.Start && span.Start < other.End))
            {
                found.Add(span);
            }
        }

        return
        [
            .. found
                .OrderBy(span => span.Start)
                .Take(MaxFound)
                .Select(span => DocumentProblem.Error(Message, span) with { Code = FindingCodes.Secret }),
        ];
    }

    /// <summary>Returns the text with secrets replaced, for display.</summary>
    public static string Redact(Json5Document document)
    {
        var found = new List<Json5Span>();
        if (document.Root is { } root)
        {
            FindByName(root, found);
        }

        var text = document.Text;
        foreach (var span in found.OrderByDescending(span => span.Start))
        {
            text = string.Concat(text.AsSpan(0, span.Start), $"\"{RedactedJson.Redacted}\"", text.AsSpan(span.End));
        }

        return Redact(text);
    }

    public static string Redact(string text) => KnownKeys().Replace(text, RedactedJson.Redacted);

    public static bool IsInText(string text) => KnownKeys().IsMatch(text);

    /// <summary>True if a value must not be written to a file.</summary>
    /// <param name="path">The keys that lead to the value.</param>
    public static bool IsIn(IReadOnlyList<string> path, Json5Node value)
    {
        var found = new List<Json5Span>();
        var wrapped = path.Reverse().Aggregate(value, (inner, key) => Json5Object.Of((key, inner)));
        FindByName(wrapped, found);
        return found.Count > 0 || KnownKeys().IsMatch(Json5Writer.Write(value));
    }

    /// <summary>Returns the values that are secrets, each with the keys that lead to it. Comments, arrays and parts of addresses are not searched.</summary>
    public static IReadOnlyList<(IReadOnlyList<string> Path, string Secret)> Values(Json5Object root)
    {
        var found = new List<(IReadOnlyList<string>, string)>();
        Collect(root, []);
        return found;

        void Collect(Json5Object value, IReadOnlyList<string> path)
        {
            foreach (var member in value.Members)
            {
                if (member.Value is Json5Object inner)
                {
                    Collect(inner, [.. path, member.Name]);
                }
                else if (
                    member.Value is Json5String { Value: var text }
                    && !text.Contains("://", StringComparison.Ordinal)
                    && ((NamesSecret(member.Name) && !IsReference(text)) || KnownKeys().IsMatch(text))
                )
                {
                    found.Add(([.. path, member.Name], text));
                }
            }
        }
    }

    private static void FindByName(Json5Node node, List<Json5Span> found)
    {
        switch (node)
        {
            case Json5Object value:
                foreach (var member in value.Members)
                {
                    if (member.Value is Json5String text)
                    {
                        if (NamesSecret(member.Name) && !IsReference(text.Value))
                        {
                            found.Add(text.Span);
                        }
                    }
                    else
                    {
                        FindByName(member.Value, found);
                    }
                }

                break;
            case Json5Array array:
                foreach (var item in array.Items)
                {
                    FindByName(item, found);
                }

                break;
        }
    }

    private static bool NamesSecret(string name)
    {
        var words = Words().Matches(name).Select(match => match.Value.ToLowerInvariant()).ToArray();
        return words.Length > 0 && words.Any(SecretWords.Contains) && !HarmlessEndings.Contains(words[^1]);
    }

    /// <summary>True for empty text or a secret reference, optionally after a word such as Bearer.</summary>
    private static bool IsReference(string text)
    {
        return string.IsNullOrWhiteSpace(text) || SecretReference.FindIn(text) is not null;
    }

    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();

    // Every repetition is bounded, so that matching takes linear time.
    [GeneratedRegex(
        """
            \b(?: sk-(?=[A-Za-z_-]{0,100}[0-9])[A-Za-z0-9_-]{16,} | AIza[A-Za-z0-9_-]{30,} | (?:AKIA|ASIA)[A-Z0-9]{16}\b | gh[opsur]_[A-Za-z0-9]{20,} | github_pat_[A-Za-z0-9_]{20,}
                | gsk_[A-Za-z0-9]{20,} | xai-[A-Za-z0-9]{20,} | hf_[A-Za-z0-9]{20,} | pplx-[A-Za-z0-9]{20,} | nvapi-[A-Za-z0-9_-]{20,} | glpat-[A-Za-z0-9_-]{16,}
                | ya29\.[A-Za-z0-9_-]{20,} | xox[abprs]-[A-Za-z0-9-]{10,} | eyJ[A-Za-z0-9_-]{10,200}\.eyJ[A-Za-z0-9_-]{10,} )
            | -----BEGIN\ (?:[A-Z]+\ )*PRIVATE\ KEY-----
            | https?://[^\s/@:'"]{1,500}:[^\s/@'"]{1,500}@
            """,
        RegexOptions.CultureInvariant | RegexOptions.IgnorePatternWhitespace
    )]
    private static partial Regex KnownKeys();
}
