using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Codices;

/// <summary>Changes the targets of references in a text and preserves everything else, including quotes and comments.</summary>
internal static class ReferenceEdit
{
    /// <summary>Returns the text of a JSON5 file with every reference to a codex renamed.</summary>
    /// <param name="found">The references in this text.</param>
    public static string Rename(string text, IEnumerable<FoundReference> found, CodexUri from, CodexUri to) =>
        Replace(text, found.Where(reference => reference.To == from).Select(reference => (reference.Span, reference.Renamed(to))));

    /// <summary>Changes a template file to a new id, including references to itself and to its missing prompt.</summary>
    /// <param name="hasPrompt">True if a prompt with this name exists.</param>
    public static string Adopt(string text, string id, Func<string, Template?> find, Func<string, bool> hasPrompt)
    {
        if (
            Json5Reader.Read(text) is not { IsValid: true, Root: Json5Object root }
            || root.GetString("id") is not { } old
            || !TemplateReader.IsId(old)
        )
        {
            return text;
        }

        var found = FoundReferences.InTemplate(root, find).ToList();
        var own = CodexUri.Of(CodexCollection.Templates, old);
        var prompt = CodexUri.Of(CodexCollection.Prompts, old);
        return Replace(
            text,
            [
                .. found
                    .Where(reference => reference.To == own && reference.Path != "parent_template")
                    .Select(reference => (reference.Span, reference.Renamed(CodexUri.Of(CodexCollection.Templates, id)))),
                .. found
                    .Where(reference => reference.To == prompt && !hasPrompt(old))
                    .Select(reference => (reference.Span, reference.Renamed(CodexUri.Of(CodexCollection.Prompts, id)))),
            ]
        );
    }

    private static string Replace(string text, IEnumerable<(Json5Span Span, string Value)> changes) =>
        Json5Edit.Replace(text, changes.Select(change => (change.Span, (Json5Node)new Json5String(change.Value))));
}
