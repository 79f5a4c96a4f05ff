using System.Diagnostics;
using System.IO.Enumeration;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Edits;

/// <summary>A real workspace folder, a home, and agents that change files.</summary>
internal sealed class EditFixture : IDisposable
{
    public const string Chat = "chat_a",
        Other = "chat_b";

    private readonly List<EditServices> opened = [];

    public EditFixture()
    {
        Folder = Path.Combine(Root, "workspace");
        Directory.CreateDirectory(Folder);
        Edits = Open();
    }

    public string Root { get; } = RealPath.Of(Directory.CreateTempSubdirectory("plue-edits-").FullName);
    public string Folder { get; }
    public PluePaths Paths => new(Path.Combine(Root, "home"));
    public EditServices Edits { get; private set; }
    public IReadOnlyList<string> Files => [.. Edits.Reviews.List(Folder, null).Select(file => file.Review.Path)];

    public EditServices Open()
    {
        var edits = new EditServices(Paths, Dirty.Contains, TimeProvider.System, NullLogger.Instance);
        opened.Add(edits);
        return edits;
    }

    /// <summary>Opens everything again, like a new process after the old one has exited.</summary>
    public void Reopen()
    {
        Edits.Dispose();
        Edits = Open();
    }

    public string At(string path) => Path.Combine(Folder, path);

    public void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllText(At(path), text);
    }

    public string Read(string path) => File.ReadAllText(At(path));

    /// <summary>The full paths of files with unsaved changes in the editor.</summary>
    public HashSet<string> Dirty { get; } = new(StringComparer.Ordinal);

    /// <summary>The text in the editor, by path.</summary>
    public Dictionary<string, string> Unsaved { get; } = new(StringComparer.Ordinal);

    public Task<IEditScope> BeginAsync(string turn, string codex, params string[]? paths) =>
        Edits
            .Log.BeginAsync(
                new EditAuthor(codex, turn, $"use_{turn}", paths is null ? "bash" : "edit"),
                Folder,
                paths is null ? null : [.. paths.Select(At)],
                Unsaved.ToDictionary(file => At(file.Key), file => System.Text.Encoding.UTF8.GetBytes(file.Value)),
                CancellationToken.None
            )
            .AsTask();

    /// <summary>Edits with a tool that names its file.</summary>
    public async Task<IReadOnlyList<FileChange>> EditAsync(string turn, string path, string text, string codex = Chat)
    {
        var scope = await BeginAsync(turn, codex, path);
        Write(path, text);
        return await scope.EndAsync(CancellationToken.None);
    }

    /// <summary>Runs a real shell, whose changes are not known in advance.</summary>
    public async Task<IReadOnlyList<FileChange>> ShellAsync(string turn, string command, string codex = Chat)
    {
        var scope = await BeginAsync(turn, codex, null);
        await RunAsync(command);
        return await scope.EndAsync(CancellationToken.None);
    }

    public async Task RunAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]) { WorkingDirectory = Folder })!;
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    public Task<UndoOutcome> UndoAsync(string turn, string codex = Chat) =>
        Edits.UndoTurnsAsync(WorkspaceFolders.Of(Folder), codex, [turn], CancellationToken.None);

    public Task<UndoOutcome> RedoAsync(string turn, string codex = Chat) =>
        Edits.RedoTurnsAsync(WorkspaceFolders.Of(Folder), codex, [turn], CancellationToken.None);

    public Task<UndoOutcome> UndoAllAsync() => Edits.Turns.UndoAsync(WorkspaceFolders.Of(Folder), _ => true, CancellationToken.None);

    public Task<UndoOutcome> RedoAllAsync() => Edits.Turns.RedoAsync(WorkspaceFolders.Of(Folder), _ => true, CancellationToken.None);

    public IReadOnlyList<string> Accept(string path, string? hunk = null, string codex = Chat) =>
        Edits.Reviews.Decide(Folder, codex, path, hunk, isAccepted: true);

    public IReadOnlyList<string> Reject(string path, string? hunk = null, string codex = Chat) =>
        Edits.Reviews.Decide(Folder, codex, path, hunk, isAccepted: false);

    public FileReview Review(string path, string codex = Chat) =>
        Edits.Reviews.List(Folder, id => id == codex).Single(file => file.Review.Path == path);

    /// <summary>Returns every file, link and mode in the folder as one text.</summary>
    public string Everything() => Everything(Folder);

    /// <summary>Links are not followed.</summary>
    public static string Everything(string folder) =>
        string.Join(
            "\n",
            new FileSystemEnumerable<FileSystemInfo>(
                folder,
                (ref FileSystemEntry entry) => entry.ToFileSystemInfo(),
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
            )
            {
                ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
            }
                .Where(entry => entry.LinkTarget is not null || entry is FileInfo)
                .Select(entry =>
                    $"{Path.GetRelativePath(folder, entry.FullName)} {entry.LinkTarget ?? $"{entry.UnixFileMode} {Convert.ToHexString(File.ReadAllBytes(entry.FullName))}"}"
                )
                .Order(StringComparer.Ordinal)
        );

    /// <summary>Runs many random scenarios, each reproducible by its number.</summary>
    public static void ForMany(int stories, Func<Random, Task> story) =>
        Prop.ForAll(
                Gen.Choose(0, int.MaxValue).ToArbitrary(),
                seed =>
                {
                    story(new Random(seed)).GetAwaiter().GetResult();
                    return true;
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(stories));

    public void Dispose()
    {
        foreach (var edits in opened)
        {
            edits.Dispose();
        }

        Directory.Delete(Root, recursive: true);
    }
}
