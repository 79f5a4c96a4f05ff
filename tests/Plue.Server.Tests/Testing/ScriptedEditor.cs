using Plue.Server.Editor;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Testing;

/// <summary>An editor with documents and a language server that the test controls.</summary>
internal sealed class ScriptedEditor : IEditor
{
    public ScriptedEditor() => Window = new EditorWindow { Editor = this };

    public EditorWindow Window { get; }

    /// <summary>The number of requests.</summary>
    public int Requests { get; private set; }

    /// <summary>The text of documents with unsaved changes, by path.</summary>
    public Dictionary<string, string> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>The problems in each successive state; the last one remains.</summary>
    public Queue<EditorProblems> Problems { get; } = new([new EditorProblems([], 0, 0, false)]);

    public EditorPlaces Places { get; set; } = new([], 0, true);
    public EditorRename Rename { get; set; } = new([], null);
    public string? Tests { get; set; }

    public EditorCellRun CellRun { get; set; } = new(EditorCellOutcome.NotStarted, []);

    /// <summary>The language model tools of VS Code.</summary>
    public List<EditorTool> Tools { get; } = [];
    public IReadOnlyList<EditorToolContent> ToolResult { get; set; } = [];

    /// <summary>True if documents can be saved.</summary>
    public bool Saves { get; set; } = true;

    /// <summary>True if the window is closed before it responds to a write.</summary>
    public bool IsGone { get; set; }

    /// <summary>The formatter that runs on save.</summary>
    public Func<string, string> Format { get; set; } = text => text;

    public List<string> Asked { get; } = [];

    /// <summary>Replaces the text of a document, like typing.</summary>
    public void Type(string path, string text)
    {
        Documents[path] = text;
        Window.SetUnsaved(Documents.Keys);
    }

    public Task<string?> ReadAsync(string path, CancellationToken cancellationToken) =>
        Answer($"read {Path.GetFileName(path)}", Documents.GetValueOrDefault(path));

    public async Task<EditorWriteOutcome> WriteAsync(string path, string expected, string text, CancellationToken cancellationToken)
    {
        await Answer($"write {Path.GetFileName(path)}", "");
        if (IsGone)
        {
            throw new FailureException(FailureKind.Timeout, "The editor did not respond in time. Try again.");
        }
        if (!Documents.TryGetValue(path, out var now))
        {
            return EditorWriteOutcome.NotUnsaved;
        }
        if (now != expected)
        {
            return EditorWriteOutcome.Changed;
        }
        if (!Saves)
        {
            return EditorWriteOutcome.NotSaved;
        }

        await File.WriteAllTextAsync(path, Format(text), cancellationToken);
        Documents.Remove(path);
        Window.SetUnsaved(Documents.Keys);
        return EditorWriteOutcome.Saved;
    }

    public Task<EditorProblems> ProblemsAsync(IReadOnlyList<string>? paths, long? after, CancellationToken cancellationToken) =>
        Answer(
            $"problems {(paths is null ? "*" : string.Join(' ', paths.Select(Path.GetFileName)))} {after}".TrimEnd(),
            Problems.Count > 1 ? Problems.Dequeue() : Problems.Peek()
        );

    public Task<EditorPlaces> DocumentSymbolsAsync(string path, CancellationToken cancellationToken) =>
        Answer($"symbols {Path.GetFileName(path)}", Places);

    public Task<EditorPlaces> WorkspaceSymbolsAsync(string query, CancellationToken cancellationToken) => Answer($"query {query}", Places);

    public Task<EditorPlaces> ReferencesAsync(EditorSymbol symbol, ReferenceKind kind, CancellationToken cancellationToken) =>
        Answer($"{kind} {Path.GetFileName(symbol.Path)}:{symbol.Line} {symbol.Text}", Places);

    public Task<EditorRename> RenameAsync(EditorSymbol symbol, string newName, CancellationToken cancellationToken) =>
        Answer($"rename {symbol.Text} {newName}", Rename);

    public Task<string?> RunTestsAsync(IReadOnlyList<string> files, IReadOnlyList<string> names, CancellationToken cancellationToken) =>
        Answer($"tests {string.Join(' ', files.Select(Path.GetFileName).Concat(names))}", Tests);

    public Task<EditorCellRun> RunCellAsync(string path, int cell, string source, TimeSpan timeout, CancellationToken cancellationToken) =>
        Answer($"run {Path.GetFileName(path)}:{cell} {source} {timeout.TotalSeconds}", CellRun);

    public Task<IReadOnlyList<EditorTool>> ListToolsAsync(CancellationToken cancellationToken) =>
        Answer<IReadOnlyList<EditorTool>>("tools", [.. Tools]);

    public Task<IReadOnlyList<EditorToolContent>> CallToolAsync(string name, string parameters, CancellationToken cancellationToken) =>
        Answer($"call {name} {parameters}", ToolResult);

    private Task<T> Answer<T>(string asked, T answer)
    {
        Requests++;
        Asked.Add(asked);
        return Task.FromResult(answer);
    }
}
