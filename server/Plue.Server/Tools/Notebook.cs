using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <param name="Kind"><c>code</c>, <c>markdown</c> or <c>raw</c>.</param>
/// <param name="Language">Null for a cell without code.</param>
internal sealed record NotebookCell(string Kind, string Source, string? Language);

/// <summary>A Jupyter notebook: its cells as text, and edits that keep all other bytes of the file.</summary>
internal sealed class Notebook
{
    public const string Extension = ".ipynb";
    public const string Code = "code";
    private const int MaxOutput = 2_000;

    /// <summary>The minor version of format 4 that introduced cell ids.</summary>
    private const int FirstMinorWithIds = 5;
    private readonly byte[] json;
    private readonly JsonElement root;
    private readonly List<JsonElement> elements;
    private readonly Positions positions;

    private Notebook(byte[] json, JsonElement root, Positions positions)
    {
        (this.json, this.root, this.positions) = (json, root, positions);
        elements = [.. root.GetProperty("cells").EnumerateArray()];
        Cells = [.. elements.Select(cell => new NotebookCell(TextOf(cell, "cell_type"), TextOf(cell, "source"), LanguageOf(cell)))];
    }

    public IReadOnlyList<NotebookCell> Cells { get; }

    public static bool IsNotebook(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <returns>Null if the text is not a notebook.</returns>
    public static Notebook? Of(string text)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            using var document = JsonDocument.Parse(bytes);
            var top = document.RootElement;
            return
                top.ValueKind == JsonValueKind.Object
                && Items(top, "cells") is { } cells
                && cells.All(cell => cell.ValueKind == JsonValueKind.Object)
                && Positions.Read(bytes) is { } places
                ? new Notebook(bytes, top.Clone(), places)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Gets the key for <see cref="SeenFiles"/>. Outputs may change between reading and editing a cell; cells may not.</summary>
    public static string SeenKey(string path) => $"{path}#cells";

    public string HashOfCells =>
        FolderHandle.HashOf(Encoding.UTF8.GetBytes(string.Join('\0', Cells.Select(cell => $"{cell.Kind}\0{cell.Source}"))));

    /// <summary>Gets the cells with their latest outputs, truncated.</summary>
    public string Shown()
    {
        var output = new StringBuilder();
        for (var at = 0; at < Cells.Count; at++)
        {
            var cell = Cells[at];
            output.Append(CultureInfo.InvariantCulture, $"[Cell {at + 1}, {cell.Kind}");
            if (cell.Language is { } language)
            {
                output.Append(CultureInfo.InvariantCulture, $", {language}");
            }
            if (elements[at].TryGetProperty("execution_count", out var count) && count.ValueKind == JsonValueKind.Number)
            {
                output.Append(CultureInfo.InvariantCulture, $", run {count.GetRawText()}");
            }

            output.Append(CultureInfo.InvariantCulture, $"]\n{cell.Source.TrimEnd('\n')}\n");
            foreach (var one in (Items(elements[at], "outputs") ?? []).Where(one => one.ValueKind == JsonValueKind.Object))
            {
                AppendOutput(output, one);
            }

            output.Append('\n');
        }

        return output.ToString();
    }

    /// <param name="at">The index of the cell.</param>
    /// <returns>The text of the file with the new source.</returns>
    public string Replace(int at, string source)
    {
        var cell = positions.Cells[at];
        return cell.Source is { } old
            ? Splice(old.Start, old.End, json[old.Start] == '"' ? Quoted(source) : SourceLines(source))
            : Splice(cell.Start + 1, cell.Start + 1, $"{Property("source", SourceLines(source))},");
    }

    /// <param name="at">The index of the new cell.</param>
    public string Insert(int at, string kind, string source)
    {
        var cells = positions.Cells;
        var separator = $",{Break(2)}";
        var cell = NewCell(kind, source);
        return cells.Count == 0 ? Splice(positions.Start, positions.End, $"[{Break(2)}{cell}{Break(1)}]")
            : at < cells.Count ? Splice(cells[at].Start, cells[at].Start, cell + separator)
            : Splice(cells[^1].End, cells[^1].End, separator + cell);
    }

    public string Delete(int at)
    {
        var cells = positions.Cells;
        return cells.Count == 1 ? Splice(positions.Start, positions.End, "[]")
            : at < cells.Count - 1 ? Splice(cells[at].Start, cells[at + 1].Start, "")
            : Splice(cells[at - 1].End, cells[at].End, "");
    }

    private string? LanguageOf(JsonElement cell) =>
        TextOf(cell, "cell_type") != Code ? null
        : Child(cell, "metadata") is { } own && Child(own, "vscode") is { } vscode && TextOf(vscode, "languageId") is { Length: > 0 } id
            ? id
        : Child(root, "metadata") is not { } metadata ? "python"
        : Child(metadata, "language_info") is { } info && TextOf(info, "name") is { Length: > 0 } name ? name
        : Child(metadata, "kernelspec") is { } kernel && TextOf(kernel, "language") is { Length: > 0 } language ? language
        : "python";

    /// <summary>Creates a cell with its keys in the order of Jupyter.</summary>
    private string NewCell(string kind, string source)
    {
        var hasIds = Number(root, "nbformat") > 4 || (Number(root, "nbformat") == 4 && Number(root, "nbformat_minor") >= FirstMinorWithIds);
        List<string> properties = [Property("cell_type", Quoted(kind))];
        if (kind == Code)
        {
            properties.Add(Property("execution_count", "null"));
        }
        if (hasIds)
        {
            properties.Add(Property("id", Quoted(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4)))));
        }
        properties.Add(Property("metadata", "{}"));
        if (kind == Code)
        {
            properties.Add(Property("outputs", "[]"));
        }
        properties.Add(Property("source", SourceLines(source)));
        return $"{{{string.Join(',', properties)}{Break(2)}}}";
    }

    private string Property(string name, string value) => $"{Break(3)}\"{name}\":{(positions.Indent is null ? "" : " ")}{value}";

    /// <summary>Gets the source as an array of lines, as Jupyter stores it.</summary>
    private string SourceLines(string source)
    {
        List<string> lines = [];
        for (var start = 0; start < source.Length; )
        {
            var end = source.IndexOf('\n', start) is var found and >= 0 ? found + 1 : source.Length;
            lines.Add($"{Break(4)}{Quoted(source[start..end])}");
            start = end;
        }

        return lines.Count == 0 ? "[]" : $"[{string.Join(',', lines)}{Break(3)}]";
    }

    /// <summary>Gets a line break with indentation in the style of the file; empty for a file with one line.</summary>
    private string Break(int depth) =>
        positions.Indent is { } indent ? positions.LineBreak + string.Concat(Enumerable.Repeat(indent, depth)) : "";

    private string Splice(int start, int end, string text) =>
        Encoding.UTF8.GetString(json.AsSpan(0, start)) + text + Encoding.UTF8.GetString(json.AsSpan(end));

    private static string Quoted(string text) => $"\"{JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static void AppendOutput(StringBuilder output, JsonElement one)
    {
        var text = TextOf(one, "text");
        if (text.Length == 0 && Child(one, "data") is { } data)
        {
            var plain = TextOf(data, "text/plain");
            var others = data.EnumerateObject()
                .Select(kind => kind.Name)
                .Where(kind => plain.Length == 0 || kind.StartsWith("image/", StringComparison.Ordinal))
                .ToList();
            text = string.Join('\n', [.. plain.Length > 0 ? [plain] : (IEnumerable<string>)[], .. others.Select(kind => $"[{kind}]")]);
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
            .Append("[Output]\n")
            .Append(
                text.Length <= MaxOutput
                    ? text.TrimEnd('\n')
                    : $"{TextCut.Head(text, MaxOutput)}\n[{text.Length - MaxOutput} more characters]"
            )
            .Append('\n');
    }

    private static List<JsonElement>? Items(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : null;

    private static JsonElement? Child(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var child) && child.ValueKind == JsonValueKind.Object ? child : null;

    private static int Number(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : 0;

    /// <summary>Gets a string, or the joined lines of an array.</summary>
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

    private sealed record Position(int Start, int End, (int Start, int End)? Source);

    /// <summary>The byte positions of the cells.</summary>
    /// <param name="Start">The start of the list of cells.</param>
    /// <param name="Indent">The indentation of one level; null for a file with one line.</param>
    private sealed record Positions(int Start, int End, IReadOnlyList<Position> Cells, string? Indent, string LineBreak)
    {
        /// <returns>Null if there is no list of cells, or more than one.</returns>
        public static Positions? Read(byte[] json)
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            Positions? found = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isCells = reader.ValueTextEquals("cells");
                var name = (int)reader.TokenStartIndex;
                reader.Read();
                if (!isCells)
                {
                    reader.Skip();
                    continue;
                }
                if (found is not null || reader.TokenType != JsonTokenType.StartArray)
                {
                    return null;
                }

                var start = (int)reader.TokenStartIndex;
                List<Position> cells = [];
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                {
                    cells.Add(ReadCell(ref reader));
                }

                found = new Positions(
                    start,
                    (int)reader.BytesConsumed,
                    cells,
                    IndentAt(json, name),
                    json.AsSpan().IndexOf("\r\n"u8) >= 0 ? "\r\n" : "\n"
                );
            }

            return found;
        }

        private static Position ReadCell(ref Utf8JsonReader reader)
        {
            var start = (int)reader.TokenStartIndex;
            (int Start, int End)? source = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isSource = reader.ValueTextEquals("source");
                reader.Read();
                var value = (int)reader.TokenStartIndex;
                reader.Skip();
                source = isSource ? (value, (int)reader.BytesConsumed) : source;
            }

            return new Position(start, (int)reader.BytesConsumed, source);
        }

        /// <summary>Gets the whitespace before a top-level key.</summary>
        private static string? IndentAt(byte[] json, int at)
        {
            var blanks = at;
            while (blanks > 0 && json[blanks - 1] is (byte)' ' or (byte)'\t')
            {
                blanks--;
            }

            return blanks > 0 && json[blanks - 1] == '\n' ? Encoding.UTF8.GetString(json.AsSpan(blanks, at - blanks)) : null;
        }
    }
}
