using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Language;

internal enum SuggestionKind
{
    Key,
    Value,
    Reference,
    Model,
    Tool,
    Icon,
    Color,
}

/// <param name="Insert">The text that replaces <paramref name="Replaces"/>.</param>
internal sealed record Suggestion(string Label, SuggestionKind Kind, string Insert, TextSpan Replaces)
{
    public string? Detail { get; init; }

    /// <summary>Markdown.</summary>
    public string? Documentation { get; init; }

    /// <summary>The text to filter by; defaults to the label.</summary>
    public string? Filter { get; init; }
    public required string Sort { get; init; }

    /// <summary>True if <see cref="Insert"/> has snippet placeholders.</summary>
    public bool IsSnippet { get; init; }

    /// <summary>True to trigger suggestions again for the inserted placeholder.</summary>
    public bool TriggersSuggest { get; init; }
}

/// <summary>Computes the suggestions at a position.</summary>
internal static class Completions
{
    private const int MaxSuggestions = 2000;

    /// <param name="Snippet">A snippet with placeholders that is inserted instead of the text.</param>
    private sealed record Choice(
        string Text,
        SuggestionKind Kind,
        string? Detail = null,
        string? Documentation = null,
        bool IsText = true,
        string? Snippet = null
    );

    public static IReadOnlyList<Suggestion> At(LanguageSources sources, OpenDocument document, int offset)
    {
        if (document.IsTooLarge)
        {
            return [];
        }
        if (document.Location.IsSkill)
        {
            return SkillDocument.Completions(document, offset);
        }
        if (!document.Location.IsJson5)
        {
            return PromptCompletions.At(sources, document, offset);
        }

        if (Beginning(document) is { } complete)
        {
            return [complete];
        }

        var model = new DocumentModel(sources, document);
        var place = model.PositionAt(offset);
        return (place.Cursor.Kind, place.Shape) switch
        {
            (CursorKind.Key, { } shape) => [.. Keys(model, place, shape)],
            (CursorKind.Value, { } shape) => [.. Values(sources, model, place, shape, offset).Take(MaxSuggestions)],
            _ => [],
        };
    }

    /// <summary>Suggests a complete file if the document is empty or has a single word.</summary>
    private static Suggestion? Beginning(OpenDocument document)
    {
        var typed = document.Text.AsSpan().Trim();
        if (typed.ContainsAnyExcept("abcdefghijklmnopqrstuvwxyz"))
        {
            return null;
        }

        var (label, detail, text) = document.Location.Collection switch
        {
            CodexCollection.Templates => (
                "template",
                "A whole template",
                $"{{\n  id: \"{document.Location.Name}\",\n  name: \"$1\",\n  parent_template: \"${{2:task}}\",\n  $0\n}}\n"
            ),
            CodexCollection.Items => ("item", "A whole item", "{\n  template: \"$1\",\n  $0\n}\n"),
            _ => ("provider", "A whole provider", "{\n  name: \"$1\",\n  provider_type: \"$2\",\n  $0\n}\n"),
        };
        var start = document.Text.Length - document.Text.AsSpan().TrimStart().Length;
        return new Suggestion(label, SuggestionKind.Key, text, new TextSpan(start, start + typed.Length))
        {
            Detail = detail,
            Sort = "0",
            IsSnippet = true,
        };
    }

