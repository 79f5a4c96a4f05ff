using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Permissions;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Runs without a sandbox, so that only the tool itself denies access.</summary>
[Collection("Alone")]
public sealed class BashToolTests : IDisposable
{
    private readonly ToolFixture fixture = new();

    private BashTool Bash => new("", new Sandbox([], null, []), fixture.Results, () => false);

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Both_outputs_come_in_their_order_with_the_exit_code()
    {
        var text = await fixture.ResultAsync(Bash, """{"command":"echo one; echo two >&2; echo three; exit 3"}""");
        Assert.StartsWith("one\ntwo\nthree\n[Exit code 3, ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SandboxKind.Bubblewrap)]
    [InlineData(SandboxKind.Landlock)]
    public async Task SEC_12_A_command_that_creates_a_guarded_folder_is_stopped_and_the_result_says_so(SandboxKind kind)
    {
        var sandbox = new Sandbox([], Testing.SidecarProcess.Executable, [kind]);
        Assert.SkipUnless(await sandbox.KindAsync(TestContext.Current.CancellationToken) == kind, "This machine has no such sandbox.");
        var text = await fixture.ResultAsync(
            new BashTool("", sandbox, fixture.Results, () => false),
            """{"command":"echo begun; mkdir .vscode; sleep 300; echo over"}"""
        );
        Assert.StartsWith("begun\n", text, StringComparison.Ordinal);
        Assert.Contains(
            "[The command was stopped because `.vscode` appeared in the workspace. It was empty and was deleted.",
            text,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("over\n", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(fixture.Workspace));
        Assert.StartsWith(
            "fine\n[Exit code 0, ",
            await fixture.ResultAsync(new BashTool("", sandbox, fixture.Results, () => false), """{"command":"echo fine"}"""),
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(SandboxKind.Bubblewrap)]
    [InlineData(SandboxKind.Landlock)]
    public async Task SEC_12_No_tool_makes_a_guarded_folder_while_a_command_could_write_into_it(SandboxKind kind)
    {
        var sandbox = new Sandbox([], Testing.SidecarProcess.Executable, [kind]);
        Assert.SkipUnless(await sandbox.KindAsync(TestContext.Current.CancellationToken) == kind, "This machine has no such sandbox.");
        var parameters = ToolFixture.Json(("path", ".vscode/settings.json"), ("content", "{}"));
        using var stop = new CancellationTokenSource();
        var received = new ToolFixture.ProgressRecorder();
        var command = fixture.RunAsync(
            new BashTool("", sandbox, fixture.Results, () => false),
            """{"command":"echo begun; sleep 300"}""",
            received,
            stop.Token
        );
        await received.First.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Contains(
            "Try again after the command ends.",
            await fixture.ErrorAsync(new WriteTool(""), parameters),
            StringComparison.Ordinal
        );
        Assert.False(command.IsCompleted || Path.Exists(fixture.PathOf(".vscode")));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => command);
        Assert.Equal("Made .vscode/settings.json.", await fixture.ResultAsync(new WriteTool(""), parameters));
    }

    [Fact]
    public async Task The_approval_shows_the_command_and_folder_that_run()
    {
        var call = await fixture.PlanAsync(Bash, ToolFixture.Json(("command", "printf '%s|' \"$0\" \"a  b\"; pwd")));
        Assert.Equal(new ToolAction.RunCommand("printf '%s|' \"$0\" \"a  b\"; pwd", fixture.Workspace), Assert.Single(call.Actions));
        Assert.Equal("No sandbox is available on this machine. The command runs with your permissions.", call.Sandbox);
        Assert.Null(call.Changes);
        Assert.Contains(
            $"|a  b|{fixture.Workspace}\n",
            (await call.RunAsync(new ToolFixture.ProgressRecorder(), default)).Text,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("""{"command":"true","dangerouslyDisableSandbox":true}""")]
    [InlineData("""{"command":"true","cwd":"/"}""")]
    [InlineData("""{"command":"true","env":{}}""")]
    [InlineData("""{"command":"true","timeout_s":100000}""")]
    [InlineData("""{"command":"  "}""")]
    public async Task SEC_14_31_No_call_moves_the_folder_the_sandbox_or_the_time(string parameters) =>
        Assert.Contains("Nothing was", await fixture.ErrorAsync(Bash, parameters), StringComparison.Ordinal);

    [Fact]
    public async Task No_state_of_the_shell_lasts_to_the_next_call()
    {
        await fixture.RunAsync(Bash, """{"command":"cd /; export EVIL=1; alias ls=rm"}""");
        Assert.StartsWith(
            $"{fixture.Workspace}:\n",
            await fixture.ResultAsync(Bash, """{"command":"echo $PWD:$EVIL"}"""),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task SEC_50_A_command_sees_none_of_our_keys()
    {
        Environment.SetEnvironmentVariable("ANTHROPIC_API_KEY", "canary-7f3a");
        Environment.SetEnvironmentVariable("MY_COMPANY_TOKEN", "canary-7f3a");
        Environment.SetEnvironmentVariable("HTTPS_PROXY", "http://me:canary-7f3a@proxy");
        try
        {
            Assert.DoesNotContain(
                "canary",
                await fixture.ResultAsync(Bash, """{"command":"env; cat /proc/self/environ /proc/$$/environ /proc/self/cmdline"}"""),
                StringComparison.Ordinal
            );
        }
        finally
        {
            foreach (var name in new[] { "ANTHROPIC_API_KEY", "MY_COMPANY_TOKEN", "HTTPS_PROXY" })
            {
                Environment.SetEnvironmentVariable(name, null);
            }
        }
    }

    [Fact]
    public void SEC_09_A_relative_entry_of_PATH_is_skipped() =>
        Assert.Equal(
            "/usr/bin:/bin",
            ShellEnvironment.Of(new Dictionary<string, string> { ["PATH"] = ".:/usr/bin:bin::/bin" }, allowNetwork: false)["PATH"]
        );

    [Fact]
    public async Task SEC_46_Sequences_for_a_terminal_are_taken_out_and_other_controls_shown()
    {
        var text = await fixture.ResultAsync(
            Bash,
            ToolFixture.Json(("command", """printf 'a\033[31mred\033[0m\033]0;title\007b\033]8;;http://x\033\\c\001d\302\233Ke\rf\r\ng'"""))
        );
        Assert.StartsWith("aredbc⟨U+0001⟩de\nf\ng\n[Exit", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001B', text);
    }

    [Fact]
    public async Task REL_34_Time_ends_the_command_and_all_it_started()
    {
        var mark = $"3{Random.Shared.Next(1_000_000, 9_999_999)}";
        var watch = Stopwatch.StartNew();
        var text = await fixture.ResultAsync(
            Bash,
            ToolFixture.Json(
                ("command", $"echo begun; (setsid sleep {mark} &); sleep {mark} & trap '' TERM; while true; do sleep {mark}; done"),
                ("timeout_s", 1)
            )
        );
        Assert.StartsWith("begun\n[Stopped after 1 s", text, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.9, 8);
        Assert.Empty(Sleeping(mark));
    }

    [Fact]
    public async Task REL_34_Background_processes_end_with_the_command_and_their_pipe_blocks_nothing()
    {
        var mark = $"4{Random.Shared.Next(1_000_000, 9_999_999)}";
        var watch = Stopwatch.StartNew();
        var text = await fixture.ResultAsync(
            Bash,
            ToolFixture.Json(("command", $"sleep {mark} & setsid sleep {mark} & (setsid sh -c 'sleep {mark} & sleep {mark}' &); echo done"))
        );
        Assert.StartsWith("done\n[Exit code 0", text, StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 5);
        Assert.Empty(Sleeping(mark));
    }

    [Fact]
    public async Task A_pipe_that_closes_early_ends_its_writer_quietly() =>
        Assert.StartsWith(
            "y\n[Exit code 0",
            await fixture.ResultAsync(Bash, """{"command":"yes | head -n 1"}"""),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task REL_34_A_command_that_asks_gets_no_answer_and_does_not_wait() =>
        Assert.StartsWith(
            "no\n[Exit code 0",
            await fixture.ResultAsync(Bash, """{"command":"read x && echo $x || echo no","timeout_s":20}"""),
            StringComparison.Ordinal
        );

    [Fact]
    public async Task REL_35_A_flood_is_stopped_within_a_second_and_leaves_nothing()
    {
        using var stop = new CancellationTokenSource();
        var received = new ToolFixture.ProgressRecorder();
        var running = fixture.RunAsync(Bash, """{"command":"yes"}""", received, stop.Token);
        await received.First.Task.WaitAsync(TimeSpan.FromSeconds(10));
        var watch = Stopwatch.StartNew();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 1.5);
    }

    [Fact]
    public async Task REL_35_The_start_and_end_of_output_are_kept_and_the_rest_can_be_read()
    {
        var text = await fixture.ResultAsync(Bash, """{"command":"seq 1 2000000"}""");
        Assert.True(text.Length < ToolRunner.MaxResultLength);
        Assert.StartsWith("1\n2\n3\n", text, StringComparison.Ordinal);
        Assert.Contains("\n1999999\n2000000\n[Exit code 0", text, StringComparison.Ordinal);
        var name = System.Text.RegularExpressions.Regex.Match(text, "plue-output:[0-9a-f]+").Value;
        Assert.Contains(
            "\t1000000\n",
            await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", name), ("from", 1_000_000), ("to", 1_000_000))),
            StringComparison.Ordinal
        );
        Assert.InRange(new FileInfo(Directory.GetFiles(Path.Combine(fixture.Home, "outputs")).Single()).Length, 1, ToolResults.MaxBytes);
    }

    [Fact]
    public async Task A_long_command_reports_its_progress()
    {
        var received = new ToolFixture.ProgressRecorder();
        fixture.Write("wait", "");
        var running = fixture.RunAsync(
            Bash,
            """{"command":"echo begun; while [ -e wait ]; do sleep 0.05; done; echo over","timeout_s":30}""",
            received
        );
        await received.First.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.False(running.IsCompleted);
        File.Delete(fixture.PathOf("wait"));
        await running;
        Assert.Equal("begun\nover\n", received.All);
    }

    /// <summary>The kept output does not depend on how the bytes are chunked.</summary>
    [Fact]
    public void Output_in_pieces_is_the_same_as_at_once()
    {
        var piece = Gen.Elements("a", "ü", "\u001b[1m", "\u001b]0;x\a", "\r\n", "\r", "\n", "😀", "\u202e", new string('x', 40_000));
        Prop.ForAll(
                Arb.From(from parts in piece.ListOf() from cut in Gen.Choose(1, 7) select (Text: string.Concat(parts), cut)),
                one =>
                {
                    var bytes = Encoding.UTF8.GetBytes(one.Text);
                    using var whole = new ShellOutput(() => fixture.Results.Create("chat_1"));
                    using var pieces = new ShellOutput(() => fixture.Results.Create("chat_1"));
                    whole.Add(bytes);
                    var size = bytes.Length > 10_000 ? one.cut * 1_001 : one.cut;
                    for (var at = 0; at < bytes.Length; at += size)
                    {
                        pieces.Add(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
                    }

                    Assert.Equal(Unnamed(whole.ToString()), Unnamed(pieces.ToString()));
                    Assert.True(whole.ToString().Length <= (2 * ShellOutput.Part) + 300);
                }
            )
            .Check(Config.QuickThrowOnFailure.WithMaxTest(200));
    }

    private static string Unnamed(string text) => System.Text.RegularExpressions.Regex.Replace(text, "plue-output:[0-9a-f]+", "");

    private static List<string> Sleeping(string mark) =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
                .Where(folder =>
                {
                    try
                    {
                        return File.ReadAllText(Path.Combine(folder, "cmdline")).Contains(mark, StringComparison.Ordinal);
                    }
                    catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                    {
                        return false;
                    }
                }),
        ];
}
