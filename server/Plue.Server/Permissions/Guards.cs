namespace Plue.Server.Permissions;

/// <summary>
/// Empty files and folders that stand, while commands run, where something guarded could be made: a mount needs a place. Several commands in one workspace
/// share them; the last takes them away, unless somebody put something in.
/// </summary>
internal sealed class Guards : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, int> Users = new(StringComparer.Ordinal);

    private readonly List<string> places = [];

    public static Guards Over(string workspace, IReadOnlyList<string> folders, IReadOnlyList<string> files)
    {
        var guards = new Guards();
        lock (Gate)
        {
            foreach (var name in folders.Concat(files))
            {
                var path = Path.Combine(workspace, name);
                if (Users.ContainsKey(path)) { Users[path]++; }
                else if (Path.Exists(path) || !Make(path, folders.Contains(name))) { continue; }
                else { Users[path] = 1; }

                guards.places.Add(path);
            }
        }

        return guards;
    }

    public void Dispose()
    {
        lock (Gate)
        {
            foreach (var path in places)
            {
                if (--Users[path] > 0) { continue; }

                Users.Remove(path);
                TakeAway(path);
            }

            places.Clear();
        }
    }

    private static bool Make(string path, bool isFolder)
    {
        try
        {
            if (isFolder) { Directory.CreateDirectory(path); }
            else { new FileStream(path, FileMode.CreateNew).Dispose(); }

            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // Where we cannot make it, the command cannot either.
            return false;
        }
    }

    private static void TakeAway(string path)
    {
        try
        {
            if (Directory.Exists(path)) { Directory.Delete(path); }
            else if (new FileInfo(path) is { Exists: true, Length: 0 }) { File.Delete(path); }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // It is no longer empty: then it is somebody's.
        }
    }
}
