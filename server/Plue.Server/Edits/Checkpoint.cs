using System.IO.Enumeration;
using System.Text;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Edits;

/// <summary>
/// A snapshot of all files of a workspace. A file without stored content has a state without a hash; a name ending with <c>/</c> is a folder that was not
/// scanned.
/// </summary>
/// <param name="Name">The name of the checkpoint file; equal for equal files.</param>
/// <param name="OmissionNotice">What is not stored, as one sentence; null if everything is.</param>
internal sealed record Checkpoint(string Name, IReadOnlyDictionary<string, CheckpointFile> Files, string? OmissionNotice)
{
    /// <summary>Gets the paths that differ from another checkpoint. Paths that were not scanned before are never reported as new.</summary>
    public IEnumerable<(string Path, FileState Before, FileState After)> ChangedBy(
        Checkpoint now,
        FolderHandle folder,
        ContentStore contents
    )
    {
        var closed = Files.Keys.Where(path => path.EndsWith('/')).ToList();
        var rules = new Lazy<List<IgnoreRules>>(() =>
            [
                .. Files
                    .Where(file => IsRules(file.Key) && file.Value.State.Kind == FileEntryKind.File && file.Value.State.IsKept)
                    .OrderBy(file => file.Key.Length)
                    .Select(file => new IgnoreRules(FolderOf(file.Key), Encoding.UTF8.GetString(contents.Read(file.Value.State.Hash!)))),
            ]
        );
        foreach (var (path, file) in now.Files)
        {
            if (path.EndsWith('/'))
            {
                continue;
            }
            if (Files.TryGetValue(path, out var before))
            {
                if (before.State != file.State)
                {
                    yield return (path, before.State, file.State);
                }
            }
            else if (
                file.State.IsKept
                && !closed.Exists(start => start == "/" || path.StartsWith(start, StringComparison.Ordinal))
                && !IsIgnored(path, rules.Value)
            )
            {
                yield return (path, FileState.Absent, file.State);
            }
        }

        // A file that is not listed may still exist and be ignored now.
        foreach (var (path, file) in Files.Where(file => !file.Key.EndsWith('/') && !now.Files.ContainsKey(file.Key)))
        {
            if (file.State.IsKept && IsGone(path))
            {
                yield return (path, file.State, FileState.Absent);
            }
        }

        bool IsGone(string path)
        {
            try
            {
                return folder.Stat(path).Kind == FileEntryKind.Absent;
            }
            // The path now leads through a link, so the original file no longer exists here.
            catch (IOException)
            {
                return true;
            }
            catch (UnauthorizedAccessException)
            {
                return false;
            }
        }
    }

    private static bool IsRules(string path) => path == ".gitignore" || path.EndsWith("/.gitignore", StringComparison.Ordinal);

    private static string FolderOf(string path) => path.LastIndexOf('/') is > 0 and var end ? path[..end] : "";

    /// <summary>Checks the path and each of its parent folders.</summary>
    private static bool IsIgnored(string path, List<IgnoreRules> rules)
    {
        for (var end = path.IndexOf('/'); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (IgnoreRules.IsIgnored(rules, part, isFolder: end >= 0))
            {
                return true;
            }
            if (end < 0)
            {
                return false;
            }
        }
    }
}

/// <param name="Stamp">As <see cref="FileEntry.Stamp"/>; empty if the file has to be read again.</param>
internal sealed record CheckpointFile(FileState State, string Stamp);

/// <summary>
/// Creates checkpoints of one workspace. Links are not followed. <c>.git</c>, files ignored by <c>.gitignore</c>, and files beyond the limits are omitted.
/// Later checkpoints read only changed files.
/// </summary>
internal sealed class Checkpoints(string folder, string workspace, ContentStore contents)
{
    public const int MaxFiles = 50_000;
    public const int MaxFileBytes = 8 * 1024 * 1024;
    public const long MaxBytes = 400L * 1024 * 1024;
    private const int MaxDepth = 100;
    private const string Mark = "plueckpt1";

    /// <summary>The minimum age of an unchanged file. A more recently modified file can change again without a visible change of its times.</summary>
    private static readonly TimeSpan Unsure = TimeSpan.FromMilliseconds(100);
    private static readonly string[] ExcludedFolders = [".git", ".hg", ".svn", "node_modules"];

    private static readonly CheckpointFile ExcludedFile = new(new FileState(FileEntryKind.Other), "");

    private readonly Lock sync = new();
    private Checkpoint? last;

    public string? OmissionNotice => last?.OmissionNotice;

    /// <summary>Gets the content hashes that the newest checkpoint refers to.</summary>
    public IReadOnlySet<string> Needed =>
        (last?.Files.Values.Select(file => file.State.Hash).OfType<string>() ?? []).ToHashSet(StringComparer.Ordinal);
    private string Prefix => Blobs.IdOf(Encoding.UTF8.GetBytes(workspace))[..16] + "-";

