using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>An instruction file.</summary>
/// <param name="Name">The path in the workspace, such as <c>AGENTS.md</c>, with <c>/</c>; with several folders, it starts with the folder name.</param>
/// <param name="Sha256">The SHA-256 of the bytes; empty if they were not read.</param>
/// <param name="Text">Empty if the file was not read.</param>
/// <param name="Problem">Why the file is ignored; null if it is used.</param>
internal sealed record RulesFile(string Name, string Path, string Sha256, string Text, int HiddenCharacters, string? Problem)
{
    /// <summary>The workspace file or folder that made it apply; null if it always applies.</summary>
    public string? AppliesTo { get; init; }
}

/// <summary>
/// The instruction files of a trusted workspace: <c>AGENTS.md</c> and <c>CLAUDE.md</c> of its root and of each folder in which an agent works,
/// <c>.github/copilot-instructions.md</c>, and the <c>*.instructions.md</c> files in <c>.github/instructions</c>; with several workspace folders, those of
/// each. A file is read again when its length or timestamp changes. Thread-safe.
/// </summary>
/// <param name="workspace">The trusted folders, or null.</param>
internal sealed class WorkspaceRules(Func<WorkspaceFolders?> workspace)
{
    /// <summary>The maximum size of a file in bytes; a larger one is ignored completely, because truncated rules can mean the opposite.</summary>
    public const int MaxBytes = 64 * 1024;

    /// <summary>The maximum number of files read from <c>.github/instructions</c>, in name order.</summary>
    public const int MaxScopedFiles = 100;

    private const int MaxDepth = 5;
    private const string Ending = ".instructions.md";
    private static readonly string[] Names = ["AGENTS.md", "CLAUDE.md"];
    private static readonly string[] RootNames = [.. Names, ".github/copilot-instructions.md"];

    private readonly Lock sync = new();
    private readonly Dictionary<string, (long Length, DateTime Written, RulesFile File)> known = new(StringComparer.Ordinal);

    /// <summary>Returns the files that always apply, without empty and duplicate ones: links, equal texts and <c>@AGENTS.md</c> imports.</summary>
    public IReadOnlyList<RulesFile> Read() =>
        workspace() is { } folders
            ?
            [
                .. folders.All.SelectMany(folder =>
                    In(folder.Path, "", RootNames)
                        .Concat(
                            Scoped(folder.Path)
                                .Where(scoped => scoped.Scope is null or { IsEverything: true })
                                .Select(scoped => scoped.File)
                        )
                        .Select(file => file with { Name = folders.Shown(folder, file.Name) })
                ),
            ]
            : [];

    /// <summary>Returns the files that apply only to this file or folder of the workspace, from the root down.</summary>
    /// <param name="path">An absolute path.</param>
    public IReadOnlyList<RulesFile> ReadFor(string path)
    {
        if (workspace() is not { } all || all.All.FirstOrDefault(one => RealPath.ResolvesInto(path, one.Path)) is not { } folder)
        {
            return [];
        }

        var (root, real) = (folder.Path, RealPath.Of(path));
        var relative = Path.GetRelativePath(RealPath.Of(root), real).Replace(Path.DirectorySeparatorChar, '/');
        var names = relative.Split('/');
        var folders = Directory.Exists(real) ? names.Length : names.Length - 1;
        List<RulesFile> files = [];
        for (var depth = 1; depth <= folders && relative != "."; depth++)
        {
            files.AddRange(In(root, string.Join('/', names.Take(depth)) + "/", Names));
        }

        files.AddRange(
            Scoped(root)
                .Where(scoped => scoped.Scope is { IsEverything: false } scope && scope.Matches(relative))
                .Select(scoped => scoped.File)
        );
        return [.. files.Select(file => file with { Name = all.Shown(folder, file.Name), AppliesTo = all.Shown(folder, relative) })];
    }

    /// <summary>Reads the user's instruction file, which is outside all workspaces; null if it does not exist.</summary>
    public RulesFile? ReadUser(string path) => File.Exists(path) ? Inspect(ShortName(path), path, RealPath.Of(path)) : null;

