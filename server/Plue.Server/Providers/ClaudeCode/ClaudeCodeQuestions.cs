using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>
/// Replies to requests of the CLI: permission for a tool, or a call of one of Plue's tools. Each request has its own reply, however long that takes,
/// and the CLI's lines are read on meanwhile.
/// </summary>
internal sealed class ClaudeCodeQuestions(ChildProcess child, ClaudeCodeLaunch launch, ILogger logger)
{
    private readonly Lock sync = new();
    private readonly List<Pending> pending = [];
    private readonly Dictionary<string, IToolHost> running = []; // the CLI's own tools that were allowed and have not ended

    /// <summary>Gets or sets the host that gives permission; null between two responses.</summary>
    public IToolHost? Host { get; set; }

    public void Take(ClaudeCodeLine.Question question)
    {
        var one = new Pending(question, Host);
        lock (sync)
        {
            pending.Add(one);
            one.Work = Task.Run(() => WorkAsync(one));
        }
    }

    /// <summary>Cancels a request of the CLI.</summary>
    public void Cancel(string requestId) => Stop(one => one.Question.RequestId == requestId);

    /// <summary>Closes open approvals, because the response is over. Returns immediately.</summary>
    public void Stop()
    {
        Host = null;
        Stop(_ => true);
    }

    /// <summary>Cancels pending requests and ends running tools, after the tools ended by themselves or with their process.</summary>
    public async Task SettleAsync()
    {
        Stop();
        List<Task> works;
        lock (sync)
        {
            works = [.. pending.Select(one => one.Work)];
        }

        await Task.WhenAll(works).ConfigureAwait(false);
        while (TakeRunning() is var (toolUseId, host))
        {
            await EndAsync(toolUseId, host).ConfigureAwait(false);
        }
    }

    private void Stop(Func<Pending, bool> isMeant)
    {
        List<Pending> meant;
        lock (sync)
        {
            meant = [.. pending.Where(isMeant)];
        }

        foreach (var one in meant)
        {
            one.Cancel();
        }
    }

