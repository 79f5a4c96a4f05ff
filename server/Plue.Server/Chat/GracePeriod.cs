namespace Plue.Server.Chat;

/// <summary>A token that is canceled some time after another one, so that stopped work can end cleanly.</summary>
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
