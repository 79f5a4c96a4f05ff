using Plue.Server.Codices;
using Plue.Server.Json5;

namespace Plue.Server.Language;

internal enum SymbolKind
{
    Block,
    List,
    Field,
    Hook,
    Value,
    Heading,
}

/// <param name="At">The full range.</param>
/// <param name="Name">The displayed name and its range.</param>
internal sealed record DocumentSymbol(
    string Title,
    string? Detail,
    SymbolKind Kind,
    TextSpan At,
    TextSpan Name,
    IReadOnlyList<DocumentSymbol> Children
);

/// <summary>The outline of a document.</summary>
internal static class Symbols
{
    private const int MaxSymbols = 5000;

    public static IReadOnlyList<DocumentSymbol> Of(OpenDocument document)
    {
        if (document.IsTooLarge)
        {
            return [];
        }
        if (!document.Location.IsJson5)
        {
            return Headings(document.Text);
        }

        return [.. document.Root.Members.Take(MaxSymbols).Select(member => OfMember(document, member))];
    }

    private static DocumentSymbol OfMember(OpenDocument document, Json5Member member) =>
        new(
            member.Name.Length > 0 ? member.Name : "\"\"",
            Scalar(member.Value),
            member.Value switch
            {
                Json5Object => SymbolKind.Block,
                Json5Array => SymbolKind.List,
                _ => SymbolKind.Value,
            },
            new TextSpan(member.NameSpan.Start, member.Value.Span.End),
            TextSpan.Of(member.NameSpan),
            member.Value switch
            {
                Json5Object value => [.. value.Members.Take(MaxSymbols).Select(inner => OfMember(document, inner))],
                Json5Array array when IsNamed(document, member.Name) =>
                [
                    .. array.Items.OfType<Json5Object>().Take(MaxSymbols).Select(item => OfItem(document, member.Name, item)),
                ],
                _ => [],
            }
        );

    private static bool IsNamed(OpenDocument document, string key) =>
        document.Location.Collection == CodexCollection.Templates
        && key is "fields" or "properties" or "hooks" or "conditions" or "candidates";

    private static DocumentSymbol OfItem(OpenDocument document, string list, Json5Object item)
    {
        var key =
            list == "hooks" ? "trigger"
            : list is "fields" or "properties" ? "name"
            : "field";
        var title = item.Find(key) as Json5String;
        var detail = item.GetString(list == "hooks" ? "action" : "type");
        return new DocumentSymbol(
            title is { Value.Length: > 0 } ? title.Value : "…",
            detail,
            list == "hooks" ? SymbolKind.Hook : SymbolKind.Field,
            TextSpan.Of(item.Span),
            TextSpan.Of(title?.Span ?? item.Span),
            [
                .. item
                    .Members.Where(member => member.Value is Json5Object or Json5Array)
                    .Take(MaxSymbols)
                    .Select(member => OfMember(document, member)),
            ]
        );
    }

    private static string? Scalar(Json5Node value) =>
        value is Json5Object or Json5Array ? null
        : Json5Writer.Write(value) is var text && text.Length > 80 ? text[..80] + "…"
        : text;

    /// <summary>Gets the headings of a Markdown document as a tree, without those in fenced code.</summary>
    private static IReadOnlyList<DocumentSymbol> Headings(string text)
    {
        var found = new List<(int Level, string Title, TextSpan Line)>();
        var isCode = false;
        for (var start = 0; start < text.Length && found.Count < MaxSymbols; )
        {
            var length = text.AsSpan(start).IndexOf('\n');
            var end = length < 0 ? text.Length : start + length;
            var line = text[start..end].TrimEnd('\r');
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                isCode = !isCode;
            }
            var level = line.TakeWhile(c => c == '#').Count();
            if (
                !isCode
                && level is > 0 and < 7
                && line.Length > level
                && line[level] == ' '
                && line.Trim('#', ' ') is { Length: > 0 } title
            )
            {
                found.Add((level, title, new TextSpan(start, start + line.Length)));
            }
            start = end + 1;
        }

        var index = 0;
        return Below(0);

        IReadOnlyList<DocumentSymbol> Below(int level)
        {
            var symbols = new List<DocumentSymbol>();
            while (index < found.Count && found[index].Level > level)
            {
                var (own, title, line) = found[index++];
                var children = Below(own);
                var end = index < found.Count ? found[index].Line.Start : text.Length;
                symbols.Add(new DocumentSymbol(title, null, SymbolKind.Heading, new TextSpan(line.Start, end), line, children));
            }

            return symbols;
        }
    }
}
