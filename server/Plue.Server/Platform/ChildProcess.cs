using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace Plue.Server.Platform;

/// <summary>The start information of a child process. The environment is complete: nothing is inherited.</summary>
internal sealed record ChildProcessStart
{
    /// <summary>An absolute path.</summary>
    public required string Program { get; init; }
    public IReadOnlyList<string> Arguments { get; init; } = [];
    public required IReadOnlyDictionary<string, string> Environment { get; init; }
    public required string WorkingDirectory { get; init; }

    /// <summary>Names of environment variables whose values never appear in <see cref="ChildProcess.StderrTail"/>.</summary>
    public IReadOnlyCollection<string> SecretNames { get; init; } = [];

    /// <summary>The maximum length of an output line, in bytes.</summary>
    public int LineCap { get; init; } = 16 * 1024 * 1024;

    /// <summary>How long each step of ending the process waits before the next: close input, SIGTERM, SIGKILL.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>
/// A child process and all its descendants. It runs in its own session and carries a marker in its environment, because
/// <see cref="Process.Kill(bool)"/> does not find a grandchild that started its own session. Only one reader may read lines at a time.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    /// <summary>The environment variable that marks child processes of Plue.</summary>
    public const string Marker = "PLUE_CHILD";

    private const int StderrTailBytes = 8 * 1024;
    private static readonly TimeSpan UrgentGracePeriod = TimeSpan.FromMilliseconds(250);
    private static readonly ConcurrentDictionary<ChildProcess, byte> Running = new();
    private static readonly string? Setsid = FindSetsid();
    private static readonly Lazy<string> Owner = new(() => ChildProcessTree.OwnerOf(Environment.ProcessId) ?? $"{Environment.ProcessId}.0");

    private readonly ChildProcessStart start;
    private readonly Process process;
    private readonly string marker;
    private readonly ChildProcessLines lines;
    private readonly Stream input;
    private readonly Stream output;
    private readonly Stream error;
    private readonly SemaphoreSlim inputSemaphore = new(1, 1);
    private readonly CancellationTokenSource urgency = new();
    private readonly CancellationTokenSource outputOver = new();
    private readonly Lock endSync = new();
    private readonly byte[] stderrTail = new byte[StderrTailBytes];
    private long stderrLength;
    private Task? ending;

    private ChildProcess(ChildProcessStart start, Process process, string marker)
    {
        this.start = start;
        this.process = process;
        this.marker = marker;
        Id = process.Id;
        (input, output, error) = (process.StandardInput.BaseStream, process.StandardOutput.BaseStream, process.StandardError.BaseStream);
        lines = new ChildProcessLines(output, start.LineCap);
        Running[this] = 0;
        Exited = WatchAsync(DrainStderrAsync());
    }

    public int Id { get; }

    /// <summary>Gets the marker of this child and its descendants, for tests.</summary>
    internal string MarkerValue => marker;

    /// <summary>Completes with the exit code after the program and its descendants ended; 128 + the signal number if a signal ended it.</summary>
    public Task<int> Exited { get; }

    /// <summary>Null while the process runs.</summary>
#pragma warning disable VSTHRD002 // It has completed.
    public int? ExitCode => Exited.IsCompletedSuccessfully ? Exited.Result : null;
#pragma warning restore VSTHRD002

    /// <summary>The last 8 KiB of stderr, with secrets masked.</summary>
    public string StderrTail
    {
        get
        {
            lock (stderrTail)
            {
                var length = (int)Math.Min(stderrLength, StderrTailBytes);
                var first = stderrLength <= StderrTailBytes ? 0 : (int)(stderrLength % StderrTailBytes);
                var bytes = new byte[length];
                for (var i = 0; i < length; i++)
                {
                    bytes[i] = stderrTail[(first + i) % StderrTailBytes];
                }

                return Mask(Encoding.UTF8.GetString(bytes)).Trim();
            }
        }
    }

    /// <summary>Ends child processes that outlived a killed Plue process: nothing reads their output or limits their cost anymore.</summary>
    /// <returns>The number of ended processes. Only Linux supports this.</returns>
    public static int EndOrphans() => OperatingSystem.IsLinux() ? ChildProcessTree.KillOrphans(Marker) : 0;

    /// <exception cref="IOException">The process could not be started; the message gives the reason.</exception>
    public static ChildProcess Start(ChildProcessStart start)
    {
        if (!Path.IsPathFullyQualified(start.Program))
        {
            throw new IOException($"{start.Program} is not an absolute path.");
        }
        if (!File.Exists(start.Program))
        {
            throw new IOException($"{start.Program} does not exist.");
        }
        if (!Directory.Exists(start.WorkingDirectory))
        {
            throw new IOException($"The folder {start.WorkingDirectory} does not exist.");
        }

        var processMarker = $"{Owner.Value}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}";
        var info = new ProcessStartInfo
        {
            FileName = Setsid ?? start.Program,
            WorkingDirectory = start.WorkingDirectory,
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (Setsid is not null)
        {
            info.ArgumentList.Add(start.Program);
        }
        foreach (var argument in start.Arguments)
        {
            info.ArgumentList.Add(argument);
        }

        info.Environment.Clear();
        foreach (var (name, value) in start.Environment)
        {
            info.Environment[name] = value;
        }

        info.Environment[Marker] = processMarker;
        try
        {
            var started = Process.Start(info) ?? throw new IOException($"{start.Program} did not start.");
            return new ChildProcess(start, started, processMarker);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{start.Program} could not be started ({e.Message}).", e);
        }
    }

    /// <summary>Ends all running child processes. Called at exit.</summary>
    public static Task EndAllAsync(bool urgent = true) => Task.WhenAll(Running.Keys.Select(child => child.EndAsync(urgent)));

    /// <summary>Writes the line and a line break.</summary>
    /// <exception cref="IOException">The program closed its input.</exception>
    public async ValueTask WriteLineAsync(ReadOnlyMemory<byte> line, CancellationToken cancellationToken)
    {
        var whole = new byte[line.Length + 1];
        line.CopyTo(whole);
        whole[^1] = (byte)'\n';
        await inputSemaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await input.WriteAsync(whole, cancellationToken).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            throw new IOException("Its standard input is closed.", e);
        }
        finally
        {
            inputSemaphore.Release();
        }
    }

