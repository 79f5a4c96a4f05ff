namespace Plue.Server.Providers;

/// <summary>Paths as people write them in files and variables.</summary>
internal static class HomePath
{
    /// <summary><c>~</c> at the beginning is replaced by <paramref name="home"/>.</summary>
    public static string Of(string path, string home) =>
        path == "~" ? home
        : path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith("~\\", StringComparison.Ordinal)
            ? Path.Combine(home, path[2..])
        : path;
}
