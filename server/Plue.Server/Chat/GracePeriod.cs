namespace Plue.Server.Chat;

/// <summary>A token that is canceled a while after another: until then, what was told to stop may end in good order.</summary>
internal sealed class GracePeriod : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration stopping;

    public GracePeriod(TimeSpan length, TimeProvider time, CancellationToken stop)
    {
        source = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        stopping = stop.UnsafeRegister(_ => source.CancelAfter(length), null);
    }

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        stopping.Dispose();
        source.Dispose();
    }
}