    /// <summary>
    /// Reads the next line without its line break; the memory is valid until the next call. Returns null at the end. An unterminated last line is returned.
    /// </summary>
    /// <exception cref="InvalidDataException">The line exceeds <see cref="ChildProcessStart.LineCap"/>. No more output can be read.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadLineAsync(CancellationToken cancellationToken)
    {
        if (lines.TryTake(out var ready))
        {
            return ready;
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, outputOver.Token);
        try
        {
            return await lines.ReadAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>Reads raw output, for programs without line output; returns 0 at the end. Do not combine with <see cref="ReadLineAsync"/>.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, outputOver.Token);
        try
        {
            return await output.ReadAsync(buffer, either.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return 0;
        }
    }

    /// <summary>Closes stdin, at which most programs finish and exit.</summary>
    public void CloseInput()
    {
        try
        {
            input.Close();
        }
        catch (IOException)
        { /* It is gone already, which is what was asked for. */
        }
    }

    /// <summary>
    /// Closes stdin, waits, sends SIGTERM, waits, sends SIGKILL, then kills remaining descendants. An urgent call shortens a normal one in progress.
    /// </summary>
    public Task EndAsync(bool urgent = false)
    {
        lock (endSync)
        {
            if (urgent)
            {
                urgency.Cancel();
            }

            return ending ??= Task.Run(EscalateAsync);
        }
    }

    /// <summary>Kills the process and its descendants immediately. <see cref="Exited"/> completes later.</summary>
    public void Kill() => ChildProcessTree.Kill(process, hasSession: Setsid is not null);

    public async ValueTask DisposeAsync()
    {
        await EndAsync(urgent: true).ConfigureAwait(false);
        await Exited.ConfigureAwait(false);
        await output.DisposeAsync().ConfigureAwait(false);
        await error.DisposeAsync().ConfigureAwait(false);
        process.Dispose();
    }

    private async Task EscalateAsync()
    {
        CloseInput();
        if (await ExitsInTimeAsync().ConfigureAwait(false))
        {
            return;
        }

        ChildProcessTree.Terminate(process, hasSession: Setsid is not null);
        if (!await ExitsInTimeAsync().ConfigureAwait(false))
        {
            ChildProcessTree.Kill(process, hasSession: Setsid is not null);
        }

        await Exited.ConfigureAwait(false);
    }

    private async Task<bool> ExitsInTimeAsync()
    {
        if (!urgency.IsCancellationRequested)
        {
            var gracePeriod = Task.Delay(start.GracePeriod, urgency.Token);
            if (await Task.WhenAny(Exited, gracePeriod).ConfigureAwait(false) == Exited)
            {
                return true;
            }
            if (gracePeriod.IsCompletedSuccessfully)
            {
                return false;
            }
        }

        return await Task.WhenAny(Exited, Task.Delay(UrgentGracePeriod)).ConfigureAwait(false) == Exited;
    }

    private async Task<int> WatchAsync(Task stderrDrained)
    {
        await process.WaitForExitAsync().ConfigureAwait(false);
        await ChildProcessTree.KillMarkedAsync(Marker, marker).ConfigureAwait(false);
        // The last output is still in the pipes. Do not wait for another process that holds them open.
        await Task.WhenAny(stderrDrained, Task.Delay(UrgentGracePeriod)).ConfigureAwait(false);
        outputOver.CancelAfter(TimeSpan.FromSeconds(1));
        Running.TryRemove(this, out _);
        return process.ExitCode;
    }

    private async Task DrainStderrAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (await error.ReadAsync(buffer).ConfigureAwait(false) is > 0 and var count)
            {
                lock (stderrTail)
                {
                    for (var i = 0; i < count; i++)
                    {
                        stderrTail[stderrLength++ % StderrTailBytes] = buffer[i];
                    }
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The pipe broke; keep what was read.
        }
    }

    private string Mask(string text)
    {
        foreach (var name in start.SecretNames)
        {
            if (start.Environment.TryGetValue(name, out var secret) && secret.Length >= 4)
            {
                text = text.Replace(secret, "***", StringComparison.Ordinal);
            }
        }

        return text;
    }

    private static string? FindSetsid() =>
        OperatingSystem.IsLinux() ? new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists) : null;
}
