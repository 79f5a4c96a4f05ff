using Plue.Server.Codices;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <param name="Markdown">Contains no links or images from a file.</param>
internal sealed record HoverText(string Markdown, TextSpan At);

/// <summary>Computes the hover at a position.</summary>
internal static class Hovers
{
    public static HoverText? At(LanguageSources sources, OpenDocument document, int offset)
    {
        if (document.IsTooLarge)
        {
            return null;
        }

        var model = new DocumentModel(sources, document);
        if (Mentions.At(model, offset) is { } mention && OfMention(sources, model, mention) is { } text)
        {
            return new HoverText(text, mention.At);
        }
        if (!document.Location.IsJson5)
        {
            return null;
        }

        var place = model.PositionAt(offset);
        if (place.Shape is not { } shape || place.KeyName is not { } name || place.Cursor.Token.Start == place.Cursor.Token.End)
        {
            return null;
        }

        var at = place.Cursor.Token;
        if (place.Cursor.Kind == CursorKind.Key)
        {
            return shape.Keys.FirstOrDefault(key => key.Name == name) is { } key
                ? new HoverText(HoverMarkdown.Describe(key, name, OverrideNote(sources, model, shape, key)), at)
                : null;
        }

        return new HoverText(
            OfValue(sources, model, place, shape, document[place.Cursor.Inner]) ?? HoverMarkdown.Describe(shape.Field, name),
            at
        );
    }

    /// <summary>Describes a key at the top of a template that sets the default of a field.</summary>
    private static IEnumerable<string> OverrideNote(LanguageSources sources, DocumentModel model, Shape shape, TemplateField key) =>
        shape.Role == Role.Template && AgentSpec.Keys.Contains(key.Name) && Origin(sources, model.ParentId, key.Name) is { } origin
            ? [$"Overrides the default from {HoverMarkdown.Code(origin)}."]
            : [];

    private static string? OfValue(LanguageSources sources, DocumentModel model, DocumentPosition place, Shape shape, string text) =>
        shape.Meaning switch
        {
            Meaning.Model => OfModel(sources, ModelNames.ProviderOf(sources, model, place.Values), text),
            Meaning.Tool or Meaning.Rule when ToolNames.Find(text.Split('(')[0]) is { } tool =>
                $"**{HoverMarkdown.Escape(tool.Name)}**\n\n{HoverMarkdown.Escape(tool.Description)}{(tool.MayChange ? "\n\nIt can make changes." : "")}",
            Meaning.CatalogProvider when sources.Catalog.Find(text) is { } vendor =>
                $"**{HoverMarkdown.Escape(vendor.Name)}**\n\n{Plural.Of(vendor.Models.Count, "model")} in the catalog.",
            _ => null,
        };

    private static string? OfModel(LanguageSources sources, ProviderSettings? settings, string id) =>
        settings is not null && sources.Providers.ModelOf(settings, id) is { } known
            ? $"{HoverMarkdown.Describe(known)}\n\nOf {HoverMarkdown.Escape(settings.Name)}."
            : null;

    private static string? OfMention(LanguageSources sources, DocumentModel model, Mention mention) =>
        mention.Kind switch
        {
            MentionKind.Secret => OfSecret(sources, mention.Text),
            MentionKind.Field or MentionKind.FieldDefinition => OfField(sources, model, mention.Text),
            MentionKind.Address or MentionKind.TemplateId when mention.Codex is { } uri => OfCodex(sources, uri, mention.Found),
            _ => null,
        };

    private static string OfSecret(LanguageSources sources, string reference)
    {
        var lines = new List<string> { $"**{HoverMarkdown.Escape(reference)}**" };
        if (sources.Secrets.FirstOrDefault(secret => secret.Reference == reference) is not { } known)
        {
            lines.Add(sources.References.Resolve(reference, null).Problem is { } problem ? HoverMarkdown.Escape(problem) : "A secret.");
        }
        else
        {
            lines.Add(
                known.Origins.Count > 0
                    ? $"Stored in the vault. Sent only to {string.Join(", ", known.Origins.Select(HoverMarkdown.Code))}."
                    : "In the vault."
            );
        }

        return string.Join("\n\n", lines);
    }

    private static string? OfField(LanguageSources sources, DocumentModel model, string name)
    {
        var isPrompt = !model.Document.Location.IsJson5;
        if ((isPrompt ? PromptCompletions.FieldsOf(sources) : model.Fields).FirstOrDefault(field => field.Name == name) is not { } field)
        {
            return null;
        }

        var origin = isPrompt ? null : Origin(sources, model.ParentId, name);
        return HoverMarkdown.Describe(field, name, origin is null ? [] : [$"Inherited from {HoverMarkdown.Code(origin)}."]);
    }

    /// <summary>Finds the template that first defines the field, in a parent and its ancestors.</summary>
    public static string? Origin(LanguageSources sources, string? parent, string field)
    {
        string? origin = null;
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (
            var at = parent;
            at is not null && seen.Add(at) && sources.Templates.Find(at) is { } template && template.Field(field) is not null;
            at = template.ParentTemplate
        )
        {
            origin = at;
        }

        return origin;
    }

    private static string OfCodex(LanguageSources sources, CodexUri uri, FoundReference? reference)
    {
        var found = reference is null ? sources.References.Resolve(uri.ToString(), null) : sources.References.Resolve(reference);
        List<string> lines = [$"**{HoverMarkdown.Escape(found.Title ?? uri.ToString())}**"];
        if (found.Problem is { } problem)
        {
            lines.Add(HoverMarkdown.Escape(problem));
        }
        if (Documents.Has(uri.Collection) && sources.Documents.Of(uri.Collection).Get(uri.Name) is { } codex)
        {
            if (codex.Description is { Length: > 0 } description)
            {
                lines.Add(HoverMarkdown.Escape(description));
            }
            lines.Add(
                codex.Layer switch
                {
                    TemplateLayer.Shipped => "Ships with Plue.",
                    TemplateLayer.Workspace => "It is of this workspace.",
                    _ => "It is yours.",
                }
            );
        }

        if (uri.Collection == CodexCollection.Providers && ProviderLine(sources, uri) is { } state)
        {
            lines.Add(state);
        }
        return string.Join("\n\n", lines);
    }

    private static string? ProviderLine(LanguageSources sources, CodexUri uri)
    {
        if (sources.ProviderAt(uri.ToString()) is not { } settings)
        {
            return null;
        }

        var kind = ProviderKinds.Find(settings.Kind)?.Name ?? settings.Kind;
        var state = sources.Providers.StateOf(settings);
        return $"{HoverMarkdown.Escape(kind)}{(settings.Model is { } model ? $", {HoverMarkdown.Code(model)}" : "")}. {(settings.Enabled ? $"State: {state.Health.ToString().ToLowerInvariant()}." : "It is off.")}";
    }
}
