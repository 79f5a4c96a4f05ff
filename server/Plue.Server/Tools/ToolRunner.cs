using System.Text.Json;
using Plue.Server.Edits;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Tools;

/// <param name="Parameters">A JSON object as the model wrote it.</param>
internal sealed record ToolCall(string ToolUseId, string Name, string Parameters)
{
    /// <summary>Gets why the call is not run, as a sentence for the model; null if it is.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets the arguments as the model wrote them, if they are not a JSON object; otherwise null.</summary>
    public string? Raw { get; init; }
}

/// <summary>The outcome of a call: either a result or an error.</summary>
internal sealed record ToolCallResult(string ToolUseId, string? Result, string? Error)
{
    public JsonElement? Finished { get; init; }
    public IReadOnlyList<Messages.FileChange> Changes { get; init; } = [];
    public IReadOnlyList<Messages.MessagePart.File> Images { get; init; } = [];

    /// <summary>Gets the instruction files at the end of the result.</summary>
    public IReadOnlyList<Messages.InstructionSource> Instructions { get; init; } = [];

    /// <summary>Gets the exit code of a command; null for other calls and for stopped commands.</summary>
    public int? ExitCode { get; init; }

    /// <summary>Gets the user's decision; null if no approval was needed.</summary>
    public Messages.ApprovalNote? Approval { get; init; }

    /// <summary>Gets the cost of the call in USD, in addition to the response; null for none.</summary>
    public decimal? Cost { get; init; }

    /// <summary>Gets the duration without waiting for approval; null if the call did not run.</summary>
    public TimeSpan? RunTime { get; init; }
}

internal interface IToolObserver
{
    /// <summary>Completes when the intent is stored. Called before anything with effects.</summary>
    ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken);

    /// <summary>Gets the reason for a cancellation, as a sentence for the model.</summary>
    string WhyStopped => Messages.InterruptedCall.Error;

    void Progress(ToolCall call, string text);

    /// <summary>Reports that the call starts or stops waiting for the user.</summary>
    void Waiting(ToolCall call, bool isWaiting);

    /// <summary>Reports that a hook command ran for a call.</summary>
    void HookRan(Messages.HookRun run) { }

    void Finished(ToolCallResult result);
}

