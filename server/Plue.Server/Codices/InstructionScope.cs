using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>The files to which an instruction file applies: the comma-separated patterns in the <c>applyTo</c> key of its front matter.</summary>
internal sealed class InstructionScope
{
    private const string Field = "applyTo";
    private const int MaxPatterns = 50;
    private const int MaxLength = 1000;
    private readonly List<GlobPattern> patterns;

    private InstructionScope(List<string> patterns) =>
        (IsEverything, this.patterns) = (
            patterns.Exists(pattern => pattern is "**" or "**/*" or "*"),
            // As in VS Code, a pattern matches at any depth.
            [
                .. patterns
                    .SelectMany(pattern => new[] { pattern, "**/" + pattern })
                    .Select(pattern => GlobPattern.Parse(pattern, isPath: true)),
            ]
        );

    /// <summary>True if the file applies to every file and is sent with each request.</summary>
    public bool IsEverything { get; }

    /// <returns>Null for a file that applies only when the user attaches it.</returns>
    public static InstructionScope? Of(Json5Object frontMatter)
    {
        IEnumerable<string> given = frontMatter.GetString(Field) is { Length: <= MaxLength } text
            ? Split(text)
            : frontMatter.GetStrings(Field);
        List<string> named =
        [
            .. given
                .Where(pattern => pattern.Length <= MaxLength)
                .SelectMany(Alternatives)
                // Taken first, because a few braces can expand to a huge number of alternatives.
                .Take(MaxPatterns)
                .Select(pattern => pattern.Trim())
                .Select(pattern => pattern.StartsWith("./", StringComparison.Ordinal) ? pattern[2..] : pattern.TrimStart('/'))
                .Where(pattern => pattern.Length > 0),
        ];
        return named.Count == 0 ? null : new InstructionScope(named);
    }

    /// <param name="path">Relative to the workspace, with <c>/</c>.</param>
    public bool Matches(string path) => IsEverything || patterns.Exists(pattern => pattern.IsMatch(path));

    /// <summary>Splits at commas outside braces.</summary>
    private static IEnumerable<string> Split(string text)
    {
        var (start, depth) = (0, 0);
        for (var at = 0; at < text.Length; at++)
        {
            depth += text[at] switch
            {
                '{' => 1,
                '}' => -1,
                _ => 0,
            };
            if (text[at] == ',' && depth == 0)
            {
                yield return text[start..at];
                start = at + 1;
            }
        }

        yield return text[start..];
    }

    /// <summary>Expands <c>*.{ts,tsx}</c> to <c>*.ts</c> and <c>*.tsx</c>.</summary>
    private static IEnumerable<string> Alternatives(string pattern)
    {
        var open = pattern.IndexOf('{', StringComparison.Ordinal);
        var close = open < 0 ? -1 : pattern.IndexOf('}', open);
        return close < 0
            ? [pattern]
            : pattern[(open + 1)..close].Split(',').SelectMany(one => Alternatives(pattern[..open] + one.Trim() + pattern[(close + 1)..]));
    }
}
