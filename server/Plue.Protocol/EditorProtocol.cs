using System.Text.Json.Serialization;

namespace Plue.Protocol;

// The documents and language features of the window. Paths are absolute, lines and columns are counted from 1.

/// <summary>Sent by the editor when it is ready for host/* requests and when the list changes: all documents of trusted workspace folders that have unsaved changes.</summary>
public sealed record WorkspaceUnsavedParams(IReadOnlyList<string> Paths);

public sealed record HostReadDocumentParams(string Path);

/// <param name="Text">The text in the editor; null if the document has no unsaved changes.</param>
public sealed record HostReadDocumentResult(string? Text);

/// <summary>Replaces the text of a document with unsaved changes, as one undoable edit, and saves it.</summary>
/// <param name="ExpectedHash">SHA-256 of the text as it was read, in UTF-8, as hex.</param>
public sealed record HostWriteDocumentParams(string Path, string ExpectedHash, string Text);

[JsonConverter(typeof(CamelCaseEnumConverter<HostWriteOutcome>))]
public enum HostWriteOutcome
{
    Saved,

    /// <summary>The text has changed in the meantime. Nothing was changed.</summary>
    Changed,

    /// <summary>The document has no unsaved changes, so the file must be written instead. Nothing was changed.</summary>
    NotUnsaved,

    /// <summary>The editor could not save the document, so the edit was undone.</summary>
    NotSaved,
}

public sealed record HostWriteDocumentResult(HostWriteOutcome Outcome);

/// <param name="Paths">Null for the whole workspace.</param>
/// <param name="After">Waits up to two seconds for problems that are newer than this revision; null does not wait.</param>
public sealed record HostProblemsParams(IReadOnlyList<string>? Paths, long? After);

/// <param name="Problems">Errors and warnings first; cut off where there are too many.</param>
/// <param name="Total">The total number.</param>
/// <param name="Revision">Grows with each change of problems.</param>
/// <param name="IsTracked">Problems of one of the paths are kept up to date: it is visible in an editor, or has problems.</param>
public sealed record HostProblemsResult(IReadOnlyList<HostProblem> Problems, int Total, long Revision, bool IsTracked);

[JsonConverter(typeof(CamelCaseEnumConverter<HostSeverity>))]
public enum HostSeverity
{
    Error,
    Warning,
    Information,
    Hint,
}

/// <param name="Source">The program that reported it, as <c>ts</c>.</param>
public sealed record HostProblem(string Path, int Line, int Column, HostSeverity Severity, string Message, string? Source, string? Code);

/// <summary>Either the symbols of a file or those of the workspace that match a query.</summary>
public sealed record HostSymbolsParams(string? Path, string? Query);

[JsonConverter(typeof(CamelCaseEnumConverter<HostReferenceKind>))]
public enum HostReferenceKind
{
    References,
    Definition,
    Implementation,
    IncomingCalls,
    OutgoingCalls,
}

/// <summary>A symbol by the line and the text that it is found at.</summary>
public sealed record HostReferencesParams(string Path, int Line, string Symbol, HostReferenceKind Kind);

/// <param name="Locations">Truncated if there are too many.</param>
/// <param name="HasLanguageServer">False if no language server answered for this file or workspace.</param>
public sealed record HostLocationsResult(IReadOnlyList<HostLocation> Locations, int Total, bool HasLanguageServer);

/// <param name="Kind">The kind of symbol, as <c>function</c>; null for other places.</param>
/// <param name="Container">The symbol around it.</param>
/// <param name="Depth">The number of enclosing symbols of the same file.</param>
public sealed record HostLocation(string Path, int Line, int EndLine, string? Name, string? Kind, string? Container, int Depth);

public sealed record HostRenameParams(string Path, int Line, string Symbol, string NewName);

/// <param name="Problem">Why there is no edit, as a sentence; null if there is one.</param>
public sealed record HostRenameResult(IReadOnlyList<HostFileEdit> Files, string? Problem);

/// <param name="Hash">SHA-256 of the text that the edits apply to, with line feeds only, in UTF-8, as hex.</param>
public sealed record HostFileEdit(string Path, string Hash, IReadOnlyList<HostTextEdit> Edits);

/// <summary>Lines and columns from 1; columns in UTF-16 units.</summary>
public sealed record HostTextEdit(int Line, int Column, int EndLine, int EndColumn, string Text);

/// <param name="Cell">The index of the cell.</param>
/// <param name="ExpectedHash">SHA-256 of the source of the cell as the user saw it, in UTF-8, as hex.</param>
/// <param name="Seconds">The cell is stopped after this time.</param>
public sealed record HostRunCellParams(string Path, int Cell, string ExpectedHash, int Seconds);

[JsonConverter(typeof(CamelCaseEnumConverter<HostCellOutcome>))]
public enum HostCellOutcome
{
    Succeeded,
    Failed,
    TimedOut,

    /// <summary>No kernel started to run it.</summary>
    NotStarted,

    /// <summary>The cell has changed in the meantime. Nothing was run.</summary>
    Changed,
}

public sealed record HostRunCellResult(HostCellOutcome Outcome, IReadOnlyList<HostToolContent> Content);

/// <param name="Files">Empty for all.</param>
/// <param name="Names">The names of tests or suites; empty for all.</param>
public sealed record HostTestsParams(IReadOnlyList<string> Files, IReadOnlyList<string> Names);

/// <param name="Result">Null if this editor cannot run tests for extensions.</param>
public sealed record HostTestsResult(string? Result);
