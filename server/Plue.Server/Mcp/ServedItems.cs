using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>The tools that list and read items, the user's documents.</summary>
internal sealed class ServedItems(Documents documents, OutgoingContent outgoing)
{
    private readonly FileCodices items = documents.Of(CodexCollection.Items);

    public IReadOnlyList<ServedTool> Tools =>
        [
            new(
                "list_items",
                "List Items",
                "Lists the user's items in Plue: documents such as notes, tickets or contacts, each made from a template.",
                $$$"""{"type":"object","properties":{"template":{"type":"string","description":"Only items of this template or one that inherits from it."},{{{ServedPage.Properties}}}},"additionalProperties":false}""",
                (given, _) => Task.FromResult(ServedPage.Of("items", List(given.OptionalText("template")), given, Row))
            ),
            new(
                "read_item",
                "Read Item",
                "Returns the text of an item.",
                """{"type":"object","properties":{"uri":{"type":"string","description":"Such as codex://items/…"},"cursor":{"type":"string","description":"The next_cursor of the previous part."}},"required":["uri"],"additionalProperties":false}""",
                (given, _) => Task.FromResult(Read(given))
            ),
        ];

    public IEnumerable<FileCodex> List(string? template = null) =>
        items.List().Where(item => item.Uri is not null && (template is null || documents.Templates.IsA(item.TemplateId, template)));

    /// <summary>Returns the start of an item.</summary>
    /// <exception cref="FailureException">NotFound.</exception>
    public string Text(CodexUri uri)
    {
        var text = Whole(uri);
        return text.Length <= ServedText.MaxCharacters
            ? text
            : $"{ServedText.Part(text, 0, ServedText.MaxCharacters)}\n\n[Truncated. The read_item tool returns the rest.]\n";
    }

    private JsonObject Read(ToolParameters given)
    {
        var uri = ServedChats.AddressOf(given, CodexCollection.Items);
        var from = ServedPage.Position(given.OptionalText("cursor"));
        var text = Whole(uri);
        var part = ServedText.Part(text, from, ServedText.MaxCharacters);
        var page = new JsonObject { ["uri"] = uri.ToString(), ["text"] = part };
        if (from + part.Length < text.Length)
        {
            page["next_cursor"] = ServedPage.Cursor(from + part.Length);
        }

        return page;
    }

    private string Whole(CodexUri uri) =>
        items.BytesOf(documents.Get(uri)) is { } bytes
            ? outgoing.Clean(items.Format.Redact(Encoding.UTF8.GetString(bytes)))
            : throw new FailureException(FailureKind.NotFound, $"{uri} could not be read.");

    private static JsonObject Row(FileCodex item) =>
        new()
        {
            ["uri"] = item.Uri!.ToString(),
            ["title"] = item.Title,
            ["description"] = item.Description,
            ["template"] = item.TemplateId,
            ["tags"] = new JsonArray([.. item.Tags.Select(tag => (JsonNode)tag)]),
            ["updated_at"] = item.Modified,
        };
}
