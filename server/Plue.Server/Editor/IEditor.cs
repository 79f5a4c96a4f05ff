using Plue.Server.Messages;

namespace Plue.Server.Editor;

/// <summary>
/// The documents and language features of the window. Implemented in Rpc; not available on the command line. Paths are absolute; lines and columns start at 1.
/// </summary>
/// <remarks>Each method throws a <see cref="FailureException"/> if the editor refuses, disconnects, or does not respond in time.</remarks>
internal interface IEditor
{
    /// <returns>The text in the editor; null if the document has no unsaved changes.</returns>
    Task<string?> ReadAsync(string path, CancellationToken cancellationToken);

    /// <summary>Replaces the text of a document with unsaved changes, as one undoable edit, and saves it.</summary>
    Task<EditorWriteOutcome> WriteAsync(string path, string expected, string text, CancellationToken cancellationToken);

    /// <param name="paths">Null for the whole workspace.</param>
    /// <param name="after">Waits up to two seconds for problems newer than this revision; null does not wait.</param>
    Task<EditorProblems> ProblemsAsync(IReadOnlyList<string>? paths, long? after, CancellationToken cancellationToken);

    Task<EditorPlaces> DocumentSymbolsAsync(string path, CancellationToken cancellationToken);

    Task<EditorPlaces> WorkspaceSymbolsAsync(string query, CancellationToken cancellationToken);

    Task<EditorPlaces> ReferencesAsync(EditorSymbol symbol, ReferenceKind kind, CancellationToken cancellationToken);

    Task<EditorRename> RenameAsync(EditorSymbol symbol, string newName, CancellationToken cancellationToken);

    /// <returns>The report; null if this editor cannot run tests for extensions.</returns>
    Task<string?> RunTestsAsync(IReadOnlyList<string> files, IReadOnlyList<string> names, CancellationToken cancellationToken);

    /// <summary>Runs a cell of a notebook that still has this source, and stops it after the timeout.</summary>
    /// <param name="cell">The index of the cell.</param>
    Task<EditorCellRun> RunCellAsync(string path, int cell, string source, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Lists the language model tools of VS Code and its extensions.</summary>
    Task<IReadOnlyList<EditorTool>> ListToolsAsync(CancellationToken cancellationToken);

    /// <param name="parameters">A JSON object as text.</param>
    Task<IReadOnlyList<EditorToolContent>> CallToolAsync(string name, string parameters, CancellationToken cancellationToken);
}

internal enum EditorWriteOutcome
{
    Saved,
    Changed,
    NotUnsaved,
    NotSaved,
}

/// <param name="Total">The total number; <paramref name="Problems"/> may be truncated.</param>
/// <param name="IsTracked">True if the problems of a path are kept up to date, because it is visible in an editor or has problems.</param>
internal sealed record EditorProblems(IReadOnlyList<EditorProblem> Problems, int Total, long Revision, bool IsTracked);

/// <param name="Severity">0 for an error, 1 for a warning, 2 for information, 3 for a hint.</param>
internal sealed record EditorProblem(string Path, int Line, int Column, int Severity, string Message, string? Source, string? Code);

/// <summary>A symbol, located by its line and text.</summary>
internal sealed record EditorSymbol(string Path, int Line, string Text);

internal enum ReferenceKind
{
    References,
    Definition,
    Implementation,
    IncomingCalls,
    OutgoingCalls,
}

/// <param name="Total">The total number; <paramref name="Places"/> may be truncated.</param>
/// <param name="HasLanguageServer">False if no language server responded.</param>
internal sealed record EditorPlaces(IReadOnlyList<EditorPlace> Places, int Total, bool HasLanguageServer);

/// <param name="Kind">The kind of symbol, such as <c>function</c>; null for other locations.</param>
/// <param name="Container">The enclosing symbol.</param>
/// <param name="Depth">The number of enclosing symbols in the file.</param>
internal sealed record EditorPlace(string Path, int Line, int EndLine, string? Name, string? Kind, string? Container, int Depth);

/// <param name="Problem">Why there is no edit, as a sentence; null if there is one.</param>
internal sealed record EditorRename(IReadOnlyList<EditorFileEdit> Files, string? Problem);

/// <param name="Hash">The SHA-256 of the text that the edits apply to, with line feeds only.</param>
internal sealed record EditorFileEdit(string Path, string Hash, IReadOnlyList<EditorTextEdit> Edits);

/// <summary>A text edit. Columns are in UTF-16 code units.</summary>
internal sealed record EditorTextEdit(int Line, int Column, int EndLine, int EndColumn, string Text);

/// <param name="Schema">A JSON schema as text; null for a tool without parameters.</param>
/// <param name="Extension">The id of the extension that contributes the tool; null for tools of VS Code and of its MCP servers.</param>
/// <param name="Source">The display name of the extension.</param>
internal sealed record EditorTool(string Name, string Description, string? Schema, string? Extension, string Source, string? Title);

internal sealed record EditorToolContent(string? Text, byte[]? Image, string? MediaType);

internal enum EditorCellOutcome
{
    Succeeded,
    Failed,
    TimedOut,

    /// <summary>No kernel started the cell.</summary>
    NotStarted,

    /// <summary>The source of the cell has changed. Nothing was run.</summary>
    Changed,
}

internal sealed record EditorCellRun(EditorCellOutcome Outcome, IReadOnlyList<EditorToolContent> Outputs);
