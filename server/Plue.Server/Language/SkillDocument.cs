using System.Text.RegularExpressions;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Language;

/// <summary>Diagnostics and completion of a <c>SKILL.md</c>.</summary>
internal static partial class SkillDocument
{
    private const string Fence = "---";
    private const long ManyTokens = 5000;
    private const int MaxReported = 50;

    public static IReadOnlyList<LanguageProblem> Problems(OpenDocument document)
    {
        var folder = Path.GetDirectoryName(document.Location.Path)!;
        var values = document.FrontMatter.Values;
        List<LanguageProblem> problems =
        [
            .. document
                .FrontMatter.Problems.Concat(SkillHead.Check(values, Path.GetFileName(folder)))
                .Select(problem => At(document, problem.Line, problem.Message, problem.IsError)),
        ];
        if (values.Members.Count == 0 && document.FrontMatter.Problems.Count == 0)
        {
            problems.Add(
                At(
                    document,
                    1,
                    $"A skill begins with a line of three hyphens, its `name` and `description`, and another line of three hyphens.",
                    false
                )
            );
        }
        if (SkillToolRules.Unknown(new SkillHead(values)) is [var unknown, ..])
        {
            problems.Add(
                At(
                    document,
                    values.FindMember("allowed-tools")?.NameSpan.Line ?? 1,
                    $"`{unknown}` is no tool of Plue, so it is ignored.",
                    false
                )
            );
        }

        problems.AddRange(Size(document));
        problems.AddRange(Hidden(document));
        problems.AddRange(Links(document, folder));
        problems.AddRange(
            Command()
                .Matches(document.Text)
                .Take(MaxReported)
                .Select(match => new LanguageProblem(
                    new TextSpan(match.Index, match.Index + match.Length),
                    "Claude Code runs this command before the model sees the text. Plue does not: the model sees the text as it is written.",
                    false,
                    Language.Problems.Rule
                ))
        );
        problems.AddRange(Scripts(document, folder));
        return [.. problems.OrderBy(problem => problem.At.Start)];
    }

    /// <summary>Suggests the front matter keys that are missing.</summary>
    public static IReadOnlyList<Suggestion> Completions(OpenDocument document, int offset)
    {
        var text = document.Text;
        offset = Math.Clamp(offset, 0, text.Length);
        var line = offset == 0 ? 0 : text.LastIndexOf('\n', offset - 1) + 1;
        var before = text[line..offset];
        var lines = text[..line].TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        var isHead = line > 0 && lines[0] == Fence && lines.Skip(1).All(one => one.TrimEnd() != Fence);
        if (!isHead || before.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_')))
        {
            return [];
        }

        var end = offset;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_'))
        {
            end++;
        }

        return
        [
            .. SkillHead
                .Keys.Where(key => key.IsUsed && !document.FrontMatter.Values.Has(key.Name))
                .Select(
                    (key, order) =>
                        new Suggestion(key.Name, SuggestionKind.Key, key.Insert, new TextSpan(line, end))
                        {
                            Documentation = key.Description,
                            Sort = $"{order:D2}",
                            IsSnippet = key.Insert.Contains('$', StringComparison.Ordinal),
                        }
                ),
        ];
    }

    private static IEnumerable<LanguageProblem> Size(OpenDocument document)
    {
        if (document.Bytes.Length > SkillReader.MaxTextBytes)
        {
            yield return At(
                document,
                1,
                $"The file is larger than {SkillReader.MaxTextBytes / 1024} KB, so the skill cannot be used.",
                true
            );
        }
        else if (TokenEstimate.Of(document.FrontMatter.Body) is > ManyTokens and var tokens)
        {
            yield return At(
                document,
                1,
                $"The text has about {tokens} tokens, and a model that loads the skill gets all of them. Move details into files beside it, and keep it below {ManyTokens}.",
                false
            );
        }
    }

    private static IEnumerable<LanguageProblem> Hidden(OpenDocument document)
    {
        var at = 0;
        var found = 0;
        foreach (var line in document.Text.Split('\n'))
        {
            var own = at == 0 ? line.TrimStart('\uFEFF') : line;
            if (HiddenCharacters.Count(own.TrimEnd('\r')) is > 0 and var count && found++ < MaxReported)
            {
                yield return new LanguageProblem(
                    new TextSpan(at, at + Math.Max(1, line.Length)),
                    $"This line has {(count == 1 ? "an invisible character" : $"{count} invisible characters")} that a model reads, so the skill waits for approval.",
                    false,
                    Language.Problems.Rule
                );
            }

            at += line.Length + 1;
        }
    }

    private static IEnumerable<LanguageProblem> Links(OpenDocument document, string folder)
    {
        foreach (var group in Link().Matches(document.Text).Select(match => match.Groups["target"]).Take(MaxReported))
        {
            var target = group.Value.Split('#')[0];
            if (target.Length == 0 || (Scheme().IsMatch(target) && !target.StartsWith("file:", StringComparison.OrdinalIgnoreCase)))
            {
                continue;
            }

            var path = Path.GetFullPath(Path.Combine(folder, Uri.UnescapeDataString(target).Replace('/', Path.DirectorySeparatorChar)));
            var why =
                target.StartsWith("file:", StringComparison.OrdinalIgnoreCase)
                || !RealPath.ResolvesInto(path, folder)
                || !RealPath.IsUnder(Path.GetFullPath(folder), path)
                    ? "This link points outside of the folder of the skill, so the file is not part of it."
                : !Path.Exists(path) ? $"The skill has no file {HiddenCharacters.VisibleLine(target)}."
                : null;
            if (why is not null)
            {
                yield return new LanguageProblem(
                    new TextSpan(group.Index, group.Index + group.Length),
                    why,
                    false,
                    Language.Problems.Reference
                );
            }
        }
    }

    /// <summary>Gets diagnostics of commands in its scripts, at the line with its name.</summary>
    private static IEnumerable<LanguageProblem> Scripts(OpenDocument document, string folder)
    {
        IReadOnlyList<SkillFile> files;
        try
        {
            var entries = SkillFolder.List(folder, out var failure);
            if (failure is not null)
            {
                return [At(document, 1, $"The skill cannot be used: {failure}", true)];
            }

            files = SkillFolder.Read(folder, entries);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return [At(document, 1, $"The files of the skill could not be read: {fault.Message.TrimEnd('.')}.", true)];
        }

        return files
            .Where(file => file.RunsDownload || file.IsLinkOut)
            .Take(MaxReported)
            .Select(file =>
                At(
                    document,
                    1,
                    file.IsLinkOut
                        ? $"{HiddenCharacters.VisibleLine(file.Path)} is a link out of the folder of the skill. It is not read, and a change of its target is not noticed."
                        : $"{HiddenCharacters.VisibleLine(file.Path)} downloads something and runs it, which can be something else each time.",
                    false
                )
            );
    }

    private static LanguageProblem At(OpenDocument document, int line, string message, bool isError)
    {
        var start = document.Lines.IndexAt(line, 1);
        var end = document.Text.AsSpan(Math.Min(start, document.Text.Length)).IndexOfAny('\n', '\r');
        return new LanguageProblem(
            new TextSpan(start, end < 0 ? document.Text.Length : start + Math.Max(1, end)),
            message,
            isError,
            Language.Problems.Rule
        );
    }

    [GeneratedRegex(@"\]\(\s*<?(?<target>[^)>\s]+)>?[^)\n]*\)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9+.-]*:", RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    [GeneratedRegex("(?<=^|\\s)!`[^`\\n]+`", RegexOptions.CultureInvariant)]
    private static partial Regex Command();
}
