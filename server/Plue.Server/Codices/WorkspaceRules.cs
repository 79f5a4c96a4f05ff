using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>A file of rules that the workspace brings along.</summary>
/// <param name="Name">The file name, such as <c>AGENTS.md</c>.</param>
/// <param name="Sha256">The SHA-256 of the bytes; empty if they were not read.</param>
/// <param name="Text">Empty when it was not read.</param>
/// <param name="Problem">Why it cannot count; null when it can.</param>
internal sealed record RulesFile(string Name, string Path, string Sha256, string Text, int HiddenCharacters, string? Problem);

/// <summary>
/// <c>AGENTS.md</c> and <c>CLAUDE.md</c> at the root of a trusted workspace. A file is read again when its length or its time is another. Safe to use from several threads.
/// </summary>
/// <param name="workspace">The trusted folder, or null.</param>
internal sealed class WorkspaceRules(Func<string?> workspace)
{
    /// <summary>Bytes of one file; a larger one does not count at all, because half of some rules can mean the opposite.</summary>
    public const int MaxBytes = 64 * 1024;
    private static readonly string[] Names = ["AGENTS.md", "CLAUDE.md"];

    private readonly Lock sync = new();
    private readonly Dictionary<string, (long Length, DateTime Written, RulesFile File)> known = new(StringComparer.Ordinal);

    /// <summary>Each that has something to say, once: links to one another, the same text and <c>@AGENTS.md</c> are one.</summary>
    public IReadOnlyList<RulesFile> Read()
    {
        if (workspace() is not { } root)
        {
            return [];
        }

        List<(string Real, RulesFile File)> found = [];
        foreach (var name in Names)
        {
            var path = Path.Combine(root, name);
            if (!File.Exists(path) && !Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
            {
                continue;
            }

            var real = RealPath.Of(path);
            if (found.Any(other => other.Real == real))
            {
                continue;
            }

            found.Add(
                (
                    real,
                    RealPath.ResolvesInto(path, root)
                        ? Look(name, path, real)
                        : Unread(name, path, "It is a link to a target outside the workspace.")
                )
            );
        }

        List<RulesFile> files = [];
        foreach (var (_, file) in found)
        {
            var own = file with
            {
                Text = WithoutImports(file.Text, Names.Where(name => name != file.Name && found.Exists(other => other.File.Name == name))),
            };
            if (own.Problem is not null || (own.Text.Length > 0 && !files.Exists(other => other.Text == own.Text)))
            {
                files.Add(own);
            }
        }

        return files;
    }

    /// <summary>Removes lines such as <c>@AGENTS.md</c>, because that file is included anyway.</summary>
    private static string WithoutImports(string text, IEnumerable<string> others)
    {
        List<string> imports = [.. others.SelectMany(name => new[] { $"@{name}", $"@./{name}" })];
        return imports.Exists(import => text.Contains(import, StringComparison.Ordinal))
            ? string.Join('\n', text.Split('\n').Where(line => !imports.Contains(line.Trim()))).Trim()
            : text;
    }

    private RulesFile Look(string name, string path, string real)
    {
        var file = new FileInfo(real);
        var (length, written) = file.Exists ? (file.Length, file.LastWriteTimeUtc) : (-1, default);
        lock (sync)
        {
            if (known.TryGetValue(path, out var before) && (before.Length, before.Written) == (length, written))
            {
                return before.File;
            }

            var read = Load(name, path, real);
            known[path] = (length, written, read);
            return read;
        }
    }

    private static RulesFile Load(string name, string path, string real)
    {
        try
        {
            if (RegularFile.Read(real, MaxBytes) is not { } bytes)
            {
                return Unread(name, path, $"It is larger than {MaxBytes / 1024} KB, the maximum for an instruction file.");
            }
            if (PromptFormat.Decode(bytes) is not { } text || text.Contains('\0', StringComparison.Ordinal))
            {
                return Unread(name, path, "It is not UTF-8 text.");
            }

            text = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Trim();
            return new RulesFile(name, path, AllowedTexts.HashOf(bytes), text, HiddenCharacters.Count(text), null);
        }
        catch (NotAFileException)
        {
            return Unread(name, path, "It is not a regular file.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return Unread(name, path, $"It could not be read: {fault.Message.TrimEnd('.')}.");
        }
    }

    private static RulesFile Unread(string name, string path, string why) => new(name, path, "", "", 0, why);
}
