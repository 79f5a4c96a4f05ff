namespace Plue.Server.Chat;

/// <summary>Stops a turn when the working time of its task is used up. Waiting time does not count.</summary>
internal sealed class TimeLimit : IDisposable
{
    private static readonly TimeSpan MaxTimer = TimeSpan.FromDays(40);
    private static readonly TimeSpan MinTimer = TimeSpan.FromMilliseconds(50);

    private readonly TurnContext context;
    private readonly TimeSpan left;
    private readonly TimeSpan waited;
    private readonly long began;
    private readonly ITimer timer;

    private TimeLimit(TurnContext context, TimeSpan left)
    {
        (this.context, this.left) = (context, left);
        (began, waited) = (context.Time.GetTimestamp(), context.Turn.Clock.Waited);
        timer = context.Time.CreateTimer(_ => context.Loop.Post(Check), null, left, Timeout.InfiniteTimeSpan);
    }

    /// <returns>Null if there is no time limit.</returns>
    public static TimeLimit? Start(TurnContext context) =>
        context.Chat?.Tools.TimeLeft is { } left && left < MaxTimer ? new TimeLimit(context, left) : null;

    public void Dispose() => timer.Dispose();

    private void Check()
    {
        var rest = left + (context.Turn.Clock.Waited - waited) - context.Time.GetElapsedTime(began);
        if (rest > TimeSpan.Zero)
        {
            timer.Change(rest > MinTimer ? rest : MinTimer, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _ = context.Turn.CancelAsync(StopCause.TimeLimitReached);
        }
    }
}
