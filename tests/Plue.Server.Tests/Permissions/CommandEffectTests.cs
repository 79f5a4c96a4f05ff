using System.Diagnostics;
using System.Text.RegularExpressions;
using FsCheck.Fluent;
using Plue.Server.Permissions;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Permissions;

/// <summary>Compares the predicted effects of commands with system call traces.</summary>
public sealed partial class CommandEffectTests : IDisposable
{
    private const int Wanted = 150;
    private const int MostTries = 4000;
    private const string Calls =
        "execve,execveat,open,openat,creat,connect,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,chmod,fchmodat,truncate,mknod,mknodat,sendto";
    private static readonly string[] Readers =
    [
        "sh",
        "dash",
        "ls",
        "cat",
        "head",
        "tail",
        "wc",
        "cut",
        "nl",
        "stat",
        "file",
        "du",
        "df",
        "realpath",
        "readlink",
        "sort",
        "cmp",
        "diff",
        "grep",
        "rg",
        "uniq",
        "find",
        "basename",
        "dirname",
        "which",
        "tr",
        "date",
        "test",
        "[",
        "echo",
        "pwd",
        "true",
        "false",
    ];

    private readonly PermissionFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void SEC_16_SEC_17_What_is_done_without_asking_runs_only_readers_writes_nothing_outside_and_connects_to_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists("/usr/bin/strace"), "Needs strace, which watches what a process does.");
        Assert.SkipUnless(Trace("true").Count > 0, "This user may not trace.");
        fixture.Write(".env", "KEY=canary");
        fixture.Write(".git/config", "[core]");
        File.WriteAllText(Path.Combine(fixture.Sibling, "secret.txt"), "canary");
        fixture.Link("link", "sub/b.txt");
        fixture.Link("loop", "loop");
        fixture.Link("out-of-here", "../proj-evil");
        var agent = fixture.Agent(PermissionMode.EditFreely);
        var (ran, tries) = (new HashSet<string>(StringComparer.Ordinal), 0);
        while (ran.Count < Wanted && tries < MostTries)
        {
            foreach (var line in Gen.OneOf(ShellLines.Joined, ShellLines.Joined, ShellLines.Any).Sample(10, 100))
            {
                tries++;
                if (ran.Count >= Wanted || ran.Contains(line) || fixture.Command(line, agent).Decision != Decision.Allow)
                {
                    continue;
                }

                ran.Add(line);
                foreach (var call in Trace(line))
                {
                    Check(line, call);
                }
            }
        }

        Assert.True(ran.Count >= Wanted / 2, $"Only {ran.Count} of {tries} lines were allowed.");
        Assert.Equal("KEY=canary", File.ReadAllText(fixture.At(".env")));
        Assert.Equal("[core]", File.ReadAllText(fixture.At(".git/config")));
        Assert.Equal("secret.txt", Assert.Single(Directory.EnumerateFileSystemEntries(fixture.Sibling).Select(Path.GetFileName)));
    }

    /// <summary>Gets the successful calls from the tracer's output.</summary>
    private List<string> Trace(string line)
    {
        var logs = Directory.CreateDirectory(Path.Combine(fixture.Home, "traces"));
        var start = new ProcessStartInfo(
            "/usr/bin/timeout",
            [
                "20",
                "/usr/bin/strace",
                "-ff",
                "-qq",
                "-y",
                "-s",
                "4096",
                "-e",
                $"trace={Calls}",
                "-o",
                Path.Combine(logs.FullName, "of"),
                "/bin/sh",
                "-c",
                line,
            ]
        )
        {
            WorkingDirectory = fixture.Workspace,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        start.Environment["HOME"] = fixture.Home;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        Assert.DoesNotContain("canary", output.Result, StringComparison.Ordinal);
        _ = error.Result;
        // One file per process, so that calls are not split.
        List<string> calls =
        [
            .. logs.EnumerateFiles().SelectMany(file => File.ReadLines(file.FullName)).Where(call => Done().IsMatch(call)),
        ];
        logs.Delete(recursive: true);
        return calls;
    }

    private void Check(string line, string call)
    {
        if (call.Contains("execve", StringComparison.Ordinal))
        {
            var program = RealPath.Of(Quoted().Match(call).Groups[1].Value);
            Assert.True(
                program.StartsWith("/usr/", StringComparison.Ordinal)
                    && Readers.Any(reader => Path.GetFileName(program).StartsWith(reader, StringComparison.Ordinal)),
                $"{line}\nran {program}"
            );
            return;
        }

        Assert.False(
            call.Contains("connect(", StringComparison.Ordinal) || call.Contains("sendto(", StringComparison.Ordinal),
            $"{line}\nreached out: {call}"
        );
        var isOpen = call.Contains("open", StringComparison.Ordinal);
        var opened = Opened().Match(call);
        if (
            isOpen
            && opened.Success
            && !call.Contains("O_WRONLY", StringComparison.Ordinal)
            && !call.Contains("O_RDWR", StringComparison.Ordinal)
            && !call.Contains("O_CREAT", StringComparison.Ordinal)
        )
        {
            var read = opened.Groups[1].Value;
            Assert.False(
                RealPath.IsUnder(fixture.Home, read)
                    && !RealPath.IsUnder(fixture.Workspace, read)
                    && !call.Contains("O_DIRECTORY", StringComparison.Ordinal),
                $"{line}\nread {read}"
            );
            return;
        }

        Assert.True(isOpen && opened.Success, $"{line}\nchanged something: {call}");
        var written = opened.Groups[1].Value;
        Assert.True(
            written is "/dev/null"
                || written.StartsWith("/dev/null<", StringComparison.Ordinal)
                || (RealPath.IsUnder(fixture.Workspace, written) && GuardedPaths.ChangeReason(written, fixture.Workspace) is null),
            $"{line}\nwrote {written}"
        );
    }

    [Fact]
    public void SEC_27_Where_a_path_is_judged_to_lead_is_where_the_system_goes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says where a descriptor leads.");
        var random = new Random(27);
        string[] names = ["a", "b", "c", "d"];
        string Wander() =>
            string.Join(
                '/',
                Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(5) == 0 ? ".." : names[random.Next(names.Length)])
            );
        var compared = 0;
        for (var round = 0; round < 40; round++)
        {
            var tree = Directory.CreateDirectory(fixture.At($"tree{round}/x/y")).FullName;
            for (var i = 0; i < 12; i++)
            {
                var at = Path.GetFullPath(Path.Combine(tree, Wander().Replace("..", "b", StringComparison.Ordinal)));
                if (!Directory.Exists(Path.GetDirectoryName(at)) || Path.Exists(at) || new FileInfo(at).LinkTarget is not null)
                {
                    continue;
                }
                if (random.Next(3) == 0)
                {
                    Directory.CreateDirectory(at);
                }
                else
                {
                    File.CreateSymbolicLink(at, random.Next(3) == 0 ? Path.Combine(tree, Wander()) : Wander());
                }
            }

            var paths = Enumerable.Range(0, 15).Select(_ => $"{tree}/{Wander()}").ToList();
            var judged = paths.Select(RealPath.TargetOf).ToList();
            var real = Opened(paths);
            for (var i = 0; i < paths.Count; i++)
            {
                if (real[i] == "!")
                {
                    continue;
                }

                compared++;
                Assert.Equal((paths[i], real[i]), (paths[i], judged[i]));
            }
        }

        Assert.True(compared > 100, $"Only {compared} paths led anywhere.");
    }

    /// <summary>Resolves the paths as the system does when they are opened for writing or entered.</summary>
    private static List<string> Opened(List<string> paths)
    {
        const string Script =
            """for p do if [ -d "$p" ]; then (cd -P -- "$p" && pwd -P) || echo '!'; else (exec 3>>"$p" && readlink /proc/self/fd/3) || echo '!'; fi; done""";
        var start = new ProcessStartInfo("/bin/bash", ["-c", Script, "sh", .. paths])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        process.WaitForExit();
        _ = error.Result;
        return [.. output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    [GeneratedRegex(@"\) = \d")]
    private static partial Regex Done();

    [GeneratedRegex("\"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"= \d+<(.*)>$")]
    private static partial Regex Opened();
}
