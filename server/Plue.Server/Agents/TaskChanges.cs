using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Plue.Server.Agents;

/// <summary>Publishes changed rows and their parents, whose totals change too. Concurrent changes are published once.</summary>
internal sealed class TaskChanges(TaskReader look, Action<string, TaskRow?> tell, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> waiting = new(StringComparer.Ordinal);

    /// <summary>The key of all tasks.</summary>
    public const string Any = "";

    /// <summary>The minimum interval between two scans: each reads all tasks, and many change while a tree runs.</summary>
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(16);

    private readonly Lock sync = new();
    private readonly HashSet<string> changed = new(StringComparer.Ordinal);
    private bool isNotifying;

    public Task NextAsync(string uri) =>
        waiting.GetOrAdd(uri, static _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Changed(string uri)
    {
        if (waiting.TryRemove(uri, out var waiter))
        {
            waiter.TrySetResult();
        }
        if (waiting.TryRemove(Any, out var all))
        {
            all.TrySetResult();
        }

        lock (sync)
        {
            changed.Add(uri);
            if (isNotifying)
            {
                return;
            }
            isNotifying = true;
        }

        _ = Task.Run(PublishAsync);
    }

    private async Task PublishAsync()
    {
        while (true)
        {
            List<string> batch;
            lock (sync)
            {
                if (changed.Count == 0)
                {
                    isNotifying = false;
                    return;
                }

                batch = [.. changed];
                changed.Clear();
            }

            try
            {
                var rows = look.RowsWithAbove(batch);
                foreach (var (uri, row) in rows)
                {
                    tell(uri, row);
                }
                foreach (var gone in batch.Where(uri => !rows.ContainsKey(uri)))
                {
                    tell(gone, null);
                }
            }
            catch (Exception fault)
            {
                logger.LogWarning("A task change could not be published: {Why}", fault.Message);
            }

            await Task.Delay(Frame, time);
        }
    }
}
