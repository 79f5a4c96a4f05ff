using System.Collections.Concurrent;
using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Watches the workspace folder while a command runs. Kernels cannot forbid single names in a writable folder, and mounts need an existing target. A guarded
/// name that appears is therefore renamed immediately, and the command is ended through <see cref="Appeared"/>.
/// </summary>
internal sealed class GuardedWatch : IDisposable
{
    private const int RemoveFolder = 0x200;
    private static readonly ConcurrentDictionary<GuardedWatch, byte> Active = new();

    private readonly string workspace;
    private readonly HashSet<string> absent;
    private readonly FileSystemWatcher watcher;
    private readonly CancellationTokenSource appeared = new();
    private readonly Lock sync = new();
    private readonly List<string> blocked = [];

    /// <param name="names">Guarded names at the top level of the workspace. Existing ones are protected by the sandbox.</param>
    /// <exception cref="IOException">The folder cannot be watched, so no command may run there.</exception>
    public GuardedWatch(string workspace, IEnumerable<string> names)
    {
        this.workspace = workspace;
        absent = names.Select(GuardedPaths.Fold).ToHashSet(StringComparer.Ordinal);
        absent.ExceptWith(Names().Select(GuardedPaths.Fold));
        watcher = new FileSystemWatcher(workspace) { NotifyFilter = NotifyFilters.FileName | NotifyFilters.DirectoryName };
        watcher.Created += (_, change) => Check(change.Name);
        watcher.Renamed += (_, change) => Check(change.Name);
        // Events were lost.
        watcher.Error += (_, _) => CheckAll();
        try
        {
            watcher.EnableRaisingEvents = true;
        }
        catch
        {
            watcher.Dispose();
            throw;
        }

        Active[this] = 0;
    }

    /// <summary>True if a running command is watched for this path. It must not be created now, because the command could write to it.</summary>
    /// <param name="path">The real path.</param>
    public static bool IsAwaited(string path) => Active.Keys.Any(watch => watch.Awaits(path));

    /// <summary>Canceled when a guarded name has appeared.</summary>
    public CancellationToken Appeared => appeared.Token;

    /// <summary>Checks a last time, after the command and all of its processes have ended.</summary>
    /// <returns>Sentences for the result of the command; null if no guarded name appeared.</returns>
    public string? Finish()
    {
        CheckAll();
        lock (sync)
        {
            return blocked.Count == 0
                ? null
                : $"{string.Join(' ', blocked)} Files that control what runs or that instruct models must be created with the `write` tool, which asks the user, or by the user.";
        }
    }

    public void Dispose()
    {
        Active.TryRemove(this, out _);
        watcher.Dispose();
        appeared.Dispose();
    }

    private bool Awaits(string path) =>
        RealPath.IsUnder(workspace, path)
        && path.Length > workspace.Length
        && absent.Contains(GuardedPaths.Fold(Path.GetRelativePath(workspace, path).Split(Path.DirectorySeparatorChar)[0]));

    private IEnumerable<string> Names() => Directory.EnumerateFileSystemEntries(workspace).Select(path => Path.GetFileName(path));

    private void CheckAll()
    {
        try
        {
            foreach (var name in Names().ToList())
            {
                Check(name);
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // The workspace was deleted with all files.
        }
    }

    private void Check(string? name)
    {
        if (name is null || !absent.Contains(GuardedPaths.Fold(name)))
        {
            return;
        }

        lock (sync)
        {
            Block(name);
        }

        try
        {
            appeared.Cancel();
        }
        catch (ObjectDisposedException)
        { /* The command has ended already. */
        }
    }

    /// <summary>Renames the entry instead of deleting it, because that also works for non-empty folders, is fast, and loses nothing.</summary>
    private void Block(string name)
    {
        using var folder = UnixCalls.OpenFolder(workspace);
        var free = Enumerable
            .Range(1, int.MaxValue)
            .Select(i => i == 1 ? $"{name}.blocked" : $"{name}.blocked-{i}")
            .First(free => UnixCalls.StatusOf(folder, free) is null);
        if (UnixCalls.renameat(folder, name, folder, free) != 0)
        {
            if (UnixCalls.StatusOf(folder, name) is not null)
            {
                blocked.Add(
                    $"`{name}` appeared in the workspace while the command ran and could not be renamed. Check it before you continue."
                );
            }
            return;
        }

        var status = UnixCalls.StatusOf(folder, free);
        var isRemoved = status is { IsFolder: true }
            ? UnixCalls.unlinkat(folder, free, RemoveFolder) == 0
            : status is { IsRegularFile: true, Size: 0 } && UnixCalls.unlinkat(folder, free, 0) == 0;
        blocked.Add(
            isRemoved
                ? $"The command was stopped because `{name}` appeared in the workspace. It was empty and was deleted."
                : $"The command was stopped because `{name}` appeared in the workspace. It was renamed to `{free}`."
        );
    }
}
