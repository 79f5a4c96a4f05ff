using Plue.Server.Codices;

namespace Plue.Server.Language;

/// <summary>A range in a file of the user, or in a shipped document.</summary>
internal sealed record Occurrence(OpenDocument Document, TextSpan At);

/// <param name="Target">The linked document.</param>
internal sealed record DocumentLink(TextSpan At, OpenDocument Target, string Title);

/// <summary>Finds definitions and references.</summary>
internal static class Navigation
{
    private static readonly TextSpan Begin = new(0, 0);

    public static IReadOnlyList<DocumentLink> Links(LanguageSources sources, OpenDocument document) =>
        [
            .. Mentions
                .Of(new DocumentModel(sources, document))
                .Where(mention => mention.Kind is MentionKind.Address or MentionKind.TemplateId && mention.Codex is not null)
                .Select(mention =>
                    sources.Find(mention.Codex!) is { } target ? new DocumentLink(mention.At, target, $"Open {mention.Codex}") : null
                )
                .OfType<DocumentLink>(),
        ];

    public static Occurrence? Definition(LanguageSources sources, OpenDocument document, int offset)
    {
        var model = new DocumentModel(sources, document);
        if (Mentions.At(model, offset) is not { } mention)
        {
            return null;
        }
        if (mention.IsField)
        {
            return FieldDefinition(sources, model, mention.Text);
        }

        return mention.Codex is { } uri && sources.Find(uri) is { } target
            ? new Occurrence(target, target.Location.IsJson5 && target.Root.Find("id") is { } id ? TextSpan.Of(id.Span) : Begin)
            : null;
    }

    /// <summary>Finds mentions of the symbol at a position: a field in its document, a codex in all files.</summary>
    public static IReadOnlyList<Occurrence> References(LanguageSources sources, OpenDocument document, int offset, bool withDefinition)
    {
        var model = new DocumentModel(sources, document);
        var mention = Mentions.At(model, offset);
        if (mention is { IsField: true })
        {
            return
            [
                .. MentionsOfField(model, mention.Text)
                    .Where(one => withDefinition || one.Kind != MentionKind.FieldDefinition)
                    .Select(one => new Occurrence(document, one.Name)),
            ];
        }

        return (mention is null ? document.Location.Uri : mention.Codex) is { } uri
            ?
            [
                .. MentionsOfCodex(sources, uri)
                    .Where(pair => withDefinition || pair.Mention.Kind != MentionKind.OwnId)
                    .Select(pair => new Occurrence(pair.Model.Document, pair.Mention.At)),
            ]
            : [];
    }

    public static IEnumerable<Mention> MentionsOfField(DocumentModel model, string name) =>
        Mentions.Of(model).Where(mention => mention.IsField && mention.Text == name);

    /// <summary>Gets all mentions of a codex in the user's files.</summary>
    public static IEnumerable<(DocumentModel Model, Mention Mention)> MentionsOfCodex(LanguageSources sources, CodexUri uri) =>
        sources
            .OwnFiles()
            .Select(file => new DocumentModel(sources, file))
            .SelectMany(model => Mentions.Of(model).Where(mention => mention.Codex == uri).Select(mention => (model, mention)));

    /// <summary>Finds the definition in this file, or in the nearest ancestor that defines the field.</summary>
    private static Occurrence? FieldDefinition(LanguageSources sources, DocumentModel model, string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var document = model.Document; document is not null; )
        {
            if (Mentions.FieldDefinitions(document).FirstOrDefault(field => field.Text == name) is { } found)
            {
                return new Occurrence(document, found.At);
            }

            var next = document.Root.GetString(
                document.Location.Collection == CodexCollection.Templates ? "parent_template" : ItemFormat.TemplateField
            );
            document =
                next is not null && seen.Add(next) && CodexUri.TryOf(CodexCollection.Templates, next, out var uri)
                    ? sources.Find(uri)
                    : null;
        }

        return null;
    }
}
