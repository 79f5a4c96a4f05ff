using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>The CLI as it is to be started: <paramref name="Prefix"/> comes before its own arguments.</summary>
/// <param name="Path">Absolute; what is started.</param>
/// <param name="Prefix">Empty, or the arguments that lead from a sandbox to the host's CLI.</param>
/// <param name="FoundBy">One of: the setting, PATH, the login shell, a known place, the host.</param>
public sealed record ClaudeCodeProgram(string Path, IReadOnlyList<string> Prefix, string FoundBy)
{
    /// <summary>The name of the program for the user.</summary>
    public string DisplayPath => Prefix.Count > 0 ? Prefix[^1] : Path;

    public bool IsOnHost => Prefix.Count > 0;
}

/// <param name="Program">Null when none was found.</param>
/// <param name="Tried">One sentence for each place that was looked at, in that order.</param>
public sealed record ClaudeCodeLocation(ClaudeCodeProgram? Program, IReadOnlyList<string> Tried);

/// <summary>
/// Finds the CLI: the setting, PATH, the login shell's PATH, the usual install places, the host of a Flatpak. A relative PATH entry
/// and anything inside the open folder never count, so that no workspace can bring a program along. Found once, it is remembered.
/// </summary>
internal sealed class ClaudeCodeLocator(string? cliPath, IReadOnlyDictionary<string, string> environment)
{
    private const string FlatpakSpawn = "/usr/bin/flatpak-spawn";
    private static readonly TimeSpan ShellLimit = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim mutex = new(1, 1);
    private ClaudeCodeLocation? found;

    private string Home => environment.GetValueOrDefault(OperatingSystem.IsWindows() ? "USERPROFILE" : "HOME") ?? PluePaths.UserFolder;

    /// <param name="workspace">The folders that must not provide the program; null if none is open.</param>
    public async Task<ClaudeCodeLocation> FindAsync(WorkspaceFolders? workspace, CancellationToken cancellationToken)
    {
        await mutex.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (
                found?.Program is { } program
                && File.Exists(program.Path)
                && (program.FoundBy == "the setting" || !WorkspaceFolders.IsInside(workspace, program.Path))
            )
            {
                return found;
            }

            return found = await SearchAsync(workspace, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            mutex.Release();
        }
    }

    private async Task<ClaudeCodeLocation> SearchAsync(WorkspaceFolders? workspace, CancellationToken cancellationToken)
    {
        var tried = new List<string>();
        if (!string.IsNullOrWhiteSpace(cliPath))
        {
            // If the configured path is invalid, no other CLI is used instead.
            var path = HomePath.Of(cliPath, Home);
            var refusal = Path.IsPathFullyQualified(path) ? Refusal(path) : "is not an absolute path";
            tried.Add($"The setting cli_path, {path}, {refusal ?? "is used"}.");
            return new ClaudeCodeLocation(refusal is null ? new ClaudeCodeProgram(path, [], "the setting") : null, tried);
        }

        var program =
            FromPath(workspace, tried)
            ?? await FromLoginShellAsync(workspace, tried, cancellationToken).ConfigureAwait(false)
            ?? FromInstallLocations(workspace, tried)
            ?? await FromHostAsync(tried, cancellationToken).ConfigureAwait(false);
        return new ClaudeCodeLocation(program, tried);
    }

    private ClaudeCodeProgram? FromPath(WorkspaceFolders? workspace, List<string> tried)
    {
        var entries = (environment.GetValueOrDefault("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        foreach (var entry in entries)
        {
            if (!Path.IsPathFullyQualified(entry))
            {
                tried.Add($"The entry {entry} of PATH is relative and was skipped.");
                continue;
            }

            foreach (var candidate in In(entry))
            {
                if (Take(candidate, "PATH", workspace, tried) is { } program)
                {
                    return program;
                }
            }
        }

        tried.Add($"PATH has no claude in its {entries.Length} folders.");
        return null;
    }

    private async Task<ClaudeCodeProgram?> FromLoginShellAsync(
        WorkspaceFolders? workspace,
        List<string> tried,
        CancellationToken cancellationToken
    )
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        var shell = environment.GetValueOrDefault("SHELL") ?? "";
        if (!Path.IsPathFullyQualified(shell) || !File.Exists(shell))
        {
            tried.Add("No login shell is known (SHELL).");
            return null;
        }

        var output = await AskAsync(shell, ["-lc", "command -v claude"], cancellationToken).ConfigureAwait(false);
        // A shell profile can print text, so the last line that is a path counts.
        if (output?.LastOrDefault(Path.IsPathFullyQualified) is { } path && Take(path, "the login shell", workspace, tried) is { } program)
        {
            return program;
        }

        tried.Add(
            output is null
                ? $"The login shell {shell} did not respond within {ShellLimit.TotalSeconds:0} s."
                : $"The login shell {shell} knows no claude."
        );
        return null;
    }

    private ClaudeCodeProgram? FromInstallLocations(WorkspaceFolders? workspace, List<string> tried)
    {
        var places = InstallLocations().ToList();
        foreach (var place in places)
        {
            if (Take(place, "a known place", workspace, tried) is { } program)
            {
                return program;
            }
        }

        tried.Add($"It is in none of the {places.Count} usual places: {string.Join(", ", places)}.");
        return null;
    }

    private async Task<ClaudeCodeProgram?> FromHostAsync(List<string> tried, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux() || !environment.ContainsKey("FLATPAK_ID") || !File.Exists(FlatpakSpawn))
        {
            return null;
        }

        var output = await AskAsync(FlatpakSpawn, ["--host", "sh", "-lc", "command -v claude || ls ~/.local/bin/claude"], cancellationToken)
            .ConfigureAwait(false);
        if (output?.LastOrDefault(Path.IsPathFullyQualified) is { } path)
        {
            tried.Add($"The host of this Flatpak has {path}, which is used.");
            return new ClaudeCodeProgram(
                FlatpakSpawn,
                [
                    "--host",
                    "--watch-bus",
                    "env",
                    "-u",
                    "ANTHROPIC_API_KEY",
                    "-u",
                    "CLAUDECODE",
                    "CLAUDE_CODE_MAX_RETRIES=2",
                    "DISABLE_AUTOUPDATER=1",
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
                    path,
                ],
                "the host"
            );
        }

        tried.Add(
            "The host of this Flatpak has no claude, or does not let this Flatpak ask (it needs --talk-name=org.freedesktop.Flatpak)."
        );
        return null;
    }

