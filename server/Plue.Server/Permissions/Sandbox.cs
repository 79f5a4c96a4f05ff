using Plue.Server.Platform;

namespace Plue.Server.Permissions;

public enum SandboxKind
{
    None,
    /// <summary>A mount, process and network namespace of its own, by <c>bwrap</c>.</summary>
    Bubblewrap,
    /// <summary>The kernel's own rules, which <c>plue sandbox</c> takes on before it becomes the command.</summary>
    Landlock,
    /// <summary>The <c>sandbox-exec</c> of macOS.</summary>
    SandboxExec,
}

/// <summary>What a command may reach.</summary>
/// <param name="Workspace">The real path; the only place where it may write what lasts.</param>
public sealed record SandboxRules(string Workspace)
{
    public bool AllowNetwork { get; init; }
}

/// <summary>Holds what a command may do, whatever it says. Found out once, when the first command is planned, by running it: a program that is there may still be forbidden.</summary>
/// <param name="hidden">What a command never reads: <see cref="ProtectedPaths.Places"/>.</param>
/// <param name="self">Our own program, for Landlock; null where there is none.</param>
/// <param name="among">The kinds that may be used, the best first.</param>
public sealed class Sandbox(IReadOnlyList<string> hidden, string? self, IReadOnlyList<SandboxKind> among)
{
    /// <summary>What is read by the next start of an editor, version control or an agent. Held back though it is in the workspace, and though it is not there yet.</summary>
    internal static readonly string[] GuardedFolders = [".git", ".vscode", ".devcontainer", ".idea", ".husky", ".claude", ".cursor", ".plue"];
    internal static readonly string[] GuardedFiles = [".mcp.json", ".envrc"];
    internal static readonly string[] GuardedWhereThere = [".github/workflows", ".env", ".gitmodules"];
    private static readonly TimeSpan ProbeTime = TimeSpan.FromSeconds(5);
    private static readonly string[] BubblewrapPaths = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap"];
    private const string SandboxExec = "/usr/bin/sandbox-exec";

    private readonly SemaphoreSlim gate = new(1, 1);
    private SandboxKind? kind;

    /// <summary>Whatever this machine has.</summary>
    public static Sandbox OfThisMachine(ProtectedPaths protectedPaths)
    {
        var self = Path.Combine(AppContext.BaseDirectory, "plue");
        return new Sandbox(protectedPaths.Places, File.Exists(self) ? self : null, [SandboxKind.Bubblewrap, SandboxKind.Landlock, SandboxKind.SandboxExec]);
    }

    /// <summary>What there is; looked for once.</summary>
    public async Task<SandboxKind> KindAsync(CancellationToken cancellationToken)
    {
        await gate.WaitAsync(cancellationToken);
        try
        {
            if (kind is { } known) { return known; }

            foreach (var one in among.Where(IsThere))
            {
                if (await WorksAsync(one, cancellationToken)) { kind = one; return one; }
            }

            kind = SandboxKind.None;
            return SandboxKind.None;
        }
        finally { gate.Release(); }
    }

    /// <summary>One sentence or two for whoever approves a command.</summary>
    public static string Sentence(SandboxKind kind, SandboxRules rules)
    {
        if (kind == SandboxKind.None) { return "There is no sandbox on this machine: the command can do what you can."; }

        var network = rules.AllowNetwork ? "Runs in a sandbox: it writes only in the workspace. It may use the network." : "Runs in a sandbox: it writes only in the workspace and has no network.";
        if (kind != SandboxKind.Landlock) { return network; }

        return $"{network} It can write to the files of version control and of the editor that are in the workspace{(Landlock.Version < Landlock.WithSignals ? ", and end other programs" : "")}.";
    }

    /// <summary>The command as it is started in the sandbox. Dispose what is returned when it has ended.</summary>
    /// <param name="start">Its folder is in the workspace.</param>
    /// <exception cref="IOException">Something that the sandbox needs could not be made.</exception>
    public SandboxedStart Hold(SandboxKind kind, ChildProcessStart start, SandboxRules rules) => kind switch
    {
        SandboxKind.Bubblewrap => Bubblewrap(start, rules),
        SandboxKind.Landlock => ByLandlock(start, rules),
        SandboxKind.SandboxExec => BySandboxExec(start, rules),
        _ => new SandboxedStart(start, [], null),
    };

    private bool IsThere(SandboxKind one) => one switch
    {
        SandboxKind.Bubblewrap => OperatingSystem.IsLinux() && BubblewrapPaths.Any(File.Exists),
        SandboxKind.Landlock => OperatingSystem.IsLinux() && self is not null && Landlock.IsEnough,
        SandboxKind.SandboxExec => OperatingSystem.IsMacOS() && File.Exists(SandboxExec),
        _ => false,
    };

    private async Task<bool> WorksAsync(SandboxKind one, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("plue-sandbox-").FullName;
        try
        {
            var start = new ChildProcessStart { Program = "/bin/sh", Arguments = ["-c", "exit 42"], Environment = new Dictionary<string, string>(), WorkingDirectory = folder };
            using var held = Hold(one, start, new SandboxRules(RealPath.Of(folder)));
            await using var child = ChildProcess.Start(held.Start);
            child.CloseInput();
            return await child.Exited.WaitAsync(ProbeTime, cancellationToken) == 42;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or TimeoutException) { return false; }
        finally { Directory.Delete(folder, recursive: true); }
    }

