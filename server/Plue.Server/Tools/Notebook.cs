using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Plue.Server.Tools;

/// <summary>A Jupyter notebook as text.</summary>
internal static class Notebook
{
    private const int MaxOutput = 4_000;

    /// <returns>Its cells with what they said last; null when it is no notebook.</returns>
    public static string? Cells(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (
                document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("cells", out var cells)
                || cells.ValueKind != JsonValueKind.Array
            )
            {
                return null;
            }

            var output = new StringBuilder();
            var number = 0;
            foreach (var cell in cells.EnumerateArray().Where(cell => cell.ValueKind == JsonValueKind.Object))
            {
                output.Append(
                    CultureInfo.InvariantCulture,
                    $"# Cell {++number}, {TextOf(cell, "cell_type")}\n{TextOf(cell, "source").TrimEnd('\n')}\n"
                );
                foreach (var one in Items(cell, "outputs"))
                {
                    Append(output, one);
                }

                output.Append('\n');
            }

            return output.ToString();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Append(StringBuilder output, JsonElement one)
    {
        var text = TextOf(one, "text");
        if (text.Length == 0 && Child(one, "data") is { } data)
        {
            text = TextOf(data, "text/plain") is { Length: > 0 } plain
                ? plain
                : $"[{string.Join(", ", data.EnumerateObject().Select(kind => kind.Name))}]";
        }
        if (text.Length == 0 && TextOf(one, "ename") is { Length: > 0 } name)
        {
            text = $"{name}: {TextOf(one, "evalue")}";
        }
        if (text.Length == 0)
        {
            return;
        }

        output
            .Append("# Output\n")
            .Append(text.Length <= MaxOutput ? text.TrimEnd('\n') : $"{text[..MaxOutput]}\n[{text.Length - MaxOutput} more characters]")
            .Append('\n');
    }

    private static IEnumerable<JsonElement> Items(JsonElement cell, string name) =>
        cell.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object)
            : [];

    private static JsonElement? Child(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.Object ? child : null;

    /// <summary>A text, or the lines of one.</summary>
    private static string TextOf(JsonElement parent, string name) =>
        !parent.TryGetProperty(name, out var value)
            ? ""
            : value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.Array => string.Concat(
                    value.EnumerateArray().Select(line => line.ValueKind == JsonValueKind.String ? line.GetString() : "")
                ),
                _ => "",
            };
}
