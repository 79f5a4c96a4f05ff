using System.Text;
using System.Text.Json;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// Collects OpenRouter's <c>reasoning_details</c>, which arrive in fragments and are sent back complete: the fragments of a block are joined, including its
/// signature, which may arrive after the tool calls. Their content is opaque.
/// </summary>
internal sealed class ReasoningDetails
{
    /// <summary>Fields whose fragments are concatenated; for other fields, the last value is used.</summary>
    private static readonly string[] Growing = ["text", "summary", "data"];

    private readonly List<Block> blocks = [];

    /// <param name="json">One object of the list.</param>
    public void Add(string json)
    {
        using var document = JsonDocument.Parse(json);
        var piece = document.RootElement;
        var (type, index) = (piece.Text("type"), piece.Whole("index"));
        var block = blocks.FindLast(known => known.Type == type && known.Index == index);
        // A block without an index continues only if no other block came between. Encrypted blocks are never split.
        var isSamePart = block is not null && type != "reasoning.encrypted" && (index is not null || ReferenceEquals(block, blocks[^1]));
        if (!isSamePart)
        {
            blocks.Add(block = new Block(type, index));
        }
        foreach (var field in piece.EnumerateObject())
        {
            if (field.Value.ValueKind == JsonValueKind.String && Growing.Contains(field.Name))
            {
                block!.Grow(field.Name, field.Value.GetString()!);
            }
            else if (field.Value.ValueKind != JsonValueKind.Null || !block!.Has(field.Name))
            {
                block!.Set(field.Name, field.Value.GetRawText());
            }
        }
    }

    /// <returns>The list to send back; null if there is none.</returns>
    public string? ToJson()
    {
        if (blocks.Count == 0)
        {
            return null;
        }
        return $"[{string.Join(',', blocks.Select(block => Encoding.UTF8.GetString(JsonBody.Write(block.Write))))}]";
    }

    private sealed record Block(string? Type, long? Index)
    {
        private readonly List<(string Name, string? Raw, StringBuilder? Text)> fields = [];

        public bool Has(string name) => fields.Exists(field => field.Name == name);

        public void Grow(string name, string text)
        {
            var at = fields.FindIndex(field => field.Name == name);
            if (at < 0)
            {
                fields.Add((name, null, new StringBuilder(text)));
            }
            else if (fields[at].Text is { } known)
            {
                known.Append(text);
            }
            else
            {
                fields[at] = (name, null, new StringBuilder(text));
            }
        }

        public void Set(string name, string raw)
        {
            var at = fields.FindIndex(field => field.Name == name);
            if (at < 0)
            {
                fields.Add((name, raw, null));
            }
            else
            {
                fields[at] = (name, raw, null);
            }
        }

        public void Write(Utf8JsonWriter json)
        {
            foreach (var (name, raw, text) in fields)
            {
                json.WritePropertyName(name);
                if (text is not null)
                {
                    json.WriteStringValue(text.ToString());
                }
                else
                {
                    json.WriteRawValue(raw!, skipInputValidation: true);
                }
            }
        }
    }
}
