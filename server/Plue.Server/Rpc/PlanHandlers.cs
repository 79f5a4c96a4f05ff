using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Agents.Plans;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>plan/*: plans with what became of their steps. Their text is changed by codex/* like that of every item.</summary>
internal sealed class PlanHandlers(AgentTasks tasks, TemplateCatalog templates)
{
    public void Register(RpcServer server)
    {
        server.Map(Methods.PlanGet, (parameters, _) => Task.FromResult(View(parameters.Uri)));
        server.Map(
            Methods.PlanRun,
            async (parameters, cancellationToken) =>
            {
                var mode =
                    parameters.PermissionMode is null ? PermissionMode.Ask
                    : PermissionModes.Find(parameters.PermissionMode) is { } given && !given.DeniesChanges() ? given
                    : throw new FailureException(FailureKind.MissingField, "The permission mode of steps is `ask` or `edit`.");
                await tasks.PlanRunner.RunAsync(parameters.Uri, parameters.Version, parameters.Steps.ToHashSet(), mode, cancellationToken);
                return View(parameters.Uri);
            }
        );
        server.Map(
            Methods.PlanStop,
            async (parameters, cancellationToken) =>
            {
                await tasks.PlanRunner.StopAsync(parameters.Uri, cancellationToken);
                return View(parameters.Uri);
            }
        );
        server.Map(
            Methods.PlanSendComments,
            async (parameters, cancellationToken) =>
            {
                await tasks.PlanRunner.SendCommentsAsync(parameters.Uri, cancellationToken);
                return View(parameters.Uri);
            }
        );
    }

    private PlanView View(string uri)
    {
        var (plan, version) = tasks.Plans.Read(uri);
        var chat = plan.Chat is { } address ? tasks.Reader.Find(address) : null;
        var hasBudget = tasks.PlanRunner.BudgetOf(plan) is not (null, null, null, null);
        return new PlanView
        {
            Uri = uri,
            Version = version,
            Title = plan.Title,
            Goal = plan.Goal,
            Chat = chat is null ? null : plan.Chat,
            ChatTitle = chat?.Title,
            IsInPlanMode = chat is not null && PermissionModes.Find(chat.Text(PermissionModes.Field)) == PermissionMode.PlanOnly,
            Budget = new TaskBudgetView(plan.Budget.Usd, plan.Budget.Tokens, plan.Budget.Rounds, plan.Budget.Seconds),
            Steps = [.. plan.Steps.Select(step => View(plan, step, hasBudget))],
            Comments = [.. plan.Comments.Select(comment => new PlanCommentView(comment.Step, comment.Line, comment.Text))],
            IsRunning = tasks.PlanRunner.IsRunning(uri),
            ReadOnlyReason = tasks.Plans.IsOfWorkspace(uri)
                ? "This plan belongs to the workspace. Edit its file there, or make a copy of the item and run the copy."
                : null,
        };
    }

    private PlanStepView View(Plan plan, PlanStep step, bool hasBudget) =>
        new()
        {
            Title = step.Title,
            Description = step.Description,
            Files = step.Files,
            Checks = step.Checks,
            TemplateId = step.Template,
            TemplateName = templates.Find(step.Template)?.Name ?? step.Template,
            Model = step.Model,
            BudgetShare = hasBudget ? decimal.Round(plan.ShareOf(step)) : null,
            Status = (PlanStepState)step.Status,
            IsApproved = step.IsApproved,
            IsAddedLater = step.IsAddedLater,
            UnlistedFiles = step.UnlistedFiles,
            Note = step.Note,
            Task = step.Task is { } task && tasks.Reader.Row(task) is { } row ? TaskViews.View(row) : null,
        };
}