    private async Task WorkAsync(Pending one)
    {
        var question = one.Question;
        try
        {
            var answer = await AnswerAsync(question, one.Host, one.Token).ConfigureAwait(false);
            if (answer is not null)
            {
                await child.WriteLineAsync(answer, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (IOException e)
        {
            logger.LogDebug("Claude Code ended before {Subtype} was answered: {Error}", question.Subtype, e.Message);
        }
        finally
        {
            lock (sync)
            {
                pending.Remove(one);
            }

            one.Dispose();
        }
    }

    /// <returns>Null if the request was canceled and needs no reply.</returns>
    private async Task<byte[]?> AnswerAsync(ClaudeCodeLine.Question question, IToolHost? host, CancellationToken cancellationToken)
    {
        try
        {
            return question switch
            {
                { Subtype: "can_use_tool" } => await MayUseAsync(question, host, cancellationToken).ConfigureAwait(false),
                { Subtype: "hook_callback", Hook: ClaudeCodeWire.HookBefore } => ClaudeCodeWire.Hooked(question.RequestId, isBefore: true),
                { Subtype: "hook_callback", Hook: ClaudeCodeWire.HookAfter } => await AfterAsync(question).ConfigureAwait(false),
                { Subtype: "mcp_message", Message: { } message } => await ServeAsync(question.RequestId, message, host, cancellationToken)
                    .ConfigureAwait(false),
                _ => Unsupported(question),
            };
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return question.Message is { Id: { } id }
                ? ClaudeCodeServer.Result(question.RequestId, id, InterruptedCall.Error, isError: true)
                : null;
        }
        catch (Exception e) when (e is not IOException)
        {
            logger.LogError(e, "A request of Claude Code failed.");
            return ClaudeCodeWire.Refuse(question.RequestId, "This request failed in Plue, so nothing was done.");
        }
    }

    private byte[] Unsupported(ClaudeCodeLine.Question question)
    {
        logger.LogDebug("Claude Code sent {Subtype}, which Plue does not support.", question.Subtype);
        return ClaudeCodeWire.Refuse(question.RequestId, $"Plue does not support {question.Subtype}.");
    }

    private async Task<byte[]> MayUseAsync(ClaudeCodeLine.Question question, IToolHost? host, CancellationToken cancellationToken)
    {
        var (name, input) = (question.ToolName ?? "", question.Input ?? "{}");
        if (!launch.Tools.IsHosted)
        {
            return MayRead(name, input)
                ? ClaudeCodeWire.Allow(question.RequestId, input)
                : ClaudeCodeWire.Deny(question.RequestId, OnlyReading);
        }
        if (host is null)
        {
            return ClaudeCodeWire.Deny(question.RequestId, "The response has ended, so no more calls are run.");
        }
        // Permission for Plue's tools is checked when they are called.
        if (IsOurs(name))
        {
            return ClaudeCodeWire.Allow(question.RequestId, input);
        }
        var isKnown =
            launch.Tools.Own.Contains(name)
            || (
                launch.UsesOwnSettings
                && name.StartsWith(ClaudeCodeTools.ServerPrefix, StringComparison.Ordinal)
                && !ClaudeCodeServer.IsOurs(name)
            );
        if (!isKnown || question.ToolUseId is not { } toolUseId)
        {
            return ClaudeCodeWire.Deny(question.RequestId, $"There is no tool {name} here. Use only the tools you were given.");
        }

        var permission = await host.MayUseAsync(toolUseId, ClaudeCodeTools.CallOf(name, input), cancellationToken).ConfigureAwait(false);
        if (!permission.IsAllowed)
        {
            return ClaudeCodeWire.Deny(question.RequestId, permission.Reason ?? "This is not allowed here.");
        }

        lock (sync)
        {
            running[toolUseId] = host;
        }
        return ClaudeCodeWire.Allow(question.RequestId, input);
    }

    private async Task<byte[]> AfterAsync(ClaudeCodeLine.Question question)
    {
        if (question.ToolUseId is { } toolUseId)
        {
            IToolHost? host;
            lock (sync)
            {
                running.Remove(toolUseId, out host);
            }

            if (host is not null)
            {
                await EndAsync(toolUseId, host).ConfigureAwait(false);
            }
        }

        return ClaudeCodeWire.Hooked(question.RequestId, isBefore: false);
    }

    private async Task<byte[]?> ServeAsync(
        string requestId,
        ClaudeCodeLine.ServerMessage message,
        IToolHost? host,
        CancellationToken cancellationToken
    )
    {
        if (message.Method == "notifications/cancelled")
        {
            Stop(one => one.Question.Message is { Id: { } id } && id == message.CancelledId);
        }
        if (message.Id is not { } messageId)
        {
            return ClaudeCodeServer.Empty(requestId, null);
        }

        switch (message.Method)
        {
            case "initialize":
                return ClaudeCodeServer.Greeting(requestId, messageId, message.ProtocolVersion);
            case "tools/list":
                return ClaudeCodeServer.Tools(requestId, messageId, launch.Tools.Ours);
            case "ping":
                return ClaudeCodeServer.Empty(requestId, messageId);
            case "tools/call" when message.ToolName is { } name:
                var (result, error) = host is null
                    ? (null, "The response has ended, so no more calls are run.")
                    : await host.CallAsync(message.ToolUseId ?? requestId, name, message.Arguments, cancellationToken)
                        .ConfigureAwait(false);
                return ClaudeCodeServer.Result(requestId, messageId, result ?? error ?? "", isError: result is null);
            default:
                return ClaudeCodeServer.Unknown(requestId, messageId, message.Method);
        }
    }

    private async Task EndAsync(string toolUseId, IToolHost host)
    {
        try
        {
            await host.EndedAsync(toolUseId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            logger.LogError(e, "What the tool call {ToolUseId} changed could not be looked at.", toolUseId);
        }
    }

    private (string ToolUseId, IToolHost Host)? TakeRunning()
    {
        lock (sync)
        {
            foreach (var (toolUseId, host) in running)
            {
                running.Remove(toolUseId);
                return (toolUseId, host);
            }

            return null;
        }
    }

    private bool IsOurs(string name) =>
        ClaudeCodeServer.IsOurs(name) && launch.Tools.Ours.Any(tool => tool.Name == ClaudeCodeServer.Plain(name));

    private string OnlyReading =>
        launch.ReadFolder is null
            ? "No folder is open, so no tool may be used here."
            : $"Only reading inside {string.Join(", ", launch.OtherFolders.Prepend(launch.ReadFolder))} is allowed here.";

    private bool MayRead(string tool, string input) =>
        launch.ReadFolder is { } folder
        && launch.Tools.Own.Contains(tool)
        && ClaudeCodeTools.ReadPath(tool, input, folder) is { } path
        && launch.OtherFolders.Prepend(folder).Any(one => RealPath.ResolvesInto(path, one));

    /// <summary>A request in progress, with its turn: a late response does not reach the next turn.</summary>
    private sealed class Pending(ClaudeCodeLine.Question question, IToolHost? host) : IDisposable
    {
        private readonly CancellationTokenSource stop = new();

        public ClaudeCodeLine.Question Question => question;

        public IToolHost? Host => host;

        public CancellationToken Token => stop.Token;

        public Task Work { get; set; } = Task.CompletedTask;

        public void Cancel()
        {
            try
            {
                stop.Cancel();
            }
            catch (ObjectDisposedException)
            { /* It was answered in the meantime. */
            }
        }

        public void Dispose() => stop.Dispose();
    }
}
