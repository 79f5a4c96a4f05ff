using Plue.Protocol;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>host/*: the documents and language features of the editor, for the tools of agents.</summary>
internal sealed class HostEditor(RpcServer server, EditorWindow window, Workspace workspace) : IEditor
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <summary>Long, because the user must confirm each test run in VS Code.</summary>
    private static readonly TimeSpan TestTimeout = TimeSpan.FromMinutes(15);

    /// <summary>Long, because tools of extensions may ask the user or run programs.</summary>
    private static readonly TimeSpan ToolTimeout = TimeSpan.FromMinutes(10);

    /// <summary>Includes opening the notebook and starting its kernel.</summary>
    private static readonly TimeSpan CellStartTimeout = TimeSpan.FromMinutes(3);

    /// <summary>Makes the editor available after its first list of unsaved documents, which shows that it supports host/*.</summary>
    public void Register()
    {
        server.Map(
            Methods.WorkspaceUnsaved,
            (parameters, _) =>
            {
                window.SetUnsaved(parameters.Paths);
                window.Editor = this;
                return Task.CompletedTask;
            }
        );
        server.Detached += () =>
        {
            window.Editor = null;
            window.SetUnsaved([]);
        };
    }

    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken) =>
        (await AskAsync(Methods.HostReadDocument, new HostReadDocumentParams(path), Timeout, cancellationToken)).Text;

    public async Task<EditorWriteOutcome> WriteAsync(string path, string expected, string text, CancellationToken cancellationToken)
    {
        var hash = FolderHandle.HashOf(System.Text.Encoding.UTF8.GetBytes(expected));
        // Not cancelable, so that the outcome of a started edit is known.
        var result = await AskAsync(
            Methods.HostWriteDocument,
            new HostWriteDocumentParams(path, hash, text),
            Timeout,
            CancellationToken.None
        );
        return (EditorWriteOutcome)result.Outcome;
    }

    public async Task<EditorProblems> ProblemsAsync(IReadOnlyList<string>? paths, long? after, CancellationToken cancellationToken)
    {
        var named = paths?.Select(Named).ToList();
        var result = await AskAsync(Methods.HostProblems, new HostProblemsParams(named, after), Timeout, cancellationToken);
        return new EditorProblems(
            [
                .. result.Problems.Select(one => new EditorProblem(
                    one.Path,
                    one.Line,
                    one.Column,
                    (int)one.Severity,
                    one.Message,
                    one.Source,
                    one.Code
                )),
            ],
            result.Total,
            result.Revision,
            result.IsTracked
        );
    }

    public Task<EditorPlaces> DocumentSymbolsAsync(string path, CancellationToken cancellationToken) =>
        PlacesAsync(Methods.HostSymbols, new HostSymbolsParams(Named(path), null), cancellationToken);

    public Task<EditorPlaces> WorkspaceSymbolsAsync(string query, CancellationToken cancellationToken) =>
        PlacesAsync(Methods.HostSymbols, new HostSymbolsParams(null, query), cancellationToken);

    public Task<EditorPlaces> ReferencesAsync(EditorSymbol symbol, ReferenceKind kind, CancellationToken cancellationToken) =>
        PlacesAsync(
            Methods.HostReferences,
            new HostReferencesParams(Named(symbol.Path), symbol.Line, symbol.Text, (HostReferenceKind)kind),
            cancellationToken
        );

    public async Task<EditorRename> RenameAsync(EditorSymbol symbol, string newName, CancellationToken cancellationToken)
    {
        var result = await AskAsync(
            Methods.HostRename,
            new HostRenameParams(Named(symbol.Path), symbol.Line, symbol.Text, newName),
            Timeout,
            cancellationToken
        );
        return new EditorRename(
            [
                .. result.Files.Select(file => new EditorFileEdit(
                    file.Path,
                    file.Hash,
                    [.. file.Edits.Select(edit => new EditorTextEdit(edit.Line, edit.Column, edit.EndLine, edit.EndColumn, edit.Text))]
                )),
            ],
            result.Problem
        );
    }

    public async Task<string?> RunTestsAsync(
        IReadOnlyList<string> files,
        IReadOnlyList<string> names,
        CancellationToken cancellationToken
    ) => (await AskAsync(Methods.HostTests, new HostTestsParams([.. files.Select(Named)], names), TestTimeout, cancellationToken)).Result;

    public async Task<IReadOnlyList<EditorTool>> ListToolsAsync(CancellationToken cancellationToken)
    {
        var result = await AskAsync(Methods.HostTools, new Empty(), Timeout, cancellationToken);
        return
        [
            .. result.Tools.Select(tool => new EditorTool(
                tool.Name,
                tool.Description,
                tool.Schema,
                tool.Extension,
                tool.Source,
                tool.Title
            )),
        ];
    }

    public async Task<IReadOnlyList<EditorToolContent>> CallToolAsync(string name, string parameters, CancellationToken cancellationToken)
    {
        var result = await AskAsync(Methods.HostCallTool, new HostCallToolParams(name, parameters), ToolTimeout, cancellationToken);
        return [.. result.Content.Select(ToContent)];
    }

    public async Task<EditorCellRun> RunCellAsync(
        string path,
        int cell,
        string source,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var hash = FolderHandle.HashOf(System.Text.Encoding.UTF8.GetBytes(source));
        var result = await AskAsync(
            Methods.HostRunCell,
            new HostRunCellParams(Named(path), cell, hash, (int)timeout.TotalSeconds),
            timeout + CellStartTimeout,
            cancellationToken
        );
        return new EditorCellRun((EditorCellOutcome)result.Outcome, [.. result.Content.Select(ToContent)]);
    }

    private static EditorToolContent ToContent(HostToolContent content) =>
        content switch
        {
            HostToolImage image => new EditorToolContent(null, Decoded(image.Data), image.MediaType),
            HostToolText text => new EditorToolContent(text.Text, null, null),
            _ => throw new InvalidOperationException($"Unknown content {content.GetType().Name}"),
        };

    /// <exception cref="FailureException">BadResponse: the data is not Base64.</exception>
    private static byte[] Decoded(string data)
    {
        try
        {
            return Convert.FromBase64String(data);
        }
        catch (FormatException fault)
        {
            throw new FailureException(FailureKind.BadResponse, "The editor returned an image that cannot be read.", fault);
        }
    }

    private async Task<EditorPlaces> PlacesAsync<T>(
        RpcRequest<T, HostLocationsResult> method,
        T parameters,
        CancellationToken cancellationToken
    )
        where T : class
    {
        var result = await AskAsync(method, parameters, Timeout, cancellationToken);
        return new EditorPlaces(
            [
                .. result.Locations.Select(place => new EditorPlace(
                    place.Path,
                    place.Line,
                    place.EndLine,
                    place.Name,
                    place.Kind,
                    place.Container,
                    place.Depth
                )),
            ],
            result.Total,
            result.HasLanguageServer
        );
    }

    private string Named(string realPath) => EditorWindow.NameOf(realPath, workspace.TrustedFolders);

    private async Task<TResult> AskAsync<TParams, TResult>(
        RpcRequest<TParams, TResult> method,
        TParams parameters,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
        where TParams : class
        where TResult : class
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(timeout);
        try
        {
            return await server.RequestAsync(method, parameters, time.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(FailureKind.Timeout, "The editor did not respond in time. Try again.", fault);
        }
    }
}
