using System.Collections.Concurrent;

namespace Plue.Server.Tools;

/// <summary>The running calls, so that a user can stop one of them and let the response continue.</summary>
internal sealed class RunningCalls
{
    private readonly ConcurrentDictionary<(string CodexId, string ToolUseId), CancellationTokenSource> running = new();

    /// <summary>Cancels one call. Returns false if it is not running here.</summary>
    public bool Stop(string codexId, string toolUseId)
    {
        if (!running.TryGetValue((codexId, toolUseId), out var stop))
        {
            return false;
        }

        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }

        return true;
    }

    /// <returns>An entry to dispose when the call has ended.</returns>
    internal Entry Add(string codexId, string toolUseId) => new(this, (codexId, toolUseId));

    internal sealed class Entry : IDisposable
    {
        private readonly RunningCalls owner;
        private readonly (string CodexId, string ToolUseId) key;
        private readonly CancellationTokenSource stop = new();

        public Entry(RunningCalls owner, (string CodexId, string ToolUseId) key)
        {
            (this.owner, this.key) = (owner, key);
            owner.running[key] = stop;
        }

        public CancellationToken Stopped => stop.Token;

        public void Dispose()
        {
            owner.running.TryRemove(new(key, stop));
            stop.Dispose();
        }
    }
}
