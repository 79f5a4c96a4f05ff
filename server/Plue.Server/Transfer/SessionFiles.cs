namespace Plue.Server.Transfer;

/// <summary>Finds session files in a folder. Links are not followed, so nothing outside is found; depth and count are limited.</summary>
internal static class SessionFiles
{
    private const int MaxDepth = 8;
    private const int MaxEntries = 100_000;
    public const int MaxFiles = 5_000;
    public static readonly EnumerationOptions Listing = new() { AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };

    public static IReadOnlyList<FileInfo> In(string folder, OmittedContent omitted, CancellationToken cancellationToken)
    {
        List<FileInfo> found = [];
        var waiting = new Stack<(DirectoryInfo Folder, int Depth)>([(new DirectoryInfo(folder), 0)]);
        var entries = 0;
        while (waiting.TryPop(out var next))
        {
            cancellationToken.ThrowIfCancellationRequested();
            foreach (var entry in next.Folder.EnumerateFileSystemInfos("*", Listing))
            {
                if (++entries > MaxEntries || found.Count >= MaxFiles)
                {
                    omitted.Add(OmittedContent.OverLimit);
                    return found;
                }

                if (entry is FileInfo file && IsSession(file))
                {
                    found.Add(file);
                }
                else if (entry is DirectoryInfo inner && next.Depth < MaxDepth && inner.Name != "subagents")
                {
                    waiting.Push((inner, next.Depth + 1));
                }
            }
        }

        return found;
    }

    /// <summary>True for names of session files. A file of a subagent is part of a session beside it.</summary>
    private static bool IsSession(FileInfo file) =>
        (file.Extension is ".jsonl" or ".json" && !file.Name.StartsWith("agent-", StringComparison.Ordinal))
        || file.Name == SessionFormats.OpenCodeFile;
}
