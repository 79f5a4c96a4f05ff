using Plue.Protocol;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;
using Plue.Server.Tools.Hooks;
using Wire = Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>approval/*: pending approvals, stored permission rules, and approved hooks.</summary>
internal sealed class ApprovalHandlers(
    RpcServer server,
    PermissionServices permissions,
    HookApprovals hooks,
    Func<WorkspaceFolders?> workspace
)
{
    private readonly SharedApprovals inbox = permissions.Inbox;
    private readonly StoredRules rules = permissions.Rules;
    private readonly Lock publishing = new();

    public void Register()
    {
        permissions.Approvals.Changed += Publish;
        inbox.Changed += Publish;
        server.Map(Methods.ApprovalList, (_, _) => Task.FromResult(Views()));
        server.Map(
            Methods.ApprovalContent,
            (parameters, _) =>
                Task.FromResult(
                    new ApprovalContentResult([
                        .. (
                            inbox.Pending.FirstOrDefault(one => one.Id == parameters.Id)
                            ?? throw new Messages.FailureException(Messages.FailureKind.NotFound, "This approval is no longer pending.")
                        ).Request.Files.Select(file => new Wire.ProposedFile(file.Path, file.Before, file.After)),
                    ])
                )
        );
        server.Map(
            Methods.ApprovalAnswer,
            (parameters, _) =>
            {
                var decision = (Permissions.ApprovalDecision)parameters.Decision;
                inbox.Answer(
                    parameters.Id,
                    parameters.Fingerprint,
                    new ApprovalAnswer(decision, parameters.Reason, parameters.Rule, parameters.Values),
                    parameters.IncludeEqual == true
                );
                return Task.FromResult(new Empty());
            }
        );
        server.Map(Methods.ApprovalRules, (_, _) => Task.FromResult(Rules()));
        server.Map(
            Methods.ApprovalDeleteRule,
            (parameters, _) =>
            {
                if (HookApproval.IsId(parameters.Id))
                {
                    hooks.Revoke(parameters.Id);
                }
                else
                {
                    rules.Remove(parameters.Id);
                }
                return Task.FromResult(Rules());
            }
        );
    }

    /// <summary>Sends all pending approvals. If two tool calls change them at once, the list sent last is the newest.</summary>
    private void Publish()
    {
        lock (publishing)
        {
            _ = server.TryNotifyAsync(Methods.ApprovalChanged, new ApprovalChangedParams(Views().Approvals));
        }
    }

    public static ApprovalListResult List(SharedApprovals inbox, WorkspaceFolders? folders) =>
        new([.. inbox.Pending.Select(pending => View(pending, inbox, folders))]);

    private ApprovalListResult Views() => List(inbox, workspace()?.Resolved());

    private ApprovalRulesResult Rules() =>
        new([
            .. rules
                .List()
                .Select(rule => new ApprovalRuleView(rule.Id, rule.Rule, rule.Folder, new DateTimeOffset(rule.CreatedAt, TimeSpan.Zero))),
            .. hooks
                .List()
                .Select(hook => new ApprovalRuleView(
                    hook.Id,
                    $"hook: {hook.Command} ({hook.Source}: {hook.When})",
                    hook.Folder,
                    new DateTimeOffset(hook.ApprovedAt, TimeSpan.Zero)
                )),
        ]);

    private static ApprovalView View(PendingApproval pending, SharedApprovals inbox, WorkspaceFolders? folders) =>
        new()
        {
            Id = pending.Id,
            Fingerprint = pending.Fingerprint,
            CodexId = pending.Request.CodexId,
            Path = pending.Request.Path,
            ToolUseId = pending.Request.ToolUseId,
            ToolName = pending.Request.ToolName,
            Kind = (Wire.ApprovalKind)pending.Request.Kind,
            ActionText = pending.Request.ActionText,
            Diff = pending.Request.Diff,
            HasContent = pending.Request.Files.Count > 0 ? true : null,
            Location = pending.Request.Location,
            RelativeLocation = RelativeLocation(pending.Request.Location, folders),
            Reason = pending.Request.Reason,
            Sandbox = pending.Request.Sandbox,
            Rule = pending.Request.Rule,
            RuleFolder = pending.Request.RuleFolder,
            Question = pending.Request.Question is { } question
                ? new QuestionView([.. question.Fields.Select(View)], question.Url?.OriginalString, question.Url?.Authority)
                : null,
            CreatedAt = pending.CreatedAt,
            IsInOtherWindow = inbox.IsInOtherWindow(pending) ? true : null,
        };

    private static string? RelativeLocation(string? location, WorkspaceFolders? folders) =>
        location is null || folders is null || WorkspacePath.Find(folders, location) is not { } path ? null
        : path.Shown.Length == 0 ? path.Folder.Name
        : path.Shown;

    private static QuestionFieldView View(QuestionField field) =>
        new()
        {
            Name = field.Name,
            Kind = (Wire.QuestionKind)field.Kind,
            Title = field.Title,
            Description = field.Description,
            IsRequired = field.IsRequired,
            Format = field.Format,
            Options = [.. field.Options.Select(option => new QuestionOptionView(option.Value, option.Title))],
            Defaults = field.Defaults,
            Min = field.Min,
            Max = field.Max,
        };
}
