using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Worktrees;

namespace Plue.Server.Chat;

/// <summary>
/// Provisions the worktree of a task before its first response: asks the user once for what <see cref="ProvisioningFile"/> says, links, copies, and runs
/// commands. A step that fails does not stop the task. After a kill, the next response continues with the step that was interrupted.
/// </summary>
internal sealed class Provisioning(ChatState state)
{
    private const string ToolName = "worktree";
    private const string FilesToolName = "worktree_files";
    private const string Secrets = ".env";
    private const string Detected = "detected in the repository";

    private readonly ChatServices services = state.Services;
    private readonly Provisioner provisioner = state.Services.Worktrees.Provisioner;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var task = state.Chat.Id;
        if (!HasWork(task))
        {
            return;
        }

        using var turn = await provisioner.LockAsync(task, cancellationToken);
        if (HasWork(task))
        {
            await RunAsync(services.Worktrees.Worktrees.GetReady(task), cancellationToken);
        }
    }

    /// <summary>False for a chat or task that works in the folder of another one, and if no trusted folder is open.</summary>
    private bool HasWork(string task) =>
        WorkingPlace.OwnerOf(state.Chat) == task
        && state.Workspace.TrustedFolder is not null
        && services.Worktrees.Worktrees.Find(task) is { Provisioning: null or { HasEnded: false } };

    private async Task RunAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        ProvisioningPlan plan;
        try
        {
            plan = ProvisioningFile.Read(record.Repository);
        }
        catch (FailureException fault)
        {
            provisioner.End(record, [new ProvisioningStep(ProvisioningKind.File, ProvisioningFile.Name).Fail(fault.Message)]);
            state.NotifyChanged();
            return;
        }

        if (plan.IsEmpty)
        {
            provisioner.End(record, []);
            return;
        }
        if (await RefusalAsync(plan, record, cancellationToken) is { } why)
        {
            provisioner.End(record, plan.Source is null ? [] : [.. plan.Steps.Select(step => step.Skip(why))]);
            state.NotifyChanged();
            return;
        }

        record = provisioner.Begin(record, plan);
        var refused = await RefusedFilesAsync(record, cancellationToken);
        for (var at = 0; at < record.Provisioning!.Steps.Count; at++)
        {
            if (record.Provisioning.Steps[at] is { HasEnded: false } step)
            {
                record = await RunAsync(record, at, step, plan, refused, cancellationToken);
            }
        }

        provisioner.End(record, record.Provisioning.Steps);
        state.NotifyChanged();
    }

    private async Task<StoredWorktree> RunAsync(
        StoredWorktree record,
        int at,
        ProvisioningStep step,
        ProvisioningPlan plan,
        IReadOnlyDictionary<string, string> refused,
        CancellationToken cancellationToken
    )
    {
        record = provisioner.Write(record, at, step with { State = ProvisioningState.Running });
        state.NotifyChanged();
        var began = services.Time.GetTimestamp();
        var ended = step.Kind switch
        {
            ProvisioningKind.Link => await provisioner.LinkAsync(
                record,
                plan.Links.First(link => link.Folder == step.Name),
                step,
                cancellationToken
            ),
            ProvisioningKind.Copy when refused.TryGetValue(step.Name, out var why) => step.Skip(why),
            ProvisioningKind.Copy => await provisioner.CopyAsync(record, step.Name, step, cancellationToken),
            _ => await RunCommandAsync(step, plan.Timeout, cancellationToken),
        };
        record = provisioner.Write(record, at, ended with { Seconds = services.Time.GetElapsedTime(began).TotalSeconds });
        state.NotifyChanged();
        return record;
    }

    private async Task<ProvisioningStep> RunCommandAsync(ProvisioningStep step, TimeSpan timeout, CancellationToken cancellationToken)
    {
        List<ITool> found = [];
        foreach (var source in services.ToolSources)
        {
            found.AddRange(await source.FindAsync([ToolNames.Bash], [], cancellationToken));
        }

        var context = state.Tools.ContextOf(ToolName, Ids.New("run"));
        try
        {
            var outcome = await services.ToolRunner.RunApprovedAsync(
                found.FirstOrDefault() ?? throw new ToolFailureException("No shell was found on this machine."),
                ParametersOf(step.Name, timeout),
                context with
                {
                    Rights = ToolRunner.With(context.Rights, ToolNames.Bash),
                },
                cancellationToken
            );
            return outcome.ExitCode == 0 ? step.Done() : step.Fail(Mask(LastLinesOf(outcome.Text)));
        }
        catch (ToolFailureException fault)
        {
            return step.Fail(Mask(fault.Message));
        }
    }

    private static JsonElement ParametersOf(string command, TimeSpan timeout) =>
        Json5Conversion.Of(
            Json5Object.Of(("command", new Json5String(command)), ("timeout_s", new Json5Number((int)timeout.TotalSeconds)))
        );

    /// <summary>Gets the last line of the output, and why the command ended.</summary>
    private static string LastLinesOf(string text) =>
        HiddenCharacters.VisibleLine(
            string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(2))
        );

    private string Mask(string text) => services.Redactor.Mask(text);

    /// <summary>Asks the user for a plan that is not approved for the repository. A detected one is proposed once.</summary>
    /// <returns>Why nothing is done, as a sentence; null if it may.</returns>
    private async Task<string?> RefusalAsync(ProvisioningPlan plan, StoredWorktree record, CancellationToken cancellationToken)
    {
        var (approvals, source) = (services.Hooks.Stored, plan.Source ?? Detected);
        if (approvals.IsApproved(plan.Hash, record.Repository))
        {
            return null;
        }
        if (plan.Source is null && approvals.IsDeclined(plan.Hash, record.Repository))
        {
            return "You declined it for this repository.";
        }
        if (services.IsUnattended)
        {
            return $"{source} is not approved, and no user is available to approve it.";
        }

        var answer = await services.Hooks.Approvals.AskAsync(
            new ApprovalRequest
            {
                CodexId = state.CodexId,
                Path = [.. state.Tools.Rights().Reverse().Select(one => one.Title)],
                ToolName = ToolName,
                Kind = ApprovalKind.Hook,
                ActionText = plan.Description,
                Location = $"{source} ({record.Repository})",
                Reason = plan.Source is null
                    ? "New worktrees have no installed packages. If you allow it, each new worktree of this repository gets links to those of the main checkout."
                    : $"{source} is new or changed. If you allow it, this is done in each new worktree of this repository without asking.",
                Sandbox =
                    plan.Commands.Count == 0
                        ? null
                        : await services.Hooks.Command.DescribeAsync(state.Workspace.TrustedFolders!.Resolved(), cancellationToken),
            },
            cancellationToken
        );
        if (answer.Decision == ApprovalDecision.Deny)
        {
            if (plan.Source is null)
            {
                approvals.Decline(plan.Hash, record.Repository);
            }
            return "You declined it for this worktree.";
        }

        approvals.Approve(
            plan.Hash,
            record.Repository,
            source,
            "new worktree",
            plan.Description.Replace("\n", "; ", StringComparison.Ordinal)
        );
        return null;
    }

    /// <summary>Asks the user, for each worktree, whether files with secrets are copied.</summary>
    /// <returns>The files that are not copied, each with the reason.</returns>
    private async Task<IReadOnlyDictionary<string, string>> RefusedFilesAsync(StoredWorktree record, CancellationToken cancellationToken)
    {
        Dictionary<string, string> refused = new(StringComparer.Ordinal);
        List<string> asked =
        [
            .. record
                .Provisioning!.Steps.Where(step => step is { Kind: ProvisioningKind.Copy, HasEnded: false })
                .Select(step => step.Name)
                .Where(file =>
                    Path.GetFileName(file).StartsWith(Secrets, StringComparison.OrdinalIgnoreCase)
                    && File.Exists(Path.Combine(record.Repository, file))
                ),
        ];
        if (asked.Count == 0)
        {
            return refused;
        }

        var isAllowed =
            !services.IsUnattended
            && (
                await services.Hooks.Approvals.AskAsync(
                    new ApprovalRequest
                    {
                        CodexId = state.CodexId,
                        Path = [.. state.Tools.Rights().Reverse().Select(one => one.Title)],
                        ToolName = FilesToolName,
                        Kind = ApprovalKind.Read,
                        ActionText = string.Join('\n', asked),
                        Location = record.Repository,
                        Reason =
                            "These files usually hold keys. The agent cannot read them, but programs that it runs in the worktree may.",
                    },
                    cancellationToken
                )
            ).Decision != ApprovalDecision.Deny;
        foreach (var file in isAllowed ? [] : asked)
        {
            refused[file] = services.IsUnattended ? "No user is available to allow it." : "You declined it.";
        }

        return refused;
    }
}
