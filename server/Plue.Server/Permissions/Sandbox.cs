using Plue.Server.Platform;

namespace Plue.Server.Permissions;

public enum SandboxKind
{
    None,

    /// <summary>Separate mount, process and network namespaces, created by <c>bwrap</c>.</summary>
    Bubblewrap,

    /// <summary>Linux Landlock, applied by <c>plue sandbox</c> before it executes the command.</summary>
    Landlock,

    /// <summary>The <c>sandbox-exec</c> of macOS.</summary>
    SandboxExec,
}

/// <summary>The access of a sandboxed command.</summary>
/// <param name="Workspace">The real path of the working folder. Only this folder and <see cref="Others"/> are permanently writable.</param>
internal sealed record SandboxRules(string Workspace)
{
    /// <summary>The real paths of the other workspace folders.</summary>
    public IReadOnlyList<string> Others { get; init; } = [];

    public IReadOnlyList<string> Folders => [Workspace, .. Others];

    public bool AllowNetwork { get; init; }

    /// <summary>Gets a file that is readable wherever it is; null for none.</summary>
    public string? Input { get; init; }

    public bool IsReadOnly { get; init; }

    /// <summary>Gets additional writable paths, which are not hidden.</summary>
    public IReadOnlyList<string> Writable { get; init; } = [];

    /// <summary>True for a command that reads what <see cref="ChildProcess.WriteLineAsync"/> writes. It still ends when Plue does.</summary>
    public bool HasInput { get; init; }

    /// <summary>Gets a network without connections that the command shares with others; null for one of its own.</summary>
    public SandboxNetwork? Network { get; init; }

    /// <summary>True for a long-running program that reads its input. Its owner watches the folders while it works.</summary>
    public bool IsResident { get; init; }
}