/// <summary>
/// Runs all tool calls: finds and plans a call, runs its hooks, evaluates permissions, requests approval, stores the intent, records changes, and truncates the
/// result. A model cannot bypass it.
/// </summary>
/// <param name="results">Stores truncated results; null discards the rest.</param>
/// <param name="blobs">Stores images; if null, they last only as long as the process.</param>
internal sealed class ToolRunner(
    PermissionPolicy policy,
    Approvals approvals,
    IEditLog edits,
    Func<Rights.Chain, IReadOnlyList<string>> pathOf,
    ToolResults? results = null,
    Blobs? blobs = null,
    TimeProvider? time = null
)
{
    private readonly TimeProvider clock = time ?? TimeProvider.System;

    public RunningCalls Running { get; } = new();

    /// <summary>Appended to the reason why a call was denied without a user.</summary>
    public const string NoUserAvailable = "No user is available to approve it.";

    /// <summary>The maximum length of a result for the model in characters.</summary>
    public const int MaxResultLength = 40_000;

    /// <summary>Runs the calls of one round. Read-only calls run in parallel, all others one after the other in the order of the calls.</summary>
    /// <param name="contextOf">Gets the context by call id.</param>
    /// <returns>One result per call, in order. Stopped calls have an error that reports it.</returns>
    public async Task<IReadOnlyList<ToolCallResult>> RunAsync(
        IReadOnlyList<ToolCall> calls,
        Toolbox toolbox,
        Func<string, ToolContext> contextOf,
        IToolObserver observer,
        CancellationToken cancellationToken
    )
    {
        var outcomes = new ToolCallResult[calls.Count];
        async Task RunOneAsync(int at)
        {
            outcomes[at] = await RunAsync(calls[at], toolbox, contextOf(calls[at].ToolUseId), observer, cancellationToken);
            observer.Finished(outcomes[at]);
        }

        for (var at = 0; at < calls.Count; )
        {
            var beside = calls.Skip(at).TakeWhile(call => toolbox.Find(call.Name) is not { RunsAlone: true }).Count();
            await Task.WhenAll(Enumerable.Range(at, Math.Max(1, beside)).Select(RunOneAsync));
            at += Math.Max(1, beside);
        }

        return outcomes;
    }

    private async Task<ToolCallResult> RunAsync(
        ToolCall call,
        Toolbox toolbox,
        ToolContext context,
        IToolObserver observer,
        CancellationToken cancellationToken
    )
    {
        Messages.ApprovalNote? approval = null;
        long? started = null;
        IReadOnlyList<Messages.FileChange> changes = [];
        TimeSpan? RunTime() => started is { } at ? clock.GetElapsedTime(at) : null;
        ToolCallResult Failed(string why) =>
            new(call.ToolUseId, null, why)
            {
                Approval = approval,
                RunTime = RunTime(),
                Changes = changes,
            };
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var tool = toolbox.Find(call.Name) ?? throw new ToolFailureException(toolbox.MissingMessage(call.Name));
            var hooks = new CallHooks(call, tool, context, observer);
            var planned = await hooks.BeforeAsync(Parse(call), cancellationToken);
            await AllowAsync(call, tool, planned, hooks, context, observer, note => approval = note, cancellationToken);
            // A subtask measures its own time, without waiting.
            started = planned.Kind == ApprovalKind.Spawn ? null : clock.GetTimestamp();
            var changesFiles = planned.Changes is not { Count: 0 };
            if (changesFiles || planned.Actions.Any(action => action.HasExternalEffect))
            {
                await observer.RecordIntentAsync(call, cancellationToken);
            }
            if (!changesFiles)
            {
                var ended = await RunAsync(call, planned, context, observer, cancellationToken);
                var took = RunTime();
                var added = await hooks.AfterAsync(planned, ended, isRecorded: false, cancellationToken);
                return Result(call, planned, context, ended with { Text = hooks.Note + ended.Text + added }, [], approval) with
                {
                    RunTime = took,
                };
            }

            // Unsaved text is recorded only for explicit paths, so changes by hooks are then recorded after those of the call.
            var isWhole = planned.Unsaved is null && hooks.RunAfter(planned);
            // A started call is completed or stopped; its changes are recorded in any case.
            var scope = await FolderEdits.BeginAsync(
                edits,
                new EditAuthor(context.CodexId, context.TurnId, call.ToolUseId, tool.Name),
                context.Folders ?? throw new ToolFailureException("No workspace folder is open."),
                // Hooks can change any file of the workspace.
                isWhole ? null : planned.Changes,
                planned.Unsaved,
                cancellationToken
            );
            ToolOutcome outcome;
            TimeSpan? runTime;
            var text = "";
            try
            {
                outcome = await RunAsync(call, planned, context, observer, cancellationToken);
                runTime = RunTime();
                if (isWhole)
                {
                    text = await hooks.AfterAsync(planned, outcome, isRecorded: true, cancellationToken);
                }
            }
            finally
            {
                changes = await scope.EndAsync(CancellationToken.None);
            }

            if (!isWhole)
            {
                text = await hooks.AfterAsync(planned, outcome, isRecorded: false, cancellationToken);
            }
            var followUp = await planned.FollowUpAsync(cancellationToken);
            return Result(
                call,
                planned,
                context,
                outcome with
                {
                    Text = hooks.Note + outcome.Text + text + followUp,
                },
                changes,
                approval
            ) with
            {
                RunTime = runTime,
            };
        }
        catch (ToolFailureException fault)
        {
            return Failed(Truncate(context, fault.Message));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed(observer.WhyStopped);
        }
        catch (Messages.FailureException fault)
        {
            return Failed(Truncate(context, fault.Message));
        }
        catch (Exception fault)
        {
            // A failed call must not lose the results of the others.
            return Failed(Truncate(context, $"{call.Name} failed with an unexpected error: {fault.Message}"));
        }
    }

    private async Task<ToolOutcome> RunAsync(
        ToolCall call,
        PlannedCall planned,
        ToolContext context,
        IToolObserver observer,
        CancellationToken cancellationToken
    )
    {
        using var entry = planned.CanStopAlone ? Running.Add(context.CodexId, call.ToolUseId) : null;
        var stopped = entry?.Stopped ?? CancellationToken.None;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopped);
        if (planned.Kind is ApprovalKind.Command or ApprovalKind.ServerTool or ApprovalKind.Fetch)
        {
            // Empty progress reports that the call is running, after any approval.
            observer.Progress(call, "");
        }

        try
        {
            return await planned.RunAsync(new Progress(text => observer.Progress(call, text), stopped), either.Token);
        }
        catch (OperationCanceledException) when (stopped.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ToolFailureException("The user stopped this call. Do not start it again. Continue without it, or ask.");
        }
    }

    /// <summary>Runs a call that the user approved as part of a file. What the rules deny, for the agent or its parents, does not run.</summary>
    /// <exception cref="ToolFailureException">The call was denied or failed; one sentence.</exception>
    /// <exception cref="OperationCanceledException">It was stopped, and everything that it started has ended.</exception>
    public async Task<ToolOutcome> RunApprovedAsync(
        ITool tool,
        JsonElement parameters,
        ToolContext context,
        CancellationToken cancellationToken
    )
    {
        var planned = await tool.PlanAsync(parameters, context, cancellationToken);
        if (Evaluate(tool, planned, context.Rights()).FirstOrDefault(one => one.Decision == Decision.Deny) is { } denied)
        {
            if (denied.IsOfPolicy)
            {
                policy.RecordRefusal(denied.Reason, context.CodexId, clock);
            }
            throw new ToolFailureException($"It was denied: {denied.Reason}");
        }

        return await planned.RunAsync(new NoProgress(), cancellationToken);
    }

    private sealed class NoProgress : IToolProgress
    {
        public void Report(string text) { }
    }

    /// <summary>Gets rights that include a tool, for a call that is Plue's and not the agent's.</summary>
    public static Rights.Chain With(Rights.Chain rights, string tool) =>
        () => [.. rights().Select((one, at) => at == 0 ? one with { Tools = [.. one.Tools, tool] } : one)];

    /// <param name="answered">Called with the user's decision, if approval was needed.</param>
    /// <exception cref="ToolFailureException">The call is denied; the message has the reason.</exception>
    private async Task AllowAsync(
        ToolCall call,
        ITool tool,
        PlannedCall planned,
        CallHooks hooks,
        ToolContext context,
        IToolObserver observer,
        Action<Messages.ApprovalNote> answered,
        CancellationToken cancellationToken
    )
    {
        var rights = context.Rights();
        var verdicts = Evaluate(tool, planned, rights);
        if (hooks.Ask is { } reason)
        {
            verdicts.Add(new Verdict(Decision.Ask, reason));
        }
        var verdict = verdicts.MaxBy(one => one.Decision);
        if (verdict?.Decision == Decision.Deny)
        {
            if (verdict.IsOfPolicy)
            {
                policy.RecordRefusal(verdict.Reason, context.CodexId, clock);
            }
            throw new ToolFailureException($"The call was denied: {verdict.Reason}");
        }
        if (planned.Question is { } question)
        {
            planned.Answered(await AskAsync(call, tool, planned, question, hooks, context, observer, cancellationToken));
            return;
        }
        if (verdict is null || verdict.Decision == Decision.Allow)
        {
            return;
        }
        if (rights.Any(one => one.IsUnattended))
        {
            throw new ToolFailureException($"The call was denied: {verdict.Reason} {NoUserAvailable}");
        }

        await hooks.ApprovalRequestedAsync(planned, verdict.Reason, cancellationToken);
        // A rule that allows only part of the call would not avoid the next approval.
        var asked = verdicts.Where(one => one.Decision == Decision.Ask).ToList();
        // Rules are stored for a folder.
        var (rule, ruleFolder) =
            context.Workspace is not null && asked.Select(one => (one.Rule, one.RuleFolder)).Distinct().ToList() is [var only]
                ? only
                : (null, null);
        // Requested first, so that observers of the waiting call find the request.
        var asking = approvals.AskAsync(
            new ApprovalRequest
            {
                CodexId = context.CodexId,
                Path = pathOf(context.Rights),
                ToolUseId = call.ToolUseId,
                ToolName = tool.Name,
                Kind = planned.Kind,
                ActionText = planned.ActionText,
                Diff = planned.Diff,
                Files = planned.Proposed,
                Location = verdict.Where ?? planned.Location,
                Reason = string.Join(' ', asked.Select(one => one.Reason).Distinct()),
                Sandbox = planned.Sandbox,
                Rule = rule,
                RuleFolder = rule is null ? null : ruleFolder ?? context.Workspace,
            },
            cancellationToken,
            () => hooks.Ask is null && Evaluate(tool, planned, context.Rights()).All(one => one.Decision == Decision.Allow)
        );
        observer.Waiting(call, true);
        try
        {
            var answer = await asking;
            answered(
                new Messages.ApprovalNote(
                    answer.Decision.ToString().ToLowerInvariant(),
                    answer.Reason,
                    answer.Decision == ApprovalDecision.Always ? answer.Rule : null,
                    approvals.Now
                )
            );
            if (answer.Decision != ApprovalDecision.Deny)
            {
                // Rights that were revoked during the approval apply.
                if (Evaluate(tool, planned, context.Rights()).FirstOrDefault(one => one.Decision == Decision.Deny) is { } now)
                {
                    throw new ToolFailureException($"The call was denied: {now.Reason}");
                }
                return;
            }

            throw new ToolFailureException(
                string.IsNullOrWhiteSpace(answer.Reason)
                    ? "The user denied this call. Do not try it another way. Ask what to do instead, or continue without it."
                    : $"The user denied this call with the reason: {answer.Reason}"
            );
        }
        finally
        {
            observer.Waiting(call, false);
        }
    }

    /// <summary>Asks the question of a call. It is listed with the approvals of all agents.</summary>
    private async Task<ApprovalAnswer> AskAsync(
        ToolCall call,
        ITool tool,
        PlannedCall planned,
        Question question,
        CallHooks hooks,
        ToolContext context,
        IToolObserver observer,
        CancellationToken cancellationToken
    )
    {
        const string Why = "The agent waits for your answer.";
        if (context.Rights().Any(one => one.IsUnattended))
        {
            throw new ToolFailureException("No user is available to answer. Continue with the safest assumption and state it.");
        }

        await hooks.ApprovalRequestedAsync(planned, Why, cancellationToken);
        var asking = approvals.AskAsync(
            new ApprovalRequest
            {
                CodexId = context.CodexId,
                Path = pathOf(context.Rights),
                ToolUseId = call.ToolUseId,
                ToolName = tool.Name,
                Kind = planned.Kind,
                ActionText = planned.ActionText,
                Reason = Why,
                Question = question,
            },
            cancellationToken
        );
        observer.Waiting(call, true);
        try
        {
            return await asking;
        }
        finally
        {
            observer.Waiting(call, false);
        }
    }

    /// <returns>One verdict per action; the strictest applies.</returns>
    private List<Verdict> Evaluate(ITool tool, PlannedCall planned, IReadOnlyList<Rights> rights) =>
        [.. planned.Actions.Select(action => policy.Evaluate(tool.Name, action, rights))];

    private static JsonElement Parse(ToolCall call)
    {
        if ((call.Problem ?? ToolArguments.ErrorIn(call.Parameters)) is { } problem)
        {
            throw new ToolFailureException(problem);
        }

        try
        {
            using var document = JsonDocument.Parse(call.Parameters.Length == 0 ? "{}" : call.Parameters);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new ToolFailureException("The parameters must be a JSON object.");
        }
        catch (JsonException fault)
        {
            throw new ToolFailureException(
                $"The parameters are not valid JSON ({fault.Message}). Nothing was done. Send the call again.",
                fault
            );
        }
    }

    private ToolCallResult Result(
        ToolCall call,
        PlannedCall planned,
        ToolContext context,
        ToolOutcome outcome,
        IReadOnlyList<Messages.FileChange> changes,
        Messages.ApprovalNote? approval
    )
    {
        var (images, lost) = StoreImages(outcome.Images);
        var (instructions, sources) = context.Instructions?.Take(planned.Touches, call.ToolUseId) ?? ("", []);
        return new ToolCallResult(call.ToolUseId, Truncate(context, outcome.Text + lost) + instructions, null)
        {
            Instructions = [.. outcome.Instructions, .. sources],
            Finished = outcome.Finished,
            Changes = changes,
            Images = images,
            ExitCode = outcome.ExitCode,
            Cost = outcome.Cost,
            Approval = approval,
        };
    }

    /// <summary>Stores images like everything in a message. The call succeeds even if an image could not be stored.</summary>
    private (IReadOnlyList<Messages.MessagePart.File> Images, string Lost) StoreImages(IReadOnlyList<Messages.MessagePart.File> images)
    {
        if (blobs is null)
        {
            return (images, "");
        }

        try
        {
            return (
                [.. images.Select(image => image.Data is { } data ? image with { Blob = blobs.Put(data.Span), Data = null } : image)],
                ""
            );
        }
        catch (Messages.FailureException fault)
        {
            return ([], $"\n[Images omitted: {fault.Message}]");
        }
    }

    /// <summary>Truncates text and makes hidden characters visible, so that no file name or content can hide text from a reader.</summary>
    private string Truncate(ToolContext context, string text)
    {
        text = HiddenCharacters.Visible(text);
        return results?.Truncate(context.CodexId, text, MaxResultLength)
            ?? ToolResults.TruncateMiddle(text, MaxResultLength, "the full output was not stored");
    }

    private sealed class Progress(Action<string> report, CancellationToken stopped) : IToolProgress
    {
        public CancellationToken Stopped => stopped;

        public void Report(string text) => report(text);
    }
}
