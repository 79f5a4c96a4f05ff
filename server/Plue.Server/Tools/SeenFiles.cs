using System.Collections.Concurrent;

namespace Plue.Server.Tools;

/// <summary>How files were when a codex last read or wrote them, by real path and SHA-256. Kept in memory: after a restart a file is read again before it is changed.</summary>
public sealed class SeenFiles
{
    private readonly ConcurrentDictionary<string, string> seen = new(StringComparer.Ordinal);

    public void Record(string realPath, string hash) => seen[realPath] = hash;

    /// <returns>Null when it never read the file.</returns>
    public string? HashOf(string realPath) => seen.GetValueOrDefault(realPath);
}
