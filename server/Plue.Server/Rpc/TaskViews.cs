using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>Converts tasks to the types of the protocol.</summary>
internal static class TaskViews
{
    public static TaskView View(TaskRow row) =>
        new()
        {
            Uri = row.Uri,
            TemplateId = row.Summary.TemplateId,
            TemplateName = row.TemplateName,
            Title = row.Summary.Title,
            Status = row.Status,
            ParentId = row.Summary.SpawnedBy,
            ToolUseId = row.ToolUseId,
            ProviderId = row.Summary.ProviderId,
            ProviderName = row.ProviderName,
            Model = row.Summary.Model,
            Spent = Spent(row.Spent),
            TotalSpent = Spent(row.TotalSpent),
            Budget = new TaskBudgetView(row.Budget.Usd, row.Budget.Tokens, row.Budget.Rounds, row.Budget.Seconds),
            IsLocal = row.IsLocal,
            CreatedAt = row.Summary.CreatedAt,
            UpdatedAt = row.Summary.UpdatedAt,
            Waiting = row.Waiting,
            Unread = row.Summary.Unread,
            Archived = row.Summary.Archived,
            Note = row.Note,
            Worktree = row.Worktree is { } worktree ? WorktreeViews.View(worktree) : null,
        };

    /// <param name="rows">The task and its subtasks.</param>
    /// <param name="read">Returns one of these tasks by its address.</param>
    /// <param name="waiting">Pending approvals by the address of the task that requested them.</param>
    public static TaskDetail Detail(
        TaskRow row,
        StoredChat task,
        IReadOnlyList<TaskRow> rows,
        Func<string, StoredChat?> read,
        IReadOnlyList<BoardNote> board,
        ILookup<string, (DateTimeOffset Since, string What)> waiting
    ) =>
        new()
        {
            Task = View(row),
            Goal = task.Text(StoredChat.GoalField) ?? "",
            Plan = [.. TaskTimeline.PlanOf(task).Select(step => new TodoView(step.Text, (TodoState)step.State))],
            Children = [.. rows.Where(other => other.Summary.SpawnedBy == row.Uri).Select(View)],
            Files =
            [
                .. AgentTasks
                    .FilesOf(task)
                    .GroupBy(change => change.Path, StringComparer.Ordinal)
                    .Select(same => new ChangedFileView(same.Key, same.Sum(change => change.Added), same.Sum(change => change.Removed))),
            ],
            Approvals = [.. Answered(task)],
            Timeline = [.. rows.Select(other => Lane(other, other.Uri == row.Uri ? task : read(other.Uri), waiting[other.Uri]))],
            Board = [.. board.Select(note => new BoardNoteView(note.Time, note.Uri, note.Author, note.Text))],
            Outputs = TaskResult.Of(task)?.Outputs,
            Routing = TaskRouting.Of(task) is { } routing
                ? new RoutingReceipt(
                    routing.Chosen,
                    routing.Reason,
                    [.. routing.Rejected.Select(one => new RejectedCandidate(one.Candidate, one.Reason))]
                )
                : null,
        };

    /// <summary>If parts of the cost are unknown, only the known ones are included.</summary>
    internal static TaskSpendView Spent(Spend spend) =>
        new(
            spend.IsUsdKnown || spend.Usd > 0 ? spend.Usd : null,
            !spend.IsUsdKnown && spend.Usd > 0 ? true : null,
            spend.Tokens,
            spend.Rounds,
            (long)spend.Seconds
        );

    private static TimelineKind KindOf(TaskSpan span) =>
        span.Kind == SpanKind.Model ? TimelineKind.Model
        : span.Name is SpawnTaskTool.ToolName or TaskWaitTool.ToolName ? TimelineKind.Waiting
        : TimelineKind.Tool;

    private static TimelineLane Lane(TaskRow row, StoredChat? task, IEnumerable<(DateTimeOffset Since, string What)> waiting) =>
        new(
            row.Uri,
            row.Summary.Title,
            row.Status,
            Spent(row.Spent),
            [
                .. (task is null ? [] : TaskTimeline.Of(task))
                    .Where(span => span is not { Kind: SpanKind.Tool, End: null } || !waiting.Any())
                    .Select(span => new TimelineSpan(KindOf(span), span.Name, span.Start, span.End, span.Usd)),
                .. waiting.Select(one => new TimelineSpan(TimelineKind.Waiting, one.What, one.Since, null, null)),
            ]
        );

    private static IEnumerable<AnsweredApprovalView> Answered(StoredChat task)
    {
        foreach (var message in AgentTasks.OwnMessages(task))
        {
            foreach (var result in message.Parts.OfType<Messages.MessagePart.ToolResult>())
            {
                if (result.Approval is not { } note)
                {
                    continue;
                }

                var call = message.Parts.OfType<Messages.MessagePart.ToolUse>().FirstOrDefault(use => use.ToolUseId == result.ToolUseId);
                yield return new AnsweredApprovalView(
                    note.Time,
                    call is null ? "" : $"{call.ToolName} {call.Parameters}",
                    note.Decision,
                    note.Reason,
                    note.Rule
                );
            }
        }
    }
}