    private static IEnumerable<Suggestion> Keys(DocumentModel model, DocumentPosition place, Shape shape)
    {
        var cursor = place.Cursor;
        var taken = place
            .Values.Members.Select(member => member.Name)
            .Where(name => name != place.KeyName)
            .ToHashSet(StringComparer.Ordinal);
        var order = 0;
        foreach (var key in shape.Keys.Where(key => !taken.Contains(key.Name) && IsApplicable(model, shape, key)))
        {
            order++;
            var counts =
                key.Conditional is not { } condition
                || condition.Holds(
                    place.Values.Find(condition.Field) ?? shape.Keys.FirstOrDefault(other => other.Name == condition.Field)?.Default
                );
            var rank =
                !counts ? 2
                : key.Required ? 0
                : 1;
            var name = cursor.Quote == '\0' ? key.Name : $"{cursor.Quote}{key.Name}{cursor.Quote}";
            var inner = model.Member(shape, key.Name, place.Values);
            var value = ValueSnippet(model.Document.Text, inner?.Field ?? key);
            yield return new Suggestion(
                key.Name,
                SuggestionKind.Key,
                cursor.HasColon ? name : $"{name}: {value}{Comma(model.Document.Text, cursor.Token.End)}",
                cursor.Token
            )
            {
                Detail = HoverMarkdown.Type(key),
                Documentation = HoverMarkdown.Details(key),
                Filter = name,
                Sort = $"{rank}{order:D4}",
                IsSnippet = !cursor.HasColon,
                TriggersSuggest =
                    !cursor.HasColon
                    && (
                        inner?.Meaning is not (null or Meaning.Plain)
                        || (inner?.Field ?? key).Type is FieldType.Select or FieldType.CodexReference
                    ),
            };
        }
    }

    /// <summary>Excludes agent keys at the top of a template, unless they set the default of an existing field.</summary>
    private static bool IsApplicable(DocumentModel model, Shape shape, TemplateField key) =>
        shape.Role != Role.Template
        || !AgentSpec.Keys.Contains(key.Name)
        || key.Name == TemplateValidation.TagsField
        || model.Fields.Any(field => field.Name == key.Name);

    private static string ValueSnippet(string text, TemplateField field)
    {
        var quote = QuoteOf(text);
        return field.Type switch
        {
            FieldType.Number => field.Default is Json5Number number ? $"${{1:{Json5Writer.Write(number)}}}" : "$1",
            FieldType.Boolean => field.Default is Json5Boolean { Value: false } ? "${1|false,true|}" : "${1|true,false|}",
            FieldType.Array => field.Items?.Type is FieldType.Object ? "[{ $1 }]"
            : field.Items is { Type: FieldType.Number } ? "[$1]"
            : $"[{quote}$1{quote}]",
            FieldType.Object => "{ $1 }",
            _ => $"{quote}$1{quote}",
        };
    }

    /// <summary>Gets the quote that the file uses for strings.</summary>
    private static char QuoteOf(string text)
    {
        var (plain, single) = (text.IndexOf('"', StringComparison.Ordinal), text.IndexOf('\'', StringComparison.Ordinal));
        return plain < 0 && single >= 0 ? '\'' : '"';
    }

    /// <summary>Gets a comma if the rest of the line has none.</summary>
    private static string Comma(string text, int end)
    {
        var rest = text.AsSpan(end);
        rest = rest[..(rest.IndexOfAny('\n', '\r') is var line and >= 0 ? line : rest.Length)].Trim();
        return rest.Length == 0 || rest.StartsWith("//") ? ","
            : rest[0] is '}' or ',' or ']' ? ""
            : ", ";
    }

