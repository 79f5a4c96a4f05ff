namespace Plue.Server.Templates;

/// <summary>The files of a folder, cached until the folder changes, because they are needed for each message. Not thread-safe.</summary>
internal sealed class CachedFolder(string folder, string extension)
{
    /// <summary>The maximum time resolution of disks. A second change within this time may have the same timestamp.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    private (IReadOnlyList<string> Paths, DocumentProblem? Problem) known;
    private DateTime changed;
    private DateTime trusted; // when the cache expires; not trusted if the clock was set back

    public string Folder => folder;

    /// <inheritdoc cref="DocumentFile.List"/>
    public (IReadOnlyList<string> Paths, DocumentProblem? Problem) List()
    {
        var (now, time) = (DateTime.UtcNow, Directory.GetLastWriteTimeUtc(folder));
        if (time == changed && now < trusted && trusted - now <= Settled)
        {
            return known;
        }

        known = DocumentFile.List(folder, extension);
        changed = time;
        trusted = known.Problem is null && now - time > Settled ? now + Settled : default;
        return known;
    }
}
