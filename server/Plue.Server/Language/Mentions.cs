using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Language;

internal enum MentionKind
{
    Address,
    TemplateId,
    OwnId,
    Secret,
    Field,
    FieldDefinition,
}

/// <summary>A range in a document that names something.</summary>
/// <param name="At">The full range without quotes.</param>
/// <param name="Name">The range that a rename replaces.</param>
/// <param name="Found">The reference, for an address, a template or a secret.</param>
internal sealed record Mention(MentionKind Kind, TextSpan At, TextSpan Name, string Text, FoundReference? Found = null)
{
    /// <summary>The mentioned codex, if it is one.</summary>
    public CodexUri? Codex { get; init; } = Found?.To;

    public bool IsField => Kind is MentionKind.Field or MentionKind.FieldDefinition;
}

/// <summary>Finds the names in a document: its references, as in <see cref="FoundReferences"/>, and fields.</summary>
internal static partial class Mentions
{
    private const string Extension = ".md";

    public static IEnumerable<Mention> Of(DocumentModel model)
    {
        var document = model.Document;
        if (document.IsTooLarge)
        {
            return [];
        }

        return document.Location.IsJson5 ? OfJson5(model) : OfPrompt(document);
    }

    public static Mention? At(DocumentModel model, int offset) => Of(model).FirstOrDefault(mention => mention.At.Contains(offset));

    /// <summary>Gets the fields that the template itself defines, by the range of their names.</summary>
    public static IEnumerable<Mention> FieldDefinitions(OpenDocument document) =>
        (document.Root.GetArray("fields")?.Items ?? [])
            .OfType<Json5Object>()
            .Select(field => field.Find("name"))
            .OfType<Json5String>()
            .Where(name => name.Value.Length > 0)
            .Select(name => Plain(document, name) is { } at ? new Mention(MentionKind.FieldDefinition, at, at, name.Value) : null)
            .OfType<Mention>();

    private static IEnumerable<Mention> OfJson5(DocumentModel model)
    {
        var document = model.Document;
        var isTemplate = document.Location.Collection == CodexCollection.Templates;
        if (isTemplate)
        {
            foreach (var definition in FieldDefinitions(document))
            {
                yield return definition;
            }
        }

        foreach (var found in FoundReferences.InFile(document.Location.Collection, document.Root, model.Templates.Find))
        {
            if (OfReference(document, found) is { } mention)
            {
                yield return mention;
            }
        }

        foreach (var placed in model.Values())
        {
            if (placed.Node is not Json5String text || Plain(document, text) is not { } at)
            {
                continue;
            }

            if (isTemplate && placed.Key.Name == "id" && ReferenceEquals(placed.Container, document.Root))
            {
                yield return new Mention(MentionKind.OwnId, at, at, text.Value) { Codex = document.Location.Uri };
            }
            else if (placed.Shape?.Meaning is Meaning.FieldName or Meaning.FieldPath)
            {
                var length = text.Value.AsSpan().IndexOfAny('.', '[');
                var name = new TextSpan(at.Start, length < 0 ? at.End : at.Start + length);
                yield return new Mention(MentionKind.Field, at, name, document[name]);
            }
            else if (placed.Key.Name == "message" && isTemplate)
            {
                foreach (var placeholder in Placeholders(document.Text, at))
                {
                    yield return placeholder;
                }
            }
        }
    }

    private static IEnumerable<Mention> OfPrompt(OpenDocument document)
    {
        foreach (Match match in Addresses().Matches(document.Text))
        {
            var text = match.Value.TrimEnd('.');
            var at = new TextSpan(match.Index, match.Index + text.Length);
            if (CodexUri.TryParse(text, out var uri))
            {
                yield return Address(at, new FoundReference(text, ReferenceForm.Address, uri, "", "", null, default));
            }
        }

        foreach (var placeholder in Placeholders(document.Text, new TextSpan(0, document.Text.Length)))
        {
            yield return placeholder;
        }
    }

    /// <summary>Null for a path, and for a text with escapes, whose parts cannot be located.</summary>
    private static Mention? OfReference(OpenDocument document, FoundReference found)
    {
        var start =
            found.Form == ReferenceForm.File
                ? -1
                : document.Text.IndexOf(found.Text, found.Span.Start, found.Span.End - found.Span.Start, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var at = new TextSpan(start, start + found.Text.Length);
        return found.Form switch
        {
            ReferenceForm.Address => Address(at, found),
            ReferenceForm.Secret => new Mention(MentionKind.Secret, at, at, found.Text, found),
            ReferenceForm.Rule => new Mention(
                MentionKind.TemplateId,
                at,
                new TextSpan(at.End - 1 - found.To!.Name.Length, at.End - 1),
                found.To.Name,
                found
            ),
            _ => new Mention(MentionKind.TemplateId, at, at, found.Text, found),
        };
    }

    private static Mention Address(TextSpan at, FoundReference found)
    {
        var isMarkdown = found.To?.Collection == CodexCollection.Prompts && found.Text.EndsWith(Extension, StringComparison.Ordinal);
        var name = new TextSpan(at.Start + found.Text.LastIndexOf('/') + 1, isMarkdown ? at.End - Extension.Length : at.End);
        return new Mention(MentionKind.Address, at, name, found.Text, found);
    }

    private static IEnumerable<Mention> Placeholders(string text, TextSpan within)
    {
        foreach (var (path, placeholder) in PromptPlaceholders.FindIn(text[within.Start..within.End]))
        {
            var start = text.IndexOf(path.Field, within.Start + placeholder.Start, StringComparison.Ordinal);
            var at = new TextSpan(start, start + path.Field.Length);
            yield return new Mention(MentionKind.Field, at, at, path.Field);
        }
    }

    /// <summary>Gets the range between the quotes; null if the text contains escapes, so that parts cannot be located.</summary>
    private static TextSpan? Plain(OpenDocument document, Json5String text)
    {
        var at = new TextSpan(text.Span.Start + 1, text.Span.End - 1);
        return at.End - at.Start == text.Value.Length && document[at] == text.Value ? at : null;
    }

    [GeneratedRegex(@"codex://[a-z]{1,16}/[a-z0-9][a-z0-9._-]{0,127}", RegexOptions.CultureInvariant)]
    private static partial Regex Addresses();
}
