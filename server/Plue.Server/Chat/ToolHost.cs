using System.Collections.Concurrent;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// Checks the tool calls of a program with its own tool loop, and runs Plue's tools for it. The program's own tools use <see cref="ToolRunner"/>
/// like Plue's: permissions are checked, the intent is stored, and changes are recorded. Only the execution is the program's.
/// </summary>
/// <param name="toolbox">The Plue tools offered to the program.</param>
internal sealed class ToolHost(ToolRunner runner, Toolbox toolbox, EditorWindow editor, IProgramTurn turn) : IToolHost
{
    /// <summary>
    /// The tools that the program runs itself if a template lists them. All others are Plue's: the program's commands would run outside of Plue's sandbox with
    /// the program's environment, and its search would read files that rules exclude.
    /// </summary>
    public static readonly IReadOnlyList<string> OwnTools = ["read", "write", "edit"];

    private readonly ConcurrentDictionary<string, (ProgramTool Tool, Task Work)> running = new();

    /// <summary>
    /// Gets or sets the observer of the calls; null for none. Completed calls report their file changes and results; the displayed text comes with the
    /// program's own output.
    /// </summary>
    public IToolObserver? Observer { get; set; }

    public async Task<ToolPermission> MayUseAsync(string toolUseId, ProgramCall call, CancellationToken cancellationToken)
    {
        var tool = new ProgramTool(call, editor);
        var work = RunAsync(
            new ToolCall(toolUseId, call.Name, call.Input),
            new Toolbox([tool]),
            cancellationToken,
            tool.IsOfSettings ? tool.Name : null
        );
        if (await Task.WhenAny(tool.Allowed, work) == work)
        {
            return new ToolPermission(false, (await work).Error);
        }

        running[toolUseId] = (tool, work);
        return new ToolPermission(true);
    }

    public async Task<(string? Result, string? Error)> CallAsync(
        string toolUseId,
        string name,
        string parameters,
        CancellationToken cancellationToken
    )
    {
        var result = await RunAsync(new ToolCall(toolUseId, name, parameters), toolbox, cancellationToken);
        return (Masked(result.Result), Masked(result.Error));
    }

    public async Task EndedAsync(string toolUseId, CancellationToken cancellationToken)
    {
        if (!running.TryRemove(toolUseId, out var one))
        {
            return;
        }

        one.Tool.End();
        await one.Work.WaitAsync(cancellationToken);
    }

    public Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds) => turn.CheckRoundLimitsAsync(usage, rounds);

    private void Loaded(IReadOnlyList<InstructionSource> sources) => turn.SkillsLoaded(sources);

    private string? Masked(string? text) => text is null ? null : turn.Secrets?.Mask(text) ?? text;

    public void Report(string toolUseId, string toolName, string text) =>
        Observer?.Progress(new ToolCall(toolUseId, toolName, "{}"), Masked(text) ?? "");

    /// <param name="added">A tool that no template lists, because the user's settings of the program bring it; null for none.</param>
    private async Task<ToolCallResult> RunAsync(ToolCall call, Toolbox tools, CancellationToken cancellationToken, string? added = null) =>
        (await runner.RunAsync([call], tools, id => With(turn.ContextOf(id), added), new Relay(this), cancellationToken))[0];

    private static ToolContext With(ToolContext context, string? tool) =>
        tool is null
            ? context
            : context with
            {
                Rights = ToolRunner.With(context.Rights, tool),
            };

    private sealed class Relay(ToolHost host) : IToolObserver
    {
        public ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken) =>
            host.Observer?.RecordIntentAsync(call, cancellationToken) ?? ValueTask.CompletedTask;

        public string WhyStopped => host.Observer?.WhyStopped ?? InterruptedCall.Error;

        public void Progress(ToolCall call, string text) => host.Observer?.Progress(call, text);

        public void Waiting(ToolCall call, bool isWaiting) => host.Observer?.Waiting(call, isWaiting);

        public void HookRan(HookRun run) => host.Observer?.HookRan(run);

        public void Finished(ToolCallResult result)
        {
            host.Loaded(result.Instructions);
            host.Observer?.Finished(result);
        }
    }
}
