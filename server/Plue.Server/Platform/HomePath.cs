namespace Plue.Server.Platform;

/// <summary>Resolves paths in files and variables.</summary>
internal static class HomePath
{
    /// <summary>Replaces a leading <c>~</c> by <paramref name="home"/>.</summary>
    public static string Of(string path, string home) =>
        path == "~" ? home
        : path.StartsWith("~/", StringComparison.Ordinal) || path.StartsWith("~\\", StringComparison.Ordinal)
            ? Path.Combine(home, path[2..])
        : path;
}
