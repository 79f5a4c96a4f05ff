using Plue.Protocol;
using Plue.Server.Language;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>Converts between the types of the language features and the Language Server Protocol.</summary>
internal static class LanguageViews
{
    public const string QuickFix = "quickfix";
    private const string FileScheme = "file://";

    /// <summary>The URI scheme of documents that ship with Plue. The extension shows them read-only.</summary>
    private const string ShippedScheme = "plue-codex:";
    private const string Source = "Plue";
    private const int SnippetFormat = 2;

    public static string UriOf(string path)
    {
        var segments = path.Replace(Path.DirectorySeparatorChar, '/').Split('/');
        var address = string.Join('/', segments.Select(Uri.EscapeDataString));
        return FileScheme + (address.StartsWith('/') ? address : "/" + address);
    }

    /// <returns>Null if the URI is not a local file.</returns>
    public static string? PathOf(string? uri)
    {
        if (uri is null || !uri.StartsWith(FileScheme + "/", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var path = Uri.UnescapeDataString(uri[FileScheme.Length..]);
        return OperatingSystem.IsWindows() ? path.TrimStart('/').Replace('/', '\\') : path;
    }

    public static string UriOf(DocumentLocation place) =>
        place.Layer == TemplateLayer.Shipped
            ? $"{ShippedScheme}/{place.Collection.ToString().ToLowerInvariant()}/{place.Path}"
            : UriOf(place.Path);

    public static TextRange Range(OpenDocument document, TextSpan at) => new(Position(document, at.Start), Position(document, at.End));

    public static TextLocation Location(Occurrence one) => new(UriOf(one.Document.Location), Range(one.Document, one.At));

    public static TextEditView Edit(OpenDocument document, (TextSpan At, string Text) edit) => new(Range(document, edit.At), edit.Text);

    public static DiagnosticView Diagnostic(OpenDocument document, LanguageProblem problem) =>
        new(Range(document, problem.At), problem.IsError ? 1 : 2, problem.Code, Source, problem.Message);

    public static CompletionItemView Item(OpenDocument document, Suggestion suggestion) =>
        new(suggestion.Label, KindOf(suggestion.Kind), Edit(document, (suggestion.Replaces, suggestion.Insert)))
        {
            Detail = suggestion.Detail,
            Documentation = suggestion.Documentation is { } text ? Markup(text) : null,
            SortText = suggestion.Sort,
            FilterText = suggestion.Filter,
            InsertTextFormat = suggestion.IsSnippet ? SnippetFormat : null,
            Command = suggestion.TriggersSuggest ? new EditorCommandView("Suggest", "editor.action.triggerSuggest", null) : null,
        };

    public static MarkupView Markup(string text) => new("markdown", text);

    public static DocumentSymbolView Symbol(OpenDocument document, DocumentSymbol symbol) =>
        new(
            symbol.Title,
            symbol.Detail,
            KindOf(symbol.Kind),
            Range(document, symbol.At),
            Range(document, symbol.Name),
            [.. symbol.Children.Select(child => Symbol(document, child))]
        );

    public static WorkspaceEditView Edit(RenameEdit rename)
    {
        var edits = rename.Documents.Select(edit => Changes(edit.Document, edit.Edits));
        return new WorkspaceEditView(
            rename is { From: { } from, To: { } to }
                ?
                [
                    .. edits,
                    new DocumentChangeView
                    {
                        Kind = "rename",
                        OldUri = UriOf(from),
                        NewUri = UriOf(to),
                    },
                ]
                : [.. edits]
        );
    }

    public static CodeActionView Action(OpenDocument document, QuickFix fix) =>
        new(fix.Title, QuickFix, [Diagnostic(document, fix.Problem)], fix.IsPreferred)
        {
            Edit =
                fix.Edits.Count > 0 ? new WorkspaceEditView([Changes(document, fix.Edits)])
                : fix.Creates is { } file ? Creation(file.Path, file.Text)
                : null,
            Command = fix.MovesKeyOf is { } id ? new EditorCommandView(fix.Title, "plue.moveKeyToVault", [id]) : null,
        };

    private static WorkspaceEditView Creation(string path, string text)
    {
        var begin = new TextPosition(0, 0);
        return new WorkspaceEditView([
            new DocumentChangeView { Kind = "create", Uri = UriOf(path) },
            new DocumentChangeView
            {
                TextDocument = new OptionalVersionedTextDocumentIdentifier(UriOf(path), null),
                Edits = [new TextEditView(new TextRange(begin, begin), text)],
            },
        ]);
    }

    private static DocumentChangeView Changes(OpenDocument document, IReadOnlyList<(TextSpan At, string Text)> edits) =>
        new()
        {
            TextDocument = new OptionalVersionedTextDocumentIdentifier(
                UriOf(document.Location),
                document.Version > 0 ? document.Version : null
            ),
            Edits = [.. edits.Select(edit => Edit(document, edit))],
        };

    private static TextPosition Position(OpenDocument document, int index)
    {
        var at = document.Lines.Span(Math.Clamp(index, 0, document.Text.Length), index);
        return new TextPosition(at.Line - 1, at.Column - 1);
    }

    private static int KindOf(SuggestionKind kind) =>
        kind switch
        {
            SuggestionKind.Key => 5,
            SuggestionKind.Reference => 18,
            SuggestionKind.Model => 7,
            SuggestionKind.Tool => 3,
            SuggestionKind.Color => 16,
            SuggestionKind.Icon => 21,
            _ => 12,
        };

    private static int KindOf(SymbolKind kind) =>
        kind switch
        {
            SymbolKind.Block => 19,
            SymbolKind.List => 18,
            SymbolKind.Field => 8,
            SymbolKind.Hook => 24,
            SymbolKind.Heading => 15,
            _ => 7,
        };
}
