using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Worktrees;

namespace Plue.Server.Tests.Worktrees;

/// <summary>A Plue home and a git repository with one commit, used through the real git.</summary>
internal sealed class WorktreeHome : IAsyncDisposable
{
    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public WorktreeHome()
    {
        Home = RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName);
        Repository = Path.Combine(RealPath.Of(Directory.CreateTempSubdirectory("plue-test-").FullName), "shop");
        Directory.CreateDirectory(Repository);
        Paths = new PluePaths(Home);
        Services = new Services(LogLevel.Warning, Paths);
    }

    public string Home { get; }
    public string Repository { get; }
    public PluePaths Paths { get; }
    public Services Services { get; }
    public WorktreeServices All => Services.Worktrees;
    public Plue.Server.Worktrees.Worktrees Worktrees => Services.Worktrees.Worktrees;

    /// <summary>Creates a repository whose file has ten lines.</summary>
    public static async Task<WorktreeHome> CreateAsync()
    {
        var made = new WorktreeHome();
        await made.GitAsync("init", "--quiet", "--initial-branch=main");
        await made.GitAsync("config", "user.name", "Test");
        await made.GitAsync("config", "user.email", "test@example.com");
        await made.WriteAsync(made.Repository, "lines.txt", Lines());
        await made.WriteAsync(made.Repository, ".gitignore", "node_modules\n");
        await made.CommitAsync(made.Repository, "First");
        return made;
    }

    /// <summary>Gets ten lines, of which one can differ.</summary>
    public static string Lines(int changed = 0, string text = "") =>
        string.Concat(Enumerable.Range(1, 10).Select(number => number == changed ? $"{text}\n" : $"line {number}\n"));

    public string NewTask(string title)
    {
        using var journal = Services.Store.Chats.Create(ChannelKind.Task, "task", new ChatFields(title, null, null, null));
        return journal.Id;
    }

    public async Task<StoredWorktree> NewAsync(string title, string? source = null) =>
        await Worktrees.EnsureAsync(NewTask(title), title, source ?? Repository, Cancel);

    public Task<(int Code, string Output)> GitAsync(params string[] arguments) => GitInAsync(Repository, arguments);

    /// <summary>Runs git and requires success, unless the first argument is <c>try</c>.</summary>
    public async Task<(int Code, string Output)> GitInAsync(string folder, params string[] arguments)
    {
        var mayFail = arguments[0] == "try";
        using var process = Process.Start(
            new ProcessStartInfo("git", mayFail ? arguments[1..] : arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var error = process.StandardError.ReadToEndAsync(Cancel);
        var output = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.True(mayFail || process.ExitCode == 0, await error);
        return (process.ExitCode, output.Trim());
    }

    public Task WriteAsync(string folder, string name, string text) => File.WriteAllTextAsync(Path.Combine(folder, name), text, Cancel);

    public async Task CommitAsync(string folder, string message)
    {
        await GitInAsync(folder, "add", "--all");
        await GitInAsync(folder, "commit", "--quiet", "-m", message);
    }

    public async Task<bool> HasBranchAsync(string branch) =>
        (await GitAsync("try", "rev-parse", "--verify", "--quiet", $"refs/heads/{branch}")).Code == 0;

    public ValueTask DisposeAsync() => Services.DisposeAsync();
}
