using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Agents.Compares;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Worktrees;

namespace Plue.Server.Rpc;

/// <summary>compare/*: the same goal given to several models or templates.</summary>
internal sealed class CompareHandlers(AgentTasks tasks, WorktreeDiff diff)
{
    public void Register(RpcServer server)
    {
        server.Map(
            Methods.CompareStart,
            async (asked, cancellationToken) =>
                await ViewAsync(
                    await tasks.Compares.StartAsync(
                        asked.Goal,
                        [.. asked.Contestants.Select(one => new Contestant(one.TemplateId, one.Provider, one.Model, Ids.New("run")))],
                        new AgentBudget(asked.Budget?.Usd, asked.Budget?.Tokens, asked.Budget?.Rounds, asked.Budget?.Seconds),
                        cancellationToken
                    ),
                    cancellationToken
                )
        );
        server.Map(Methods.CompareGet, (asked, cancellationToken) => ViewAsync(asked.Uri, cancellationToken));
        server.Map(
            Methods.CompareList,
            (_, _) =>
                Task.FromResult(
                    new CompareListResult([
                        .. tasks
                            .Compares.List()
                            .Select(task => new CompareListItem(
                                CodexUri.OfChannel(task.Id).ToString(),
                                task.Text(StoredChat.GoalField) ?? "",
                                task.CreatedAt
                            )),
                    ])
                )
        );
        server.Map(
            Methods.CompareChoose,
            async (asked, cancellationToken) =>
            {
                await tasks.Compares.ChooseAsync(asked.Uri, asked.Task, cancellationToken);
                return await ViewAsync(asked.Uri, cancellationToken);
            }
        );
    }

    private async Task<CompareView> ViewAsync(string uri, CancellationToken cancellationToken)
    {
        var (task, compare) = tasks.Compares.Read(uri);
        var row = tasks.Reader.Row(uri) ?? throw new FailureException(FailureKind.NotFound, "There is no such compare.");
        var view = TaskViews.View(row);
        return new CompareView(
            uri,
            task.Text(StoredChat.GoalField) ?? "",
            view.Budget,
            view.TotalSpent,
            await Task.WhenAll(compare.Contestants.Select(one => ViewAsync(uri, one, compare, cancellationToken)))
        );
    }

    private async Task<ContestantView> ViewAsync(string uri, Contestant one, Compare compare, CancellationToken cancellationToken)
    {
        var address = tasks.Compares.TaskOf(uri, one);
        if (address is null || tasks.Reader.Row(address) is not { } row || tasks.Reader.Find(address) is not { } task)
        {
            return new ContestantView
            {
                TemplateName = one.TemplateId,
                Problem = one.Problem ?? "Its task did not start, or was deleted.",
                Checks = [],
            };
        }

        return new ContestantView
        {
            TemplateName = row.TemplateName,
            Task = TaskViews.View(row),
            Diff = await DiffAsync(row, cancellationToken),
            Checks = [.. Checks(task)],
            IsChosen = compare.Chosen.Contains(address),
        };
    }

    private async Task<DiffSize?> DiffAsync(TaskRow row, CancellationToken cancellationToken)
    {
        if (row.Worktree is not { State: WorktreeState.Ready or WorktreeState.Merging } worktree)
        {
            return null;
        }

        try
        {
            var (_, files, total) = await diff.FilesAsync(worktree.Task, cancellationToken);
            return new DiffSize(total, files.Sum(file => file.Added), files.Sum(file => file.Removed));
        }
        catch (FailureException)
        {
            // Its folder is gone or busy; the page shows no size.
            return null;
        }
    }

    private IEnumerable<CheckView> Checks(StoredChat task)
    {
        var results = CheckResult.Of(task);
        var names = tasks.Reader.SpecOf(task).Checks.Select(check => check.Command ?? CheckResult.Schema).ToList();
        for (var at = 0; at < names.Count; at++)
        {
            yield return at < results.Count && results[at].Name == names[at]
                ? new CheckView(names[at], results[at].Problem is null ? "passed" : "failed", results[at].Seconds, results[at].Problem)
                : new CheckView(names[at], "waiting", null, null);
        }
    }
}