    private static IEnumerable<Suggestion> Values(
        LanguageSources sources,
        DocumentModel model,
        DocumentPosition place,
        Shape shape,
        int offset
    )
    {
        var cursor = place.Cursor;
        var inList = !cursor.Steps[^1].Frame.IsObject;
        var quote = QuoteOf(model.Document.Text);
        if (cursor.Quote == '\0' && !inList && shape.Field.Type is FieldType.Array or FieldType.Object)
        {
            yield return new Suggestion(
                shape.Field.Type == FieldType.Array ? "[ ]" : "{ }",
                SuggestionKind.Value,
                ValueSnippet(model.Document.Text, shape.Field),
                cursor.Token
            )
            {
                Detail = HoverMarkdown.Type(shape.Field),
                Sort = "0",
                IsSnippet = true,
                TriggersSuggest = true,
            };
            yield break;
        }

        if (shape.Field.Type == FieldType.Array && !inList)
        {
            yield break;
        }

        var current = cursor.Quote == '\0' ? "" : model.Document[cursor.Inner];
        var taken =
            inList && place.KeyName is { } list
                ? place.Values.GetStrings(list).Where(item => item != current).ToHashSet(StringComparer.Ordinal)
                : [];
        var order = 0;
        foreach (var choice in Choices(sources, model, place, shape).Where(choice => !taken.Contains(choice.Text)))
        {
            if (cursor.Quote != '\0' && !choice.IsText)
            {
                continue;
            }

            // An unclosed string would include the rest of the line.
            var replaces =
                cursor.Quote == '\0' ? cursor.Token
                : cursor.IsClosed ? cursor.Inner
                : new TextSpan(cursor.Inner.Start, Math.Max(cursor.Inner.Start, offset));
            var text = choice.Snippet ?? choice.Text;
            var insert =
                !choice.IsText ? text
                : cursor.Quote == '\0' ? $"{quote}{text}{quote}"
                : cursor.IsClosed ? text
                : text + cursor.Quote;
            yield return new Suggestion(choice.Text, choice.Kind, insert, replaces)
            {
                Detail = choice.Detail,
                Documentation = choice.Documentation,
                Sort = $"{order++:D5}",
                IsSnippet = choice.Snippet is not null,
            };
        }
    }

    private static IEnumerable<Choice> Choices(LanguageSources sources, DocumentModel model, DocumentPosition place, Shape shape) =>
        shape.Meaning switch
        {
            Meaning.Reference => Addresses(sources, shape.Field.TemplateFilter),
            Meaning.Secret => sources.Secrets.Select(secret => new Choice(
                secret.Reference,
                SuggestionKind.Reference,
                secret.Origins.Count > 0 ? string.Join(", ", secret.Origins) : null
            )),
            Meaning.Model => Models(sources, model, place.Values),
            Meaning.CatalogProvider => sources.Catalog.Ids.Select(id => new Choice(
                id,
                SuggestionKind.Reference,
                sources.Catalog.Find(id)?.Name
            )),
            Meaning.Tool => ToolNames.All.Select(OfTool),
            Meaning.Rule => Rules(sources),
            Meaning.TemplateId => TemplateIds(sources, model).Select(OfTemplate),
            Meaning.TemplateFilter => TemplateIds(sources, model)
                .Select(OfTemplate)
                .Prepend(new Choice(References.MarkdownFilter, SuggestionKind.Reference, "A prompt")),
            Meaning.FieldName or Meaning.FieldPath => model.Fields.Select(field => new Choice(
                field.Name,
                SuggestionKind.Key,
                HoverMarkdown.Type(field),
                HoverMarkdown.Details(field)
            )),
            Meaning.Icon => ThemeNames.Icons.Select(icon => new Choice(icon, SuggestionKind.Icon)),
            Meaning.Color => ThemeNames.Colors.Select(color => new Choice(color, SuggestionKind.Color)),
            _ => OfType(shape.Field),
        };

    private static IEnumerable<Choice> OfType(TemplateField field)
    {
        var usual = field.Default;
        return field.Type switch
        {
            FieldType.Boolean => new[] { "true", "false" }.Select(word => new Choice(
                word,
                SuggestionKind.Value,
                usual is Json5Boolean { Value: var on } && on == (word == "true") ? "default" : null,
                IsText: false
            )),
            _ when field.Options.Count > 0 => field.Options.Select(option => new Choice(
                option,
                SuggestionKind.Value,
                usual is Json5String text && text.Value == option ? "default" : null
            )),
            FieldType.Number when usual is Json5Number number =>
            [
                new Choice(Json5Writer.Write(number), SuggestionKind.Value, "default", IsText: false),
            ],
            _ when usual is Json5String { Value: var text } && !text.AsSpan().ContainsAny("\n\"'\\") =>
            [
                new Choice(text, SuggestionKind.Value, "default"),
            ],
            _ => [],
        };
    }

