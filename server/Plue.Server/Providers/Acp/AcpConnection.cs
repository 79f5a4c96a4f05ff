using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>The connection to an agent over its standard streams. When the program ends, open requests end with a failure.</summary>
internal sealed class AcpConnection : IAcpReceiver, IAsyncDisposable
{
    public const int MaxLineBytes = 32 * 1024 * 1024;

    /// <summary>Lines that are not JSON objects are skipped, because some programs greet. So many are garbage.</summary>
    private const int MaxInvalidLines = 100;

    private readonly ChildProcess child;
    private readonly IAcpClient client;
    private readonly AcpFailures failures;
    private readonly AcpPeer peer;
    private readonly Task reading;
    private volatile Failure? end;

    public AcpConnection(ChildProcess child, IAcpClient client, AcpFailures failures)
    {
        (this.child, this.client, this.failures) = (child, client, failures);
        peer = new AcpPeer(this, (line, cancellationToken) => child.WriteLineAsync(line, cancellationToken).AsTask());
        reading = Task.Run(ReadAsync);
    }

    public bool IsAlive => end is null && !child.Exited.IsCompleted;

    public int Id => child.Id;

    /// <summary>Completes when the program ended.</summary>
    public Task Ended => reading;

    /// <summary>Why it ended.</summary>
    public Failure End => end ?? failures.ProcessExited(child.ExitCode, child.StderrTail);

    /// <exception cref="AcpErrorException">The agent answered with an error.</exception>
    /// <exception cref="FailureException">The program ended.</exception>
    public Task<JsonElement> RequestAsync(string method, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken) =>
        WriteAsync(() => peer.RequestAsync(method, parameters, cancellationToken), cancellationToken);

    /// <exception cref="FailureException">The program ended.</exception>
    public Task NotifyAsync(string method, Action<Utf8JsonWriter> parameters, CancellationToken cancellationToken) =>
        WriteAsync(
            async () =>
            {
                await peer.NotifyAsync(method, parameters, cancellationToken).ConfigureAwait(false);
                return default(JsonElement);
            },
            cancellationToken
        );

    /// <summary>Ends the open requests of the agent: the response is over.</summary>
    public void CancelRequests() => peer.CancelRequests();

    /// <summary>Lets it finish writing its session.</summary>
    public async Task CloseAsync()
    {
        await child.EndAsync().ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    public void Kill() => child.Kill();

    public async ValueTask DisposeAsync()
    {
        CancelRequests();
        await child.DisposeAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }

    ValueTask IAcpReceiver.NotifiedAsync(string method, JsonElement parameters) =>
        method == AcpWire.SessionUpdate && parameters.Field("update") is { } update
            ? client.UpdatedAsync(parameters.Text("sessionId") ?? "", update)
            : ValueTask.CompletedTask;

    async Task<AcpAnswer> IAcpReceiver.AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken) =>
        new(await Task.Run(() => client.AnswerAsync(method, parameters, cancellationToken), CancellationToken.None).ConfigureAwait(false));

    void IAcpReceiver.Log(Exception fault, string method) => client.Log(fault, method);

    private async Task<JsonElement> WriteAsync(Func<Task<JsonElement>> write, CancellationToken cancellationToken)
    {
        try
        {
            return await write().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Its last words are on the way.
            await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
            throw new FailureException(End);
        }
    }

    private async Task ReadAsync()
    {
        Failure? why = null;
        var garbage = 0;
        try
        {
            while (await child.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
            {
                if (AcpPeer.Parse(line) is { } message)
                {
                    await peer.TakeAsync(message).ConfigureAwait(false);
                }
                else if (!line.Span.Trim((byte)' ').IsEmpty && ++garbage > MaxInvalidLines)
                {
                    why = failures.Garbage();
                    break;
                }
            }
        }
        catch (InvalidDataException)
        {
            why = failures.TooLong(MaxLineBytes);
        }

        await child.EndAsync(urgent: why is not null).ConfigureAwait(false);
        var code = await child.Exited.ConfigureAwait(false);
        end = why ?? failures.ProcessExited(code, child.StderrTail);
        peer.End(end);
        client.Ended();
    }
}

/// <summary>Receives what an agent sends.</summary>
internal interface IAcpClient
{
    /// <summary>Updates come one after the other. The agent waits while one is taken in.</summary>
    ValueTask UpdatedAsync(string sessionId, JsonElement update);

    /// <returns>Writes the result.</returns>
    /// <exception cref="AcpErrorException">The response is an error.</exception>
    Task<Action<Utf8JsonWriter>> AnswerAsync(string method, JsonElement parameters, CancellationToken cancellationToken);

    /// <summary>The program ended.</summary>
    void Ended();

    void Log(Exception fault, string method);
}
