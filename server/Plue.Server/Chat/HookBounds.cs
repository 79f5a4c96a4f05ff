using System.Collections.Concurrent;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>
/// How many hooks may follow from one change, how many may run within a minute, and how many tasks they may start within an hour: a task costs money
/// that nobody asked to spend. Any thread may call.
/// </summary>
internal sealed class HookBounds(TimeProvider time)
{
    public const int MostDepth = 8;
    public const int MostPerCodex = 60;
    public const int MostInAll = 300;
    /// <summary>Tasks an hour that go back to one codex, over however many tasks in between.</summary>
    public const int MostTasks = 20;
    public const int MostTasksInAll = 60;
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
        if (depth >= MostDepth) { return $"{MostDepth} hooks had followed from one change, so it was left out. Make the hooks of the template end."; }
        if (depth == 0 && action is HookAction.SendToLlm) { return null; }

        lock (counting)
        {
            var own = Recent(hooks, uri, Minute);
            Forget(allHooks, Minute);
            if (own.Count >= MostPerCodex) { return $"{MostPerCodex} hooks ran within a minute, so it was left out. Make the hooks of the template end, or change it again later."; }
            if (allHooks.Count >= MostInAll) { return $"{MostInAll} hooks ran within a minute in all, so it was left out. Change it again later."; }

            if (action is HookAction.SpawnTask)
            {
                var root = RootOf(uri);
                var started = Recent(tasks, root, Hour);
                Forget(allTasks, Hour);
                if (started.Count >= MostTasks) { return $"Hooks started {MostTasks} tasks within an hour that go back to {root}, so no other was started. Start it yourself, or wait an hour."; }
                if (allTasks.Count >= MostTasksInAll) { return $"Hooks started {MostTasksInAll} tasks within an hour in all, so no other was started. Start it yourself, or wait an hour."; }

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
            foreach (var started in new[] { Recent(tasks, RootOf(uri), Hour), allTasks }.Where(started => started.Count > 0)) { started.RemoveAt(started.Count - 1); }
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
        if (!counts.TryGetValue(uri, out var recent)) { counts[uri] = recent = []; }
        Forget(recent, span);
        return recent;
    }

    private void Sweep(Dictionary<string, List<long>> counts, TimeSpan span)
    {
        if (counts.Count <= MostInAll) { return; }

        foreach (var (uri, recent) in counts)
        {
            Forget(recent, span);
            if (recent.Count == 0) { counts.Remove(uri); }
        }
    }

    private void Forget(List<long> times, TimeSpan span) => times.RemoveAll(at => time.GetElapsedTime(at) > span);
}
