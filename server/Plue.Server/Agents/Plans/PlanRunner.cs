using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Plans;

/// <summary>
/// Runs the approved steps of plans, one after the other, as subtasks of the chat or task that the plan belongs to. The item always says which step runs in which task, so that a plan continues after a restart.
/// </summary>
internal sealed class PlanRunner(AgentServices services, AgentTasks tasks, PlanDocuments plans)
{
    private const string Stopped = "It was stopped.";

    private readonly ConcurrentDictionary<string, bool> running = new(StringComparer.Ordinal); // by address; the value is true after a stop

    /// <summary>True if this process works on the plan.</summary>
    public bool IsRunning(string uri) => running.ContainsKey(uri);

    /// <summary>Gets the limits that the steps share: those of the plan, or of the task that it belongs to.</summary>
    public AgentBudget BudgetOf(Plan plan)
    {
        var none = new AgentBudget(null, null, null, null);
        return plan.Budget != none ? plan.Budget
            : plan.Chat is { } chat && tasks.Reader.Find(chat) is { IsTask: true } parent ? tasks.Reader.SpecOf(parent).Budget
            : none;
    }

    /// <summary>Approves steps and starts them. A step that was interrupted continues.</summary>
    /// <param name="version">The version of the plan that the user approved.</param>
    /// <param name="approved">The positions of the approved steps, from 0. Other steps that have not ended are skipped.</param>
    /// <param name="mode">The permission mode of the steps if the chat is in plan mode.</param>
    /// <exception cref="FailureException">Conflict: the plan has changed or is running; MissingField: there is nothing to run.</exception>
    public async Task RunAsync(
        string uri,
        long version,
        IReadOnlyCollection<int> approved,
        PermissionMode mode,
        CancellationToken cancellationToken
    )
    {
        if (!running.TryAdd(uri, false))
        {
            throw new FailureException(FailureKind.Conflict, "The plan is running already.");
        }

        try
        {
            if (plans.IsOfWorkspace(uri))
            {
                throw new FailureException(
                    FailureKind.PermissionDenied,
                    "This plan belongs to the workspace, where Plue does not write. Make a copy of the item, then run the copy."
                );
            }

            var (plan, _) = plans.Read(uri);
            if (plan.Steps.Index().FirstOrDefault(one => string.IsNullOrWhiteSpace(one.Item.Title)) is { Item: not null } untitled)
            {
                throw new FailureException(FailureKind.MissingField, $"Step {untitled.Index + 1} has no title. Enter one.");
            }
            if (!Approve(plan, approved).Steps.Any(IsNext))
            {
                throw new FailureException(FailureKind.MissingField, "Select at least one step that is not done.");
            }

            await plans.ChangeAsync(uri, version, now => Approve(now, approved), VersionAuthor.User, cancellationToken);
            await SetModeAsync(plan.Chat, mode, only: PermissionMode.PlanOnly, cancellationToken);
        }
        catch
        {
            running.TryRemove(uri, out _);
            throw;
        }

        _ = WorkAsync(uri);
    }

    /// <summary>Stops the running step, and with it the plan.</summary>
    /// <exception cref="FailureException">NotFound; Conflict: another process works on it.</exception>
    public async Task StopAsync(string uri, CancellationToken cancellationToken)
    {
        running.TryUpdate(uri, true, false);
        var step = plans.Read(uri).Plan.Steps.FirstOrDefault(step => step.Status == PlanStepStatus.Running);
        if (step?.Task is { } task && tasks.Reader.Find(task) is not null)
        {
            await tasks.StopAsync(task, under: true, StopCause.User, cancellationToken);
        }
        if (step is not null && !IsRunning(uri))
        {
            await EndAsync(uri, step, PlanStepStatus.Failed, [], Stopped);
        }
    }

    /// <summary>Rejects a plan: sends all comments to the chat that wrote it, as one message, and lets it plan again.</summary>
    /// <exception cref="FailureException">MissingField: there are no comments; Conflict: the plan has no chat.</exception>
    public async Task SendCommentsAsync(string uri, CancellationToken cancellationToken)
    {
        var (plan, _) = plans.Read(uri);
        if (plan.Comments.Count == 0)
        {
            throw new FailureException(FailureKind.MissingField, "Add a comment first.");
        }
        if (plan.Chat is not { } chat)
        {
            throw new FailureException(FailureKind.Conflict, "No chat wrote this plan, so no model can revise it. Edit the plan yourself.");
        }

        var conversation = await services.Conversations.GetAsync(chat, cancellationToken);
        // The revision replaces skipped steps, too.
        await plans.ChangeAsync(uri, null, Reopened, VersionAuthor.User, cancellationToken);
        await SetModeAsync(chat, PermissionMode.PlanOnly, only: null, cancellationToken);
        await conversation.SendAsync(new Draft(RejectionOf(uri, plan)), mayWait: true, cancellationToken);
        await plans.ChangeAsync(uri, null, now => now with { Comments = [] }, VersionAuthor.User, CancellationToken.None);
    }

