using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.External;

/// <summary>
/// A running program that serves concurrent requests, identified by their ids. When it ends, all open requests fail.
/// </summary>
internal sealed class ExternalProcess : IAsyncDisposable
{
    /// <summary>The maximum number of envelopes that wait for a slow reader; then the program must wait, too.</summary>
    private const int MaxQueuedEnvelopes = 256;

    /// <summary>Invalid lines are ignored, because some programs print a greeting; more of them than this are an error.</summary>
    private const int MaxInvalidLines = 100;

    private readonly ChildProcess child;
    private readonly string who;
    private readonly Func<string, string> mask;
    private readonly ConcurrentDictionary<string, Channel<JsonElement>> open = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource firstEnvelope = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task reading;
    private volatile Failure? end;
    private int requests;

    public ExternalProcess(ChildProcess child, string who, Func<string, string> mask)
    {
        (this.child, this.who, this.mask) = (child, who, mask);
        reading = Task.Run(ReadAsync);
    }

    public bool IsAlive => end is null && !child.Exited.IsCompleted;

    /// <summary>Completes with the first envelope or the end of the program.</summary>
    public Task FirstEnvelope => firstEnvelope.Task;

    /// <summary>True if the program repeats the ids of requests, so that it can serve many.</summary>
    public bool EchoesIds { get; private set; }

    public int OpenRequests => open.Count;

    /// <summary>Sends a request; its responses are read from the result until that is disposed.</summary>
    /// <param name="line">Writes the request with this id.</param>
    /// <exception cref="FailureException">ProviderExecutableFailed: the program has ended.</exception>
    public async Task<ExternalCall> SendAsync(Func<string, byte[]> line, CancellationToken cancellationToken)
    {
        var id = $"r{Interlocked.Increment(ref requests)}";
        var replies = Channel.CreateBounded<JsonElement>(new BoundedChannelOptions(MaxQueuedEnvelopes) { SingleReader = true });
        open[id] = replies;
        try
        {
            if (end is { } gone)
            {
                throw new FailureException(gone);
            }

            await child.WriteLineAsync(line(id), cancellationToken).ConfigureAwait(false);
            return new ExternalCall(this, id, replies.Reader);
        }
        catch (IOException)
        {
            Forget(id);
            await child.Exited.WaitAsync(cancellationToken).ConfigureAwait(false);
            throw new FailureException(end ?? ExitFailure());
        }
        catch
        {
            Forget(id);
            throw;
        }
    }

    /// <summary>Signals that there are no more requests; a program that serves a single request starts then.</summary>
    public void CloseInput() => child.CloseInput();

    public async Task CancelAsync(string id)
    {
        try
        {
            using var moment = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await child
                .WriteLineAsync(
                    ExternalWire.Line(writer =>
                    {
                        writer.WriteString("id"u8, id);
                        writer.WriteString("action"u8, "cancel"u8);
                    }),
                    moment.Token
                )
                .ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            // The program no longer reads; the caller ends it.
        }
    }

    internal void Forget(string id)
    {
        if (open.TryRemove(id, out var replies))
        {
            replies.Writer.TryComplete();
        }
    }

    /// <summary>Why the program ended.</summary>
    internal Failure End => end ?? ExitFailure();

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync().ConfigureAwait(false);
        await reading.ConfigureAwait(false);
    }

    private async Task ReadAsync()
    {
        Failure? why = null;
        var garbage = 0;
        try
        {
            while (await child.ReadLineAsync(CancellationToken.None).ConfigureAwait(false) is { } line)
            {
                if (Envelope(line) is { } envelope)
                {
                    await DeliverAsync(envelope).ConfigureAwait(false);
                }
                else if (!line.Span.Trim((byte)' ').IsEmpty && ++garbage > MaxInvalidLines)
                {
                    why = new Failure(
                        FailureKind.BadResponse,
                        $"{who} keeps writing what is not an envelope of this protocol, so it was ended. Check the program."
                    );
                    break;
                }
            }
        }
        catch (InvalidDataException)
        {
            why = new Failure(FailureKind.BadResponse, $"{who} wrote a line of more than 16 MiB, so it was ended. Check the program.");
        }

        if (why is not null)
        {
            await child.EndAsync(urgent: true).ConfigureAwait(false);
        }

        await child.Exited.ConfigureAwait(false);
        end = why ?? ExitFailure();
        firstEnvelope.TrySetResult();
        foreach (var id in open.Keys)
        {
            Forget(id);
        }
    }

    private async ValueTask DeliverAsync(JsonElement envelope)
    {
        var id = envelope.TryGetProperty("id", out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        EchoesIds |= id is not null && open.ContainsKey(id);
        firstEnvelope.TrySetResult();
        // An envelope without an id belongs to the only request, if there is just one.
        var replies =
            id is not null ? open.GetValueOrDefault(id)
            : open.Count == 1 ? open.Values.FirstOrDefault()
            : null;
        if (replies is null)
        {
            return;
        }

        try
        {
            await replies.Writer.WriteAsync(envelope).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        { /* The caller no longer waits. */
        }
    }

    private static JsonElement? Envelope(ReadOnlyMemory<byte> line)
    {
        if (line.Span.TrimStart((byte)' ') is not [(byte)'{', ..])
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(LoneSurrogates.Replaced(line));
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private Failure ExitFailure()
    {
        var code = child.ExitCode ?? 0;
        var reason = ErrorOutput.ReasonIn(mask(child.StderrTail));
        return new Failure(
            FailureKind.ProviderExecutableFailed,
            $"{who} ended{(code == 0 ? "" : $" with exit code {code}")} before its response was complete.{(reason is null ? " It said nothing about why." : $" It said: {Http.VendorMessage.Clean(reason)}")}"
        );
    }
}

/// <summary>One request to a program and its replies. Disposing it stops listening.</summary>
internal sealed class ExternalCall(ExternalProcess process, string id, ChannelReader<JsonElement> replies) : IDisposable
{
    public string Id => id;

    /// <summary>Returns the next envelope; null if the program ended.</summary>
    public async ValueTask<JsonElement?> NextAsync(CancellationToken cancellationToken) =>
        await replies.WaitToReadAsync(cancellationToken).ConfigureAwait(false) && replies.TryRead(out var envelope) ? envelope : null;

    public void Dispose() => process.Forget(id);
}
