using Plue.Server.Codices;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>Completion in Markdown: front matter keys, fields in double braces, addresses.</summary>
internal static class PromptCompletions
{
    private const string Fence = "---";
    private const string Open = "{{";
    private const string Scheme = "codex://";

    private static readonly (string Name, string Insert, string Description)[] Keys =
    [
        ("name", "name: ", "The name in lists. Default: the name of the file."),
        ("description", "description: ", "One sentence: what it is for."),
        ("tags", "tags: [$1]", "Search keywords."),
        ("arguments", "arguments: [$1]", "What the prompt is given when it is used as a command, by name."),
    ];

    public static IReadOnlyList<Suggestion> At(LanguageSources sources, OpenDocument document, int offset)
    {
        var text = document.Text;
        offset = Math.Clamp(offset, 0, text.Length);
        var line = text.LastIndexOf('\n', Math.Max(0, offset - 1), Math.Max(0, offset)) + 1;
        var before = text[line..offset];
        if (
            before.LastIndexOf(Open, StringComparison.Ordinal) is var open and >= 0
            && before[(open + 2)..].All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or ' ')
        )
        {
            return [.. Fields(sources, document, before, line + open + 2, offset)];
        }

        if (
            before.LastIndexOf(Scheme, StringComparison.Ordinal) is var address and >= 0
            && before[address..].AsSpan().IndexOfAnyExcept("abcdefghijklmnopqrstuvwxyz0123456789:/._-") < 0
        )
        {
            var end = EndOfWord(
                text,
                offset,
                c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '/' or '.' or '_' or '-' or ':'
            );
            return
            [
                .. sources
                    .Documents.All.SelectMany(files => files.List())
                    .Where(codex => codex.Uri is not null)
                    .Select(
                        (codex, index) =>
                            new Suggestion(
                                codex.Uri!.ToString(),
                                SuggestionKind.Reference,
                                codex.Uri.ToString(),
                                new TextSpan(line + address, end)
                            )
                            {
                                Detail = codex.Title,
                                Sort = $"{index:D5}",
                            }
                    ),
            ];
        }

        return IsInHead(text, line) && !before.Contains(':', StringComparison.Ordinal) ? [.. HeadKeys(document, line, offset)] : [];
    }

    /// <summary>Gets the fields of chats and tasks, which a prompt may use.</summary>
    public static IEnumerable<TemplateField> FieldsOf(LanguageSources sources) =>
        sources
            .Templates.List()
            .Where(entry => entry.Template?.Collection is TemplateCollection.Chats or TemplateCollection.Tasks)
            .SelectMany(entry => entry.Template!.Fields)
            .DistinctBy(field => field.Name);

    /// <summary>
    /// Gets the names that have a value: arguments, values from the editor and the chat, and fields of the templates that use the prompt, or of all
    /// templates if none does.
    /// </summary>
    public static IReadOnlyCollection<string> NamesFor(LanguageSources sources, OpenDocument document)
    {
        var users = CodexLinks
            .OfTemplates(sources.Templates)
            .Where(reference => reference.To == document.Location.Uri)
            .Select(reference => sources.Templates.Find(reference.From))
            .OfType<Template>()
            .ToList();
        var fields = users.Count > 0 ? users.SelectMany(user => user.Fields) : FieldsOf(sources);
        return new HashSet<string>(
            [.. fields.Select(field => field.Name), .. Arguments(document).Select(argument => argument.Name), .. ChatValues.PromptNames],
            StringComparer.Ordinal
        );
    }

    private static IEnumerable<PromptArgument> Arguments(OpenDocument document) =>
        [
            .. PromptArguments.Read(document.FrontMatter.Values),
            new PromptArgument(PromptArguments.Selection, "The selection in the active editor.", IsOptional: true),
            new PromptArgument(PromptArguments.File, "The file in the active editor.", IsOptional: true),
        ];

    private static IEnumerable<Suggestion> Fields(LanguageSources sources, OpenDocument document, string before, int start, int offset)
    {
        var text = document.Text;
        var typed = before[(before.LastIndexOf(Open, StringComparison.Ordinal) + 2)..];
        start += typed.Length - typed.TrimStart().Length;
        var end = EndOfWord(text, offset, c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var closes = text.AsSpan(end).TrimStart(' ').StartsWith("}}") ? "" : "}}";
        var own = Arguments(document)
            .Select(argument => (argument.Name, Detail: "argument", About: HoverMarkdown.Escape(argument.Description ?? "")));
        return own.Concat(
                FieldsOf(sources).Select(field => (field.Name, Detail: HoverMarkdown.Type(field), About: HoverMarkdown.Details(field)))
            )
            .DistinctBy(one => one.Name)
            .Select(
                (one, index) =>
                    new Suggestion(one.Name, SuggestionKind.Key, one.Name + closes, new TextSpan(start, end))
                    {
                        Detail = one.Detail,
                        Documentation = one.About,
                        Sort = $"{index:D5}",
                    }
            );
    }

    private static IEnumerable<Suggestion> HeadKeys(OpenDocument document, int line, int offset)
    {
        var end = EndOfWord(document.Text, offset, c => char.IsAsciiLetterOrDigit(c) || c == '_');
        var order = 0;
        foreach (var (name, insert, description) in Keys.Where(key => !document.FrontMatter.Values.Has(key.Name)))
        {
            yield return new Suggestion(name, SuggestionKind.Key, insert, new TextSpan(line, end))
            {
                Documentation = description,
                Sort = $"{order++}",
                IsSnippet = insert.Contains('$', StringComparison.Ordinal),
            };
        }
    }

    /// <summary>True if the line is in the front matter, which may not be closed yet.</summary>
    private static bool IsInHead(string text, int line)
    {
        var lines = text.AsSpan(0, line).TrimStart('\uFEFF').ToString().ReplaceLineEndings("\n").Split('\n');
        return line > 0 && lines[0] == Fence && lines.Skip(1).All(one => one.TrimEnd() != Fence);
    }

    private static int EndOfWord(string text, int offset, Func<char, bool> isPart)
    {
        while (offset < text.Length && isPart(text[offset]))
        {
            offset++;
        }

        return offset;
    }
}
