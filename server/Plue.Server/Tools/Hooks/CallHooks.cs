using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>Runs the hooks before and after one tool call.</summary>
internal sealed class CallHooks(ToolCall call, ITool tool, ToolContext context, IToolObserver observer)
{
    private const int MaxFileBytes = 32 * 1024 * 1024;

    private JsonElement parameters;

    /// <summary>Gets why a hook requires approval; null if none does.</summary>
    public string? Ask { get; private set; }

    /// <summary>Gets text to insert before the result; empty for none.</summary>
    public string Note { get; private set; } = "";

    /// <summary>Plans the call, and plans it again if a hook replaced its arguments, so that permissions apply to what will run.</summary>
    /// <exception cref="ToolFailureException">The call is not possible, or a hook refused it.</exception>
    public async Task<PlannedCall> BeforeAsync(JsonElement given, CancellationToken cancellationToken)
    {
        parameters = given;
        var planned = await tool.PlanAsync(given, context, cancellationToken);
        if (context.Hooks is null)
        {
            return planned;
        }

        var effects = await RunAsync(EventOf(HookTrigger.BeforeTool, planned), isRecorded: false, cancellationToken);
        Note = string.Concat(effects.Context.Select(text => text + "\n"));
        if (effects.Refusal is { } why)
        {
            throw Denied(why);
        }

        Ask = effects.Ask;
        if (effects.Parameters is not { } replaced)
        {
            return planned;
        }
        if (!planned.CanStopAlone)
        {
            throw new ToolFailureException(
                "The call was denied: a hook replaced its arguments, which is not possible for tools that Claude Code runs itself."
            );
        }

        parameters = replaced;
        Note = $"[A hook replaced the arguments of this call: {HookEvent.TextOf(replaced)}]\n{Note}";
        return await tool.PlanAsync(replaced, context, cancellationToken);
    }

    /// <summary>Runs the hooks before the user is asked for approval.</summary>
    /// <exception cref="ToolFailureException">A hook denied the call.</exception>
    public async Task ApprovalRequestedAsync(PlannedCall planned, string why, CancellationToken cancellationToken)
    {
        var happened = EventOf(HookTrigger.ApprovalRequested, planned) with
        {
            Details = new Dictionary<string, object> { ["reason"] = why },
        };
        if ((await RunAsync(happened, isRecorded: false, cancellationToken)).Refusal is { } refusal)
        {
            throw Denied(refusal);
        }
    }

    /// <summary>True if there are hooks for the end of the call.</summary>
    public bool RunAfter(PlannedCall planned) =>
        context.Hooks is { } hooks && After(planned, null).Any(happened => hooks.For(happened).Count > 0);

    /// <returns>Text to append to the result; empty for none.</returns>
    public async Task<string> AfterAsync(PlannedCall planned, ToolOutcome outcome, bool isRecorded, CancellationToken cancellationToken)
    {
        if (!RunAfter(planned))
        {
            return "";
        }

        var before = (planned.Changes ?? []).ToDictionary(path => path, HashOf, StringComparer.Ordinal);
        List<string> added = [];
        try
        {
            foreach (var happened in After(planned, outcome.Text))
            {
                var effects = await RunAsync(happened, isRecorded, cancellationToken);
                added.AddRange(effects.Context);
                if (effects.Refusal is { } why)
                {
                    added.Add($"[{why}]");
                }
            }
        }
        // The call has succeeded; its result must not be lost.
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            added.Add("[The hooks after this call were stopped.]");
        }
        catch (FailureException fault)
        {
            added.Add($"[The hooks after this call did not run: {fault.Message}]");
        }

        added.AddRange(
            before
                .Where(file => HashOf(file.Key) != file.Value)
                .Select(file => $"[A hook changed {Shown(file.Key)} after this call. Read it before you edit it again.]")
        );
        return string.Concat(added.Select(text => "\n" + text));
    }

    private IEnumerable<HookEvent> After(PlannedCall planned, string? response)
    {
        // The files changed by a command are not known in advance.
        if (planned.Changes is { Count: > 0 } changes)
        {
            yield return EventOf(HookTrigger.AfterEdit, planned) with
            {
                // A new file does not exist before the call.
                Files = [.. changes.Select(RealPath.Of).Where(path => response is null || File.Exists(path))],
                Response = response,
            };
        }

        yield return EventOf(HookTrigger.AfterTool, planned) with
        {
            Response = response,
        };
    }

    private HookEvent EventOf(HookTrigger trigger, PlannedCall planned) =>
        new(trigger)
        {
            Tool = tool.Name,
            ToolUseId = call.ToolUseId,
            Parameters = parameters,
            Files = [.. (planned.Changes ?? []).Concat(planned.Touches).Select(RealPath.Of).Distinct(StringComparer.Ordinal)],
        };

    private async Task<HookEffects> RunAsync(HookEvent happened, bool isRecorded, CancellationToken cancellationToken)
    {
        if (context.Hooks is not { } hooks)
        {
            return HookEffects.None;
        }

        var effects = await hooks.RunAsync(
            happened,
            context.TurnId,
            cancellationToken,
            isRecorded,
            isAsking => observer.Waiting(call, isAsking)
        );
        foreach (var run in effects.Runs)
        {
            observer.HookRan(run);
        }

        return effects;
    }

    private ToolFailureException Denied(string why) => new($"{Note}The call was denied: {why}");

    private string Shown(string path) =>
        RealPath.Of(path) is var real && context.Folders is { } folders && folders.FolderOf(real) is { } folder
            ? folders.Shown(folder, Path.GetRelativePath(folder.Path, real))
            : path;

    private static string? HashOf(string path)
    {
        try
        {
            return RegularFile.Read(path, MaxFileBytes) is { } content ? FolderHandle.HashOf(content) : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