/// <summary>
/// Restricts what a command can do. The kind is detected once, by a test run before the first command, because an installed sandbox may be forbidden.
/// </summary>
/// <param name="hidden">Paths that a command cannot read: <see cref="ProtectedPaths.Locations"/>.</param>
/// <param name="self">The path of Plue's executable, for Landlock; null if there is none.</param>
/// <param name="candidates">The kinds that may be used, in order of preference.</param>
/// <param name="readable">Readable folders inside of hidden ones; null for none.</param>
internal sealed class Sandbox(
    IReadOnlyList<string> hidden,
    string? self,
    IReadOnlyList<SandboxKind> candidates,
    IReadOnlyList<string>? readable = null
)
{
    /// <summary>
    /// Files in the workspace that editors, version control or agents read when they start. The sandbox protects existing ones, <see cref="GuardedWatch"/> new
    /// ones.
    /// </summary>
    internal static readonly string[] GuardedFolders =
    [
        ".git",
        ".vscode",
        ".devcontainer",
        ".idea",
        ".husky",
        ".claude",
        ".cursor",
        ".plue",
    ];
    internal static readonly string[] GuardedFiles = [".mcp.json", ".envrc"];
    internal static readonly string[] GuardedIfPresent = [".github/workflows", ".env", ".gitmodules"];
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(5);
    private static readonly string[] BubblewrapPaths =
    [
        "/usr/bin/bwrap",
        "/usr/local/bin/bwrap",
        "/bin/bwrap",
        "/run/current-system/sw/bin/bwrap",
    ];
    private const string SandboxExec = "/usr/bin/sandbox-exec";

    /// <summary>
    /// A shell is the parent of bwrap and ends it, because one of our threads may end before the command does. The shell is killed when its input closes, so
    /// that no command outlives this process, even if it is killed: the command would not be watched then.
    /// </summary>
    private const string Lifeline =
        "exec 3<&0 </dev/null; (while read -r _; do :; done <&3; kill -9 $$) >/dev/null 2>&1 & watch=$!; exec 3<&-; \"$@\"; code=$?; kill $watch 2>/dev/null; exit $code";

    /// <summary>As <see cref="Lifeline"/>, for a command with input: the watching subshell forwards each line through a pipe that only the two can open.</summary>
    private const string LifelineWithInput =
        "folder=$(mktemp -d) && mkfifo \"$folder/in\" || exit 125; exec 3<&0 </dev/null; "
        + "(trap '' PIPE; exec 4>\"$folder/in\"; rm -r \"$folder\"; while IFS= read -r line; do printf '%s\\n' \"$line\" >&4; done <&3; "
        + "kill -9 -- -$$ || pkill -9 -P $$; kill -9 $$) >/dev/null 2>&1 & "
        + "watch=$!; exec 3<&-; \"$@\" <\"$folder/in\"; code=$?; kill $watch 2>/dev/null; exit $code";

    /// <summary>For a program whose input Plue writes. It ends itself when its input closes.</summary>
    private const string Resident = "\"$@\"; exit $?";

    private readonly SemaphoreSlim semaphore = new(1, 1);
    private SandboxKind? kind;

    /// <summary>Gets the real paths of existing readable folders. Links are excluded, because they could lead to another hidden folder.</summary>
    private IEnumerable<string> Readable =>
        from path in readable ?? []
        where Directory.Exists(path)
        let place = hidden.FirstOrDefault(place => RealPath.IsUnder(place, path))
        where place is not null
        let real = Path.Combine(RealPath.Of(place), Path.GetRelativePath(place, path))
        where RealPath.Of(path) == real
        select real;

    /// <summary>Creates a sandbox with the kinds that this machine supports.</summary>
    public static Sandbox ForThisMachine(ProtectedPaths protectedPaths)
    {
        var self = Path.Combine(AppContext.BaseDirectory, "plue");
        return new Sandbox(
            protectedPaths.Locations,
            File.Exists(self) ? self : null,
            [SandboxKind.Bubblewrap, SandboxKind.Landlock, SandboxKind.SandboxExec],
            protectedPaths.Readable
        );
    }

    /// <summary>Gets the available sandbox, which is detected once.</summary>
    public async Task<SandboxKind> KindAsync(CancellationToken cancellationToken)
    {
        await semaphore.WaitAsync(cancellationToken);
        try
        {
            if (kind is { } known)
            {
                return known;
            }

            foreach (var one in candidates.Where(IsAvailable))
            {
                if (await WorksAsync(one, cancellationToken))
                {
                    kind = one;
                    return one;
                }
            }

            kind = SandboxKind.None;
            return SandboxKind.None;
        }
        finally
        {
            semaphore.Release();
        }
    }

    /// <summary>Describes the sandbox in one or two sentences for the approval.</summary>
    public static string Describe(SandboxKind kind, SandboxRules rules)
    {
        if (kind == SandboxKind.None)
        {
            return "No sandbox is available on this machine. The command runs with your permissions.";
        }

        var network =
            rules.IsReadOnly ? "Runs in a sandbox: it cannot write to the workspace. Network access is allowed."
            : rules.IsResident ? "Runs in a sandbox: it can write only to the workspace and to its own settings. Network access is allowed."
            : rules.AllowNetwork ? "Runs in a sandbox: it can write only to the workspace. Network access is allowed."
            : "Runs in a sandbox: it can write only to the workspace and has no network access.";
        if (kind != SandboxKind.Landlock)
        {
            return network;
        }

        return $"{network} It can write to version control and editor files in the workspace{(Landlock.Version < Landlock.WithSignals ? ", and end other programs" : "")}.";
    }

    /// <summary>Gets the start parameters of a sandboxed command. Its input must stay open while it runs. Dispose the result after it has ended.</summary>
    /// <param name="start">The command; its folder is in the workspace.</param>
    /// <exception cref="IOException">The sandbox could not be set up.</exception>
    public SandboxedStart Prepare(SandboxKind kind, ChildProcessStart start, SandboxRules rules) =>
        kind switch
        {
            SandboxKind.Bubblewrap => Bubblewrap(start, rules),
            SandboxKind.Landlock => ByLandlock(start, rules),
            SandboxKind.SandboxExec => BySandboxExec(start, rules),
            _ => new SandboxedStart(WithLifeline(start, rules), [], null),
        };

    /// <summary>Creates a network for several commands of one agent, so that they can connect to each other.</summary>
    /// <returns>Null if commands share the network of the machine, have none, or this machine cannot join networks.</returns>
    public async Task<SandboxNetwork?> CreateNetworkAsync(SandboxRules rules, CancellationToken cancellationToken) =>
        !rules.AllowNetwork && await KindAsync(cancellationToken) == SandboxKind.Bubblewrap
            ? await SandboxNetwork.CreateAsync(BubblewrapPaths.First(File.Exists), cancellationToken)
            : null;

    private static ChildProcessStart WithLifeline(ChildProcessStart start, SandboxRules rules) =>
        rules.HasInput && !OperatingSystem.IsWindows()
            ? start with
            {
                Program = "/bin/sh",
                Arguments = ["-c", LifelineWithInput, "sh", start.Program, .. start.Arguments],
            }
            : start;

    /// <summary>Watches folders while a resident program works, if the kernel cannot protect names that do not exist yet.</summary>
    internal SandboxedWatch WatchFolders(IReadOnlyList<string> folders) =>
        kind is SandboxKind.Bubblewrap or SandboxKind.Landlock ? new SandboxedWatch(Watch(folders)) : new SandboxedWatch([]);

    private bool IsAvailable(SandboxKind one) =>
        one switch
        {
            SandboxKind.Bubblewrap => OperatingSystem.IsLinux() && BubblewrapPaths.Any(File.Exists),
            SandboxKind.Landlock => OperatingSystem.IsLinux() && self is not null && Landlock.IsSupported,
            SandboxKind.SandboxExec => OperatingSystem.IsMacOS() && File.Exists(SandboxExec),
            _ => false,
        };

    private async Task<bool> WorksAsync(SandboxKind one, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("plue-sandbox-").FullName;
        try
        {
            var start = new ChildProcessStart
            {
                Program = "/bin/sh",
                Arguments = ["-c", "exit 42"],
                Environment = new Dictionary<string, string>(),
                WorkingDirectory = folder,
            };
            using var held = Prepare(one, start, new SandboxRules(RealPath.Of(folder)));
            await using var child = ChildProcess.Start(held.Start);
            return await child.Exited.WaitAsync(ProbeTimeout, cancellationToken) == 42;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or TimeoutException)
        {
            return false;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private SandboxedStart Bubblewrap(ChildProcessStart start, SandboxRules rules)
    {
        var folders = rules.Folders;
        var watches = rules.IsResident ? [] : Watch(folders);
        bool IsInside(string place) => folders.Any(folder => RealPath.ResolvesInto(place, folder));
        List<string> arguments =
        [
            "-c",
            rules.IsResident ? Resident
            : rules.HasInput ? LifelineWithInput
            : Lifeline,
            "sh",
            .. rules.Network?.Join ?? [],
            BubblewrapPaths.First(File.Exists),
            "--unshare-all",
            "--cap-drop",
            "ALL",
            "--die-with-parent",
            "--new-session",
        ];
        if (rules.IsResident && Environment.IsPrivilegedProcess)
        {
            // Agents run their own commands in a nested sandbox, for which the kernel requires this capability of root only.
            arguments.AddRange(["--cap-add", "CAP_SETFCAP"]);
        }
        if (rules.AllowNetwork || rules.Network is not null)
        {
            arguments.Add("--share-net");
        }

        arguments.AddRange(["--ro-bind", "/", "/", "--tmpfs", "/tmp", "--tmpfs", "/run"]);
        // Name resolution uses a file that is often in /run.
        if (rules.AllowNetwork && RealPath.Of("/etc/resolv.conf") is var names && names.StartsWith("/run/", StringComparison.Ordinal))
        {
            arguments.AddRange(["--ro-bind-try", names, names]);
        }

        var writable = rules.Writable.Where(Path.Exists).Select(RealPath.Of).Distinct(StringComparer.Ordinal).ToList();
        var places = hidden
            .Where(Path.Exists)
            .Select(RealPath.Of)
            .Where(place => !writable.Exists(one => RealPath.IsUnder(one, place)))
            .Distinct(StringComparer.Ordinal)
            .ToList();
        foreach (var place in places.Where(place => !IsInside(place) && !IsCovered(place)))
        {
            arguments.AddRange(Hide(place));
        }

        // A worktree uses packages and the history of its main checkout.
        foreach (var checkout in folders.Select(GuardedPaths.MainCheckoutOf).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (IsCovered(checkout) && !IsInside(checkout) && !places.Exists(place => RealPath.IsUnder(checkout, place)))
            {
                arguments.AddRange(["--ro-bind", checkout, checkout]);
            }
        }

        if (rules.Input is { } input)
        {
            arguments.AddRange(["--ro-bind", input, input]);
        }

        var shown = Readable.ToList();
        arguments.AddRange(shown.Where(path => !IsInside(path)).SelectMany(path => (string[])["--ro-bind", path, path]));

        // The program itself is in a hidden folder.
        if (rules.IsResident && IsCovered(start.Program))
        {
            arguments.AddRange(["--ro-bind", start.Program, start.Program]);
        }

        arguments.AddRange(writable.SelectMany(place => (string[])["--bind", place, place]));
        arguments.AddRange(folders.SelectMany(folder => (string[])[rules.IsReadOnly ? "--ro-bind" : "--bind", folder, folder]));
        foreach (var place in places.Where(IsInside))
        {
            arguments.AddRange(Hide(place));
        }

        arguments.AddRange(shown.Where(IsInside).SelectMany(path => (string[])["--ro-bind", path, path]));
        foreach (
            var path in folders.SelectMany(folder =>
                GuardedFolders
                    .Concat(GuardedFiles)
                    .Concat(GuardedIfPresent)
                    .Select(name => Path.Combine(folder, name))
                    .Append(GuardedPaths.GitFolderOf(folder))
                    .OfType<string>()
            )
        )
        {
            // A link cannot be mounted over, but its target can.
            if (Path.Exists(path) && RealPath.Of(path) is var real && IsInside(real) && !folders.Contains(real))
            {
                arguments.AddRange(["--ro-bind", real, real]);
            }
        }

        arguments.AddRange([
            "--dev",
            "/dev",
            "--proc",
            "/proc",
            "--chdir",
            start.WorkingDirectory,
            "--",
            start.Program,
            .. start.Arguments,
        ]);
        var environment = Temporary(start, "/tmp");
        return new SandboxedStart(start with { Program = "/bin/sh", Arguments = arguments, Environment = environment }, watches, null);
    }

    private static List<GuardedWatch> Watch(IReadOnlyList<string> folders)
    {
        List<GuardedWatch> watches = [];
        try
        {
            foreach (var folder in folders)
            {
                SandboxLeftovers.Remove(folder, [.. GuardedFolders, .. GuardedFiles], DateTime.UtcNow);
                watches.Add(new GuardedWatch(folder, [.. GuardedFolders, .. GuardedFiles]));
            }
        }
        catch
        {
            watches.ForEach(watch => watch.Dispose());
            throw;
        }

        return watches;
    }

    /// <summary>Gets the environment with temporary and cache folders in a writable folder.</summary>
    private static Dictionary<string, string> Temporary(ChildProcessStart start, string folder) =>
        new(start.Environment)
        {
            ["TMPDIR"] = folder,
            ["XDG_CACHE_HOME"] = Path.Combine(folder, "cache"),
            ["DOTNET_CLI_HOME"] = folder,
        };

    /// <summary>True if the path is in a folder that is already hidden.</summary>
    private static bool IsCovered(string place) =>
        place.StartsWith("/tmp/", StringComparison.Ordinal) || place.StartsWith("/run/", StringComparison.Ordinal);

    private static string[] Hide(string place) => Directory.Exists(place) ? ["--tmpfs", place] : ["--ro-bind", "/dev/null", place];

    private SandboxedStart ByLandlock(ChildProcessStart start, SandboxRules rules)
    {
        var watches = rules.IsResident ? [] : Watch(rules.Folders);
        var temporary = Directory.CreateTempSubdirectory("plue-command-").FullName;
        List<string> arguments =
        [
            "sandbox",
            "--workspace",
            rules.IsReadOnly ? RealPath.Of(temporary) : rules.Workspace,
            "--writable",
            RealPath.Of(temporary),
        ];
        arguments.AddRange(
            (rules.IsReadOnly ? [] : rules.Others)
                .Concat(rules.Writable.Where(Path.Exists))
                .SelectMany(folder => (string[])["--writable", folder])
        );
        foreach (var place in hidden.Where(Path.Exists).Select(RealPath.Of))
        {
            if (!rules.Writable.Any(one => RealPath.ResolvesInto(place, RealPath.Of(one))))
            {
                arguments.AddRange(["--hide", place]);
            }
        }

        arguments.AddRange(Readable.SelectMany(path => (string[])["--readable", path]));
        if (rules.AllowNetwork)
        {
            arguments.Add("--network");
        }

        arguments.AddRange(["--", start.Program, .. start.Arguments]);
        var environment = Temporary(start, temporary);
        start = WithLifeline(start with { Program = self!, Arguments = arguments, Environment = environment }, rules);
        return new SandboxedStart(start, watches, temporary);
    }

    private SandboxedStart BySandboxExec(ChildProcessStart start, SandboxRules rules)
    {
        var temporary = RealPath.Of(Directory.CreateTempSubdirectory("plue-command-").FullName);
        var profile = SandboxProfile.Create(
            rules,
            temporary,
            [.. hidden.Select(RealPath.Of).Where(place => !rules.Writable.Any(one => RealPath.ResolvesInto(place, RealPath.Of(one))))],
            [.. Readable],
            [.. GuardedFolders.Concat(GuardedFiles).Concat(GuardedIfPresent)]
        );
        var environment = Temporary(start, temporary);
        start = start with
        {
            Program = SandboxExec,
            Arguments = ["-p", profile, start.Program, .. start.Arguments],
            Environment = environment,
        };
        return new SandboxedStart(WithLifeline(start, rules), [], temporary);
    }
}

/// <summary>A prepared command, and the resources to release after it.</summary>
internal sealed class SandboxedStart : IDisposable
{
    private readonly IReadOnlyList<GuardedWatch> watches;
    private readonly CancellationTokenSource violation;
    private readonly string? temporary;

    /// <param name="watches">One for each writable folder.</param>
    internal SandboxedStart(ChildProcessStart start, IReadOnlyList<GuardedWatch> watches, string? temporary)
    {
        (Start, this.watches, this.temporary) = (start, watches, temporary);
        violation = CancellationTokenSource.CreateLinkedTokenSource([CancellationToken.None, .. watches.Select(watch => watch.Appeared)]);
    }

    public ChildProcessStart Start { get; }

    /// <summary>Canceled when a guarded name has appeared; the command must then be killed.</summary>
    public CancellationToken Violation => violation.Token;

    /// <summary>Gets text to append to the output after the command and all of its processes have ended; null for none.</summary>
    public string? Finish() =>
        watches.Select(watch => watch.Finish()).OfType<string>().ToList() is { Count: > 0 } notes ? string.Join(' ', notes) : null;

    public void Dispose()
    {
        violation.Dispose();
        foreach (var watch in watches)
        {
            watch.Dispose();
        }
        if (temporary is null)
        {
            return;
        }

        try
        {
            Directory.Delete(temporary, recursive: true);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        { /* The system empties its folder for temporary files itself. */
        }
    }
}

internal sealed class SandboxedWatch : IDisposable
{
    private readonly IReadOnlyList<GuardedWatch> watches;
    private readonly CancellationTokenSource appeared;

    public SandboxedWatch(IReadOnlyList<GuardedWatch> watches)
    {
        this.watches = watches;
        appeared = CancellationTokenSource.CreateLinkedTokenSource([CancellationToken.None, .. watches.Select(watch => watch.Appeared)]);
    }

    /// <summary>Canceled when a guarded name has appeared.</summary>
    public CancellationToken Appeared => appeared.Token;

    /// <inheritdoc cref="SandboxedStart.Finish"/>
    public string? Finish() =>
        watches.Select(watch => watch.Finish()).OfType<string>().ToList() is { Count: > 0 } notes ? string.Join(' ', notes) : null;

    public void Dispose()
    {
        appeared.Dispose();
        foreach (var watch in watches)
        {
            watch.Dispose();
        }
    }
}
