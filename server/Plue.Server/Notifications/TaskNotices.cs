using Plue.Server.Agents;
using Plue.Server.Messages;
using Plue.Server.Permissions;

namespace Plue.Server.Notifications;

/// <summary>Decides what of the chats and tasks of this process the user is notified of: one notice for each tree and reason.</summary>
/// <param name="parentOf">Gets the address of the parent of a task; null for the root of a tree.</param>
internal sealed class TaskNotices(Approvals approvals, Func<string, string?> parentOf, Action<Notice> send) : IDisposable
{
    private const int MaxParents = 64;
    private const double WarningShare = 0.8;

    private readonly Lock sync = new();
    private readonly HashSet<string> nearBudget = new(StringComparer.Ordinal);
    private HashSet<string> waitingTrees = new(StringComparer.Ordinal);

    public void Begin() => approvals.Changed += Waiting;

    public void Dispose() => approvals.Changed -= Waiting;

    /// <summary>Called when the turn of a task ended in this process and the task does not continue by itself.</summary>
    public void Ended(TaskRow task)
    {
        if (task.Summary.SpawnedBy is not null)
        {
            return; // Its parent continues with the result.
        }

        var title = task.Status switch
        {
            TaskStates.Done => "A task is done",
            TaskStates.Failed => "A task failed",
            TaskStates.OverBudget => "A task reached its limit",
            _ => null, // The user stopped it, or it continues.
        };
        if (title is not null)
        {
            send(new Notice(title, Detail(task.Summary.Title, task.Note)));
        }
    }

    /// <summary>Called when the row of a task that runs in this process changed.</summary>
    public void Changed(TaskRow task)
    {
        if (task.Summary.SpawnedBy is not null || !AgentTasks.IsActive(task.Status))
        {
            return;
        }

        lock (sync)
        {
            if (ShareOf(task) < WarningShare)
            {
                // Its budget was increased.
                nearBudget.Remove(task.Uri);
                return;
            }
            if (!nearBudget.Add(task.Uri))
            {
                return;
            }
        }

        send(new Notice("A task has used 80% of its budget", Detail(task.Summary.Title, null)));
    }

    /// <summary>Returns the largest used share of a limit; 0 without limits.</summary>
    private static double ShareOf(TaskRow task)
    {
        var (budget, spent) = (task.Budget, task.TotalSpent);
        return new[]
        {
            budget.Usd is { } usd and > 0 ? (double)(spent.Usd / usd) : 0,
            budget.Tokens is { } tokens and > 0 ? (double)spent.Tokens / tokens : 0,
            budget.Rounds is { } rounds and > 0 ? (double)spent.Rounds / rounds : 0,
            budget.Seconds is { } seconds and > 0 ? spent.Seconds / seconds : 0,
        }.Max();
    }

    private void Waiting()
    {
        List<Notice> added = [];
        lock (sync)
        {
            var before = waitingTrees;
            waitingTrees = new HashSet<string>(StringComparer.Ordinal);
            foreach (var pending in approvals.Pending)
            {
                var root = RootOf(pending.Request.CodexId);
                if (waitingTrees.Add(root) && !before.Contains(root))
                {
                    added.Add(
                        new Notice(
                            pending.Request.Question is null ? "An agent waits for your approval" : "An agent asks you a question",
                            // The action itself can contain the content of a file.
                            Detail(pending.Request.Path.FirstOrDefault() ?? "", $"{pending.Request.ToolName}: {pending.Request.Reason}")
                        )
                    );
                }
            }
        }

        foreach (var notice in added)
        {
            send(notice);
        }
    }

    private string RootOf(string codexId)
    {
        var root = codexId;
        for (var at = 0; at < MaxParents && parentOf(root) is { } parent; at++)
        {
            root = parent;
        }

        return root;
    }

    private static string Detail(string title, string? reason) =>
        reason is null ? title
        : title.Length == 0 ? reason
        : $"{title}: {reason}";
}
