using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Templates;

/// <summary>Reads and writes files that users edit, up to a maximum size. Failures are reported as sentences.</summary>
internal static class DocumentFile
{
    private const int MaxOfWorkspace = 1000;

    /// <summary>Reads a file. A missing file is null without a problem. Does not block on pipes.</summary>
    public static (byte[]? Bytes, DocumentProblem? Problem) Read(string path)
    {
        try
        {
            if (!File.Exists(path))
            {
                return (null, new FileInfo(path).LinkTarget is null ? null : Problem("The file is a broken link."));
            }

            using var stream = RegularFile.OpenRead(path);
            // The reported length may be wrong or change, so received bytes are counted.
            var buffer = new byte[Math.Min(stream.CanSeek ? stream.Length : 0, Json5Reader.MaxBytes) + 1];
            var count = 0;
            while (true)
            {
                if (count == buffer.Length)
                {
                    Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, Json5Reader.MaxBytes + 1));
                }

                var read = stream.Read(buffer, count, buffer.Length - count);
                if (read == 0)
                {
                    return (buffer[..count], null);
                }

                count += read;
                if (count > Json5Reader.MaxBytes)
                {
                    return (null, Problem("The file is larger than 4 MiB, the maximum size."));
                }
            }
        }
        catch (NotAFileException)
        {
            return (null, Problem("It is not a regular file."));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, Problem($"The file could not be read: {exception.Message}"));
        }
    }

    /// <summary>Lists the files of a folder, sorted by name; empty for a missing folder.</summary>
    /// <param name="extension">Including the dot.</param>
    public static (IReadOnlyList<string> Paths, DocumentProblem? Problem) List(string folder, string extension)
    {
        try
        {
            return Directory.Exists(folder)
                // Names with a leading dot are temporary files or leftovers of editors.
                ? (
                    [
                        .. Directory
                            .EnumerateFiles(folder)
                            .Where(path => path.EndsWith(extension, StringComparison.Ordinal) && Path.GetFileName(path)[0] != '.')
                            .Order(StringComparer.Ordinal),
                    ],
                    null
                )
                : ([], null);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ([], Problem($"The folder could not be read: {exception.Message}"));
        }
    }

    /// <summary>
    /// Lists the files in the <c>.plue</c> folder of each folder of a trusted workspace, sorted by name. Links to outside of the folder are skipped. If names
    /// are equal, the first folder's file is used.
    /// </summary>
    /// <param name="workspace">Null returns none.</param>
    public static IReadOnlyList<string> ListWorkspace(WorkspaceFolders? workspace, string folder, string extension) =>
        [
            .. (workspace?.Paths ?? [])
                .SelectMany(root => WithinWorkspace(root, List(OfWorkspace(root, folder), extension).Paths))
                .DistinctBy(Path.GetFileName, StringComparer.Ordinal),
        ];

    internal static string OfWorkspace(string workspace, string folder) => Path.Combine(workspace, ".plue", folder);

    /// <summary>Removes links to outside of the workspace.</summary>
    internal static IReadOnlyList<string> WithinWorkspace(string workspace, IReadOnlyList<string> paths)
    {
        if (paths.Count == 0)
        {
            return [];
        }

        var root = RealPath.Of(workspace).TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar;
        return [.. paths.Take(MaxOfWorkspace).Where(path => RealPath.Of(path).StartsWith(root, StringComparison.Ordinal))];
    }

    /// <summary>Gets an embedded resource; null if there is none with this name.</summary>
    public static byte[]? ReadResource(string name)
    {
        using var stream = typeof(DocumentFile).Assembly.GetManifestResourceStream(name);
        if (stream is null)
        {
            return null;
        }

        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Replaces a file. A link is kept and its target is replaced.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            var target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null;
            DurableFile.Replace(target ?? path, content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"The file {path} was not written");
        }
    }

    private static DocumentProblem Problem(string message) => new(message, 1, 1, IsError: true);
}
