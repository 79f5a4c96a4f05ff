using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>A quick fix.</summary>
/// <param name="Problem">The diagnostic that it fixes.</param>
/// <param name="IsPreferred">True for the preferred one of several.</param>
internal sealed record QuickFix(string Title, LanguageProblem Problem, bool IsPreferred = false)
{
    /// <summary>Edits in this document.</summary>
    public IReadOnlyList<(TextSpan At, string Text)> Edits { get; init; } = [];

    /// <summary>A file to create, with its text.</summary>
    public (string Path, string Text)? Creates { get; init; }

    /// <summary>The provider whose key is to be moved to the vault.</summary>
    public string? MovesKeyOf { get; init; }
}

/// <summary>Computes the quick fixes for the diagnostics of a range.</summary>
internal static partial class QuickFixes
{
    public static IReadOnlyList<QuickFix> At(LanguageSources sources, OpenDocument document, TextSpan range)
    {
        if (document.IsTooLarge)
        {
            return [];
        }

        var model = new DocumentModel(sources, document);
        return
        [
            .. Problems
                .Of(sources, document)
                .Where(problem => problem.At.Start <= range.End && range.Start <= problem.At.End)
                .SelectMany(problem => For(sources, model, problem)),
        ];
    }

    private static IEnumerable<QuickFix> For(LanguageSources sources, DocumentModel model, LanguageProblem problem)
    {
        var document = model.Document;
        if (problem.Code == Problems.Secret && document.Location.Collection == CodexCollection.Providers)
        {
            yield return new QuickFix("Move the key to the vault", problem, IsPreferred: true) { MovesKeyOf = document.Location.Name };
        }

        if (!document.Location.IsJson5)
        {
            yield break;
        }

        if (DidYouMean().Match(problem.Message) is { Success: true } meant && Typo(document, problem) is { } typo)
        {
            yield return new QuickFix($"Change to “{meant.Groups["name"].Value}”", problem, IsPreferred: true)
            {
                Edits = [(typo, meant.Groups["name"].Value)],
            };
        }

        if (
            Missing().Match(problem.Message) is { Success: true } missing
            && model.Objects().FirstOrDefault(one => one.Value.Span.Start == problem.At.Start) is { } lacking
            && lacking.Shape.Keys.FirstOrDefault(key => key.Name == missing.Groups["name"].Value) is { } field
        )
        {
            yield return new QuickFix($"Add “{field.Name}”", problem, IsPreferred: true)
            {
                Edits =
                [
                    (new TextSpan(lacking.Value.Span.Start + 1, lacking.Value.Span.Start + 1), Member(document, lacking.Value, field)),
                ],
            };
        }

        if (problem.Code == Problems.Rule && UnknownKey(model, problem) is { } unknown)
        {
            yield return new QuickFix($"Remove “{unknown.Name}”", problem) { Edits = Removal(document, unknown) };
        }

        if (
            problem.Code == Problems.Reference
            && Mentions.At(model, problem.At.Start) is { } mention
            && Creation(sources, document, mention) is { } file
        )
        {
            yield return new QuickFix($"Create {mention.Codex}", problem) { Creates = file };
        }
    }

    /// <summary>Gets the range of the wrong name; for an address, its last part.</summary>
    private static TextSpan? Typo(OpenDocument document, LanguageProblem problem)
    {
        var at = problem.At;
        if (at.End - at.Start > 1 && document.Text[at.Start] is '"' or '\'' && document.Text[at.End - 1] == document.Text[at.Start])
        {
            at = new TextSpan(at.Start + 1, at.End - 1);
        }
        if (at.Start >= at.End || document.Text[at.Start] is '{' or '[')
        {
            return null;
        }

        var text = document[at];
        return text.Contains("://", StringComparison.Ordinal) ? new TextSpan(at.Start + text.LastIndexOf('/') + 1, at.End)
            : text.AsSpan().ContainsAny('\n', '"', '\'') ? null
            : at;
    }

