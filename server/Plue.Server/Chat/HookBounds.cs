using System.Collections.Concurrent;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// How many hooks may follow from one change, how many may run within a minute, and how many tasks they may start within an hour: a task costs money
/// that the user did not approve. Any thread may call.
/// </summary>
internal sealed class HookBounds(TimeProvider time)
{
    public const int MaxDepth = 8;
    public const int MaxPerCodex = 60;
    public const int MaxTotal = 300;

    /// <summary>Tasks an hour that go back to one codex, over however many tasks in between.</summary>
    public const int MaxTasks = 20;
    public const int MaxTotalTasks = 60;
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly Lock counting = new();
    private readonly Dictionary<string, List<long>> hooks = new(StringComparer.Ordinal); // when each ran, by codex
    private readonly List<long> allHooks = [];
    private readonly Dictionary<string, List<long>> tasks = new(StringComparer.Ordinal); // when each was started, by the codex that they go back to
    private readonly List<long> allTasks = [];
    private readonly ConcurrentDictionary<string, string> roots = new(StringComparer.Ordinal);

    /// <summary>A hook of the second made the first: what the hooks of the one start counts for the other, or for what that one goes back to.</summary>
    public void Follows(string uri, string spawnedBy) => roots[uri] = RootOf(spawnedBy);

    /// <summary>Counts the action, unless it is refused. That a person's own message is answered is no matter of hooks that run away.</summary>
    /// <param name="depth">How many hooks led to it.</param>
    /// <returns>Why it is left out; null when it may be carried out.</returns>
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

    /// <summary>A task that was counted was not made.</summary>
    public void GiveBack(string uri)
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
