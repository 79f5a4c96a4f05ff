using System.IO.Pipes;
using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>This process while it has no window: its entry in the home, and the pipe on which it waits for one.</summary>
internal sealed class DetachedSidecar(DetachedEntry entry, string file, JournalLock owner, ILogger logger) : IDisposable
{
    private const string Accepted = "ok";
    private const string Refused = "no";
    private const int MaxLine = 64;
    private static readonly TimeSpan GreetingTimeout = TimeSpan.FromSeconds(2);

    private bool isDisposed;

    private static string Greeting => $"plue {PlatformServices.Version}";

    /// <summary>Waits for a window of the same user and version.</summary>
    /// <exception cref="OperationCanceledException"/>
    /// <exception cref="IOException">The pipe cannot be created.</exception>
    public async Task<Stream> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var pipe = new NamedPipeServerStream(
                entry.Pipe,
                PipeDirection.InOut,
                NamedPipeServerStream.MaxAllowedServerInstances,
                PipeTransmissionMode.Byte,
                PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly
            );
            try
            {
                await pipe.WaitForConnectionAsync(cancellationToken);
                if (await IsWelcomeAsync(pipe, cancellationToken))
                {
                    return pipe;
                }
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
            {
                logger.LogInformation("A connection failed: {Reason}", fault.Message);
            }
            catch
            {
                await pipe.DisposeAsync();
                throw;
            }

            await pipe.DisposeAsync();
        }
    }

    /// <summary>Sends the greeting of a window.</summary>
    /// <returns>True if the sidecar accepts it.</returns>
    public static async Task<bool> GreetAsync(Stream pipe, CancellationToken cancellationToken)
    {
        await WriteAsync(pipe, Greeting, cancellationToken);
        return await ReadAsync(pipe, cancellationToken) == Accepted;
    }

    /// <summary>Removes the entry, so that no other window connects. Can be called more than once.</summary>
    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        try
        {
            File.Delete(file);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{File} is left to the next process: {Reason}", file, fault.Message);
        }

        owner.Dispose();
    }

    private static async Task<bool> IsWelcomeAsync(Stream pipe, CancellationToken cancellationToken)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(GreetingTimeout);
        try
        {
            var isWelcome = await ReadAsync(pipe, time.Token) == Greeting;
            await WriteAsync(pipe, isWelcome ? Accepted : Refused, time.Token);
            return isWelcome;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static Task WriteAsync(Stream pipe, string line, CancellationToken cancellationToken) =>
        pipe.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"), cancellationToken).AsTask();

    /// <summary>Reads a line byte by byte, because the next byte belongs to the protocol.</summary>
    private static async Task<string> ReadAsync(Stream pipe, CancellationToken cancellationToken)
    {
        var next = new byte[1];
        var line = new StringBuilder();
        while (line.Length < MaxLine && await pipe.ReadAsync(next, cancellationToken) > 0 && next[0] != (byte)'\n')
        {
            line.Append((char)next[0]);
        }

        return line.ToString();
    }
}
