namespace Plue.Server.Providers.Http;

/// <summary>The timeout of an HTTP exchange: until the first byte, then between reads. The total time is not limited.</summary>
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

    /// <summary>The current timeout.</summary>
    public TimeSpan Limit { get; private set; }

    public bool HasFirstByte { get; private set; }

    /// <summary>True if the timeout expired, rather than the caller canceling.</summary>
    public bool HasExpired => source.IsCancellationRequested && !caller.IsCancellationRequested;

    /// <summary>Restarts the timeout after a byte was received.</summary>
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
