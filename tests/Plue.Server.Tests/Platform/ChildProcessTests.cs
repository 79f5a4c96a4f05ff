using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

/// <summary>For tests that count resources of the whole process.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public class NonParallelCollection;

[Collection("Alone")]
public class ChildProcessTests
{
    [Fact]
    public async Task Its_environment_is_exactly_what_was_given()
    {
        await using var child = Shell("env", environment: new() { ["ONLY"] = "this" });
        var lines = await LinesAsync(child);
        Assert.Contains("ONLY=this", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("HOME=", StringComparison.Ordinal));
        Assert.Equal(0, await child.Exited);
    }

    [Fact]
    public async Task A_grandchild_in_its_own_session_is_ended()
    {
        var child = Shell("setsid sleep 300 & (setsid sh -c 'sleep 300 & sleep 300' &) ; echo ready; cat");
        await child.ReadLineAsync(default);
        Assert.True(await BecomesAsync(() => Family(child).Count >= 5));
        await child.EndAsync();
        Assert.Empty(Family(child));
    }

    [Fact]
    public async Task Processes_left_by_a_crashed_child_are_ended_too()
    {
        await using var child = Shell("setsid sleep 300 & echo ready; kill -9 $$");
        while (await child.ReadLineAsync(default) is not null) { }

        Assert.Equal(137, await child.Exited);
        Assert.Empty(Family(child));
    }

    [Fact]
    public async Task One_that_listens_is_only_asked_to_finish()
    {
        var child = Shell("trap 'echo term' TERM; cat > /dev/null; echo finished");
        var lines = LinesAsync(child);
        await child.EndAsync();
        Assert.Equal(["finished"], await lines);
        Assert.Equal(0, await child.Exited);
    }

    [Fact]
    public async Task One_that_ignores_everything_is_killed_in_the_end()
    {
        var child = Shell("trap '' TERM; echo ready; while true; do sleep 1; done", timeout: TimeSpan.FromMilliseconds(200));
        await child.ReadLineAsync(default);
        await child.EndAsync();
        Assert.Equal(137, await child.Exited);
    }

    [Fact]
    public async Task An_urgent_end_shortens_a_patient_one()
    {
        var child = Shell("trap '' TERM; echo ready; while true; do sleep 1; done", timeout: TimeSpan.FromMinutes(5));
        await child.ReadLineAsync(default);
        var patient = child.EndAsync();
        await ChildProcess.EndAllAsync().WaitAsync(TimeSpan.FromSeconds(10));
        await patient.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Only_the_end_of_stderr_is_kept_and_secrets_are_masked()
    {
        await using var child = Shell(
            "head -c 5000000 /dev/zero | tr '\\0' 'x' >&2; echo \"key $SECRET\" >&2",
            environment: new() { ["SECRET"] = "hush-hush", ["PATH"] = "/usr/bin:/bin" }
        );
        await child.Exited;
        Assert.EndsWith("key ***", child.StderrTail);
        Assert.InRange(child.StderrTail.Length, 8_000, 8_192);
    }

    [Fact]
    public async Task Writing_to_one_that_is_gone_is_an_IOException()
    {
        await using var child = Shell("exit 0");
        await child.Exited;
        await Assert.ThrowsAsync<IOException>(() => child.WriteLineAsync(new byte[10], default).AsTask());
    }

    [Fact]
    public void A_failed_start_has_a_reason()
    {
        var start = new ChildProcessStart
        {
            Program = "sh",
            Environment = new Dictionary<string, string>(),
            WorkingDirectory = "/",
        };
        Assert.Contains("not an absolute path", Assert.Throws<IOException>(() => ChildProcess.Start(start)).Message);
        Assert.Contains(
            "does not exist",
            Assert.Throws<IOException>(() => ChildProcess.Start(start with { Program = "/no/such" })).Message
        );
        Assert.Contains(
            "/no/folder",
            Assert
                .Throws<IOException>(() => ChildProcess.Start(start with { Program = "/bin/sh", WorkingDirectory = "/no/folder" }))
                .Message
        );
    }

    [Fact]
    public async Task A_hundred_children_leave_no_zombie_and_no_open_file()
    {
        await Shell("true").DisposeAsync();
        var before = Directory.GetFiles("/proc/self/fd").Length;
        for (var i = 0; i < 100; i++)
        {
            var child = Shell("sleep 300 & echo hi");
            await LinesAsync(child);
            await child.DisposeAsync();
            Assert.Empty(Family(child));
            Assert.False(Directory.Exists($"/proc/{child.Id}"));
        }

        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 5);
    }

