using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Background;

/// <summary>What a background command runs, and for whom.</summary>
internal sealed record BackgroundStart
{
    public required string CodexId { get; init; }
    public required string Command { get; init; }
    public required ChildProcessStart Process { get; init; }
    public required SandboxKind Sandbox { get; init; }
    public required SandboxRules Rules { get; init; }
    public TimeSpan? Timeout { get; init; }
}

/// <summary>A command that runs while its agent goes on. The latest output is in memory, by its position in the whole; all of it is stored up to a limit.</summary>
internal sealed class BackgroundCommand
{
    /// <summary>The latest characters of the output that can be read by position.</summary>
    public const int MaxRecent = 200_000;

    /// <summary>The output in characters after which a command is stopped.</summary>
    public const long MaxOutput = 100_000_000;

    private static readonly TimeSpan InputTimeout = TimeSpan.FromSeconds(5);
    private readonly Lock sync = new();
    private readonly StringBuilder recent = new();
    private readonly ChildProcess child;
    private readonly SandboxedStart sandboxed;
    private readonly ShellOutput output;
    private readonly Func<string, string> mask;
    private readonly TimeProvider time;
    private TaskCompletionSource changed = NewChange();
    private long length;
    private long readTo;
    private long lastActivity;
    private string? note;

    /// <summary>Starts the command.</summary>
    /// <param name="mask">Masks secrets in text that is read.</param>
    /// <exception cref="IOException">It could not be started.</exception>
    public BackgroundCommand(
        BackgroundStart start,
        SandboxNetwork? network,
        Sandbox sandbox,
        Func<StoredOutput> createOutput,
        Func<string, string> mask,
        TimeProvider time
    )
    {
        (this.mask, this.time, Network, CodexId, Command) = (mask, time, network, start.CodexId, start.Command);
        Rules = start.Rules;
        Id = $"cmd_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(3))}";
        StartedAt = time.GetUtcNow();
        lastActivity = time.GetTimestamp();
        output = new ShellOutput(createOutput);
        sandboxed = sandbox.Prepare(start.Sandbox, start.Process, start.Rules with { HasInput = true, Network = network });
        try
        {
            child = ChildProcess.Start(sandboxed.Start);
        }
        catch
        {
            sandboxed.Dispose();
            throw;
        }

        Ended = RunAsync(start.Timeout);
    }

    public string Id { get; }

    /// <summary>The chat or task that owns it.</summary>
    public string CodexId { get; }
    public string Command { get; }
    public string Folder => Rules.Workspace;
    public DateTimeOffset StartedAt { get; }

    /// <summary>Gets the network that it shares with other commands of its agent; null for none.</summary>
    public SandboxNetwork? Network { get; }
    public SandboxRules Rules { get; }

    /// <summary>True if the user wants it to run after its chat or task has ended.</summary>
    public bool IsKept { get; set; }

    /// <summary>Completes after the command and all its processes have ended and its last output was read.</summary>
    public Task Ended { get; }

    public bool IsRunning => !Ended.IsCompleted;

