using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <param name="Edits">Sorted and not overlapping.</param>
internal sealed record DocumentEdit(OpenDocument Document, IReadOnlyList<(TextSpan At, string Text)> Edits);

/// <param name="From">The file to rename after the edits; null if none.</param>
internal sealed record RenameEdit(IReadOnlyList<DocumentEdit> Documents, string? From = null, string? To = null);

/// <summary>Renames a field of a template, or a codex with all references to it.</summary>
internal static class Renames
{
    /// <summary>Gets the name to change; null if there is no name that a user may change.</summary>
    public static (TextSpan At, string Name)? Prepare(LanguageSources sources, OpenDocument document, int offset)
    {
        var model = new DocumentModel(sources, document);
        if (Mentions.At(model, offset) is not { } mention)
        {
            return null;
        }
        if (mention.IsField)
        {
            return IsOwnField(model, mention.Text) ? (mention.Name, mention.Text) : null;
        }

        return mention.Codex is { } uri && sources.Find(uri) is { Location.Layer: not TemplateLayer.Shipped }
            ? (mention.Name, document[mention.Name])
            : null;
    }

    /// <exception cref="FailureException">
    /// NotFound: there is no symbol to rename, or the new name is invalid. Conflict: the name is in use, or chats refer to the codex.
    /// </exception>
    public static RenameEdit To(LanguageSources sources, OpenDocument document, int offset, string name)
    {
        var model = new DocumentModel(sources, document);
        var mention = Mentions.At(model, offset) ?? throw new FailureException(FailureKind.NotFound, "There is no symbol to rename here.");
        return mention.IsField ? Field(sources, model, mention.Text, name) : Codex(sources, mention.Codex, name);
    }

    private static bool IsOwnField(DocumentModel model, string name) =>
        model.Document.Location is { Collection: CodexCollection.Templates }
        && Mentions.FieldDefinitions(model.Document).Any(field => field.Text == name);

    private static RenameEdit Field(LanguageSources sources, DocumentModel model, string before, string name)
    {
        if (!IsOwnField(model, before))
        {
            throw new FailureException(FailureKind.NotFound, $"`{before}` is not defined in this template. Rename it where it is defined.");
        }
        if (Hovers.Origin(sources, model.ParentId, before) is { } origin)
        {
            throw new FailureException(FailureKind.Conflict, $"`{before}` is defined in `{origin}`. Rename it there.");
        }
        if (!(name.Length is > 0 and <= 128 && char.IsAsciiLetter(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')))
        {
            throw new FailureException(
                FailureKind.NotFound,
                "A field name must begin with a letter and contain only letters, digits and underscores."
            );
        }

        if (model.Fields.Any(field => field.Name == name))
        {
            throw new FailureException(FailureKind.Conflict, $"The field `{name}` already exists. Choose another name.");
        }

        return new RenameEdit([
            new DocumentEdit(model.Document, InOrder(Navigation.MentionsOfField(model, before).Select(mention => (mention.Name, name)))),
        ]);
    }

    private static RenameEdit Codex(LanguageSources sources, CodexUri? from, string name)
    {
        if (from is null || sources.Find(from) is not { Location: { Layer: not TemplateLayer.Shipped } place })
        {
            throw new FailureException(FailureKind.NotFound, "This name does not refer to a file of yours.");
        }

        var to = CodexUri.Of(from.Collection, name);
        if (to.Collection == CodexCollection.Templates && !TemplateReader.IsId(to.Name))
        {
            throw new FailureException(FailureKind.NotFound, "A template name may contain only lower-case letters, digits and hyphens.");
        }
        if (sources.Find(to) is not null)
        {
            throw new FailureException(FailureKind.Conflict, $"{to} already exists. Choose another name.");
        }

        var elsewhere = sources
            .Links.Incoming(from)
            .FirstOrDefault(end => !(CodexUri.TryParse(end.Target, out var uri) && Documents.Has(uri.Collection)));
        if (elsewhere is not null)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"“{elsewhere.Title}” refers to {from} but is not a file. Run Plue: Rename Item, Prompt, Template, or Provider."
            );
        }

        var path = Path.Combine(Path.GetDirectoryName(place.Path)!, to.Name + Path.GetExtension(place.Path));
        var edits = Navigation
            .MentionsOfCodex(sources, from)
            .GroupBy(pair => pair.Model.Document.Location.Path, StringComparer.Ordinal)
            .Select(file => new DocumentEdit(
                file.First().Model.Document,
                InOrder(file.Select(pair => (pair.Mention.At, pair.Mention.Found?.Renamed(to) ?? to.Name)))
            ));
        return new RenameEdit([.. edits], place.Path, path);
    }

    private static IReadOnlyList<(TextSpan, string)> InOrder(IEnumerable<(TextSpan At, string Text)> edits) =>
        [.. edits.DistinctBy(edit => edit.At).OrderBy(edit => edit.At.Start)];
}
