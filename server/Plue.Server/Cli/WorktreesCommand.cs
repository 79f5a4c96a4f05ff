using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Store;
using Plue.Server.Worktrees;

namespace Plue.Server.Cli;

/// <summary><c>plue worktrees</c>: lists, shows, merges and removes the git worktrees of tasks.</summary>
internal sealed class WorktreesCommand(Func<string?, Services> open, Terminal terminal)
{
    private const string Prefix = "codex://tasks/";
    private const string ChatPrefix = "codex://chats/";

    private readonly Argument<string> task = new("task")
    {
        Description = "The ID of the task in plue worktrees list, or its codex:// address",
    };
    private readonly Option<string?> commit = new("--commit")
    {
        Description = "First commit all changes of the worktree with this message",
        HelpName = "MESSAGE",
    };
    private readonly Option<bool> abort = new("--abort-on-conflict")
    {
        Description = "Leave the main checkout as it was if there are conflicts; otherwise you resolve them there",
    };
    private readonly Option<bool> json = CommonOptions.Json();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new WorktreesCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands(_ => open(null), terminal);
        return new("worktrees", "List, show, merge, and remove the git worktrees of tasks")
        {
            commands.Verb("list", "List worktrees and what they hold, for example: plue worktrees list", [json], ListAsync),
            commands.Verb("show", "Show one worktree, for example: plue worktrees show task_0123", [task, json], ShowAsync),
            commands.Verb(
                "merge",
                "Merge the branch of a worktree into the current branch of the main checkout, for example: plue worktrees merge task_0123 --commit \"Fix the date parser\"",
                [task, commit, abort, json],
                MergeAsync
            ),
            commands.Verb(
                "remove",
                "Move a worktree that holds nothing to the trash, for example: plue worktrees remove task_0123",
                [task, json],
                RemoveAsync
            ),
        };
    }

    private async Task<int> ListAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var report = await services.Worktrees.ReportAsync(cancellationToken);
        if (parsed.GetValue(json))
        {
            Write(services, Subcommands.ToJson(WorktreeViews.View(report)));
            return ExitCodes.Done;
        }

        foreach (var row in report.Rows)
        {
            Write(
                services,
                $"{row.Record.Task}  {row.Record.Branch}  {SearchSnippet.Clean(row.Contents.Description)}{(row.Orphaned is { } why ? $". {why}" : "")}"
            );
        }
        foreach (var stranger in report.Strangers)
        {
            terminal.WriteError(
                services.Platform.Redactor.Mask($"{SearchSnippet.Clean(stranger)} does not belong to a known task. It was left as it is.")
            );
        }
        if (report.Rows.Count == 0)
        {
            terminal.WriteError("No task has a git worktree.");
        }

        return ExitCodes.Done;
    }

    private async Task<int> ShowAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var row = await services.Worktrees.RowAsync(TaskOf(parsed), cancellationToken);
        var view = WorktreeViews.View(row);
        if (parsed.GetValue(json))
        {
            Write(services, Subcommands.ToJson(view));
            return ExitCodes.Done;
        }

        List<(string Name, string? Value)> lines =
        [
            ("Task", $"{view.Title} ({view.Task})"),
            ("Folder", view.Folder),
            ("Branch", view.Branch),
            ("Main checkout", view.Repository),
            ("State", view.State),
            ("Holds", row.Contents.Description),
            ("Not known", view.Unclear),
            ("Used by", view.Users.Count == 0 ? null : string.Join(", ", view.Users)),
            ("Orphaned", view.Orphaned),
            .. ProvisioningLines(view.Provisioning),
        ];
        foreach (var (name, value) in lines.Where(line => line.Value is not null))
        {
            Write(services, $"{name}: {SearchSnippet.Clean(value!)}");
        }

        return ExitCodes.Done;
    }

    private static IEnumerable<(string Name, string? Value)> ProvisioningLines(ProvisioningView? provisioning)
    {
        foreach (var step in provisioning?.Steps ?? [])
        {
            var time = step.Seconds is { } seconds ? string.Create(CultureInfo.InvariantCulture, $" ({seconds:0.0} s)") : "";
            yield return ("Provisioning", $"{step.Kind} {step.Name}: {step.State}{time}{(step.Note is { } note ? $". {note}" : "")}");
        }
        if (provisioning is { Bytes: { } bytes })
        {
            yield return ("Size", string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB without linked files"));
        }
    }

    private async Task<int> MergeAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var id = TaskOf(parsed);
        var record = services.Worktrees.Worktrees.Get(id);
        var result = await services.Worktrees.Merge.MergeAsync(id, parsed.GetValue(commit), parsed.GetValue(abort), cancellationToken);
        if (parsed.GetValue(json))
        {
            Write(services, Subcommands.ToJson(WorktreeViews.View(result, record)));
        }
        else
        {
            foreach (var file in result.Conflicts)
            {
                Write(services, SearchSnippet.Clean(file));
            }

            terminal.WriteError(services.Platform.Redactor.Mask(WorktreeViews.Sentence(result, record)));
        }

        return result.Outcome is MergeOutcome.Conflict or MergeOutcome.Aborted ? ExitCodes.Failed : ExitCodes.Done;
    }

    private async Task<int> RemoveAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var (record, isBranchDeleted) = await services.Worktrees.Worktrees.RemoveAsync(TaskOf(parsed), cancellationToken);
        if (parsed.GetValue(json))
        {
            Write(services, Subcommands.ToJson(WorktreeViews.View((record, isBranchDeleted))));
        }
        else
        {
            terminal.WriteError(
                services.Platform.Redactor.Mask(
                    $"Moved to {record.Trash}. The branch {record.Branch} was {(isBranchDeleted ? "deleted, because it is merged" : $"kept in {record.Repository}")}."
                )
            );
        }

        return ExitCodes.Done;
    }

    private void Write(Services services, string line) => terminal.WriteLine(services.Platform.Redactor.Mask(line));

    private string TaskOf(ParseResult parsed)
    {
        var given = parsed.GetValue(task) ?? "";
        return given.StartsWith(Prefix, StringComparison.Ordinal) ? given[Prefix.Length..]
            : given.StartsWith(ChatPrefix, StringComparison.Ordinal) ? given[ChatPrefix.Length..]
            : given;
    }
}
