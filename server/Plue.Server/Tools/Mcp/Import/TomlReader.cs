using System.Globalization;
using System.Text;
using Plue.Server.Json5;

namespace Plue.Server.Tools.Mcp.Import;

/// <summary>The content of a TOML file; null, with the line of the first error, if it is invalid.</summary>
internal sealed record TomlResult(Json5Object? Root, int ErrorLine);

/// <summary>Reads TOML as JSON5 nodes. Dates become strings. Never throws.</summary>
internal sealed class TomlReader
{
    private const int MaxDepth = 64;
    private readonly string text;
    private int at;
    private int depth;

    private TomlReader(string text) => this.text = text;

    public static TomlResult Read(string text)
    {
        var reader = new TomlReader(text.TrimStart('\uFEFF'));
        try
        {
            return new TomlResult(Node(reader.ReadFile()), 0);
        }
        catch (FormatException)
        {
            return new TomlResult(null, reader.text.AsSpan(0, Math.Min(reader.at, reader.text.Length)).Count('\n') + 1);
        }
    }

    private OrderedDictionary<string, object> ReadFile()
    {
        var root = NewTable();
        var table = root;
        for (SkipBlank(); !IsAtEnd; SkipBlank())
        {
            if (Take('['))
            {
                var isList = Take('[');
                var keys = ReadKeys();
                Expect(']');
                if (isList)
                {
                    Expect(']');
                }
                table = isList ? Append(root, keys) : TableAt(root, keys);
            }
            else
            {
                ReadPair(table);
            }

            EndLine();
        }

        return root;
    }

    private void ReadPair(OrderedDictionary<string, object> table)
    {
        var keys = ReadKeys();
        Expect('=');
        SkipSpaces();
        var owner = TableAt(table, keys[..^1]);
        if (!owner.TryAdd(keys[^1], ReadValue()))
        {
            throw Wrong();
        }
    }

    private List<string> ReadKeys()
    {
        List<string> keys = [];
        do
        {
            SkipSpaces();
            if (Now is '"' or '\'')
            {
                keys.Add(ReadText());
            }
            else
            {
                var start = at;
                while (char.IsAsciiLetterOrDigit(Now) || Now is '_' or '-')
                {
                    at++;
                }
                keys.Add(at > start ? text[start..at] : throw Wrong());
            }

            SkipSpaces();
        } while (keys.Count < MaxDepth && Take('.'));
        return keys;
    }

    private object ReadValue()
    {
        if (++depth > MaxDepth)
        {
            throw Wrong();
        }

        object value = Now switch
        {
            '"' or '\'' => new Json5String(ReadText()),
            '[' => ReadList(),
            '{' => ReadInlineTable(),
            _ => ReadWord(),
        };
        depth--;
        return value;
    }

    private Json5Array ReadList()
    {
        Expect('[');
        List<Json5Node> items = [];
        for (SkipBlank(); !Take(']'); SkipBlank())
        {
            items.Add(Node(ReadValue()));
            SkipBlank();
            if (!Take(',') && Now != ']')
            {
                throw Wrong();
            }
        }

        return new Json5Array(items);
    }

    private OrderedDictionary<string, object> ReadInlineTable()
    {
        Expect('{');
        var table = NewTable();
        for (SkipBlank(); !Take('}'); SkipBlank())
        {
            ReadPair(table);
            SkipBlank();
            if (!Take(',') && Now != '}')
            {
                throw Wrong();
            }
        }

        return table;
    }