    /// <summary>Scans all files. The contents are durable after <see cref="ContentStore.Sync"/>, the checkpoint after <see cref="Save"/>.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public Checkpoint Take()
    {
        lock (sync)
        {
            var known = (last ?? Newest())?.Files ?? new Dictionary<string, CheckpointFile>();
            var seen = new Scan(workspace);
            using var held = new FolderHandle(workspace);
            Dictionary<string, CheckpointFile> files = new(seen.Files.Count, StringComparer.Ordinal);
            List<(string Path, FileEntry Found)> toRead = [];
            long bytes = 0;
            var (tooLarge, unread) = (0, seen.Closed.Count);
            foreach (var closed in seen.Closed)
            {
                files[closed] = ExcludedFile;
            }
            var now = DateTime.UtcNow;
            foreach (var (path, found) in held.Stat(seen.Files))
            {
                if (found.Kind is not (FileEntryKind.File or FileEntryKind.Link))
                {
                    if (found.Kind == FileEntryKind.Other)
                    {
                        files[path] = ExcludedFile;
                    }
                    continue;
                }

                if (found.Size > MaxFileBytes || bytes + found.Size > MaxBytes)
                {
                    files[path] = new CheckpointFile(new FileState(FileEntryKind.Other, null, (int)(found.Size % int.MaxValue)), "");
                    tooLarge++;
                    continue;
                }

                bytes += found.Size;
                if (found.Stamp.Length > 0 && known.TryGetValue(path, out var same) && same.Stamp == found.Stamp)
                {
                    files[path] = same with { State = same.State with { Mode = ModeOf(found) } };
                }
                else
                {
                    toRead.Add((path, found));
                }
            }

            BoundedParallel.For(
                toRead.Count,
                at =>
                {
                    var one = toRead[at];
                    try
                    {
                        if (held.ReadOrLink(one.Path, MaxFileBytes) is not { } content)
                        {
                            return;
                        }

                        var isSure = now - one.Found.Changed > Unsure && held.Stat(one.Path).Stamp == one.Found.Stamp;
                        var file = new CheckpointFile(
                            new FileState(one.Found.Kind, contents.Put(content), ModeOf(one.Found)),
                            isSure ? one.Found.Stamp : ""
                        );
                        lock (files)
                        {
                            files[one.Path] = file;
                        }
                    }
                    catch (Exception fault) when (fault is FileNotFoundException or NotAFileException)
                    { /* It is gone, or no file any more. */
                    }
                    catch (UnauthorizedAccessException)
                    {
                        Interlocked.Increment(ref unread);
                        lock (files)
                        {
                            files[one.Path] = ExcludedFile;
                        }
                    }
                }
            );
            return last = new Checkpoint(NameOf(files), files, Sentence(tooLarge, seen.TooMany, unread));
        }
    }

