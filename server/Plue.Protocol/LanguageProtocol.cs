using System.Text.Json;
using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <summary>
/// The part of the Language Server Protocol (3.17) that Plue supports, by its names. The extension has these types from its library, so they are not generated
/// for it. Positions count lines and UTF-16 units from 0; kinds are numbers, as in the protocol.
/// </summary>
public static class LanguageMethods
{
    public static readonly RpcNotification<DidOpenTextDocumentParams> DidOpen = new("textDocument/didOpen");
    public static readonly RpcNotification<DidChangeTextDocumentParams> DidChange = new("textDocument/didChange");
    public static readonly RpcNotification<TextDocumentParams> DidClose = new("textDocument/didClose");
    public static readonly RpcNotification<TextDocumentParams> DidSave = new("textDocument/didSave");
    public static readonly RpcNotification<PublishDiagnosticsParams> PublishDiagnostics = new("textDocument/publishDiagnostics");
    public static readonly RpcRequest<TextDocumentPositionParams, CompletionListView> Completion = new("textDocument/completion");
    public static readonly RpcRequest<TextDocumentPositionParams, HoverView?> Hover = new("textDocument/hover");
    public static readonly RpcRequest<TextDocumentParams, IReadOnlyList<DocumentLinkView>> DocumentLink = new("textDocument/documentLink");
    public static readonly RpcRequest<TextDocumentPositionParams, TextLocation?> Definition = new("textDocument/definition");
    public static readonly RpcRequest<ReferenceParams, IReadOnlyList<TextLocation>> References = new("textDocument/references");
    public static readonly RpcRequest<TextDocumentPositionParams, PrepareRenameView?> PrepareRename = new("textDocument/prepareRename");
    public static readonly RpcRequest<TextRenameParams, WorkspaceEditView> Rename = new("textDocument/rename");
    public static readonly RpcRequest<TextDocumentParams, IReadOnlyList<DocumentSymbolView>> DocumentSymbol = new(
        "textDocument/documentSymbol"
    );
    public static readonly RpcRequest<TextDocumentParams, IReadOnlyList<TextEditView>> Formatting = new("textDocument/formatting");
    public static readonly RpcRequest<CodeActionParams, IReadOnlyList<CodeActionView>> CodeAction = new("textDocument/codeAction");

    /// <summary>To the editor: the files whose changes it reports. Sent if the editor supports dynamic registration.</summary>
    public static readonly RpcRequest<RegistrationParams, JsonElement> RegisterCapability = new("client/registerCapability");
}

public sealed record TextPosition(int Line, int Character);

public sealed record TextRange(TextPosition Start, TextPosition End);

public sealed record TextLocation(string Uri, TextRange Range);

public sealed record TextDocumentItem(string Uri, int Version, string Text);

public sealed record TextDocumentIdentifier(string Uri);

public sealed record VersionedTextDocumentIdentifier(string Uri, int Version);

public sealed record DidOpenTextDocumentParams(TextDocumentItem TextDocument);

public sealed record DidChangeTextDocumentParams(
    VersionedTextDocumentIdentifier TextDocument,
    IReadOnlyList<TextChangeView> ContentChanges
);

/// <param name="Range">Null replaces the whole text.</param>
public sealed record TextChangeView(TextRange? Range, string Text);

public sealed record TextDocumentParams(TextDocumentIdentifier TextDocument);

public sealed record TextDocumentPositionParams(TextDocumentIdentifier TextDocument, TextPosition Position);

public sealed record ReferenceParams(TextDocumentIdentifier TextDocument, TextPosition Position, ReferenceContext? Context);

public sealed record ReferenceContext(bool IncludeDeclaration);

public sealed record TextRenameParams(TextDocumentIdentifier TextDocument, TextPosition Position, string NewName);

public sealed record CodeActionParams(TextDocumentIdentifier TextDocument, TextRange Range, CodeActionContext? Context);

/// <param name="Only">The requested kinds of actions; null for all.</param>
public sealed record CodeActionContext(IReadOnlyList<string>? Only);

public sealed record PublishDiagnosticsParams(string Uri, int? Version, IReadOnlyList<DiagnosticView> Diagnostics);

/// <param name="Severity">1 error, 2 warning.</param>
public sealed record DiagnosticView(TextRange Range, int Severity, string Code, string Source, string Message);

public sealed record CompletionListView(bool IsIncomplete, IReadOnlyList<CompletionItemView> Items);

public sealed record CompletionItemView(string Label, int Kind, TextEditView TextEdit)
{
    public string? Detail { get; init; }
    public MarkupView? Documentation { get; init; }
    public string? SortText { get; init; }
    public string? FilterText { get; init; }

    /// <summary>2 for a snippet.</summary>
    public int? InsertTextFormat { get; init; }
    public EditorCommandView? Command { get; init; }
}

public sealed record EditorCommandView(string Title, string Command, IReadOnlyList<string>? Arguments);

/// <param name="Kind"><c>markdown</c>.</param>
public sealed record MarkupView(string Kind, string Value);

public sealed record TextEditView(TextRange Range, string NewText);

public sealed record HoverView(MarkupView Contents, TextRange Range);

public sealed record DocumentLinkView(TextRange Range, string Target, string? Tooltip);

public sealed record PrepareRenameView(TextRange Range, string Placeholder);

/// <summary>Applied in order: edits before the file takes its new name.</summary>
public sealed record WorkspaceEditView(IReadOnlyList<DocumentChangeView> DocumentChanges);

/// <summary>Edits of a document, a file to create (<c>kind: "create"</c>), or a file to rename (<c>kind: "rename"</c>).</summary>
public sealed record DocumentChangeView
{
    public OptionalVersionedTextDocumentIdentifier? TextDocument { get; init; }
    public IReadOnlyList<TextEditView>? Edits { get; init; }
    public string? Kind { get; init; }
    public string? Uri { get; init; }
    public string? OldUri { get; init; }
    public string? NewUri { get; init; }
}

/// <param name="Version">Null for a file that is not open. The protocol requires the member.</param>
public sealed record OptionalVersionedTextDocumentIdentifier(
    string Uri,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] int? Version
);

public sealed record DocumentSymbolView(
    string Name,
    string? Detail,
    int Kind,
    TextRange Range,
    TextRange SelectionRange,
    IReadOnlyList<DocumentSymbolView> Children
);

/// <param name="Kind"><c>quickfix</c>.</param>
public sealed record CodeActionView(string Title, string Kind, IReadOnlyList<DiagnosticView> Diagnostics, bool IsPreferred)
{
    public WorkspaceEditView? Edit { get; init; }
    public EditorCommandView? Command { get; init; }
}

public sealed record RegistrationParams(IReadOnlyList<RegistrationView> Registrations);

public sealed record RegistrationView(string Id, string Method, RegistrationOptionsView RegisterOptions);

/// <summary>The parameters of several methods, each of which uses a part.</summary>
public sealed record RegistrationOptionsView(IReadOnlyList<DocumentFilterView> DocumentSelector)
{
    /// <summary>2: incremental changes.</summary>
    public int? SyncKind { get; init; }
    public IReadOnlyList<string>? TriggerCharacters { get; init; }
    public bool? PrepareProvider { get; init; }
    public IReadOnlyList<string>? CodeActionKinds { get; init; }
}

public sealed record DocumentFilterView(string Scheme, RelativePatternView Pattern);

public sealed record RelativePatternView(string BaseUri, string Pattern);
