using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>A diagnostic.</summary>
/// <param name="Code">A stable ID of the check that found it.</param>
internal sealed record LanguageProblem(TextSpan At, string Message, bool IsError, string Code);

/// <summary>Computes the diagnostics of a document, from its content and its references.</summary>
internal static class Problems
{
    public const string Syntax = "syntax";
    public const string Secret = "secret";
    public const string Rule = "rule";
    public const string Reference = "reference";
    public const string Model = "model";
    public const string Name = "name";

    private const int MaxProblems = 200;
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

    public static IReadOnlyList<LanguageProblem> Of(LanguageSources sources, OpenDocument document)
    {
        if (document.IsTooLarge)
        {
            return [new LanguageProblem(new TextSpan(0, 1), "The file is larger than 4 MiB, the maximum size.", true, Syntax)];
        }

        var place = document.Location;
        if (place.IsSkill)
        {
            return SkillDocument.Problems(document);
        }

        var problems = sources
            .Documents.Of(place.Collection)
            .Format.Read(place.Name, document.Bytes)
            .Problems.Select(problem => OfFile(document, problem))
            .ToList();
        if (place.Uri is null)
        {
            problems.Add(
                new LanguageProblem(
                    new TextSpan(0, 0),
                    $"The file name is not valid in {place.Collection.ToString().ToLowerInvariant()}. Use lower-case letters, digits and hyphens.",
                    true,
                    Rule
                )
            );
        }
        if (!place.IsJson5 || document.Json5.IsValid)
        {
            var model = new DocumentModel(sources, document);
            problems.AddRange(Mentions.Of(model).Select(mention => OfMention(sources, model, mention)).OfType<LanguageProblem>());
            if (place.Collection == CodexCollection.Templates)
            {
                problems.AddRange(Risks(sources, document));
            }
            if (!place.IsJson5)
            {
                problems.AddRange(Unfilled(sources, model));
            }
            if (place.IsJson5)
            {
                problems.AddRange(model.Values().Select(placed => OfValue(sources, model, placed)).OfType<LanguageProblem>());
            }
        }

        return
        [
            .. problems.DistinctBy(problem => (problem.At.Start, problem.Message)).OrderBy(problem => problem.At.Start).Take(MaxProblems),
        ];
    }

    /// <summary>Diagnostics of settings that work but may cost or change more than intended.</summary>
    private static IEnumerable<LanguageProblem> Risks(LanguageSources sources, OpenDocument document) =>
        sources.Templates.Check(document.Location.Name, document.Bytes).Template is { } template
            ? TemplateRisks
                .Find(template, sources.Templates.Find)
                .Select(risk => new LanguageProblem(TextSpan.Of(risk.Span), risk.Message, false, risk.Code))
            : [];

    private static LanguageProblem OfFile(OpenDocument document, DocumentProblem problem)
    {
        var start = document.Lines.IndexAt(problem.Line, problem.Column);
        var code = problem.IsSecret ? Secret : Rule;
        if (document.Location.IsJson5)
        {
            if (
                problem.Code == FindingCodes.Syntax
                && document.Json5.Errors.FirstOrDefault(error => error.Span.Start == start) is { } error
            )
            {
                return new LanguageProblem(TextSpan.Of(error.Span), problem.Message, true, Syntax);
            }
            if (problem.Member is { } member && document.Root.Find(member) is { } value)
            {
                return new LanguageProblem(TextSpan.Of(value.Span), problem.Message, problem.IsError, code);
            }
        }

        return new LanguageProblem(new TextSpan(start, EndOf(document, start)), problem.Message, problem.IsError, code);
    }

    /// <summary>Gets the end of the token at an offset: a word in JSON5, a line in Markdown.</summary>
    private static int EndOf(OpenDocument document, int start)
    {
        var text = document.Text;
        if (start >= text.Length)
        {
            return text.Length;
        }
        if (document.Location.IsJson5)
        {
            var cursor = text[start] is '{' or '[' ? null : Cursor.At(text, start + 1);
            if (cursor is null || !cursor.Token.Contains(start) || cursor.Token.End == start)
            {
                return start + 1;
            }
            if (cursor.Token.Start == start)
            {
                return cursor.Token.End;
            }

            var length = text.AsSpan(start, Math.Max(0, cursor.Inner.End - start)).IndexOfAnyExcept(NameCharacters);
            return length < 0 ? Math.Max(start + 1, cursor.Inner.End) : start + Math.Max(1, length);
        }

        var line = text.AsSpan(start).IndexOfAny('\n', '\r');
        return line < 0 ? text.Length : start + Math.Max(1, line);
    }

    /// <summary>Gets the diagnostic of a broken reference. References in the text of a prompt may be broken.</summary>
    private static LanguageProblem? OfMention(LanguageSources sources, DocumentModel model, Mention mention) =>
        model.Document.Location.IsJson5
        && mention.Found is { IsOfReading: false } reference
        && sources.References.Resolve(reference) is { Problem: { } problem } found
            ? new LanguageProblem(mention.At, problem, found.IsError, Reference)
            : null;

    /// <summary>Gets diagnostics of placeholders that match neither an argument nor a field of the templates that use the prompt.</summary>
    private static IEnumerable<LanguageProblem> Unfilled(LanguageSources sources, DocumentModel model)
    {
        var mentions = Mentions.Of(model).Where(mention => mention.Kind == MentionKind.Field).ToList();
        if (mentions.Count == 0)
        {
            return [];
        }

        var known = PromptCompletions.NamesFor(sources, model.Document);
        return mentions
            .Where(mention => !known.Contains(mention.Text))
            .Select(mention => new LanguageProblem(
                mention.At,
                $"`{mention.Text}` has no value: no template that uses this prompt has this field, and it is not an argument.{NearestName.Hint(mention.Text, known)}",
                false,
                Name
            ));
    }

    private static LanguageProblem? OfValue(LanguageSources sources, DocumentModel model, LocatedValue placed)
    {
        if (placed.Node is not Json5String { Value.Length: > 0 } text)
        {
            return null;
        }

        LanguageProblem Found(string message, bool isError, string code) => new(TextSpan.Of(text.Span), message, isError, code);
        switch (placed.Shape?.Meaning)
        {
            case Meaning.Icon when char.IsAsciiLetter(text.Value[0]) && !ThemeNames.Icons.Contains(text.Value):
                return Found($"The icon `{text.Value}` does not exist.{NearestName.Hint(text.Value, ThemeNames.Icons)}", false, Name);
            case Meaning.CatalogProvider when sources.Catalog.Find(text.Value) is null:
                return Found($"The catalog has no `{text.Value}`.{NearestName.Hint(text.Value, sources.Catalog.Ids)}", false, Name);
            case Meaning.Model
                when ModelNames.ProviderOf(sources, model, placed.Container) is { } settings
                    && sources.Providers.KnowsModel(settings, text.Value) == false:
                var known = sources.Providers.KnownModels(settings).Select(candidate => candidate.Id);
                return Found($"{settings.Name} has no model `{text.Value}`.{NearestName.Hint(text.Value, known)}", false, Model);
            default:
                return null;
        }
    }
}
