using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Plue.Server.Chat;

/// <summary>
/// Serializes all work on one conversation: a channel of commands with one reader. Methods start with <see cref="Enter"/>, and their awaits resume in the loop.
/// Nothing else accesses the conversation between two awaits, so no lock is needed.
/// </summary>
internal sealed class CommandLoop : SynchronizationContext
{
    private readonly Channel<(SendOrPostCallback Command, object? State)> commands = Channel.CreateUnbounded<(SendOrPostCallback, object?)>(
        new UnboundedChannelOptions { SingleReader = true }
    );

    private readonly ILogger logger;

    public CommandLoop(ILogger logger)
    {
        this.logger = logger;
        _ = ReadAsync();
    }

    /// <summary>Awaiting the result continues in this loop; synchronously if already in it.</summary>
    public Entrance Enter() => new(this);

    public override void Post(SendOrPostCallback d, object? state) => commands.Writer.TryWrite((d, state));

    /// <summary>Runs a command without a result. Exceptions are logged.</summary>
    public void Post(Action command) => Post(static state => ((Action)state!)(), command);

    /// <summary>Not supported: a synchronous wait from inside the loop would deadlock.</summary>
    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    private async Task ReadAsync()
    {
        await foreach (var (command, state) in commands.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            SetSynchronizationContext(this);
            try
            {
                command(state);
            }
            catch (Exception fault)
            {
                logger.LogError(fault, "A command of a conversation failed");
            }
            finally
            {
                SetSynchronizationContext(null);
            }
        }
    }

    public readonly struct Entrance(CommandLoop loop) : ICriticalNotifyCompletion
    {
        public bool IsCompleted => Current == loop;

        public Entrance GetAwaiter() => this;

        public void GetResult() { }

        public void OnCompleted(Action continuation) => loop.Post(continuation);

        public void UnsafeOnCompleted(Action continuation) => loop.Post(continuation);
    }
}
