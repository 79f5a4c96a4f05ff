using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.External;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.Acp;

/// <summary>
/// Any agent that speaks the Agent Client Protocol: one process for each chat. It works with tools of its own in the sandbox; what it asks for goes to
/// <see cref="IAgentHost"/>, and so does what it changed.
/// </summary>
internal sealed class AcpProvider : IProvider
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, AcpConversation> conversations = new();
    private readonly AcpStarter starter;
    private readonly AcpFailures failures;
    private readonly ProgramSessions sessions;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private volatile IReadOnlyList<SessionOption> knownOptions = [];

    /// <param name="environment">Of this process; only chosen names are passed on.</param>
    /// <param name="sandbox">Null where there is none to use.</param>
    /// <param name="mask">Masks secrets in the program's output.</param>
    public AcpProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ExternalPrograms programs,
        PluePaths paths,
        IReadOnlyDictionary<string, string> environment,
        Func<IProgramSandbox?> sandbox,
        Func<string, string> mask,
        TimeProvider time,
        ILogger logger
    )
    {
        (Settings, this.time, this.logger) = (settings, time, logger);
        failures = new AcpFailures(settings, mask);
        starter = new AcpStarter(settings, secrets, programs, environment, sandbox, logger);
        sessions = new ProgramSessions(paths, Path.Combine(ProviderKinds.Acp, FileNameOf(settings.Id)), logger);
    }

    public ProviderSettings Settings { get; }

    public IReadOnlyList<AgentCommand> Commands { get; private set; } = [];

    /// <summary>As the session of the chat has them, otherwise as the last session that started had them.</summary>
    public IReadOnlyList<SessionOption> SessionOptions(string codexId) =>
        conversations.GetValueOrDefault(codexId)?.Session is { IsAlive: true } session
            ? session.Options.Choosable
            : [.. knownOptions.Select(option => option with { Current = null })];

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var conversation = conversations.GetOrAdd(request.CodexId, id => NewConversation(id, isKept: true));
        if (!await conversation.TryEnterAsync(cancellationToken).ConfigureAwait(false))
        {
            conversation = NewConversation(request.CodexId, isKept: false);
            await conversation.TryEnterAsync(cancellationToken).ConfigureAwait(false);
        }

        await using var scope = new TurnScope(
            conversation,
            isLast: conversation != conversations.GetValueOrDefault(request.CodexId),
            Settings.Name
        );
        if (!conversation.IsReadyFor(request))
        {
            yield return new ProviderEvent.Waiting($"Starting {Settings.Name}");
        }

        if (await scope.BeginAsync(request, cancellationToken).ConfigureAwait(false) is { } failure)
        {
            yield return new ProviderEvent.Failed(failure);
            yield break;
        }

        if (conversation.Session is { Sandbox: { IsConfined: false } open })
        {
            yield return new ProviderEvent.Waiting($"{Settings.Name} is working. {open.Description}");
        }

        knownOptions = conversation.Session?.Options.Choosable ?? knownOptions;
        yield return new ProviderEvent.Accepted(conversation.Session?.Options.Model, conversation.Session?.Id);
        if (conversation.Session is { Servers.Omitted: { Count: > 0 } omitted })
        {
            yield return new ProviderEvent.Omitted(omitted);
        }

        while (await scope.ReadAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } events)
        {
            foreach (var happened in events)
            {
                yield return happened;
            }
        }
    }

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var session = await OpenAsync(cancellationToken).ConfigureAwait(false);
            await session.CloseAsync().ConfigureAwait(false);
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        if (conversations.Values.Select(one => one.Session?.Options.Models).FirstOrDefault(models => models is { Count: > 0 }) is { } known)
        {
            return OrDefault(known);
        }

        await using var session = await OpenAsync(cancellationToken).ConfigureAwait(false);
        var models = session.Options.Models;
        var levels = session.Options.Levels;
        knownOptions = session.Options.Choosable;
        await session.CloseAsync().ConfigureAwait(false);
        return OrDefault([.. models.Select(model => levels.Count == 0 ? model : model with { ReasoningLevels = levels })]);
    }

    public async ValueTask DisposeAsync() =>
        await Task.WhenAll(conversations.Values.Select(conversation => conversation.DisposeAsync().AsTask())).ConfigureAwait(false);

    /// <summary>For the tests: the process that serves a chat, or 0.</summary>
    internal int ProcessIdOf(string codexId) =>
        conversations.GetValueOrDefault(codexId)?.Session is { IsAlive: true } session ? session.ProcessId : 0;

    /// <summary>An agent that lists no models has the one that it is configured with.</summary>
    private static IReadOnlyList<ModelInfo> OrDefault(IReadOnlyList<ModelInfo> models) =>
        models.Count > 0
            ? models
            :
            [
                new ModelInfo
                {
                    Id = "default",
                    Name = "Default",
                    SupportsTools = true,
                },
            ];

    private async Task<AcpSession> OpenAsync(CancellationToken cancellationToken)
    {
        DurableFile.CreatePrivateDirectory(sessions.EmptyDirectory);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckLimit);
        return await AcpSession
            .StartAsync(
                starter,
                new AcpLaunch(sessions.EmptyDirectory, [], MayChangeFiles: false),
                null,
                usesFiles: false,
                AgentServers.None,
                failures,
                commands => Commands = commands,
                time,
                logger,
                limit.Token
            )
            .ConfigureAwait(false);
    }

    private AcpConversation NewConversation(string codexId, bool isKept)
    {
        DurableFile.CreatePrivateDirectory(sessions.EmptyDirectory);
        return new AcpConversation(codexId, isKept, Settings, starter, sessions, failures, commands => Commands = commands, time, logger);
    }

    private static string FileNameOf(string id) =>
        string.Concat(id.Select(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' ? letter : '_'));

    /// <summary>One turn's stay in a conversation: whatever ends the enumeration, it leaves.</summary>
    private sealed class TurnScope(AcpConversation conversation, bool isLast, string name) : IAsyncDisposable
    {
        private readonly List<ProviderEvent> events = [];
        private AcpTurn? turn;

        public async Task<Failure?> BeginAsync(ProviderRequest request, CancellationToken cancellationToken)
        {
            try
            {
                await conversation.OpenAsync(request, cancellationToken).ConfigureAwait(false);
                turn = await conversation.BeginAsync(request, cancellationToken).ConfigureAwait(false);
                return null;
            }
            catch (FailureException fault)
            {
                return fault.Failure;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                return new Failure(FailureKind.ProviderExecutableFailed, $"{name} could not be started: {fault.Message.TrimEnd('.')}.");
            }
        }

        /// <summary>Gets the next events; empty at the end. The list is reused.</summary>
        public async Task<List<ProviderEvent>> ReadAsync(CancellationToken cancellationToken)
        {
            events.Clear();
            if (turn is not null)
            {
                try
                {
                    await conversation.ReadAsync(turn, events, cancellationToken).ConfigureAwait(false);
                }
                catch (FailureException fault)
                {
                    turn.Fail(fault.Failure, events);
                }
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