    [Fact]
    public void Lines_are_the_same_for_any_split_of_the_bytes() =>
        Prop.ForAll<string[], int[]>(
                (texts, cuts) =>
                {
                    var lines = texts.Select(text => (text ?? "").ReplaceLineEndings("").Replace("\r", "").Replace("\n", "")).ToArray();
                    var bytes = Encoding.UTF8.GetBytes(string.Join('\n', lines));
                    using var stream = new Pieces(bytes, cuts);
                    var reader = new ChildProcessLines(stream, 1024 * 1024);
                    var read = new List<string>();
                    while (reader.ReadAsync(default).AsTask().GetAwaiter().GetResult() is { } line)
                    {
                        read.Add(Encoding.UTF8.GetString(line.Span));
                    }

                    // An empty last line does not count.
                    var expected = Encoding.UTF8.GetString(bytes).Split('\n').ToList();
                    if (expected[^1].Length == 0)
                    {
                        expected.RemoveAt(expected.Count - 1);
                    }

                    return expected.SequenceEqual(read);
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    public async Task A_line_over_the_cap_is_refused_before_it_is_whole()
    {
        await using var child = Shell("echo short; head -c 3000000 /dev/zero | tr '\\0' 'x'; sleep 300", lineCap: 1024 * 1024);
        Assert.Equal("short", Encoding.UTF8.GetString((await child.ReadLineAsync(default))!.Value.Span));
        await Assert.ThrowsAsync<InvalidDataException>(() => child.ReadLineAsync(default).AsTask());
    }

    private static ChildProcess Shell(
        string script,
        Dictionary<string, string>? environment = null,
        TimeSpan? timeout = null,
        int lineCap = 16 * 1024 * 1024
    ) =>
        ChildProcess.Start(
            new ChildProcessStart
            {
                Program = "/bin/sh",
                Arguments = ["-c", script],
                Environment = environment ?? new() { ["PATH"] = "/usr/bin:/bin" },
                WorkingDirectory = "/",
                SecretNames = ["SECRET"],
                GracePeriod = timeout ?? TimeSpan.FromSeconds(5),
                LineCap = lineCap,
            }
        );

    private static async Task<List<string>> LinesAsync(ChildProcess child)
    {
        var lines = new List<string>();
        while (await child.ReadLineAsync(default) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line.Span));
        }

        return lines;
    }

    private static List<int> Family(ChildProcess child) =>
        [.. ChildProcessTree.Marked(Encoding.UTF8.GetBytes($"{ChildProcess.Marker}={child.MarkerValue}"))];

    private static async Task<bool> BecomesAsync(Func<bool> isReached)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < TimeSpan.FromSeconds(10); )
        {
            if (isReached())
            {
                return true;
            }

            // A process raises no event; poll until it has started or ended.
            await Task.Delay(20);
        }

        return false;
    }

    /// <summary>A stream that returns its bytes in chunks of the given sizes, repeatedly.</summary>
    private sealed class Pieces(byte[] bytes, int[] sizes) : MemoryStream(bytes)
    {
        private int next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var size = sizes.Length == 0 ? 1 : Math.Abs((long)sizes[next++ % sizes.Length]) % 7 + 1;
            return ValueTask.FromResult(Read(buffer.Span[..(int)Math.Min(size, buffer.Length)]));
        }
    }
}
