namespace Plue.Server.Providers.Programs;

/// <summary>A chat and the program that answers in it: one turn at a time, and the program is closed after a while without turns.</summary>
internal abstract class ProgramConversation : IAsyncDisposable
{
    private static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim mutex = new(1, 1);
    private readonly ITimer idle;
    private volatile bool isInTurn;
    private volatile bool isDisposed;

    protected ProgramConversation(TimeProvider time)
    {
        Time = time;
        idle = time.CreateTimer(_ => CloseIdle(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    protected TimeProvider Time { get; }

    protected bool IsDisposed => isDisposed;

    /// <summary>Takes the conversation for a turn, waiting for a start or a cancellation under way; false while another turn runs.</summary>
    public async Task<bool> TryEnterAsync(CancellationToken cancellationToken)
    {
        if (isInTurn)
        {
            return false;
        }

        await mutex.WaitAsync(cancellationToken).ConfigureAwait(false);
        isInTurn = true;
        return true;
    }

    public virtual async ValueTask DisposeAsync()
    {
        isDisposed = true;
        await idle.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the program, if it runs.</summary>
    protected abstract Task CloseAsync();

    /// <summary>Takes the conversation for a start in advance; false while anything else is under way.</summary>
    protected async Task<bool> TryEnterForStartAsync(CancellationToken cancellationToken) =>
        !isInTurn && await mutex.WaitAsync(0, cancellationToken).ConfigureAwait(false);

    /// <summary>The program is in use, so it is not closed.</summary>
    protected void StopIdle() => idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>The next turn waits for <see cref="Release"/> instead of being refused.</summary>
    protected void AllowNextTurn() => isInTurn = false;

    /// <param name="closesWhenIdle">True if the program is kept for the next turn.</param>
    protected void Release(bool closesWhenIdle)
    {
        if (closesWhenIdle && !isDisposed)
        {
            idle.Change(IdleLimit, Timeout.InfiniteTimeSpan);
        }

        isInTurn = false;
        mutex.Release();
    }

    private void CloseIdle()
    {
        if (mutex.Wait(0))
        {
            _ = CloseAndReleaseAsync();
        }
    }

    private async Task CloseAndReleaseAsync()
    {
        try
        {
            await CloseAsync().ConfigureAwait(false);
        }
        finally
        {
            mutex.Release();
        }
    }
}
