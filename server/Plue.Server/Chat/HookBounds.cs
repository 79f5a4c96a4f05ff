using System.Collections.Concurrent;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// Limits how many hooks can follow from one change, run per minute, and start tasks per hour, because these tasks cost money without the user's approval.
/// Thread-safe.
/// </summary>
internal sealed class HookBounds(TimeProvider time)
{
    public const int MaxDepth = 8;
    public const int MaxPerCodex = 60;
    public const int MaxTotal = 300;

    /// <summary>The maximum number of tasks per hour that originate from one codex, directly or through other tasks.</summary>
    public const int MaxTasks = 20;
    public const int MaxTotalTasks = 60;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock counting = new();
    private readonly Dictionary<string, List<long>> hooks = new(StringComparer.Ordinal); // timestamps by codex
    private readonly List<long> allHooks = [];
    private readonly Dictionary<string, List<long>> tasks = new(StringComparer.Ordinal); // timestamps by the codex that they originate from
    private readonly List<long> allTasks = [];
    private readonly ConcurrentDictionary<string, string> roots = new(StringComparer.Ordinal);

    /// <summary>Records that a hook of one codex created another. Tasks started by the new codex count for the original one.</summary>
    public void Follows(string uri, string spawnedBy) => roots[uri] = RootOf(spawnedBy);

    /// <summary>Counts the action unless it is refused. A response to the user's own message is not limited.</summary>
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <returns>Why the action is skipped; null if it can run.</returns>
    public string? Refusal(string uri, HookAction action, int depth)
    {
        if (depth >= MaxDepth)
        {
            return $"{MaxDepth} hooks in a row followed from one change, so it was skipped. Change the template so that its hooks do not trigger each other.";
        }
        if (depth == 0 && action is HookAction.SendToLlm)
        {
            return null;
        }

        lock (counting)
        {
            var own = Recent(hooks, uri, Minute);
            Forget(allHooks, Minute);
            if (own.Count >= MaxPerCodex)
            {
                return $"{MaxPerCodex} hooks ran within a minute, so it was skipped. Change the template so that its hooks do not trigger each other, or try again later.";
            }
            if (allHooks.Count >= MaxTotal)
            {
                return $"{MaxTotal} hooks ran within a minute in total, so it was skipped. Try again later.";
            }

            if (action is HookAction.SpawnTask)
            {
                var root = RootOf(uri);
                var started = Recent(tasks, root, Hour);
                Forget(allTasks, Hour);
                if (started.Count >= MaxTasks)
                {
                    return $"Hooks started {MaxTasks} tasks within an hour from {root}, so no more were started. Start it yourself, or wait an hour.";
                }
                if (allTasks.Count >= MaxTotalTasks)
                {
                    return $"Hooks started {MaxTotalTasks} tasks within an hour in total, so no more were started. Start it yourself, or wait an hour.";
                }

                Count(started, allTasks);
            }

            Count(own, allHooks);
            Sweep(hooks, Minute);
            Sweep(tasks, Hour);
            return null;
        }
    }

    /// <summary>Removes a counted task that was not created.</summary>
    public void RemoveCount(string uri)
    {
        lock (counting)
        {
            foreach (var started in new[] { Recent(tasks, RootOf(uri), Hour), allTasks }.Where(started => started.Count > 0))
            {
                started.RemoveAt(started.Count - 1);
            }
        }
    }

    private string RootOf(string uri) => roots.GetValueOrDefault(uri, uri);

    private void Count(List<long> own, List<long> all)
    {
        var now = time.GetTimestamp();
        own.Add(now);
        all.Add(now);
    }

    private List<long> Recent(Dictionary<string, List<long>> counts, string uri, TimeSpan span)
    {
        if (!counts.TryGetValue(uri, out var recent))
        {
            counts[uri] = recent = [];
        }
        Forget(recent, span);
        return recent;
    }

    private void Sweep(Dictionary<string, List<long>> counts, TimeSpan span)
    {
        if (counts.Count <= MaxTotal)
        {
            return;
        }

        foreach (var (uri, recent) in counts)
        {
            Forget(recent, span);
            if (recent.Count == 0)
            {
                counts.Remove(uri);
            }
        }
    }

    private void Forget(List<long> times, TimeSpan span) => times.RemoveAll(at => time.GetElapsedTime(at) > span);
}
