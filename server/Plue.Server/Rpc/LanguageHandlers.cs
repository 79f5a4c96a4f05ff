using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Modules;

namespace Plue.Server.Rpc;

/// <summary>
/// textDocument/*: language features for open documents. Each version of a document is parsed once. Diagnostics are published for the latest version only, a
/// moment after the last change.
/// </summary>
internal sealed class LanguageHandlers(RpcServer server, DocumentServices documents, Vault.Vault vault, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    /// <summary>Further documents are ignored. Editors usually have a few dozen open.</summary>
    private const int MaxOpenDocuments = 500;
    private static readonly TimeSpan CheckDelay = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan SecretsLifetime = TimeSpan.FromSeconds(2);

    /// <summary>Short, because a system keyring can be slow, and most responses need no names from the vault.</summary>
    private static readonly TimeSpan SecretsTimeout = TimeSpan.FromMilliseconds(250);

    private readonly Lock sync = new();
    private readonly Dictionary<string, Opened> open = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private LanguageSources? sources;
    private volatile IReadOnlyList<KnownSecret>? secrets;
    private DateTimeOffset secretsReadAt;
    private Task secretsReading = Task.CompletedTask;

    private sealed class Opened(OpenDocument document)
    {
        public OpenDocument Document { get; set; } = document;
        public CancellationTokenSource? Pending { get; set; }

        /// <summary>The diagnostics that the editor shows. They are not published again if unchanged, because that closes an open Quick Fix menu.</summary>
        public PublishDiagnosticsParams? Published { get; set; }
        public Task Checking { get; set; } = Task.CompletedTask;
    }

    /// <summary>Raised when the user saved a document of Plue in the editor.</summary>
    public event Action? Saved;

    private LanguageSources Sources => sources!;

    public void Register()
    {
        sources = documents.Language(() => secrets).With(OpenAt);
        server.Detached += CloseAll;
        server.Map(
            LanguageMethods.DidOpen,
            (parameters, _) =>
            {
                Open(parameters.TextDocument);
                return Task.CompletedTask;
            }
        );
        server.Map(
            LanguageMethods.DidChange,
            (parameters, _) =>
            {
                Change(parameters);
                return Task.CompletedTask;
            }
        );
        server.Map(
            LanguageMethods.DidSave,
            (_, _) =>
            {
                CheckAll();
                Saved?.Invoke();
                return Task.CompletedTask;
            }
        );
        server.Map(
            LanguageMethods.DidClose,
            (parameters, cancellationToken) => CloseAsync(parameters.TextDocument?.Uri, cancellationToken)
        );

        Map(
            LanguageMethods.Completion,
            asked => (asked.TextDocument, asked.Position),
            new CompletionListView(false, []),
            (document, offset, _) =>
                new CompletionListView(
                    false,
                    [.. Completions.At(Sources, document, offset).Select(suggestion => LanguageViews.Item(document, suggestion))]
                )
        );
        Map(
            LanguageMethods.Hover,
            asked => (asked.TextDocument, asked.Position),
            null,
            (document, offset, _) =>
                Hovers.At(Sources, document, offset) is { } hover
                    ? new HoverView(LanguageViews.Markup(hover.Markdown), LanguageViews.Range(document, hover.At))
                    : null
        );
        Map(
            LanguageMethods.DocumentLink,
            asked => (asked.TextDocument, null),
            [],
            (document, _, _) =>
                [
                    .. Navigation
                        .Links(Sources, document)
                        .Select(link => new DocumentLinkView(
                            LanguageViews.Range(document, link.At),
                            LanguageViews.UriOf(link.Target.Location),
                            link.Title
                        )),
                ]
        );
        Map(
            LanguageMethods.Definition,
            asked => (asked.TextDocument, asked.Position),
            null,
            (document, offset, _) => Navigation.Definition(Sources, document, offset) is { } found ? LanguageViews.Location(found) : null
        );
        Map(
            LanguageMethods.References,
            asked => (asked.TextDocument, asked.Position),
            [],
            (document, offset, asked) =>
                [
                    .. Navigation
                        .References(Sources, document, offset, asked.Context?.IncludeDeclaration ?? true)
                        .Select(LanguageViews.Location),
                ]
        );
        Map(
            LanguageMethods.PrepareRename,
            asked => (asked.TextDocument, asked.Position),
            null,
            (document, offset, _) =>
                Renames.Prepare(Sources, document, offset) is { } found
                    ? new PrepareRenameView(LanguageViews.Range(document, found.At), found.Name)
                    : null
        );
        Map(
            LanguageMethods.Rename,
            asked => (asked.TextDocument, asked.Position),
            new WorkspaceEditView([]),
            (document, offset, asked) => LanguageViews.Edit(Renames.To(Sources, document, offset, asked.NewName ?? ""))
        );
        Map(
            LanguageMethods.DocumentSymbol,
            asked => (asked.TextDocument, null),
            [],
            (document, _, _) => [.. Symbols.Of(document).Select(symbol => LanguageViews.Symbol(document, symbol))]
        );
        Map(
            LanguageMethods.Formatting,
            asked => (asked.TextDocument, null),
            [],
            (document, _, _) => [.. Formatter.Format(document).Select(edit => LanguageViews.Edit(document, edit))]
        );
        Map(
            LanguageMethods.CodeAction,
            asked => (asked.TextDocument, asked.Range?.Start),
            [],
            (document, offset, asked) =>
                asked.Context?.Only is { } only && !only.Any(kind => LanguageViews.QuickFix.StartsWith(kind, StringComparison.Ordinal))
                    ? []
                    :
                    [
                        .. QuickFixes
                            .At(Sources, document, new TextSpan(offset, Math.Max(offset, OffsetOf(document, asked.Range?.End))))
                            .Select(fix => LanguageViews.Action(document, fix)),
                    ]
        );
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        Task[] checks;
        lock (sync)
        {
            checks = [.. open.Values.Select(opened => opened.Checking), secretsReading];
        }

        await Task.WhenAll(checks);
        ending.Dispose();
    }

    /// <summary>Handles a request about an open document; for other documents, the result is <paramref name="nothing"/>.</summary>
    private void Map<TParams, TResult>(
        RpcRequest<TParams, TResult> method,
        Func<TParams, (TextDocumentIdentifier? Document, TextPosition? At)> read,
        TResult nothing,
        Func<OpenDocument, int, TParams, TResult> answer
    )
        where TParams : class =>
        server.Map(
            method,
            async (parameters, cancellationToken) =>
            {
                var (name, at) = read(parameters);
                if (Find(name?.Uri) is not { } document)
                {
                    return nothing;
                }

                await SecretsAsync(cancellationToken);
                cancellationToken.ThrowIfCancellationRequested();
                return answer(document, OffsetOf(document, at), parameters);
            }
        );

    private static int OffsetOf(OpenDocument document, TextPosition? at) =>
        at is null ? 0 : document.Lines.IndexAt(Below(at.Line), Below(at.Character));

    /// <summary>Converts a zero-based index to a one-based one without overflow.</summary>
    private static int Below(int index) => Math.Clamp(index, 0, int.MaxValue - 1) + 1;

    private void Open(TextDocumentItem? item)
    {
        if (item?.Text is not { } text || LanguageViews.PathOf(item.Uri) is not { } path || Sources.LocationOf(path) is not { } place)
        {
            return;
        }

        lock (sync)
        {
            if (open.Count >= MaxOpenDocuments && !open.ContainsKey(item.Uri))
            {
                return;
            }

            if (open.TryGetValue(item.Uri, out var before))
            {
                before.Pending?.Cancel();
            }
            open[item.Uri] = new Opened(new OpenDocument(place, text, item.Version));
        }

        Check(item.Uri);
    }

    private void Change(DidChangeTextDocumentParams parameters)
    {
        if (parameters.TextDocument?.Uri is not { } uri)
        {
            return;
        }

        lock (sync)
        {
            if (!open.TryGetValue(uri, out var opened))
            {
                return;
            }

            var changes = (parameters.ContentChanges ?? [])
                .Where(change => change?.Text is not null)
                .Select(change =>
                    change.Range is { Start: { } start, End: { } end }
                        ? new TextChange(
                            change.Text,
                            (Below(start.Line) - 1, Below(start.Character) - 1),
                            (Below(end.Line) - 1, Below(end.Character) - 1)
                        )
                        : new TextChange(change.Text)
                );
            opened.Document = opened.Document.With([.. changes], parameters.TextDocument.Version);
        }

        Check(uri);
    }

    private async Task CloseAsync(string? uri, CancellationToken cancellationToken)
    {
        Task notifying;
        lock (sync)
        {
            if (uri is null || !open.Remove(uri, out var opened))
            {
                return;
            }

            opened.Pending?.Cancel();
            notifying = server.NotifyAsync(
                LanguageMethods.PublishDiagnostics,
                new PublishDiagnosticsParams(uri, null, []),
                cancellationToken
            );
        }

        await notifying;
    }

    private void CloseAll()
    {
        lock (sync)
        {
            foreach (var opened in open.Values)
            {
                opened.Pending?.Cancel();
            }
            open.Clear();
        }
    }

    private OpenDocument? Find(string? uri)
    {
        if (uri is null)
        {
            return null;
        }

        lock (sync)
        {
            return open.GetValueOrDefault(uri)?.Document;
        }
    }

    private OpenDocument? OpenAt(string path)
    {
        lock (sync)
        {
            return open.Values.Select(opened => opened.Document).FirstOrDefault(document => document.Location.Path == path);
        }
    }

    /// <summary>Checks all open documents, because a saved file may be the target of a reference.</summary>
    private void CheckAll()
    {
        string[] uris;
        lock (sync)
        {
            uris = [.. open.Keys];
        }

        foreach (var uri in uris)
        {
            Check(uri);
        }
    }

    /// <summary>Checks a document after a delay; a newer change restarts the delay.</summary>
    private void Check(string uri)
    {
        lock (sync)
        {
            if (ending.IsCancellationRequested || !open.TryGetValue(uri, out var opened))
            {
                return;
            }

            opened.Pending?.Cancel();
            opened.Pending = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
            opened.Checking = CheckAsync(uri, opened, opened.Pending);
        }
    }

    private async Task CheckAsync(string uri, Opened opened, CancellationTokenSource pending)
    {
        try
        {
            await Task.Delay(CheckDelay, time, pending.Token);
            await ReadSecretsOnceAsync().WaitAsync(pending.Token);
            OpenDocument document;
            lock (sync)
            {
                document = opened.Document;
            }

            var diagnostics = Problems.Of(Sources, document).Select(problem => LanguageViews.Diagnostic(document, problem)).ToList();
            Task notifying;
            lock (sync)
            {
                // Nothing may be published after the empty list of a closed document.
                if (
                    pending.IsCancellationRequested
                    || (
                        opened.Published is { } published
                        && published.Version == document.Version
                        && published.Diagnostics.SequenceEqual(diagnostics)
                    )
                )
                {
                    return;
                }

                notifying = server.NotifyAsync(
                    LanguageMethods.PublishDiagnostics,
                    new PublishDiagnosticsParams(uri, document.Version, diagnostics),
                    pending.Token
                );
            }

            await notifying;
            // Set after sending: diagnostics whose notification was canceled are published again.
            lock (sync)
            {
                opened.Published = new PublishDiagnosticsParams(uri, document.Version, diagnostics);
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogTrace("A newer version of the document is checked instead");
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "{Uri} could not be checked", uri);
        }
        finally
        {
            lock (sync)
            {
                if (ReferenceEquals(opened.Pending, pending))
                {
                    opened.Pending = null;
                }
            }

            pending.Dispose();
        }
    }

    /// <summary>Waits for the names in the vault for a limited time if they were never read; otherwise uses the last ones.</summary>
    private async Task SecretsAsync(CancellationToken cancellationToken)
    {
        var reading = ReadSecretsOnceAsync();
        if (secrets is null && !reading.IsCompleted)
        {
            await Task.WhenAny(reading, Task.Delay(SecretsTimeout, time, cancellationToken));
        }
    }

    /// <summary>Reads the names in the vault unless a read is in progress. Does not throw.</summary>
    private Task ReadSecretsOnceAsync()
    {
        lock (sync)
        {
            var now = time.GetUtcNow();
            if (secretsReading.IsCompleted && (secrets is null || now - secretsReadAt >= SecretsLifetime))
            {
                secretsReadAt = now;
                secretsReading = Task.Run(() => ReadSecretsAsync(ending.Token), CancellationToken.None);
            }

            return secretsReading;
        }
    }

    private async Task ReadSecretsAsync(CancellationToken cancellationToken)
    {
        try
        {
            secrets = await ListSecretsAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            logger.LogTrace("The names in the vault are not current");
        }
        catch (Exception fault)
        {
            logger.LogDebug("The names in the vault are not known: {Reason}", fault.Message);
        }
    }

    /// <summary>Returns the secrets by name, with their origins if the vault is unlocked.</summary>
    private async Task<IReadOnlyList<KnownSecret>> ListSecretsAsync(CancellationToken cancellationToken)
    {
        try
        {
            return [.. (await vault.ListAsync(cancellationToken)).Select(entry => new KnownSecret(entry.Reference, entry.Origins))];
        }
        catch (FailureException)
        {
            return
            [
                .. (await vault.ReferencesAsync(cancellationToken))
                    .Order(StringComparer.Ordinal)
                    .Select(reference => new KnownSecret(reference, [])),
            ];
        }
    }
}
