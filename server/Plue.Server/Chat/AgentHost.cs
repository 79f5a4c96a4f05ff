using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// Serves a hosted agent during one turn. Its requests go through <see cref="ToolRunner"/>. Changes that the agent makes itself are recorded between two
/// checkpoints, and the user can review them.
/// </summary>
/// <param name="toolbox">The tools of the chat; the agent's commands use its <c>bash</c>.</param>
internal sealed class AgentHost(ToolRunner runner, IEditLog edits, Toolbox toolbox, EditorWindow editor, IProgramTurn turn) : IAgentHost
{
    private readonly SemaphoreSlim recording = new(1, 1);
    private readonly ConcurrentDictionary<string, ToolCallResult> results = new(StringComparer.Ordinal);

    /// <summary>The commands, and the paths with their new text, that the user approved in this turn, each for one use.</summary>
    private readonly ConcurrentDictionary<string, byte> approved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, FileChange> unclaimed = new(StringComparer.Ordinal);
    private IEditScope? scope;
    private string lastToolUseId = "";

    public required AgentMode Mode { get; init; }
    public required bool MayChangeFiles { get; init; }
    public required ChannelTools Channel { get; init; }
    public string? Sandbox { get; set; }

    /// <summary>Gets or sets the observer of the calls; null for none.</summary>
    public IToolObserver? Observer { get; set; }

    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await recording.WaitAsync(cancellationToken);
        try
        {
            scope ??= await OpenAsync(cancellationToken);
        }
        finally
        {
            recording.Release();
        }
    }

    public async Task RecordAsync(string toolUseId, IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        await recording.WaitAsync(cancellationToken);
        try
        {
            lastToolUseId = toolUseId;
            // The new scope is opened before the old one is closed, so that no change in between is lost.
            var next = await OpenAsync(CancellationToken.None);
            await CloseAsync();
            scope = next;
            Claim(toolUseId, paths);
        }
        finally
        {
            recording.Release();
        }
    }

    public async Task EndAsync()
    {
        await recording.WaitAsync();
        try
        {
            await CloseAsync();
        }
        finally
        {
            recording.Release();
        }
    }

    public async Task<ToolPermission> MayRunAsync(AgentCall call, CancellationToken cancellationToken)
    {
        var tool = new AgentTool(call, Sandbox, editor);
        var result = await RunAsync(call.ToolUseId, tool, cancellationToken);
        if (result.Error is { } why)
        {
            return new ToolPermission(false, why);
        }

        if (result.Approval is not null)
        {
            if (call.Command is { } command)
            {
                approved[command] = 0;
            }

            foreach (var edit in call.Edits)
            {
                approved[$"{edit.Path}\0{edit.After}"] = 0;
            }
        }

        if (Observer is { } observer)
        {
            await observer.RecordIntentAsync(new ToolCall(call.ToolUseId, tool.Name, "{}"), cancellationToken);
        }

        return new ToolPermission(true);
    }

    public Task<AgentServers> ServersAsync(CancellationToken cancellationToken) => Channel.AgentServersAsync(cancellationToken);

    public async Task<string?> AskAsync(string toolUseId, JsonElement asked, CancellationToken cancellationToken)
    {
        if (AgentQuestionTool.Of(asked) is not { } tool)
        {
            return null;
        }

        await RunAsync(toolUseId, tool, cancellationToken);
        return tool.Values;
    }

    public async Task<(string? Content, string? Error)> ReadFileAsync(string toolUseId, string path, CancellationToken cancellationToken)
    {
        var tool = new AgentFileTool(path, null, editor, isAllowed: false);
        var result = await RunAsync(toolUseId, tool, cancellationToken);
        return result.Error is { } why ? (null, why) : (tool.Content ?? "", null);
    }

    public async Task<string?> WriteFileAsync(string toolUseId, string path, string content, CancellationToken cancellationToken)
    {
        var isAllowed = approved.TryRemove($"{path}\0{content}", out _);
        return (await RunAsync(toolUseId, new AgentFileTool(path, content, editor, isAllowed), cancellationToken)).Error;
    }

    public async Task<AgentCommandResult> RunCommandAsync(
        string toolUseId,
        string command,
        string? folder,
        Action<string> output,
        CancellationToken cancellationToken
    )
    {
        if (toolbox.Find("bash") is not { } bash)
        {
            return new AgentCommandResult("", null, "This chat does not have the tool bash, so no command was run.");
        }

        var isAllowed = approved.TryRemove(command, out _);
        var tool = new AgentCommandTool(bash, command, folder, output, isAllowed);
        var result = await RunAsync(toolUseId, tool, cancellationToken);
        return new AgentCommandResult(Masked(tool.Output ?? result.Result ?? ""), result.ExitCode, result.Error);
    }

    public void Report(string toolUseId, string text) => Observer?.Progress(new ToolCall(toolUseId, "bash", "{}"), text);

    public Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds, decimal? vendorCost) =>
        turn.CheckRoundLimitsAsync(usage, rounds, vendorCost);

    private string Masked(string text) => turn.Secrets?.Mask(text) ?? text;

    private async Task<IEditScope?> OpenAsync(CancellationToken cancellationToken)
    {
        var context = turn.ContextOf(lastToolUseId);
        return context.Folders is { } folders
            ? await FolderEdits.BeginAsync(
                edits,
                new EditAuthor(context.CodexId, context.TurnId, lastToolUseId, "agent"),
                folders,
                null,
                null,
                cancellationToken
            )
            : null;
    }

    private async Task CloseAsync()
    {
        var closing = scope;
        scope = null;
        foreach (var change in closing is null ? [] : await closing.EndAsync(CancellationToken.None))
        {
            unclaimed[change.Path] = change;
        }
    }

    /// <summary>Assigns recorded changes to a call. The agent continues in the meantime, so these may include changes of its next calls.</summary>
    private void Claim(string toolUseId, IReadOnlyList<string> paths)
    {
        var folders = turn.ContextOf(toolUseId).Folders;
        var real = paths.Select(RealPath.Of).ToHashSet(StringComparer.Ordinal);
        var changes = unclaimed
            .Values.Where(change => real.Count == 0 || folders is null || real.Contains(RealPath.Of(folders.Locate(change.Path))))
            .ToList();
        changes.ForEach(change => unclaimed.Remove(change.Path));
        if (changes.Count > 0)
        {
            var known = results.GetValueOrDefault(toolUseId) ?? new ToolCallResult(toolUseId, "", null);
            Finished(known with { Changes = [.. known.Changes.Where(one => changes.All(other => other.Path != one.Path)), .. changes] });
        }
    }

    private async Task<ToolCallResult> RunAsync(string toolUseId, ITool tool, CancellationToken cancellationToken) =>
        (
            await runner.RunAsync(
                [new ToolCall(toolUseId, tool.Declaration.Name, "{}")],
                new Toolbox([tool]),
                turn.ContextOf,
                new Relay(this),
                cancellationToken
            )
        )[0];

    /// <summary>Merges the results of a call: it can have a permission, a command, and changes.</summary>
    private void Finished(ToolCallResult result)
    {
        if (result.Result is { Length: 0 })
        {
            // The agent runs the call itself, so its duration is unknown.
            result = result with
            {
                RunTime = null,
            };
        }

        var whole = results.AddOrUpdate(
            result.ToolUseId,
            result,
            (_, known) => result with { Approval = result.Approval ?? known.Approval, RunTime = result.RunTime ?? known.RunTime }
        );
        Observer?.Finished(whole);
    }

    private sealed class Relay(AgentHost host) : IToolObserver
    {
        public ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken) =>
            host.Observer?.RecordIntentAsync(call, cancellationToken) ?? ValueTask.CompletedTask;

        public string WhyStopped => host.Observer?.WhyStopped ?? InterruptedCall.Error;

        public void Progress(ToolCall call, string text) => host.Observer?.Progress(call, text);

        public void Waiting(ToolCall call, bool isWaiting) => host.Observer?.Waiting(call, isWaiting);

        public void Finished(ToolCallResult result) => host.Finished(result);
    }
}