    private Json5Node ReadWord()
    {
        var start = at;
        while (char.IsAsciiLetterOrDigit(Now) || Now is '+' or '-' or '_' or '.' or ':')
        {
            at++;
        }

        var word = text[start..at];
        var plain = word.Replace("_", "", StringComparison.Ordinal);
        return word switch
        {
            "" => throw Wrong(),
            "true" => new Json5Boolean(true),
            "false" => new Json5Boolean(false),
            _ when double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) =>
                new Json5Number(number, plain),
            _ => new Json5String(word),
        };
    }

    private string ReadText()
    {
        var quote = text[at];
        var isLong = text.AsSpan(at).StartsWith([quote, quote, quote]);
        at += isLong ? 3 : 1;
        if (isLong)
        {
            Take('\r');
            Take('\n');
        }

        var read = new StringBuilder();
        while (true)
        {
            var now = IsAtEnd ? throw Wrong() : text[at];
            if (now == quote && (!isLong || text.AsSpan(at).StartsWith([quote, quote, quote])))
            {
                at += isLong ? 3 : 1;
                // A multiline string can end with up to two additional quotes.
                for (var more = 0; isLong && more < 2 && Take(quote); more++)
                {
                    read.Append(quote);
                }
                return read.ToString();
            }
            if (now == '\n' && !isLong)
            {
                throw Wrong();
            }

            at++;
            if (now == '\\' && quote == '"')
            {
                ReadEscape(read, isLong);
            }
            else
            {
                read.Append(now);
            }
        }
    }

    private void ReadEscape(StringBuilder read, bool isLong)
    {
        var kind = IsAtEnd ? throw Wrong() : text[at++];
        switch (kind)
        {
            case 'b' or 't' or 'n' or 'f' or 'r' or 'e' or '"' or '\\':
                read.Append("\b\t\n\f\r\e\"\\"["btnfre\"\\".IndexOf(kind, StringComparison.Ordinal)]);
                break;
            case 'x' or 'u' or 'U':
                var length = kind switch
                {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                read.Append(
                    at + length <= text.Length
                    && uint.TryParse(text.AsSpan(at, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
                    && Rune.IsValid(code)
                        ? new Rune(code).ToString()
                        : throw Wrong()
                );
                at += length;
                break;
            case var space when isLong && char.IsWhiteSpace(space):
                while (!IsAtEnd && char.IsWhiteSpace(Now))
                {
                    at++;
                }
                break;
            default:
                throw Wrong();
        }
    }

    /// <summary>Finds or creates a table. In an array of tables, the last one is used.</summary>
    private static OrderedDictionary<string, object> TableAt(OrderedDictionary<string, object> from, List<string> keys)
    {
        foreach (var key in keys)
        {
            if (!from.TryGetValue(key, out var next))
            {
                from[key] = next = NewTable();
            }

            from = next switch
            {
                OrderedDictionary<string, object> table => table,
                List<OrderedDictionary<string, object>> tables => tables[^1],
                _ => throw Wrong(),
            };
        }

        return from;
    }

    private static OrderedDictionary<string, object> Append(OrderedDictionary<string, object> root, List<string> keys)
    {
        var owner = TableAt(root, keys[..^1]);
        if (!owner.TryGetValue(keys[^1], out var list))
        {
            owner[keys[^1]] = list = new List<OrderedDictionary<string, object>>();
        }

        var tables = list as List<OrderedDictionary<string, object>> ?? throw Wrong();
        tables.Add(NewTable());
        return tables[^1];
    }

    private static Json5Node Node(object value) =>
        value switch
        {
            Json5Node node => node,
            OrderedDictionary<string, object> table => Json5Object.Of(table.Select(pair => (pair.Key, Node(pair.Value)))),
            _ => Json5Array.Of(((List<OrderedDictionary<string, object>>)value).Select(Node)),
        };

    private static Json5Object Node(OrderedDictionary<string, object> table) => (Json5Object)Node((object)table);

    private static OrderedDictionary<string, object> NewTable() => new(StringComparer.Ordinal);

    private bool IsAtEnd => at >= text.Length;

    private char Now => IsAtEnd ? '\0' : text[at];

    private bool Take(char expected)
    {
        if (Now != expected || IsAtEnd)
        {
            return false;
        }

        at++;
        return true;
    }

    private void Expect(char expected)
    {
        SkipSpaces();
        if (!Take(expected))
        {
            throw Wrong();
        }
    }

    private void EndLine()
    {
        SkipSpaces();
        SkipComment();
        Take('\r');
        if (!IsAtEnd && !Take('\n'))
        {
            throw Wrong();
        }
    }

    private void SkipSpaces()
    {
        while (Now is ' ' or '\t')
        {
            at++;
        }
    }

    private void SkipBlank()
    {
        while (!IsAtEnd && (Now is ' ' or '\t' or '\r' or '\n' or '#'))
        {
            SkipComment();
            if (Now is ' ' or '\t' or '\r' or '\n')
            {
                at++;
            }
        }
    }

    private void SkipComment()
    {
        if (Now == '#')
        {
            while (!IsAtEnd && Now != '\n')
            {
                at++;
            }
        }
    }

    private static FormatException Wrong() => new();
}