    /// <summary>Gets the addresses that match a filter, with their titles.</summary>
    private static IEnumerable<Choice> Addresses(LanguageSources sources, string? filter)
    {
        var requested = sources.References.ExpectedCollection(filter);
        if (requested is null or CodexCollection.Providers)
        {
            foreach (var name in (string[])[References.DefaultLarge, References.DefaultSmall])
            {
                var address = $"codex://providers/{name}";
                yield return new Choice(
                    address,
                    SuggestionKind.Reference,
                    sources.References.Resolve(address, null) is { Problem: null, Title: { } title }
                        ? title
                        : "Default provider; none is selected yet"
                );
            }

            foreach (var (settings, fault) in sources.Providers.List())
            {
                if (CodexUri.TryOf(CodexCollection.Providers, settings.Id, out var uri))
                {
                    yield return new Choice(
                        uri.ToString(),
                        SuggestionKind.Reference,
                        fault is null ? settings.Name : $"{settings.Name}, has errors"
                    );
                }
            }
        }

        var collections = sources.Documents.All.Where(files =>
            files.Format.Collection != CodexCollection.Providers && (requested is null || files.Format.Collection == requested)
        );
        foreach (var codex in collections.SelectMany(files => files.List()).Where(codex => codex.Uri is not null))
        {
            if (codex.Uri!.Collection == CodexCollection.Items && filter is not null && !sources.Templates.IsA(codex.TemplateId, filter))
            {
                continue;
            }

            yield return new Choice(
                codex.Uri.ToString(),
                SuggestionKind.Reference,
                codex.Title == codex.Id ? null : codex.Title,
                codex.Description is { } text ? HoverMarkdown.Escape(text) : null
            );
        }
    }

    private static IEnumerable<Choice> Models(LanguageSources sources, DocumentModel model, Json5Object values) =>
        ModelNames.ProviderOf(sources, model, values) is { } settings
            ? sources
                .Providers.KnownModels(settings)
                .Select(known => new Choice(known.Id, SuggestionKind.Model, HoverMarkdown.Summarize(known), HoverMarkdown.Describe(known)))
            : [];

    /// <summary>Gets the effective templates except the one being edited, which cannot inherit from itself.</summary>
    private static IEnumerable<TemplateEntry> TemplateIds(LanguageSources sources, DocumentModel model) =>
        sources
            .Templates.List()
            .Where(entry =>
                entry.Template is not null
                && !(model.Document.Location.Collection == CodexCollection.Templates && entry.Id == model.Document.Location.Name)
            )
            .Where(entry => model.Document.Location.Collection != CodexCollection.Items || ItemFormat.Accepts(sources.Templates, entry.Id))
            .DistinctBy(entry => entry.Id);

    private static Choice OfTool(ToolName tool) =>
        new(tool.Name, SuggestionKind.Tool, tool.MayChange ? "can make changes" : null, HoverMarkdown.Escape(tool.Description));

    /// <summary>Gets a rule for every use of a tool, or for a pattern; for the tool that starts tasks, one for each template it can use.</summary>
    private static IEnumerable<Choice> Rules(LanguageSources sources)
    {
        foreach (var tool in ToolNames.All)
        {
            yield return OfTool(tool);
            if (tool.Name != FoundReferences.SpawnTask)
            {
                yield return OfTool(tool) with
                {
                    Text = $"{tool.Name}(…)",
                    Snippet = $"{tool.Name}($1)",
                };
            }
        }

        foreach (
            var entry in sources
                .Templates.List()
                .Where(entry => entry.Template is not null && sources.Templates.IsA(entry.Id, TemplateCollections.TaskRoot))
                .DistinctBy(entry => entry.Id)
        )
        {
            yield return OfTemplate(entry) with
            {
                Text = $"{FoundReferences.SpawnTask}({entry.Id})",
            };
        }
    }

    private static Choice OfTemplate(TemplateEntry entry) =>
        new(
            entry.Id,
            SuggestionKind.Reference,
            entry.Template!.Name,
            entry.Template.Description is { } text ? HoverMarkdown.Escape(text) : null
        );
}