    private SandboxedStart Bubblewrap(ChildProcessStart start, SandboxRules rules)
    {
        var workspace = rules.Workspace;
        var guards = Guards.Over(workspace, GuardedFolders, GuardedFiles);
        // The shell is the parent whose end ends it all: a thread of ours may end before the command does.
        List<string> arguments = ["-c", "\"$@\"; exit $?", "sh", BubblewrapPaths.First(File.Exists), "--unshare-all", "--cap-drop", "ALL", "--die-with-parent", "--new-session"];
        if (rules.AllowNetwork) { arguments.Add("--share-net"); }

        arguments.AddRange(["--ro-bind", "/", "/", "--tmpfs", "/tmp", "--tmpfs", "/run"]);
        // Names are looked up by a file that often lies in /run.
        if (rules.AllowNetwork && RealPath.Of("/etc/resolv.conf") is var names && names.StartsWith("/run/", StringComparison.Ordinal)) { arguments.AddRange(["--ro-bind-try", names, names]); }

        var places = hidden.Where(Path.Exists).Select(RealPath.Of).Distinct(StringComparer.Ordinal).ToList();
        foreach (var place in places.Where(place => !RealPath.LeadsInto(place, workspace) && !IsCovered(place))) { arguments.AddRange(Hide(place)); }

        arguments.AddRange(["--bind", workspace, workspace]);
        foreach (var place in places.Where(place => RealPath.LeadsInto(place, workspace))) { arguments.AddRange(Hide(place)); }
        foreach (var path in GuardedFolders.Concat(GuardedFiles).Concat(GuardedWhereThere).Select(name => Path.Combine(workspace, name)).Append(GuardedPaths.GitFolderOf(workspace)).OfType<string>())
        {
            // A link cannot be mounted over, but where it leads can.
            if (Path.Exists(path) && RealPath.Of(path) is var real && RealPath.LeadsInto(real, workspace) && real != workspace) { arguments.AddRange(["--ro-bind", real, real]); }
        }

        arguments.AddRange(["--dev", "/dev", "--proc", "/proc", "--chdir", start.WorkingDirectory, "--", start.Program, .. start.Arguments]);
        var environment = Temporary(start, "/tmp");
        return new SandboxedStart(start with { Program = "/bin/sh", Arguments = arguments, Environment = environment }, [guards], null);
    }

    /// <summary>Where it may write besides the workspace; caches that are elsewhere go there.</summary>
    private static Dictionary<string, string> Temporary(ChildProcessStart start, string folder) =>
        new(start.Environment) { ["TMPDIR"] = folder, ["XDG_CACHE_HOME"] = Path.Combine(folder, "cache"), ["DOTNET_CLI_HOME"] = folder };

    /// <summary>It is gone already with the folder it lies in.</summary>
    private static bool IsCovered(string place) => place.StartsWith("/tmp/", StringComparison.Ordinal) || place.StartsWith("/run/", StringComparison.Ordinal);

    private static string[] Hide(string place) => Directory.Exists(place) ? ["--tmpfs", place] : ["--ro-bind", "/dev/null", place];

    private SandboxedStart ByLandlock(ChildProcessStart start, SandboxRules rules)
    {
        var temporary = Directory.CreateTempSubdirectory("plue-command-").FullName;
        List<string> arguments = ["sandbox", "--workspace", rules.Workspace, "--writable", RealPath.Of(temporary)];
        foreach (var place in hidden.Where(Path.Exists)) { arguments.AddRange(["--hide", RealPath.Of(place)]); }

        if (rules.AllowNetwork) { arguments.Add("--network"); }

        arguments.AddRange(["--", start.Program, .. start.Arguments]);
        var environment = Temporary(start, temporary);
        return new SandboxedStart(start with { Program = self!, Arguments = arguments, Environment = environment }, [], temporary);
    }

    private SandboxedStart BySandboxExec(ChildProcessStart start, SandboxRules rules)
    {
        var temporary = RealPath.Of(Directory.CreateTempSubdirectory("plue-command-").FullName);
        var profile = SandboxProfile.Of(rules, temporary, [.. hidden.Select(RealPath.Of)], [.. GuardedFolders.Concat(GuardedFiles).Concat(GuardedWhereThere)]);
        var environment = Temporary(start, temporary);
        return new SandboxedStart(start with { Program = SandboxExec, Arguments = ["-p", profile, start.Program, .. start.Arguments], Environment = environment }, [], temporary);
    }
}

/// <summary>A command ready to be started, and what has to be taken away again after it.</summary>
public sealed class SandboxedStart(ChildProcessStart start, IReadOnlyList<IDisposable> guards, string? temporary) : IDisposable
{
    public ChildProcessStart Start => start;

    public void Dispose()
    {
        foreach (var guard in guards) { guard.Dispose(); }

        if (temporary is null) { return; }

        try { Directory.Delete(temporary, recursive: true); }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException) { /* The system empties its folder for temporary files itself. */ }
    }
}
