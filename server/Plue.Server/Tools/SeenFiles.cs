using System.Collections.Concurrent;

namespace Plue.Server.Tools;

/// <summary>
/// The SHA-256 of files when a codex last read or wrote them, by real path. Kept in memory: after a restart, a file has to be read again before it is changed.
/// </summary>
internal sealed class SeenFiles
{
    private readonly ConcurrentDictionary<string, string> seen = new(StringComparer.Ordinal);

    public void Record(string realPath, string hash) => seen[realPath] = hash;

    /// <returns>Null if the codex has not read the file.</returns>
    public string? HashOf(string realPath) => seen.GetValueOrDefault(realPath);
}