    /// <summary>Saves a checkpoint durably.</summary>
    public void Save(Checkpoint checkpoint)
    {
        var path = Path.Combine(folder, checkpoint.Name);
        if (File.Exists(path))
        {
            return;
        }

        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Mark);
            writer.Write(checkpoint.OmissionNotice ?? "");
            writer.Write(checkpoint.Files.Count);
            foreach (var (name, file) in checkpoint.Files)
            {
                writer.Write(name);
                writer.Write((byte)file.State.Kind);
                writer.Write(file.State.Mode);
                writer.Write(file.State.Hash is not null);
                if (file.State.Hash is { } hash)
                {
                    writer.Write(Convert.FromHexString(hash));
                }
                writer.Write(file.Stamp);
            }
        }

        stream.Write(System.Security.Cryptography.SHA256.HashData(stream.GetBuffer().AsSpan(0, (int)stream.Length)));
        DurableFile.Replace(path, stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <returns>Null if the checkpoint is missing or damaged.</returns>
    public Checkpoint? Load(string name)
    {
        try
        {
            var content = RegularFile.Read(Path.Combine(folder, Path.GetFileName(name)));
            if (
                content.Length < 32
                || !System.Security.Cryptography.SHA256.HashData(content.AsSpan(..^32)).AsSpan().SequenceEqual(content.AsSpan(^32..))
            )
            {
                return null;
            }

            using var reader = new BinaryReader(new MemoryStream(content));
            if (reader.ReadString() != Mark)
            {
                return null;
            }

            var omitted = reader.ReadString();
            var count = reader.ReadInt32();
            Dictionary<string, CheckpointFile> files = new(count, StringComparer.Ordinal);
            for (var i = 0; i < count; i++)
            {
                var path = reader.ReadString();
                var (kind, mode) = ((FileEntryKind)reader.ReadByte(), reader.ReadInt32());
                var hash = reader.ReadBoolean() ? Convert.ToHexStringLower(reader.ReadBytes(32)) : null;
                files[path] = new CheckpointFile(new FileState(kind, hash, mode), reader.ReadString());
            }

            return new Checkpoint(name, files, omitted.Length == 0 ? null : omitted);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes checkpoints that are not needed, except the newest.</summary>
    public void Clean(IReadOnlySet<string> needed)
    {
        foreach (var file in Stored().Skip(1).Where(file => !needed.Contains(file.Name)))
        {
            file.Delete();
        }
    }

    private IEnumerable<FileInfo> Stored() =>
        Directory.Exists(folder)
            ? new DirectoryInfo(folder).EnumerateFiles(Prefix + "*").OrderByDescending(file => file.LastWriteTimeUtc)
            : [];

    /// <summary>Gets the newest checkpoint, if all of its contents are still stored.</summary>
    private Checkpoint? Newest() =>
        Stored().FirstOrDefault() is { } file
        && Load(file.Name) is { } found
        && found.Files.Values.All(one => one.State.Hash is not { } hash || contents.Has(hash))
            ? found
            : null;

    private string NameOf(Dictionary<string, CheckpointFile> files)
    {
        var text = new StringBuilder();
        foreach (var (path, file) in files.OrderBy(file => file.Key, StringComparer.Ordinal))
        {
            text.Append(path).Append('\0').Append(file.State.Hash).Append(file.State.Mode).Append(file.Stamp).Append('\n');
        }

        return Prefix + Blobs.IdOf(Encoding.UTF8.GetBytes(text.ToString()))[..32];
    }

    private static int ModeOf(FileEntry found) => found.Kind == FileEntryKind.File ? found.Mode : 0;

    private static string? Sentence(int tooLarge, bool tooMany, int unread)
    {
        List<string> parts = [];
        if (tooMany)
        {
            parts.Add($"the folder has more than {MaxFiles:N0} files");
        }
        if (tooLarge > 0)
        {
            parts.Add($"{tooLarge:N0} {(tooLarge == 1 ? "file is" : "files are")} too large");
        }
        if (unread > 0)
        {
            parts.Add($"{unread:N0} cannot be read");
        }

        return parts.Count == 0 ? null : $"Some changes made by commands cannot be undone: {string.Join(", ", parts)}.";
    }

    /// <summary>Collects the file names of a workspace, unordered.</summary>
    private sealed class Scan
    {
        private readonly string root;
        private readonly List<IgnoreRules> rules = [];

        public Scan(string root)
        {
            this.root = root;
            Walk("", 0);
        }

        public List<string> Files { get; } = [];

        /// <summary>Folders that were not scanned, each with a trailing slash.</summary>
        public List<string> Closed { get; } = [];
        public bool TooMany { get; private set; }

        private void Walk(string path, int depth)
        {
            if (TooMany)
            {
                return;
            }
            if (depth > MaxDepth)
            {
                Closed.Add(path + "/");
                return;
            }

            var count = rules.Count;
            List<string> folders = [];
            try
            {
                var full = Path.Combine(root, path);
                var ignore = new FileInfo(Path.Combine(full, ".gitignore"));
                if (ignore is { Exists: true, LinkTarget: null, Length: < 1024 * 1024 })
                {
                    rules.Add(
                        new IgnoreRules(path, System.Text.Encoding.UTF8.GetString(RegularFile.Read(ignore.FullName)).TrimStart('\uFEFF'))
                    );
                }

                foreach (
                    var (file, mayBeFolder) in new FileSystemEnumerable<(string Name, bool IsFolder)>(
                        full,
                        (ref entry) => (entry.FileName.ToString(), entry.IsDirectory),
                        new EnumerationOptions { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false }
                    )
                )
                {
                    var name = path.Length == 0 ? file : $"{path}/{file}";
                    // A link to a folder counts as a file.
                    var isFolder = mayBeFolder && new DirectoryInfo(Path.Combine(root, name)).LinkTarget is null;
                    if ((isFolder || file == ".git") && ExcludedFolders.Contains(file))
                    {
                        continue;
                    }
                    if (IgnoreRules.IsIgnored(rules, name, isFolder))
                    {
                        continue;
                    }
                    if (isFolder)
                    {
                        folders.Add(name);
                    }
                    else if (Files.Count >= MaxFiles)
                    {
                        TooMany = true;
                        Closed.Add("/");
                        return;
                    }
                    else
                    {
                        Files.Add(name);
                    }
                }
            }
            catch (DirectoryNotFoundException)
            { /* It is gone. */
            }
            catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
            {
                Closed.Add(path + "/");
            }

            foreach (var folder in folders)
            {
                Walk(folder, depth + 1);
            }

            rules.RemoveRange(count, rules.Count - count);
        }
    }
}
