using System.Globalization;
using System.Text;

namespace Plue.Server.Json5;

/// <summary>Writes values as in handwritten files: two spaces of indentation, keys unquoted if possible, short lists on one line.</summary>
internal static class Json5Writer
{
    private const int Indentation = 2;
    private const int MaxLineLength = 100;

    /// <summary>Writes a complete file with a final line break.</summary>
    public static string WriteFile(Json5Node node) => Write(node) + "\n";

    /// <param name="indent">The indentation of the line on which the value starts.</param>
    /// <param name="newLine">The line break of the target file.</param>
    /// <param name="quote">The quote of a string: <c>"</c> or <c>'</c>. Strings in a list or an object always use the former.</param>
    public static string Write(Json5Node node, int indent = 0, string newLine = "\n", char quote = '"')
    {
        if (node is Json5String text)
        {
            return Quote(text.Value, quote);
        }

        var output = new StringBuilder();
        Append(output, node, indent, newLine);
        return output.ToString();
    }

    /// <summary>Writes a value on one line: <c>{ usd: 1, tools: ["read"] }</c>.</summary>
    public static string WriteLine(Json5Node node) =>
        node switch
        {
            Json5Array { Items: not [] } array => $"[{string.Join(", ", array.Items.Select(WriteLine))}]",
            Json5Object { Members: not [] } value =>
                $"{{ {string.Join(", ", value.Members.Select(member => $"{WriteKey(member.Name)}: {WriteLine(member.Value)}"))} }}",
            _ => Write(node),
        };

    /// <summary>Writes a key, quoted only if necessary.</summary>
    public static string WriteKey(string name) => IsPlainKey(name) ? name : Quote(name);

    private static void Append(StringBuilder output, Json5Node node, int indent, string newLine)
    {
        switch (node)
        {
            case Json5String text:
                output.Append(Quote(text.Value));
                break;
            case Json5Number number:
                output.Append(Number(number));
                break;
            case Json5Boolean boolean:
                output.Append(boolean.Value ? "true" : "false");
                break;
            case Json5Null:
                output.Append("null");
                break;
            case Json5Array { Items: [] }:
                output.Append("[]");
                break;
            case Json5Object { Members: [] }:
                output.Append("{}");
                break;
            case Json5Array array when OneLine(array, indent) is { } line:
                output.Append(line);
                break;
            case Json5Array array:
                AppendBlock(output, '[', ']', array.Items, (item, inner) => Append(output, item, inner, newLine), indent, newLine);
                break;
            case Json5Object value:
                AppendBlock(
                    output,
                    '{',
                    '}',
                    value.Members,
                    (member, inner) =>
                    {
                        output.Append(WriteKey(member.Name)).Append(": ");
                        Append(output, member.Value, inner, newLine);
                    },
                    indent,
                    newLine
                );
                break;
        }
    }

    private static void AppendBlock<T>(
        StringBuilder output,
        char open,
        char close,
        IReadOnlyList<T> entries,
        Action<T, int> append,
        int indent,
        string newLine
    )
    {
        output.Append(open).Append(newLine);
        foreach (var entry in entries)
        {
            output.Append(' ', indent + Indentation);
            append(entry, indent + Indentation);
            output.Append(',').Append(newLine);
        }

        output.Append(' ', indent).Append(close);
    }

    /// <summary>Writes a list of scalars that fits on a line; null for any other.</summary>
    private static string? OneLine(Json5Array array, int indent)
    {
        if (array.Items.Any(item => item is Json5Array or Json5Object))
        {
            return null;
        }

        var line = $"[{string.Join(", ", array.Items.Select(item => Write(item)))}]";
        return line.Length + indent <= MaxLineLength ? line : null;
    }

    private static string Number(Json5Number number) =>
        number.Raw
        ?? number.Value switch
        {
            double.PositiveInfinity => "Infinity",
            double.NegativeInfinity => "-Infinity",
            double.NaN => "NaN",
            var value => value.ToString("R", CultureInfo.InvariantCulture),
        };

    private static bool IsPlainKey(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '$');

    private static string Quote(string value, char quote = '"')
    {
        var output = new StringBuilder(value.Length + 2).Append(quote);
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            switch (c)
            {
                case '"' or '\'' when c == quote:
                    output.Append('\\').Append(c);
                    break;
                case '\\':
                    output.Append("\\\\");
                    break;
                case '\n':
                    output.Append("\\n");
                    break;
                case '\r':
                    output.Append("\\r");
                    break;
                case '\t':
                    output.Append("\\t");
                    break;
                case < ' ' or '\u007F' or '\u2028' or '\u2029' or '\uFEFF':
                    output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
                    break;
                default:
                    var paired = char.IsHighSurrogate(c) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]);
                    if (paired)
                    {
                        output.Append(c).Append(value[++i]);
                    }
                    else if (char.IsSurrogate(c))
                    {
                        output.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
                    }
                    else
                    {
                        output.Append(c);
                    }

                    break;
            }
        }

        return output.Append(quote).ToString();
    }
}