    /// <summary>Reads one file of the workspace; null if it does not exist.</summary>
    public RulesFile? ReadInside(string name, string path) =>
        workspace() is { } folders && File.Exists(path)
            ? ReadRulesFile(
                (folders.All.FirstOrDefault(folder => RealPath.IsInside(path, folder.Path)) ?? folders.First).Path,
                name,
                path,
                RealPath.Of(path)
            )
            : null;

    /// <param name="folder">Relative to the root: empty, or with a trailing <c>/</c>.</param>
    private List<RulesFile> In(string root, string folder, string[] names)
    {
        List<(string Real, RulesFile File)> found = [];
        foreach (var name in names.Select(name => folder + name))
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

            found.Add((real, ReadRulesFile(root, name, path, real)));
        }

        List<RulesFile> files = [];
        foreach (var (_, file) in found)
        {
            var own = file with
            {
                Text = WithoutImports(
                    file.Text,
                    found.Select(other => other.File.Name).Where(name => name != file.Name).Select(name => name[folder.Length..])
                ),
            };
            if (own.Problem is not null || (own.Text.Length > 0 && !files.Exists(other => other.Text == own.Text)))
            {
                files.Add(own);
            }
        }

        return files;
    }

    /// <summary>Returns the files in <c>.github/instructions</c> that have a scope; the user attaches others. A file with a problem has no scope.</summary>
    private IEnumerable<(RulesFile File, InstructionScope? Scope)> Scoped(string root)
    {
        var folder = Path.Combine(root, ".github", "instructions");
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        List<string> paths;
        try
        {
            paths =
            [
                .. Directory
                    .EnumerateFiles(
                        folder,
                        "*" + Ending,
                        new EnumerationOptions
                        {
                            RecurseSubdirectories = true,
                            MaxRecursionDepth = MaxDepth,
                            AttributesToSkip = FileAttributes.None,
                        }
                    )
                    .Order(StringComparer.Ordinal)
                    .Take(MaxScopedFiles),
            ];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be listed counts as missing.
            yield break;
        }

        foreach (var path in paths)
        {
            var name = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
            var file = ReadRulesFile(root, name, path, RealPath.Of(path));
            if (file.Problem is not null)
            {
                yield return (file, null);
                continue;
            }

            var parsed = FrontMatter.Parse(file.Text);
            if (InstructionScope.Of(parsed.Values) is { } scope && parsed.Body.Length > 0)
            {
                yield return (file with { Text = parsed.Body }, scope);
            }
        }
    }

    /// <summary>Removes lines such as <c>@AGENTS.md</c>, because that file is included anyway.</summary>
    private static string WithoutImports(string text, IEnumerable<string> others)
    {
        List<string> imports = [.. others.SelectMany(name => new[] { $"@{name}", $"@./{name}" })];
        return imports.Exists(import => text.Contains(import, StringComparison.Ordinal))
            ? string.Join('\n', text.Split('\n').Where(line => !imports.Contains(line.Trim()))).Trim()
            : text;
    }

    private static string ShortName(string path) =>
        Path.GetRelativePath(PluePaths.UserFolder, path) is var name && !name.StartsWith("..", StringComparison.Ordinal)
            ? $"~/{name.Replace(Path.DirectorySeparatorChar, '/')}"
            : path;

    private RulesFile ReadRulesFile(string root, string name, string path, string real) =>
        RealPath.ResolvesInto(path, root)
            ? Inspect(name, path, real)
            : Unread(name, path, "It is a link to a target outside the workspace.");

    private RulesFile Inspect(string name, string path, string real)
    {
        var file = new FileInfo(real);
        var (length, written) = file.Exists ? (file.Length, file.LastWriteTimeUtc) : (-1, default);
        lock (sync)
        {
            if (known.TryGetValue(path, out var before) && (before.Length, before.Written) == (length, written))
            {
                return before.File with { Name = name };
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
