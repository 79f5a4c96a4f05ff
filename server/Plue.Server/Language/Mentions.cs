using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Language;

internal enum MentionKind { Address, TemplateId, OwnId, Secret, Field, FieldDefinition }

/// <summary>A place in a document that names something.</summary>
/// <param name="At">All of it, without quotes.</param>
/// <param name="Name">The part that another name would take the place of.</param>
/// <param name="Codex">What is meant, as far as it is a codex.</param>
/// <param name="Filter">Of an address: what its target has to be.</param>
internal sealed record Mention(MentionKind Kind, Piece At, Piece Name, string Text, CodexUri? Codex = null, string? Filter = null, Shape? Shape = null)
{
    public bool IsField => Kind is MentionKind.Field or MentionKind.FieldDefinition;
}

/// <summary>Finds what a document names.</summary>
internal static partial class Mentions
{
    private const string Extension = ".md";

    public static IEnumerable<Mention> Of(DocumentModel model)
    {
        var document = model.Document;
        if (document.IsTooLarge) { return []; }

        return document.Place.IsJson5 ? OfJson5(model) : OfPrompt(document);
    }

    public static Mention? At(DocumentModel model, int offset) => Of(model).FirstOrDefault(mention => mention.At.Has(offset));

    /// <summary>The fields that the template itself writes, by the place of their names.</summary>
    public static IEnumerable<Mention> FieldDefinitions(OpenDocument document) => (document.Root.GetArray("fields")?.Items ?? []).OfType<Json5Object>()
        .Select(field => field.Find("name")).OfType<Json5String>().Where(name => name.Value.Length > 0)
        .Select(name => Plain(document, name) is { } at ? new Mention(MentionKind.FieldDefinition, at, at, name.Value) : null).OfType<Mention>();

    private static IEnumerable<Mention> OfJson5(DocumentModel model)
    {
        var document = model.Document;
        var isTemplate = document.Place.Collection == CodexCollection.Templates;
        if (isTemplate)
        {
            foreach (var definition in FieldDefinitions(document)) { yield return definition; }
        }

        foreach (var placed in model.Values())
        {
            if (placed.Node is not Json5String text || Plain(document, text) is not { } at) { continue; }

            if (isTemplate && placed.Key.Name == "id" && ReferenceEquals(placed.Container, document.Root)) { yield return new Mention(MentionKind.OwnId, at, at, text.Value, document.Place.Uri); }
            else if (placed.Shape?.Meaning is Meaning.TemplateId || (placed.Shape?.Meaning is Meaning.TemplateFilter && text.Value != References.MarkdownFilter))
            {
                CodexUri.TryOf(CodexCollection.Templates, text.Value, out var template);
                yield return new Mention(MentionKind.TemplateId, at, at, text.Value, template, Shape: placed.Shape);
            }
            else if (placed.Shape?.Meaning is Meaning.FieldName or Meaning.FieldPath)
            {
                var length = text.Value.AsSpan().IndexOfAny('.', '[');
                var name = new Piece(at.Start, length < 0 ? at.End : at.Start + length);
                yield return new Mention(MentionKind.Field, at, name, document[name], Shape: placed.Shape);
            }
            else if (text.Value.StartsWith("codex://", StringComparison.Ordinal) || placed.Shape?.Meaning == Meaning.Reference)
            {
                yield return Address(text.Value, at, placed.Shape);
            }
            else if (SecretReference.In(text.Value) is { Reference: var secret })
            {
                var start = at.Start + text.Value.IndexOf(secret, StringComparison.Ordinal);
                yield return new Mention(MentionKind.Secret, new Piece(start, start + secret.Length), new Piece(start, start + secret.Length), secret, Shape: placed.Shape);
            }
            else if (placed.Key.Name == "message" && isTemplate)
            {
                foreach (var placeholder in Placeholders(document.Text, at)) { yield return placeholder; }
            }
        }
    }

    private static IEnumerable<Mention> OfPrompt(OpenDocument document)
    {
        foreach (Match match in Addresses().Matches(document.Text))
        {
            var text = match.Value.TrimEnd('.');
            if (CodexUri.TryParse(text, out _)) { yield return Address(text, new Piece(match.Index, match.Index + text.Length), null); }
        }

        foreach (var placeholder in Placeholders(document.Text, new Piece(0, document.Text.Length))) { yield return placeholder; }
    }

    private static Mention Address(string text, Piece at, Shape? shape)
    {
        CodexUri.TryParse(text, out var uri);
        var slash = text.LastIndexOf('/');
        var isMarkdown = uri?.Collection == CodexCollection.Prompts && text.EndsWith(Extension, StringComparison.Ordinal);
        var name = new Piece(at.Start + slash + 1, isMarkdown ? at.End - Extension.Length : at.End);
        return new Mention(MentionKind.Address, at, name, text, uri, shape?.Field.TemplateFilter, shape);
    }

    private static IEnumerable<Mention> Placeholders(string text, Piece within)
    {
        foreach (Match match in Placeholder().Matches(text[within.Start..within.End]))
        {
            var name = match.Groups[1];
            var at = new Piece(within.Start + name.Index, within.Start + name.Index + name.Length);
            yield return new Mention(MentionKind.Field, at, at, name.Value);
        }
    }

    /// <summary>What stands between the quotes; null where it is written with escapes, so that its parts cannot be pointed at.</summary>
    private static Piece? Plain(OpenDocument document, Json5String text)
    {
        var at = new Piece(text.Span.Start + 1, text.Span.End - 1);
        return at.End - at.Start == text.Value.Length && document[at] == text.Value ? at : null;
    }

    [GeneratedRegex(@"codex://[a-z]{1,16}/[a-z0-9][a-z0-9._-]{0,127}", RegexOptions.CultureInvariant)]
    private static partial Regex Addresses();

    [GeneratedRegex(@"\{\{\s{0,8}([A-Za-z][A-Za-z0-9_]{0,127})[^{}\r\n]{0,128}\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
