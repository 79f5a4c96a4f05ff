using System.Collections.Concurrent;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// Judges for a program that runs its own rounds (Claude Code) what it may do, and runs Plue's tools for it. A tool of the program goes the way of our own,
/// through <see cref="ToolRunner"/>: judged, asked about, its intent durable, its changes recorded. Only the doing is the program's.
/// </summary>
/// <param name="toolbox">Plue's tools that the program is offered.</param>
/// <param name="contextOf">By the id of a call.</param>
/// <param name="settled">A call has ended: what it changed and handed back. Its text comes with the program's own lines.</param>
/// <param name="whyNotOn">The budget's word before another round, from the usage of the answer and its rounds so far.</param>
public sealed class ToolHost(
    ToolRunner runner, Toolbox toolbox, Func<string, ToolContext> contextOf, IToolObserver observer, Action<ToolCallResult> settled,
    Func<Usage, int, Failure?> whyNotOn) : IToolHost
{
    private readonly ConcurrentDictionary<string, (ProgramTool Tool, Task Work)> running = new();
    private readonly Observer quiet = new(observer, settled);

    public async Task<ToolPermission> MayUseAsync(string toolUseId, string toolName, string input, CancellationToken cancellationToken)
    {
        var tool = new ProgramTool(toolName);
        var work = RunAsync(new ToolCall(toolUseId, toolName, input), new Toolbox([tool]), cancellationToken);
        if (await Task.WhenAny(tool.Allowed, work) == work) { return new ToolPermission(false, (await work).Error); }

        running[toolUseId] = (tool, work);
        return new ToolPermission(true);
    }

    public async Task<(string? Result, string? Error)> CallAsync(string toolUseId, string name, string parameters, CancellationToken cancellationToken)
    {
        var result = await RunAsync(new ToolCall(toolUseId, name, parameters), toolbox, cancellationToken);
        return (result.Result, result.Error);
    }

    public async Task EndedAsync(string toolUseId, CancellationToken cancellationToken)
    {
        if (!running.TryRemove(toolUseId, out var one)) { return; }

        one.Tool.End();
        await one.Work.WaitAsync(cancellationToken);
    }

    public Failure? WhyNotOn(Usage usage, int rounds) => whyNotOn(usage, rounds);

    private async Task<ToolCallResult> RunAsync(ToolCall call, Toolbox tools, CancellationToken cancellationToken) =>
        (await runner.RunAsync([call], tools, contextOf, quiet, cancellationToken))[0];

    private sealed class Observer(IToolObserver inner, Action<ToolCallResult> settled) : IToolObserver
    {
        public ValueTask IntendAsync(ToolCall call, CancellationToken cancellationToken) => inner.IntendAsync(call, cancellationToken);

        public void Progress(ToolCall call, string text) => inner.Progress(call, text);

        public void Waiting(ToolCall call, bool isWaiting) => inner.Waiting(call, isWaiting);

        public void Finished(ToolCallResult result) => settled(result);
    }
}