    private static string Member(OpenDocument document, Json5Object value, TemplateField field)
    {
        var text = field.Type switch
        {
            _ when field.Default is { } usual => Json5Writer.Write(usual),
            _ when field.Options.Count > 0 => $"\"{field.Options[0]}\"",
            FieldType.Number => "0",
            FieldType.Boolean => "false",
            FieldType.Array => "[]",
            FieldType.Object => "{}",
            _ => field.Name == "id" ? $"\"{document.Location.Name}\"" : "\"\"",
        };
        if (value.Members.Count == 0)
        {
            return $" {field.Name}: {text} ";
        }

        // Formatted like the first member: on a separate line, or before it on the same line.
        var between = document.Text[(value.Span.Start + 1)..value.Members[0].NameSpan.Start];
        var end = between.AsSpan().IndexOfAnyExcept("\r\n \t");
        var lead = between.AsSpan().ContainsAny('\n', '\r') ? between[..(end < 0 ? between.Length : end)] : " ";
        return $"{lead}{field.Name}: {text},";
    }

    private static Json5Member? UnknownKey(DocumentModel model, LanguageProblem problem)
    {
        foreach (var (value, shape) in model.Objects())
        {
            if (shape.Keys.Count > 0 && value.Members.FirstOrDefault(member => member.NameSpan.Start == problem.At.Start) is { } member)
            {
                return shape.Keys.All(key => key.Name != member.Name) ? member : null;
            }
        }

        return null;
    }

    /// <summary>Removes key, value and comma, and the line if nothing else is on it.</summary>
    private static IReadOnlyList<(TextSpan, string)> Removal(OpenDocument document, Json5Member member)
    {
        var text = document.Text;
        var (start, end) = (member.NameSpan.Start, member.Value.Span.End);
        while (end < text.Length && text[end] is ' ' or '\t')
        {
            end++;
        }

        if (end < text.Length && text[end] == ',')
        {
            end++;
        }
        else
        {
            end = member.Value.Span.End;
        }

        while (end < text.Length && text[end] is ' ' or '\t')
        {
            end++;
        }

        var lineStart = start;
        while (lineStart > 0 && text[lineStart - 1] is ' ' or '\t')
        {
            lineStart--;
        }

        if ((lineStart == 0 || text[lineStart - 1] is '\n' or '\r') && end < text.Length && text[end] is '\n' or '\r')
        {
            end += text[end] == '\r' && end + 1 < text.Length && text[end + 1] == '\n' ? 2 : 1;
            start = lineStart;
        }

        return [(new TextSpan(start, end), "")];
    }

    /// <summary>Gets the file to create for a broken reference, in the same home or workspace as the document.</summary>
    private static (string Path, string Text)? Creation(LanguageSources sources, OpenDocument document, Mention mention)
    {
        if (mention.Codex is not { Collection: CodexCollection.Prompts or CodexCollection.Templates } uri || sources.Find(uri) is not null)
        {
            return null;
        }
        if (uri.Collection == CodexCollection.Templates && !TemplateReader.IsId(uri.Name))
        {
            return null;
        }

        var root = Path.GetDirectoryName(Path.GetDirectoryName(document.Location.Path));
        return root is null ? null
            : uri.Collection == CodexCollection.Prompts
                ? (Path.Combine(root, "prompts", uri.Name + ".md"), $"---\ndescription: Instructions for {uri.Name}.\n---\n")
            : (
                Path.Combine(root, "templates", uri.Name + ".json5"),
                $"{{\n  id: \"{uri.Name}\",\n  name: \"{uri.Name}\",\n  fields: [],\n}}\n"
            );
    }

    [GeneratedRegex("Did you mean `(?<name>[^`]{1,200})`\\?", RegexOptions.CultureInvariant)]
    private static partial Regex DidYouMean();

    [GeneratedRegex("^`(?<name>[A-Za-z_]{1,128})` is missing", RegexOptions.CultureInvariant)]
    private static partial Regex Missing();
}
