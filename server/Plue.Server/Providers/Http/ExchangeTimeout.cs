namespace Plue.Server.Providers.Http;

/// <summary>How long one exchange is waited for: until its first byte, then between reads. There is no limit on the whole.</summary>
internal sealed class ExchangeTimeout : IDisposable
{
    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration registration;
    private readonly CancellationToken caller;
    private readonly TimeSpan idle;

    public ExchangeTimeout(TimeSpan firstByte, TimeSpan idle, TimeProvider time, CancellationToken cancellationToken)
    {
        this.idle = idle;
        Limit = firstByte;
        caller = cancellationToken;
        source = new CancellationTokenSource(firstByte, time);
        registration = caller.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
    }

    public CancellationToken Token => source.Token;

    /// <summary>What is being waited for no longer than.</summary>
    public TimeSpan Limit { get; private set; }

    public bool HasFirstByte { get; private set; }

    /// <summary>The wait ended because of the limit, not because the caller gave up.</summary>
    public bool HasExpired => source.IsCancellationRequested && !caller.IsCancellationRequested;

    /// <summary>A byte came: the next one has the idle time.</summary>
    public void Renew()
    {
        HasFirstByte = true;
        Limit = idle;
        source.CancelAfter(idle);
    }

    public void Dispose()
    {
        registration.Dispose();
        source.Dispose();
    }
}
