using System.Collections.Concurrent;
using System.Security.Cryptography;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>Finds and hashes the program of a server. Thread-safe.</summary>
/// <param name="searchPath">The value of PATH; relative entries are ignored.</param>
/// <param name="openFolders">A name is never found in them: only a written path leads there, and that is shown before it is approved.</param>
internal sealed class McpExecutables(string? searchPath, Func<WorkspaceFolders?> openFolders)
{
    private static readonly string[] Scripts =
    [
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".mts",
        ".py",
        ".rb",
        ".sh",
        ".pl",
        ".php",
        ".lua",
        ".jar",
        ".dll",
    ];
    private const long MaxFileBytes = 1024L * 1024 * 1024;

    private readonly ConcurrentDictionary<string, (long Length, DateTime Written, string Sha256)> hashes = new(StringComparer.Ordinal);

    /// <returns>The absolute path to start. Links are not resolved, because programs can depend on their name.</returns>
    /// <exception cref="FailureException">NotFound.</exception>
    public string Find(McpDeclaration server)
    {
        var command = server.Command!;
        if (command.Contains('/') || command.Contains(Path.DirectorySeparatorChar))
        {
            var full = Path.GetFullPath(command, server.Folder);
            return Runnable(full)
                ?? throw new FailureException(
                    FailureKind.NotFound,
                    $"{full}, the program of the server {server.Name}, does not exist or is not executable."
                );
        }

        return (searchPath ?? "")
                .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
                .Where(folder => Path.IsPathFullyQualified(folder) && !WorkspaceFolders.IsInside(openFolders(), folder))
                .Select(folder => Runnable(Path.Combine(folder, command)))
                .FirstOrDefault(path => path is not null && !WorkspaceFolders.IsInside(openFolders(), path))
            ?? throw new FailureException(
                FailureKind.NotFound,
                $"The program {HiddenCharacters.Visible(command)} of the server {server.Name} was not found on PATH. Install it, or give its absolute path."
            );
    }

    /// <summary>Gets the script passed to an interpreter: the first argument that is one; null if there is none.</summary>
    public static string? ScriptPathOf(McpDeclaration server)
    {
        foreach (
            var argument in server.Arguments.Where(argument =>
                argument.Length > 0 && argument[0] != '-' && Scripts.Contains(Path.GetExtension(argument), StringComparer.OrdinalIgnoreCase)
            )
        )
        {
            var path = Path.GetFullPath(argument, server.Folder);
            if (File.Exists(path))
            {
                return path;
            }
        }

        return null;
    }

    /// <summary>Gets the SHA-256 in lower-case hex.</summary>
    /// <param name="allowCached">True if the hash may be cached by the size and time of the file.</param>
    /// <exception cref="FailureException">NotFound: the file cannot be read.</exception>
    public string HashOf(string path, bool allowCached)
    {
        try
        {
            var file = new FileInfo(RealPath.Of(path));
            if (file.Length > MaxFileBytes)
            {
                throw new FailureException(FailureKind.NotFound, $"{path} is larger than 1 GiB, so it was not started.");
            }
            if (
                allowCached
                && hashes.TryGetValue(path, out var known)
                && (known.Length, known.Written) == (file.Length, file.LastWriteTimeUtc)
            )
            {
                return known.Sha256;
            }

            using var content = RegularFile.OpenRead(file.FullName);
            var sha256 = Convert.ToHexStringLower(SHA256.HashData(content));
            hashes[path] = (file.Length, file.LastWriteTimeUtc, sha256);
            return sha256;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.NotFound, $"{path} cannot be read ({fault.Message.TrimEnd('.')}).", fault);
        }
    }

    private static string? Runnable(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return new[] { "", ".exe", ".cmd", ".bat" }
                .Select(extension => path + extension)
                .FirstOrDefault(candidate => Path.HasExtension(candidate) && File.Exists(candidate));
        }

        return
            File.Exists(path)
            && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute))
                != UnixFileMode.None
            ? path
            : null;
    }
}
