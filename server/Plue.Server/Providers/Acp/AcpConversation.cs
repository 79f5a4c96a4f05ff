using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.Acp;

/// <summary>
/// A chat and the agent that answers in it. The process is kept between turns, replaced when it holds another history or may do something else than the request
/// allows, resumed in its session if that has the right history, and closed after a while without requests.
/// </summary>
/// <param name="isKept">False for a second concurrent turn: it has its own session, which is not stored.</param>
/// <param name="commandsChanged">Receives the slash commands of the agent.</param>
internal sealed class AcpConversation(
    string codexId,
    bool isKept,
    ProviderSettings settings,
    AcpStarter starter,
    ProgramSessions sessions,
    AcpFailures failures,
    Action<IReadOnlyList<AgentCommand>> commandsChanged,
    TimeProvider time,
    ILogger logger
) : ProgramConversation(time)
{
    /// <summary>How long an agent may take to stop. Then its process is ended.</summary>
    private static readonly TimeSpan CancelTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long an agent may send nothing: it may run builds and tests.</summary>
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromMinutes(30);

    private AcpSession? session;
    private ProgramHistory? history;
    private Task prompt = Task.CompletedTask;
    private IProgramWatch? watch;
    private CancellationTokenRegistration killing;

    public AcpSession? Session => session;

    public bool IsReadyFor(ProviderRequest request) =>
        session is { IsAlive: true } current && current.Launch.IsCompatibleWith(LaunchOf(request));

    /// <summary>Starts the session, or resumes it, so that the request can be sent.</summary>
    /// <exception cref="FailureException">It cannot.</exception>
    public async Task OpenAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        StopIdle();
        history = ProgramHistory.Of(request.Messages);
        var launch = LaunchOf(request);
        var servers = await ServersAsync(request, launch, cancellationToken).ConfigureAwait(false);
        if (
            session is { } current
            && !(
                current.IsAlive
                && current.Servers.Servers.Count == servers.Servers.Count
                && current.Servers.Servers.Zip(servers.Servers).All(pair => pair.First.IsSame(pair.Second))
                && current.Launch.IsCompatibleWith(launch)
                && (current.Known == history.Fingerprint || current.Known == ProgramHistory.EmptyFingerprint)
            )
        )
        {
            await CloseAsync().ConfigureAwait(false);
        }

        if (session is null)
        {
            var stored = isKept ? sessions.Find(codexId, launch.Directory) : null;
            session = await AcpSession
                .StartAsync(
                    starter,
                    launch,
                    stored?.Fingerprint == history.Fingerprint ? stored : null,
                    AcpAgent.Of(settings.Command)?.UsesFiles ?? true,
                    servers,
                    failures,
                    commandsChanged,
                    Time,
                    logger,
                    cancellationToken
                )
                .ConfigureAwait(false);
        }
    }

    /// <summary>Sends the question.</summary>
    /// <exception cref="FailureException">It cannot.</exception>
    public async Task<AcpTurn> BeginAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        if (session is not { } current || history is null)
        {
            throw new FailureException(FailureKind.Internal, "The agent was not started.");
        }

        var host = request.AgentHost;
        var options = current.Options;
        await current
            .SelectAsync(
                request.Model is "default" or "" ? null : request.Model,
                request.ReasoningLevel ?? settings.ReasoningLevel,
                options.Modes.Count == 0
                    ? null
                    : options.ModeFor(
                        host?.Mode ?? AgentMode.Read,
                        request.SessionOptions.GetValueOrDefault(SessionOption.Mode) ?? settings.SessionMode
                    ),
                request.SessionOptions,
                cancellationToken
            )
            .ConfigureAwait(false);
        if (request.WorkingDirectory is not null)
        {
            watch = starter.Watch(current.Launch);
            killing = watch?.Appeared.Register(current.Kill) ?? default;
        }

        if (host is not null)
        {
            host.Sandbox = current.Sandbox.Description;
            await host.BeginAsync(cancellationToken).ConfigureAwait(false);
        }

        var (texts, images) = Prompt(request, current, history);
        if (isKept)
        {
            sessions.Forget(codexId);
        }

        var isKnown = current.Known == history.Fingerprint && current.Known != ProgramHistory.EmptyFingerprint;
        var turn = new AcpTurn(
            host,
            failures,
            current.Launch.Directory,
            texts.Sum(text => TokenEstimate.Of(text))
                + (images.Count * TokenEstimate.Image)
                + (isKnown ? current.ContextTokens ?? history.Past.Sum(entry => TokenEstimate.Of(entry.SentText)) : 0),
            current.Cost
        );
        current.Known = null;
        prompt = current.PromptAsync(turn, texts, images);
        return turn;
    }

    public async Task ReadAsync(AcpTurn turn, List<ProviderEvent> events, CancellationToken cancellationToken)
    {
        await turn.ReadAsync(events, settings.Timeout ?? SilenceLimit, Time, cancellationToken).ConfigureAwait(false);
        if (watch is { Appeared.IsCancellationRequested: true } && events.FindIndex(one => one is ProviderEvent.Failed) is >= 0 and var at)
        {
            events[at] = new ProviderEvent.Failed(failures.Blocked(watch.Finish() ?? ""));
        }

        if (turn is { HasEnded: true, NeedsCancel: false, Host: { } host })
        {
            // Before the end of the response is published, so that the changes are there with it.
            await host.EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Leaves the turn. One that has not ended is cancelled, in the background, so that the process stays usable.</summary>
    public async Task LeaveAsync(AcpTurn? turn)
    {
        if (turn is null)
        {
            await EndWatchAsync().ConfigureAwait(false);
            await ReleaseAsync(keep: false).ConfigureAwait(false);
            return;
        }

        if (turn is { HasEnded: true, NeedsCancel: false })
        {
            if (session is { IsAlive: true })
            {
                Settle(turn);
            }

            await EndTurnAsync(turn).ConfigureAwait(false);
            await ReleaseAsync(session is { IsAlive: true }).ConfigureAwait(false);
            return;
        }

        _ = Task.Run(async () =>
        {
            var isStopped = await CancelAsync().ConfigureAwait(false);
            if (isStopped)
            {
                Settle(turn);
            }

            await EndTurnAsync(turn).ConfigureAwait(false);
            await ReleaseAsync(isStopped).ConfigureAwait(false);
        });
        // The next turn waits for the cancellation.
        AllowNextTurn();
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        if (session is { } current)
        {
            await current.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task EndTurnAsync(AcpTurn turn)
    {
        session?.Leave();
        turn.Close();
        try
        {
            if (turn.Host is { } host)
            {
                await host.EndAsync().ConfigureAwait(false);
            }
        }
        catch (FailureException fault)
        {
            logger.LogError(fault, "The changes of the agent could not be recorded.");
        }

        await EndWatchAsync().ConfigureAwait(false);
    }

    private async Task EndWatchAsync()
    {
        await killing.DisposeAsync().ConfigureAwait(false);
        if (watch?.Finish() is { } note)
        {
            logger.LogWarning("{Name} was stopped. {Note}", settings.Name, note);
        }

        watch?.Dispose();
        (watch, killing) = (null, default);
    }

    /// <returns>Whether it stopped in time; otherwise it was ended.</returns>
    private async Task<bool> CancelAsync()
    {
        if (session is not { IsAlive: true } current)
        {
            return false;
        }

        using var limit = new CancellationTokenSource(CancelTimeout);
        try
        {
            await current.CancelAsync(limit.Token).ConfigureAwait(false);
            // Its last updates are ignored.
            current.Leave();
            await prompt.WaitAsync(limit.Token).ConfigureAwait(false);
            return current.IsAlive;
        }
        catch (Exception fault) when (fault is OperationCanceledException or FailureException)
        {
            logger.LogWarning("{Name} did not stop within {Limit} s and was ended.", settings.Name, CancelTimeout.TotalSeconds);
            return false;
        }
    }

    private void Settle(AcpTurn turn)
    {
        if (session is not { } current || history is null)
        {
            return;
        }

        current.Known = history.FingerprintWith(turn.Answer);
        if (isKept)
        {
            sessions.Remember(codexId, new ProgramSession(current.Id, current.Launch.Directory, current.Known));
        }
    }

    /// <param name="keep">False ends the process.</param>
    private async Task ReleaseAsync(bool keep)
    {
        var isKeptRunning = keep && !IsDisposed;
        if (!isKeptRunning)
        {
            var broken = session;
            session = null;
            if (broken is not null)
            {
                await broken.DisposeAsync().ConfigureAwait(false);
            }
        }

        Release(closesWhenIdle: isKeptRunning && isKept);
    }

    protected override async Task CloseAsync()
    {
        var current = session;
        session = null;
        if (current is not null)
        {
            await current.CloseAsync().ConfigureAwait(false);
        }
    }

    private async Task<AgentServers> ServersAsync(ProviderRequest request, AcpLaunch launch, CancellationToken cancellationToken)
    {
        if (!settings.PassesMcpServers || request.AgentHost is not { } host)
        {
            return AgentServers.None;
        }

        return launch.MayChangeFiles
            ? await starter
                .ResolveAsync(await host.ServersAsync(cancellationToken).ConfigureAwait(false), cancellationToken)
                .ConfigureAwait(false)
            : new AgentServers([], ["The agent received no MCP servers, because the chat allows no changes."]);
    }

    private AcpLaunch LaunchOf(ProviderRequest request)
    {
        var folder = Directory.Exists(request.WorkingDirectory) ? Path.GetFullPath(request.WorkingDirectory) : null;
        return new AcpLaunch(
            folder ?? sessions.EmptyDirectory,
            folder is null ? [] : request.OtherDirectories,
            folder is not null && request.AgentHost is { MayChangeFiles: true, Mode: AgentMode.Ask or AgentMode.Edit }
        );
    }

    /// <summary>The instructions if the session does not have them, the earlier messages if it does not know them, and the question.</summary>
    private static (IReadOnlyList<string> Texts, IReadOnlyList<MessagePart.File> Images) Prompt(
        ProviderRequest request,
        AcpSession current,
        ProgramHistory history
    )
    {
        List<string> texts = [];
        // Agents look for a slash command at the start.
        var startsWithCommand = history.Question.SentText.StartsWith('/');
        if (startsWithCommand)
        {
            texts.Add(history.Question.SentText);
        }

        var isNew = current.Known != history.Fingerprint || history.Past.Count == 0;
        if (request.System is { Length: > 0 } system && (isNew || current.System != system))
        {
            // A resumed session has them already.
            if (isNew || current.System is not null)
            {
                texts.Add($"<instructions>\n{system}\n</instructions>");
            }

            current.System = system;
        }

        List<MessagePart.File> images = [.. history.Question.Images];
        if (isNew && history.Past.Count > 0)
        {
            var earlier = new StringBuilder("<earlier_messages>\n");
            foreach (var entry in history.Past)
            {
                earlier
                    .Append(entry.IsResponse ? "<assistant>\n" : "<user>\n")
                    .Append(entry.SentText)
                    .Append(entry.IsResponse ? "\n</assistant>\n" : "\n</user>\n");
                images.InsertRange(images.Count - history.Question.Images.Count, entry.Images);
            }

            texts.Add(earlier.Append("</earlier_messages>").ToString());
        }

        if (history.Question.SentText.Length > 0 && !startsWithCommand)
        {
            texts.Add(history.Question.SentText);
        }

        return (texts, images);
    }
}