    /// <summary>Null while it runs, and if it was stopped.</summary>
    public int? ExitCode { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Gets the time since the last output, input or read.</summary>
    public TimeSpan IdleTime => time.GetElapsedTime(Interlocked.Read(ref lastActivity));

    /// <summary>Gets the position after the last output.</summary>
    public long Length
    {
        get
        {
            lock (sync)
            {
                return length;
            }
        }
    }

    /// <summary>Gets the position up to which calls have returned the output.</summary>
    public long UnreadPosition
    {
        get
        {
            lock (sync)
            {
                return readTo;
            }
        }
    }

    /// <summary>Gets its state as one line for the model.</summary>
    public string StatusLine
    {
        get
        {
            var took = ((EndedAt ?? time.GetUtcNow()) - StartedAt).TotalSeconds;
            return IsRunning
                ? string.Create(CultureInfo.InvariantCulture, $"[{Id} is running, {took:0} s.]")
                : note ?? string.Create(CultureInfo.InvariantCulture, $"[{Id} has ended: exit code {ExitCode}, {took:0.0} s.]");
        }
    }

    /// <summary>Completes at the next output, or when the command has ended. Call it before reading.</summary>
    public Task NextChangeAsync()
    {
        lock (sync)
        {
            return Task.WhenAny(changed.Task, Ended);
        }
    }

    /// <summary>Reads the output from a position.</summary>
    /// <returns>The text, the position after it, and the number of characters before it that are no longer in memory.</returns>
    public (string Text, long Next, long Omitted) ReadFrom(long position)
    {
        Touch();
        lock (sync)
        {
            var first = length - recent.Length;
            var at = Math.Clamp(position, first, length);
            return (mask(recent.ToString((int)(at - first), (int)(length - at))), length, Math.Max(0, at - Math.Max(0, position)));
        }
    }

    /// <summary>Reads the output that no call has returned yet.</summary>
    public string ReadUnread()
    {
        string hint;
        (string Text, long Next, long Omitted) part;
        lock (sync)
        {
            part = ReadFrom(readTo);
            readTo = part.Next;
            hint = output.ReadHint;
        }

        return part.Omitted == 0
            ? part.Text
            : string.Create(CultureInfo.InvariantCulture, $"[{part.Omitted} characters omitted; {hint}]\n{part.Text}");
    }

    /// <summary>Writes text to the input of the command, with a line break.</summary>
    /// <exception cref="IOException">It has ended, or it does not read.</exception>
    public async Task SendAsync(string text, CancellationToken cancellationToken)
    {
        Touch();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(InputTimeout);
        try
        {
            await child.WriteLineAsync(Encoding.UTF8.GetBytes(text), limit.Token);
        }
        catch (OperationCanceledException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException("It does not read its input.", fault);
        }
    }

    /// <summary>Ends the command and all processes that it started.</summary>
    /// <param name="why">A sentence in brackets, for the model and the user.</param>
    public async Task StopAsync(string why)
    {
        lock (sync)
        {
            if (Ended.IsCompleted)
            {
                return;
            }
            note ??= why;
        }

        await child.EndAsync(urgent: true);
        await Ended;
    }

    private void Touch() => Interlocked.Exchange(ref lastActivity, time.GetTimestamp());

    private async Task RunAsync(TimeSpan? timeout)
    {
        // The constructor assigns the task that this method returns.
        await Task.Yield();
        using var limit = new CancellationTokenSource(timeout ?? Timeout.InfiniteTimeSpan, time);
        await using var stopping = limit.Token.Register(() =>
            _ = StopAsync(
                string.Create(CultureInfo.InvariantCulture, $"[{Id} was stopped after its time limit of {timeout?.TotalSeconds:0} s.]")
            )
        );
        await using var killing = sandboxed.Violation.Register(child.Kill);
        try
        {
            var buffer = new byte[64 * 1024];
            while (await child.ReadAsync(buffer, CancellationToken.None) is > 0 and var count)
            {
                Append(buffer.AsSpan(0, count));
                if (Length > MaxOutput)
                {
                    _ = StopAsync($"[{Id} was stopped because it wrote more than {MaxOutput / 1_000_000} MB.]");
                }
            }

            var code = await child.Exited;
            // Only the launcher writes to stderr, because the outputs of the command are joined.
            Append(child.StderrTail is { Length: > 0 } problem ? $"[{problem}]\n" : "");
            Append(sandboxed.Finish() is { } finding ? $"[{finding}]\n" : "");
            EndedAt = time.GetUtcNow();
            lock (sync)
            {
                ExitCode = note is null ? code : null;
            }
        }
        finally
        {
            await child.DisposeAsync();
            sandboxed.Dispose();
            lock (sync)
            {
                output.Dispose();
                EndedAt ??= time.GetUtcNow();
            }
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        lock (sync)
        {
            AppendClean(output.Add(bytes));
        }
    }

    private void Append(string text)
    {
        if (text.Length > 0)
        {
            Append(Encoding.UTF8.GetBytes(text));
        }
    }

    private void AppendClean(string text)
    {
        recent.Append(text);
        length += text.Length;
        if (recent.Length > MaxRecent + (MaxRecent / 4))
        {
            recent.Remove(0, recent.Length - MaxRecent);
        }

        Touch();
        var change = changed;
        changed = NewChange();
        change.TrySetResult();
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