    private static ClaudeCodeProgram? Take(string path, string foundBy, WorkspaceFolders? workspace, List<string> tried)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var refusal = WorkspaceFolders.IsInside(workspace, path) ? "is inside the workspace and was skipped" : Refusal(path);
        tried.Add($"{Capital(foundBy)} has {path}, which {refusal ?? "is used"}.");
        return refusal is null ? new ClaudeCodeProgram(path, [], foundBy) : null;
    }

    /// <summary>Gets why a path cannot be started; null if it can.</summary>
    private static string? Refusal(string path)
    {
        if (Directory.Exists(path))
        {
            return "is a folder";
        }
        if (!File.Exists(path))
        {
            return "does not exist";
        }
        if (Path.GetExtension(path).ToLowerInvariant() is ".cmd" or ".bat" or ".ps1")
        {
            return "is a script for a command shell; the native claude.exe is needed";
        }
        if (
            !OperatingSystem.IsWindows()
            && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute))
                == UnixFileMode.None
        )
        {
            return "is not executable";
        }

        return null;
    }

    private static IEnumerable<string> In(string folder) =>
        OperatingSystem.IsWindows()
            ?
            [
                Path.Combine(folder, "claude.exe"),
                Path.Combine(folder, "node_modules", "@anthropic-ai", "claude-code", "bin", "claude.exe"),
            ]
            : [Path.Combine(folder, "claude")];

    private IEnumerable<string> InstallLocations()
    {
        if (OperatingSystem.IsWindows())
        {
            string?[] folders =
            [
                Path.Combine(Home, ".local", "bin"),
                Path.Combine(Home, ".claude", "local"),
                environment.GetValueOrDefault("APPDATA") is { } data ? Path.Combine(data, "npm") : null,
                environment.GetValueOrDefault("LOCALAPPDATA") is { } local ? Path.Combine(local, "Programs", "claude") : null,
            ];
            return folders.OfType<string>().SelectMany(In);
        }

        var versions = Path.Combine(Home, ".nvm", "versions", "node");
        var nvm = Directory.Exists(versions)
            ? Directory
                .EnumerateDirectories(versions)
                .OrderDescending(StringComparer.Ordinal)
                .Select(folder => Path.Combine(folder, "bin", "claude"))
                .Where(File.Exists)
            : [];
        var prefix =
            environment.GetValueOrDefault("NPM_CONFIG_PREFIX") is { } set && Path.IsPathFullyQualified(set)
                ? new[] { Path.Combine(set, "bin", "claude") }
                : [];
        return
        [
            Path.Combine(Home, ".local/bin/claude"),
            Path.Combine(Home, ".claude/local/claude"),
            .. prefix,
            Path.Combine(Home, ".npm-global/bin/claude"),
            Path.Combine(Home, ".npm-packages/bin/claude"),
            .. nvm,
            Path.Combine(Home, ".volta/bin/claude"),
            Path.Combine(Home, ".bun/bin/claude"),
            Path.Combine(Home, ".local/share/pnpm/claude"),
            "/opt/homebrew/bin/claude",
            "/usr/local/bin/claude",
            "/home/linuxbrew/.linuxbrew/bin/claude",
            "/usr/bin/claude",
        ];
    }

    /// <summary>Runs a short command and gets its output lines; null after the timeout. It never runs in a workspace.</summary>
    private async Task<List<string>?> AskAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ShellLimit);
        try
        {
            await using var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program,
                    Arguments = arguments,
                    Environment = ClaudeCodeEnvironment.Plain(environment),
                    WorkingDirectory = Directory.Exists(Home) ? Home : Path.GetPathRoot(Path.GetFullPath("/")) ?? "/",
                    LineCap = 64 * 1024,
                }
            );
            child.CloseInput();
            var output = new List<string>();
            while (await child.ReadLineAsync(limit.Token).ConfigureAwait(false) is { } line)
            {
                output.Add(System.Text.Encoding.UTF8.GetString(line.Span).Trim());
                if (output.Count > 1000)
                {
                    break;
                }
            }

            return output;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return [];
        }
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