    private string RejectionOf(string uri, Plan plan)
    {
        var comments = plan.Comments.Select(comment =>
        {
            var at = comment.Step is { } title ? plan.Steps.Index().FirstOrDefault(one => one.Item.Title == title) : default;
            var place = at.Item is { } step ? $"Step {at.Index + 1}, \"{step.Title}\"" : "The whole plan";
            return $"- {place}{(comment.Line is { } line ? $", about \"{line}\"" : "")}: {comment.Text}";
        });
        var edited = plans.EditedText(uri) is { } text ? $"\n\nI also changed the plan. This is its text now:\n\n{text}" : "";
        return $"I do not approve the plan {uri} yet. Revise it with {WritePlanTool.ToolName}. My comments:\n\n{string.Join('\n', comments)}{edited}";
    }

    private static Plan Approve(Plan plan, IReadOnlyCollection<int> approved) =>
        plan with
        {
            Steps =
            [
                .. plan.Steps.Select(
                    (step, at) =>
                        step.Status is PlanStepStatus.Done or PlanStepStatus.Running ? step
                        : approved.Contains(at)
                            ? step with
                            {
                                IsApproved = true,
                                Status = PlanStepStatus.Pending,
                                Run = null,
                                Task = null,
                                UnlistedFiles = [],
                                Note = null,
                            }
                        : step.Status == PlanStepStatus.Failed ? step with { IsApproved = false }
                        : step with { IsApproved = false, Status = PlanStepStatus.Skipped }
                ),
            ],
        };

    private static Plan Reopened(Plan plan) =>
        plan with
        {
            Steps =
            [
                .. plan.Steps.Select(step => step.Status == PlanStepStatus.Skipped ? step with { Status = PlanStepStatus.Pending } : step),
            ],
        };

    private static bool IsNext(PlanStep step) =>
        step.Status == PlanStepStatus.Running || step is { Status: PlanStepStatus.Pending, IsApproved: true };

    /// <param name="only">The mode that is replaced; null replaces any.</param>
    private async Task SetModeAsync(string? chat, PermissionMode mode, PermissionMode? only, CancellationToken cancellationToken)
    {
        if (chat is null)
        {
            return;
        }

        var conversation = await services.Conversations.GetAsync(chat, cancellationToken);
        var now = PermissionModes.Find(conversation.Stored.Text(PermissionModes.Field));
        if (now != mode && (only is null || now == only))
        {
            await conversation.UpdateAsync(
                _ => new ChatFields
                {
                    Values = AgentTasks.Values((PermissionModes.Field, Json5Conversion.Of(new Json5String(PermissionModes.NameOf(mode))))),
                },
                null,
                cancellationToken
            );
        }
    }

    private async Task WorkAsync(string uri)
    {
        try
        {
            while (running.TryGetValue(uri, out var isStopped) && !isStopped && await NextAsync(uri))
            {
                // Each round is one step.
            }
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Plan} does not continue: {Why}", uri, fault.Message);
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "{Plan} does not continue", uri);
        }
        finally
        {
            running.TryRemove(uri, out _);
            await PublishAsync(uri);
        }
    }

    private async Task PublishAsync(string uri)
    {
        try
        {
            await plans.PublishAsync(uri);
        }
        catch (FailureException fault)
        {
            services.Logger.LogInformation("{Plan} was deleted while it ran: {Why}", uri, fault.Message);
        }
    }

    /// <returns>False if the plan ends.</returns>
    private async Task<bool> NextAsync(string uri)
    {
        var (plan, version) = plans.Read(uri);
        if (plan.Steps.Where(IsNext).OrderByDescending(step => step.Status == PlanStepStatus.Running).FirstOrDefault() is not { } step)
        {
            return false;
        }

        var run = step;
        if (step.Status == PlanStepStatus.Pending || step.Run is null)
        {
            // Stored before the task exists, so that a restart finds the task by this id and never starts the step twice.
            run = step with
            {
                Status = PlanStepStatus.Running,
                Run = Ids.New("run", services.Time),
            };
            await plans.ChangeAsync(uri, version, now => Replace(now, step, run), VersionAuthor.Plue, CancellationToken.None);
        }

        string task;
        try
        {
            task = run.Task ?? TaskOf(run) ?? await SpawnAsync(uri, plan, run);
        }
        catch (FailureException fault)
        {
            await EndAsync(uri, run, PlanStepStatus.Failed, [], fault.Message);
            return false;
        }

        var working = run with { Task = task };
        if (run.Task is null)
        {
            await plans.ChangeAsync(uri, null, now => Replace(now, run, working), VersionAuthor.Plue, CancellationToken.None);
        }
        if (tasks.Reader.Find(task)?.Text(TaskStates.Field) == TaskStates.Interrupted)
        {
            await tasks.ResumeAsync(task, CancellationToken.None);
        }

        var result = await tasks.Spawner.EndOfAsync(task, progress: null, CancellationToken.None);
        var isDone = result.Status == TaskStates.Done;
        await EndAsync(
            uri,
            working,
            isDone ? PlanStepStatus.Done : PlanStepStatus.Failed,
            working.UnlistedIn(result.FilesChanged),
            result.Reason
        );
        return isDone;
    }

    private Task EndAsync(string uri, PlanStep step, PlanStepStatus status, IReadOnlyList<string> unlisted, string? note) =>
        plans.ChangeAsync(
            uri,
            null,
            now => Replace(now, step, step with { Status = status, UnlistedFiles = unlisted, Note = note }),
            VersionAuthor.Plue,
            CancellationToken.None
        );

    /// <summary>Replaces the state of a step. What the user changed in it meanwhile stays.</summary>
    private static Plan Replace(Plan plan, PlanStep step, PlanStep by) =>
        plan with
        {
            Steps =
            [
                .. plan.Steps.Select(one =>
                    (step.Run is null ? one.Title == step.Title && one.Status == step.Status : one.Run == step.Run)
                        ? one with
                        {
                            Status = by.Status,
                            Run = by.Run,
                            Task = by.Task,
                            UnlistedFiles = by.UnlistedFiles,
                            Note = by.Note,
                        }
                        : one
                ),
            ],
        };

    private string? TaskOf(PlanStep step) =>
        tasks.Reader.Summaries.Select(TaskReader.UriOf).FirstOrDefault(uri => tasks.Reader.Find(uri)?.Text(TaskFields.PlanRun) == step.Run);

    private async Task<string> SpawnAsync(string uri, Plan plan, PlanStep step)
    {
        var (provider, model) = plans.ModelOf(step);
        var conversation = await tasks.Spawner.SpawnStepAsync(
            step.Template,
            GoalOf(uri, plan, step),
            step.Title,
            step.Checks,
            (provider, model),
            BudgetOf(plan, step),
            plan.Chat,
            step.Run!,
            CancellationToken.None
        );
        return conversation.CodexId;
    }

    private AgentBudget BudgetOf(Plan plan, PlanStep step)
    {
        var (whole, share) = (BudgetOf(plan), plan.ShareOf(step) / 100);
        return new AgentBudget(
            whole.Usd * share,
            (long?)(whole.Tokens * share),
            whole.Rounds is { } rounds ? Math.Max(1, (int)(rounds * share)) : null,
            whole.Seconds is { } seconds ? Math.Max(1, (long)(seconds * share)) : null
        );
    }

    private static string GoalOf(string uri, Plan plan, PlanStep step)
    {
        var at = plan.Steps.Index().First(one => one.Item.Title == step.Title).Index;
        List<string> parts = [step.Title];
        if (step.Description.Length > 0)
        {
            parts.Add(step.Description);
        }
        parts.Add(
            $"This is step {at + 1} of {plan.Steps.Count} of the plan {uri}, \"{plan.Title}\". Do only this step. The goal of the whole plan:\n{plan.Goal}"
        );
        if (step.Files.Count > 0)
        {
            parts.Add($"Files of this step: {string.Join(", ", step.Files)}. If others have to change, say why in your result.");
        }
        if (step.Checks.Count > 0)
        {
            parts.Add($"After your work, these commands must succeed:\n{string.Join('\n', step.Checks)}");
        }
        return string.Join("\n\n", parts);
    }
}
