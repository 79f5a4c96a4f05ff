using System.Threading.Channels;

namespace Plue.Server.Cli;

/// <summary>Reads keys in the background while a command works, so that Ctrl+C is a key: child processes, such as MCP servers, do not get a signal.</summary>
/// <param name="interrupt">Called on Ctrl+C, on the thread of the keyboard, with true if it was pressed twice in a row. Returns false if it is a key like others.</param>
internal sealed class Keyboard(Terminal terminal, Func<bool, bool> interrupt)
{
    private const char ControlC = '\u0003';

    private readonly Channel<ConsoleKeyInfo> keys = Channel.CreateUnbounded<ConsoleKeyInfo>(
        new UnboundedChannelOptions { SingleWriter = true }
    );
    private bool isReading;

    /// <summary>Reads the next key.</summary>
    /// <returns>Null if the terminal is gone.</returns>
    public async Task<ConsoleKeyInfo?> ReadAsync(CancellationToken cancellationToken)
    {
        Begin();
        try
        {
            return await keys.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>True for Ctrl+C.</summary>
    public static bool IsInterrupt(ConsoleKeyInfo key) =>
        key.KeyChar == ControlC || key is { Key: ConsoleKey.C, Modifiers: ConsoleModifiers.Control };

    /// <summary>True if a key was typed that was not read yet.</summary>
    public bool HasMore => keys.Reader.TryPeek(out _);

    /// <summary>True if another key follows within the time, as in pasted text.</summary>
    public async Task<bool> HasMoreAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(time);
        try
        {
            return await keys.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Discards the keys that were typed before a question was shown, so that they do not answer it.</summary>
    public void Discard()
    {
        while (keys.Reader.TryRead(out _)) { }
    }

    private void Begin()
    {
        if (isReading)
        {
            return;
        }

        isReading = true;
        terminal.CaptureInterrupts();
        new Thread(Pump) { IsBackground = true, Name = "Keyboard" }.Start();
    }

    private void Pump()
    {
        var wasInterrupted = false;
        try
        {
            while (terminal.ReadKey() is var key && key != default)
            {
                var isInterrupt = IsInterrupt(key);
                if (!isInterrupt || !interrupt(wasInterrupted))
                {
                    keys.Writer.TryWrite(key);
                }

                wasInterrupted = isInterrupt;
            }
        }
        catch (Exception fault) when (fault is InvalidOperationException or IOException)
        { /* The terminal is gone. */
        }
        finally
        {
            keys.Writer.TryComplete();
        }
    }
}
