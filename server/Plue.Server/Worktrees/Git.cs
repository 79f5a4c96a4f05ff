using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Worktrees;

/// <param name="Error">The last lines of stderr.</param>
internal sealed record GitResult(int ExitCode, string Output, string Error)
{
    public bool IsDone => ExitCode == 0;

    /// <summary>Gets the NUL-separated parts of the output.</summary>
    public IReadOnlyList<string> Parts => Output.Split('\0', StringSplitOptions.RemoveEmptyEntries);

    public string Line => Output.TrimEnd('\r', '\n');

    /// <summary>Gets git's reason as one line.</summary>
    public string Reason =>
        HiddenCharacters.VisibleLine(
            Error.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } lines
                ? lines[^1].TrimEnd('.')
                : string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}")
        );
}

/// <summary>Runs git without prompts, editors, and, unless asked for, hooks.</summary>
/// <param name="environment">The environment of Plue.</param>
/// <param name="readTimeout">The time limit of commands that read; null for a minute.</param>
internal sealed partial class Git(Func<string, string?> environment, TimeSpan? readTimeout = null)
{
    private const int MaxOutput = 64 * 1024 * 1024;

    // The first version with --path-format.
    private static readonly Version Oldest = new(2, 31);

    /// <summary>The variables that git gets from the environment of Plue.</summary>
    public static readonly string[] Inherited =
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "XDG_CONFIG_HOME",
        "TMPDIR",
        "USERPROFILE",
        "APPDATA",
        "LOCALAPPDATA",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
    ];
    private Version? version;

    // Many files are written.
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromMinutes(10);

    private TimeSpan ReadTimeout { get; } = readTimeout ?? TimeSpan.FromSeconds(60);

    /// <exception cref="FailureException">NotFound: git is not installed or too old. Timeout.</exception>
    public Task<GitResult> ReadAsync(string folder, CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        RunAsync(folder, arguments, runsHooks: false, ReadTimeout, cancellationToken);

    /// <inheritdoc cref="ReadAsync"/>
    /// <param name="runsHooks">True to run the hooks of the repository.</param>
    public Task<GitResult> WriteAsync(
        string folder,
        bool runsHooks,
        CancellationToken cancellationToken,
        params IReadOnlyList<string> arguments
    ) => RunAsync(folder, arguments, runsHooks, WriteTimeout, cancellationToken);

    private async Task<GitResult> RunAsync(
        string folder,
        IReadOnlyList<string> arguments,
        bool runsHooks,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var program = FindGit(folder);
        version ??= await VersionAsync(program, folder, cancellationToken);
        // An index that status refreshes would be locked for a git command of the user.
        List<string> options = ["-c", "core.fsmonitor=false", "-c", "core.quotePath=false"];
        if (!runsHooks)
        {
            options.AddRange(["-c", $"core.hooksPath={(OperatingSystem.IsWindows() ? "NUL" : "/dev/null")}"]);
        }

        return await StartAsync(program, folder, [.. options, .. arguments], timeout, cancellationToken);
    }

    private async Task<Version> VersionAsync(string program, string folder, CancellationToken cancellationToken)
    {
        var result = await StartAsync(program, folder, ["--version"], ReadTimeout, cancellationToken);
        if (!result.IsDone || VersionPattern().Match(result.Output) is not { Success: true } match)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"{program} did not print a version ({result.Reason}). Check your git installation."
            );
        }

        var found = Version.Parse(match.Groups["version"].Value);
        return found >= Oldest
            ? found
            : throw new FailureException(FailureKind.NotFound, $"git {found} is too old for Plue. Install git {Oldest} or newer.");
    }

    private async Task<GitResult> StartAsync(
        string program,
        string folder,
        IReadOnlyList<string> arguments,
        TimeSpan timeout,
        CancellationToken cancellationToken
    )
    {
        var name =
            $"git {arguments.SkipWhile(word => word.StartsWith('-') || word.StartsWith("core.", StringComparison.Ordinal)).FirstOrDefault()}".TrimEnd();
        try
        {
            await using var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program,
                    Arguments = arguments,
                    Environment = Environment(),
                    WorkingDirectory = folder,
                }
            );
            child.CloseInput();
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            time.CancelAfter(timeout);
            using var output = new MemoryStream();
            var buffer = new byte[64 * 1024];
            while (await child.ReadAsync(buffer, time.Token) is > 0 and var count)
            {
                if (output.Length + count > MaxOutput)
                {
                    throw new FailureException(
                        FailureKind.Conflict,
                        $"{name} printed more than {MaxOutput / 1024 / 1024} MB, so its answer was not used."
                    );
                }

                output.Write(buffer, 0, count);
            }

            var code = await child.Exited.WaitAsync(time.Token);
            return new GitResult(code, Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length), child.StderrTail);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(
                FailureKind.Timeout,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} did not end within {timeout.TotalSeconds:0} seconds and was stopped. Run it in {folder} to see why."
                )
            );
        }
        catch (IOException fault)
        {
            throw new FailureException(FailureKind.NotFound, $"git could not be run: {fault.Message}", fault);
        }
    }

    private Dictionary<string, string> Environment()
    {
        Dictionary<string, string> variables = new(StringComparer.Ordinal)
        {
            ["LC_ALL"] = "C.UTF-8",
            ["LANGUAGE"] = "C",
            ["GIT_TERMINAL_PROMPT"] = "0",
            ["GIT_EDITOR"] = "true",
            ["GIT_PAGER"] = "cat",
            ["GIT_OPTIONAL_LOCKS"] = "0",
        };
        foreach (var name in Inherited)
        {
            if (environment(name) is { } value)
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    /// <summary>Finds a program in the PATH, but never in one of these folders, which an agent can write to.</summary>
    /// <returns>Null if it was not found.</returns>
    public string? Find(string program, params IReadOnlyList<string> except) =>
        (environment("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(entry => Path.Combine(entry, OperatingSystem.IsWindows() ? $"{program}.exe" : program))
            .FirstOrDefault(path => File.Exists(path) && !except.Any(folder => RealPath.IsInside(path, folder)));

    private string FindGit(string folder) =>
        Find("git", folder)
        ?? throw new FailureException(
            FailureKind.NotFound,
            "git was not found, and worktrees need it. Install git, or start the task without isolation."
        );

    [GeneratedRegex(@"^git version (?<version>\d+\.\d+(\.\d+)?)", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
