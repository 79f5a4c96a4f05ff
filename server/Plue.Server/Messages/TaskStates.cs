namespace Plue.Server.Messages;

/// <summary>The states of a task, as in its field <c>status</c>.</summary>
internal static class TaskStates
{
    public const string Field = "status";
    public const string Queued = "queued";
    public const string Running = "running";
    public const string Paused = "paused";
    public const string WaitingForApproval = "waiting_for_approval";
    public const string WaitingForChild = "waiting_for_child";
    public const string OverBudget = "over_budget";
    public const string Done = "done";
    public const string Failed = "failed";
    public const string Stopped = "stopped";
    public const string Interrupted = "interrupted";

    /// <summary>Returns the state of the task after this response.</summary>
    public static string After(Message answer) =>
        answer.Status switch
        {
            MessageStatus.Streaming => Running,
            _ when answer.IsContinued => Running,
            MessageStatus.Stopped => Stopped,
            MessageStatus.Interrupted => Interrupted,
            MessageStatus.Failed => answer.Error?.Kind == FailureKind.BudgetExceeded ? OverBudget : Failed,
            _ => Done,
        };
}
