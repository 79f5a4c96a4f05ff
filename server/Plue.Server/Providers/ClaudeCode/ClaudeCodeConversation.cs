using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Providers.Programs;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// A chat and the process that answers in it. The process is kept between turns, replaced when it holds another history than the
/// request, resumed in its session if that has the right history, and closed after a while without requests.
/// </summary>
/// <param name="isKept">False for a second concurrent turn: it has its own session, which is not stored.</param>
internal sealed class ClaudeCodeConversation(
    string codexId,
    bool isKept,
    ProviderSettings settings,
    ClaudeCodeStarter starter,
    ProgramSessions sessions,
    TimeProvider time,
    ILogger logger
) : ProgramConversation(time)
{
    /// <summary>A busy machine reports an interrupt late, and a new process would take longer than the wait.</summary>
    private static readonly TimeSpan InterruptLimit = TimeSpan.FromSeconds(5);
    private static readonly string[] Efforts = ["low", "medium", "high", "xhigh", "max"];

    private ClaudeCodeProcess? process;
    private ProgramHistory? history;
    private string? system;
    private ClaudeCodeTools? lastTools;
    private IToolHost? host;
    private bool hasRequest;

    /// <summary>For tests: the process that waits for the next request.</summary>
    internal ClaudeCodeProcess? Process => process;

    public bool IsReadyFor(ProviderRequest request) =>
        process is { IsAlive: true } current && current.Launch.IsCompatibleWith(LaunchFor(request));

    /// <summary>Starts the process, or resumes the stored session.</summary>
    public async Task WarmAsync(string? model, string? workingDirectory, CancellationToken cancellationToken)
    {
        if (!await TryEnterForStartAsync(cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var isStarted = false;
        try
        {
            if (process is { IsAlive: true } || IsDisposed)
            {
                return;
            }

            process = null;
            var launch = LaunchFor(
                workingDirectory,
                model,
                settings.ReasoningLevel,
                folder => lastTools ?? ClaudeCodeTools.WithoutHost(folder)
            );
            await StartAsync(launch, sessions.Find(codexId, launch.Directory), cancellationToken).ConfigureAwait(false);
            isStarted = true;
        }
        finally
        {
            Release(closesWhenIdle: isStarted);
        }
    }

    /// <summary>Starts a process and waits until it can respond.</summary>
    /// <exception cref="FailureException">The process cannot be started.</exception>
    public async Task<ClaudeCodeTurn> BeginAsync(ProviderRequest request, CancellationToken cancellationToken)
    {
        StopIdle();
        hasRequest = false;
        history = ProgramHistory.Of(request.Messages);
        system = (request.System, settings.CustomSystemPrompt) is ({ } one, { } other)
            ? $"{one}\n\n{other}"
            : request.System ?? settings.CustomSystemPrompt;
        var wanted = LaunchFor(request);
        lastTools = wanted.Tools;
        host = request.ToolHost;
        if (process is { } current && !(current.IsAlive && Serves(current, wanted)))
        {
            await CloseAsync().ConfigureAwait(false);
        }

        try
        {
            if (process is null)
            {
                await StartCompatibleAsync(wanted, cancellationToken).ConfigureAwait(false);
            }

            await SendAsync(wanted, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The process ended or could not resume its session. A new process receives the history.
            await StartFreshAsync(wanted, cancellationToken).ConfigureAwait(false);
        }

        return new ClaudeCodeTurn(new ClaudeCodeFailures(settings, Time), process?.Cost ?? 0);
    }

    /// <summary>Reads lines until there are events.</summary>
    public async Task ReadAsync(ClaudeCodeTurn turn, List<ProviderEvent> events, CancellationToken cancellationToken)
    {
        while (events.Count == 0 && !turn.HasEnded && process is { } current)
        {
            try
            {
                var line = await current.ReadAsync(cancellationToken).ConfigureAwait(false);
                if (current.Launch.Resumes && !turn.HasBegun && IsWithoutSession(line))
                {
                    logger.LogInformation(
                        "The Claude Code session {Session} no longer exists; its history is sent again.",
                        current.Launch.SessionId
                    );
                    await StartFreshAsync(current.Launch, cancellationToken).ConfigureAwait(false);
                }
                else if (line is null)
                {
                    turn.Fail(await current.ExitFailureAsync().ConfigureAwait(false), events);
                }
                else if (line is ClaudeCodeLine.Nested nested)
                {
                    turn.Accept(nested, events);
                    host?.Report(nested.ParentId, "Task", nested.Text);
                }
                else
                {
                    turn.Accept(line, events);
                    if (
                        line is ClaudeCodeLine.ToolResults
                        && host is not null
                        && await host.CheckRoundLimitsAsync(turn.Used, turn.Rounds).ConfigureAwait(false) is { } failure
                    )
                    {
                        turn.Break(failure, events);
                    }
                }
            }
            catch (InvalidDataException e)
            {
                turn.Fail(
                    new Failure(
                        FailureKind.BadResponse,
                        $"The output of Claude Code cannot be read: {ClaudeCodeFailures.Plain(e.Message)}. Try again."
                    ),
                    events
                );
                await current.DisposeAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                turn.Fail(await current.ExitFailureAsync().ConfigureAwait(false), events);
            }
            catch (TimeoutException e)
            {
                turn.Fail(
                    new Failure(FailureKind.Timeout, $"{e.Message} Try again, or run `claude` in a terminal to see what it waits for."),
                    events
                );
                await current.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the turn. A turn in progress is interrupted in the background, so that the process stays usable.</summary>
    public async Task LeaveAsync(ClaudeCodeTurn? turn)
    {
        host = null;
        process?.Questions.Stop();
        if (turn is { HasEnded: true, NeedsInterrupt: false } && process is { IsAlive: true })
        {
            await process.Questions.SettleAsync().ConfigureAwait(false);
            Settle(turn);
            Release(isKept);
        }
        else if (turn is not null && hasRequest && process is { IsAlive: true } current)
        {
            try
            {
                await current.InterruptAsync(CancellationToken.None).AsTask().WaitAsync(InterruptLimit).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                await current.DisposeAsync().ConfigureAwait(false);
            }

            _ = Task.Run(() => SettleInterruptedAsync(current, turn));
        }
        else
        {
            if (process is { } broken)
            {
                await broken.DisposeAsync().ConfigureAwait(false);
            }

            process = null;
            Release(isKept);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync().ConfigureAwait(false);
        if (process is { } current)
        {
            await current.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>True if the session's history matches, or if the session is empty and can receive it.</summary>
    private bool Serves(ClaudeCodeProcess current, ClaudeCodeLaunch wanted) =>
        current.Launch.IsCompatibleWith(wanted)
        && (!current.IsInitialized || current.System == system)
        && !(wanted.Model is null && current.Model is not null)
        && (current.Known == history?.Fingerprint || current.Known == ProgramHistory.EmptyFingerprint);

    private Task StartCompatibleAsync(ClaudeCodeLaunch wanted, CancellationToken cancellationToken)
    {
        var session = isKept ? sessions.Find(codexId, wanted.Directory) : null;
        return StartAsync(wanted, session?.Fingerprint == history?.Fingerprint ? session : null, cancellationToken);
    }

    private async Task StartAsync(ClaudeCodeLaunch launch, ProgramSession? session, CancellationToken cancellationToken)
    {
        var started = await starter
            .StartAsync(
                launch with
                {
                    SessionId = session?.Id ?? ClaudeCodeLaunch.NewSessionId(),
                    Resumes = session is not null,
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        started.Known = session?.Fingerprint ?? ProgramHistory.EmptyFingerprint;
        process = started;
        if (IsDisposed)
        {
            await started.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task StartFreshAsync(ClaudeCodeLaunch wanted, CancellationToken cancellationToken)
    {
        if (process is { } broken)
        {
            await broken.DisposeAsync().ConfigureAwait(false);
        }

        process = null;
        await StartAsync(wanted, null, cancellationToken).ConfigureAwait(false);
        try
        {
            await SendAsync(wanted, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException)
        {
            throw new FailureException(
                process is { } gone ? await gone.ExitFailureAsync().ConfigureAwait(false) : ClaudeCodeFailures.ProcessExited(-1, "")
            );
        }
    }

    private async Task SendAsync(ClaudeCodeLaunch wanted, CancellationToken cancellationToken)
    {
        if (process is not { } current || history is null)
        {
            return;
        }

        if (isKept)
        {
            sessions.Forget(codexId);
        }
        if (!current.IsInitialized)
        {
            await current.InitializeAsync(system, cancellationToken).ConfigureAwait(false);
        }
        if (wanted.Model is { } model && model != current.Model)
        {
            await current.SetModelAsync(model, cancellationToken).ConfigureAwait(false);
        }

        var isKnown = current.Known == history.Fingerprint;
        current.Known = null;
        if (!isKnown)
        {
            await current.SeedAsync(history.Past, cancellationToken).ConfigureAwait(false);
        }

        current.Questions.Host = host;
        await current.AskAsync(history.Question, cancellationToken).ConfigureAwait(false);
        hasRequest = true;
    }

    private void Settle(ClaudeCodeTurn turn)
    {
        if (process is not { } current || history is null)
        {
            return;
        }

        current.Cost = turn.TotalCost;
        current.Known = history.FingerprintWith(turn.Answer);
        if (isKept)
        {
            sessions.Remember(codexId, new ProgramSession(current.Launch.SessionId, current.Launch.Directory, current.Known));
        }
    }

    private async Task SettleInterruptedAsync(ClaudeCodeProcess current, ClaudeCodeTurn turn)
    {
        using var limit = new CancellationTokenSource(InterruptLimit);
        try
        {
            ClaudeCodeLine? line;
            do
            {
                line = await current.ReadAsync(limit.Token).ConfigureAwait(false);
            } while (line is not (null or ClaudeCodeLine.Result));

            if (line is null)
            {
                await current.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                Settle(turn);
                if (line is ClaudeCodeLine.Result { TotalCost: { } cost })
                {
                    current.Cost = cost;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidDataException or TimeoutException)
        {
            logger.LogWarning("Claude Code did not stop when asked and was ended ({Error}).", e.Message);
            await current.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            await current.Questions.SettleAsync().ConfigureAwait(false);
            Release(isKept);
        }
    }

    protected override async Task CloseAsync()
    {
        var current = process;
        process = null;
        if (current is not null)
        {
            await current.CloseAsync().ConfigureAwait(false);
        }
    }

    private ClaudeCodeLaunch LaunchFor(ProviderRequest request) =>
        LaunchFor(
            request.WorkingDirectory,
            request.Model,
            request.ReasoningLevel,
            folder => ClaudeCodeTools.Of(request, folder, settings.ApiKeyRef is not null)
        ) with
        {
            OtherFolders = request.OtherDirectories,
            UsesOwnSettings = request.UsesOwnSettings && Directory.Exists(request.WorkingDirectory),
        };

    private ClaudeCodeLaunch LaunchFor(string? workingDirectory, string? model, string? effort, Func<string?, ClaudeCodeTools> toolsIn)
    {
        var folder = Directory.Exists(workingDirectory) ? Path.GetFullPath(workingDirectory) : null;
        return new ClaudeCodeLaunch(
            "",
            false,
            folder ?? sessions.EmptyDirectory,
            folder,
            string.IsNullOrWhiteSpace(model) ? null : model,
            Efforts.Contains(effort ?? settings.ReasoningLevel) ? effort ?? settings.ReasoningLevel : null,
            settings.MaxTurns
        )
        {
            Tools = toolsIn(folder),
        };
    }

    private static bool IsWithoutSession(ClaudeCodeLine? line) =>
        line is null
        || (
            line is ClaudeCodeLine.Result { IsError: true } result
            && result.Text.Contains("No conversation found", StringComparison.Ordinal)
        );
}
