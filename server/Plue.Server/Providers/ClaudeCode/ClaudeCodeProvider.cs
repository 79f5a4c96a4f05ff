using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// The user's own <c>claude</c> program: one long-lived process for each chat. Of its tools it has those that the request names, each use judged by the
/// request's host; without a host it may only read, and that only in a trusted folder. Temperature, stop sequences and a limit of output tokens are not things it takes.
/// </summary>
public sealed class ClaudeCodeProvider : IProvider
{
    private static readonly TimeSpan ListLimit = TimeSpan.FromSeconds(15);
    private readonly ConcurrentDictionary<string, ClaudeCodeConversation> conversations = new();
    private readonly CancellationTokenSource closing = new();
    private readonly ClaudeCodeStarter starter;
    private readonly ProgramSessions sessions;
    private readonly TimeProvider time;
    private readonly ILogger logger;

    /// <param name="environment">The source of the CLI's environment; null for this process's own.</param>
    /// <param name="openFolders">The open folders, trusted or not, which never provide the program.</param>
    public ClaudeCodeProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        PluePaths paths,
        TimeProvider time,
        ILogger logger,
        IReadOnlyDictionary<string, string>? environment = null,
        Func<WorkspaceFolders?>? openFolders = null
    )
    {
        (Settings, this.time, this.logger) = (settings, time, logger);
        starter = new ClaudeCodeStarter(settings, secrets, environment ?? OwnEnvironment.Read(), time, logger, openFolders ?? (() => null));
        sessions = new ProgramSessions(paths, ProviderKinds.ClaudeCode, logger);
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var conversation = Conversation(request.CodexId);
        if (!await conversation.TryEnterAsync(cancellationToken).ConfigureAwait(false))
        {
            conversation = NewConversation(request.CodexId, isKept: false);
            await conversation.TryEnterAsync(cancellationToken).ConfigureAwait(false);
        }

        await using var scope = new TurnScope(conversation, isLast: conversation != conversations.GetValueOrDefault(request.CodexId));
        if (!conversation.IsReadyFor(request))
        {
            yield return new ProviderEvent.Waiting(
                !request.UsesOwnSettings && ClaudeCodeFolder.Ignored(request.WorkingDirectory) is { } ignored
                    ? $"Starting Claude Code. {ignored}"
                    : "Starting Claude Code"
            );
        }

        if (await scope.BeginAsync(request, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            yield return new ProviderEvent.Failed(failure);
            yield break;
        }

        while (await scope.ReadAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } events)
        {
            foreach (var happened in events)
            {
                yield return happened;
            }
        }
    }

    public void Warm(string codexId, string? model, string? workingDirectory) =>
        _ = Task.Run(async () =>
        {
            try
            {
                await Conversation(codexId).WarmAsync(model ?? Settings.Model, workingDirectory, closing.Token).ConfigureAwait(false);
            }
            catch (Exception e)
                when (e
                        is FailureException
                            or OperationCanceledException
                            or IOException
                            or UnauthorizedAccessException
                            or ObjectDisposedException
                )
            {
                logger.LogDebug("Claude Code was not started ahead: {Error}", e.Message);
            }
        });

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var state = await CheckSignInAsync(cancellationToken).ConfigureAwait(false);
            return state.SignedIn switch
            {
                true => null,
                false => new Failure(FailureKind.ProviderAuthFailed, state.Sentence),
                null => new Failure(FailureKind.ProviderExecutableFailed, state.Sentence),
            };
        }
        catch (FailureException e)
        {
            return e.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        if (
            conversations.Values.Select(conversation => conversation.Process?.Models).FirstOrDefault(models => models is { Count: > 0 }) is
            { } known
        )
        {
            return known;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ListLimit);
        await using var process = await starter
            .StartAsync(
                new ClaudeCodeLaunch(ClaudeCodeLaunch.NewSessionId(), false, sessions.EmptyDirectory, null, null, null, null),
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            await process.InitializeAsync(null, limit.Token).ConfigureAwait(false);
            while (await process.ReadAsync(limit.Token).ConfigureAwait(false) is not null)
            {
                if (process.Models is { } models)
                {
                    return models;
                }
            }
        }
        catch (Exception e)
            when (e is TimeoutException or InvalidDataException
                || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
            )
        {
            throw new FailureException(
                FailureKind.Timeout,
                "Claude Code did not list its models. Run `claude` in a terminal to see what it waits for.",
                e
            );
        }
        catch (IOException)
        {
            // The process ended, which the next read reports.
        }

        throw new FailureException(await process.ExitFailureAsync().ConfigureAwait(false));
    }

    /// <summary>Gets where the CLI was searched and which one was chosen.</summary>
    public Task<ClaudeCodeLocation> LocateAsync(CancellationToken cancellationToken) => starter.LocateAsync(cancellationToken);

    /// <exception cref="FailureException">The CLI is missing, or its key is not available.</exception>
    public Task<ClaudeCodeSignInState> CheckSignInAsync(CancellationToken cancellationToken) =>
        starter.CheckSignInAsync(sessions.EmptyDirectory, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await closing.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(conversations.Values.Select(conversation => conversation.DisposeAsync().AsTask())).ConfigureAwait(false);
    }

    /// <summary>For tests: the id of the process that serves a chat, or 0.</summary>
    internal int ProcessIdOf(string codexId) =>
        conversations.GetValueOrDefault(codexId)?.Process is { IsAlive: true } process ? process.Id : 0;

    private ClaudeCodeConversation Conversation(string codexId) => conversations.GetOrAdd(codexId, id => NewConversation(id, isKept: true));

    private ClaudeCodeConversation NewConversation(string codexId, bool isKept) =>
        new(codexId, isKept, Settings, starter, sessions, time, logger);

    /// <summary>The use of a conversation by one turn. It ends with the enumeration.</summary>
    private sealed class TurnScope(ClaudeCodeConversation conversation, bool isLast) : IAsyncDisposable
    {
        private readonly List<ProviderEvent> events = [];
        private ClaudeCodeTurn? turn;

        public async Task<Failure?> BeginAsync(ProviderRequest request, CancellationToken cancellationToken)
        {
            try
            {
                turn = await conversation.BeginAsync(request, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (FailureException e)
            {
                return e.Failure;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new Failure(
                    FailureKind.ProviderExecutableFailed,
                    $"Claude Code could not be started: {ClaudeCodeFailures.Plain(e.Message)}."
                );
            }
            catch (Exception e) when (e is InvalidDataException or TimeoutException)
            {
                return new Failure(
                    FailureKind.BadResponse,
                    $"The history could not be sent to Claude Code: {ClaudeCodeFailures.Plain(e.Message)}. Try again."
                );
            }
        }

        /// <summary>Gets the next events; empty at the end. The list is reused.</summary>
        public async Task<List<ProviderEvent>> ReadAsync(CancellationToken cancellationToken)
        {
            events.Clear();
            try
            {
                if (turn is not null)
                {
                    await conversation.ReadAsync(turn, events, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (FailureException e)
            {
                turn?.Fail(e.Failure, events);
            }

            return events;
        }

        public async ValueTask DisposeAsync()
        {
            await conversation.LeaveAsync(turn).ConfigureAwait(false);
            if (isLast)
            {
                await conversation.DisposeAsync().ConfigureAwait(false);
            }
        }
    }
}
