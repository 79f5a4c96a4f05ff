using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer.Programs;

/// <summary>
/// Copies instructions of other programs to where Plue reads them: user instructions to a marked section of <c>~/.plue/AGENTS.md</c>, workspace
/// instructions to <c>.github/instructions</c>.
/// </summary>
internal sealed class ImportedInstructions(PluePaths paths)
{
    private const int MaxBytes = 64 * 1024;

    /// <returns>The path of the file, and the hash of the written text.</returns>
    /// <exception cref="FailureException">Conflict, BadRequest, StoreReadOnly.</exception>
    public (string Path, string Hash) Add(SettingFile file)
    {
        var (text, appliesTo) = ImportedPrompt.Instructions(file);
        if (text.Length == 0)
        {
            throw new FailureException(FailureKind.BadRequest, "It contains no text. Choose another.");
        }

        return file.Place.Folder is { } folder ? AddFile(file, folder, text, appliesTo) : AddSection(file.Path, text);
    }

    /// <returns>Null if it was removed, else the reason why it was kept.</returns>
    public string? Remove(string source, string path, string? hash)
    {
        if (Read(path) is not { } text)
        {
            return null;
        }
        if (path != paths.Instructions)
        {
            if (HashOf(text) != hash)
            {
                return $"{path} was kept because it changed since the import.";
            }

            Write(Path.Combine(paths.Trash, $"instructions-{hash[..16]}.md"), text);
            File.Delete(path);
            return null;
        }

        var (begin, end) = (text.IndexOf(Begin(source), StringComparison.Ordinal), text.IndexOf(End(source), StringComparison.Ordinal));
        if (begin < 0 || end < begin)
        {
            return null;
        }

        var section = text[begin..(end + End(source).Length)];
        if (HashOf(section) != hash)
        {
            return $"The section of {source} in {path} was kept because it changed since the import.";
        }

        Write(path, (text[..begin].TrimEnd() + "\n\n" + text[(begin + section.Length)..].TrimStart()).Trim() + "\n");
        return null;
    }

    private (string, string) AddSection(string source, string text)
    {
        var before = Read(paths.Instructions) ?? "";
        if (before.Contains(Begin(source), StringComparison.Ordinal))
        {
            throw new FailureException(FailureKind.Conflict, $"{paths.Instructions} already has a section of this file. Remove it first.");
        }

        var section = $"{Begin(source)}\n\n{text}\n\n{End(source)}";
        var after = before.Trim().Length == 0 ? $"{section}\n" : $"{before.TrimEnd()}\n\n{section}\n";
        if (Encoding.UTF8.GetByteCount(after) > MaxBytes)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{paths.Instructions} would be larger than 64 KB, the maximum for instructions. Shorten it first."
            );
        }

        Write(paths.Instructions, after);
        return (paths.Instructions, HashOf(section));
    }

    private static (string, string) AddFile(SettingFile file, WorkspaceFolder folder, string text, string? appliesTo)
    {
        var path = Path.Combine(folder.Path, ".github", "instructions", $"{file.Name}.instructions.md");
        if (!RealPath.ResolvesInto(path, folder.Path) || File.Exists(path))
        {
            throw new FailureException(FailureKind.Conflict, $"{path} already exists. Rename one of the files.");
        }

        var content = $"---\napplyTo: {JsonFields.Quoted(appliesTo ?? "**")}\n---\n{text}\n";
        if (Encoding.UTF8.GetByteCount(content) > MaxBytes)
        {
            throw new FailureException(FailureKind.BadRequest, "It is larger than 64 KB, the maximum for instructions. Shorten it first.");
        }

        Write(path, content);
        return (path, HashOf(content));
    }

    private static string? Read(string path)
    {
        try
        {
            return RegularFile.Read(path, MaxBytes * 4) is { } bytes ? Encoding.UTF8.GetString(bytes) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"{path} was not read");
        }
    }

    private static void Write(string path, string text)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            DurableFile.Replace(path, Encoding.UTF8.GetBytes(text));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"{path} was not written");
        }
    }

    private static string HashOf(string text) => VersionStore.HashOf(Encoding.UTF8.GetBytes(text));

    private static string Begin(string source) => $"<!-- Imported from {source} -->";

    private static string End(string source) => $"<!-- End of {source} -->";
}
