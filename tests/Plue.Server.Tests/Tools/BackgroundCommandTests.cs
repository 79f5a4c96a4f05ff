using System.Diagnostics;
using System.Text.RegularExpressions;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tools;
using Plue.Server.Tools.Background;

namespace Plue.Server.Tests.Tools;

/// <summary>Real commands in the background, most without a sandbox, so that only the tools themselves restrict them.</summary>
[Collection("Alone")]
public sealed partial class BackgroundCommandTests : IAsyncLifetime
{
    private readonly ToolFixture fixture = new();
    private Sandbox sandbox = new([], null, []);
    private BackgroundCommands commands;

    public BackgroundCommandTests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There is no sh here.");
        commands = CommandsIn(sandbox);
    }

    private BashTool Bash => new("", sandbox, fixture.Results, () => false, background: commands);

    private BashProcessTool Process => new("", commands);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await commands.DisposeAsync();
        fixture.Dispose();
    }

    [Theory]
    [InlineData(SandboxKind.None)]
    [InlineData(SandboxKind.Bubblewrap)]
    public async Task An_agent_starts_a_server_waits_for_its_port_tests_it_with_curl_and_stops_it(SandboxKind kind)
    {
        if (kind != SandboxKind.None)
        {
            sandbox = new Sandbox([], null, [kind]);
            Assert.SkipUnless(await sandbox.KindAsync(TestContext.Current.CancellationToken) == kind, "This machine has no such sandbox.");
            commands = CommandsIn(sandbox);
        }

        var port = FreePort();
        fixture.Write(
            "server.js",
            $$"""
            const server = require('http').createServer((request, response) => response.end(`Hello from ${request.url}\n`));
            setTimeout(() => server.listen({{port}}, '127.0.0.1', () => console.log('listening')), 400);
            """
        );
        var id = await StartAsync("node server.js");
        Assert.Contains($"[Port {port} accepts connections.]", await RunAsync(("id", id), ("port", port)), StringComparison.Ordinal);
        Assert.StartsWith(
            "Hello from /page\n[Exit code 0",
            await fixture.ResultAsync(Bash, ToolFixture.Json(("command", $"curl -sS http://127.0.0.1:{port}/page"))),
            StringComparison.Ordinal
        );
        Assert.Contains($"[{id} was stopped.]", await RunAsync(("id", id), ("stop", true)), StringComparison.Ordinal);
        Assert.Matches(
            "Exit code 7",
            await fixture.ResultAsync(Bash, ToolFixture.Json(("command", $"curl -sS http://127.0.0.1:{port}/page")))
        );
    }

    [Fact]
    public async Task A_sandboxed_server_is_reached_by_no_command_of_another_chat()
    {
        sandbox = new Sandbox([], null, [SandboxKind.Bubblewrap]);
        Assert.SkipUnless(
            await sandbox.KindAsync(TestContext.Current.CancellationToken) == SandboxKind.Bubblewrap,
            "This machine has no such sandbox."
        );
        commands = CommandsIn(sandbox);
        var port = FreePort();
        var id = await StartAsync($"node -e \"require('http').createServer((_, r) => r.end('secret')).listen({port})\"");
        await RunAsync(("id", id), ("port", port));
        var other = await new BashTool("", sandbox, fixture.Results, () => false, background: commands).PlanAsync(
            System.Text.Json.JsonElement.Parse(ToolFixture.Json(("command", $"curl -sS http://127.0.0.1:{port}"))),
            fixture.Context with
            {
                CodexId = "chat_2",
            },
            TestContext.Current.CancellationToken
        );
        Assert.Contains(
            "[Exit code 7",
            (await other.RunAsync(new ToolFixture.ProgressRecorder(), TestContext.Current.CancellationToken)).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Each_read_returns_the_output_since_the_last_one_and_the_end_has_the_exit_code()
    {
        var id = await StartAsync("echo one; read -r line; echo \"got $line\"; read -r line; echo last; exit 3");
        Assert.StartsWith("one\n[The output matches.]", await RunAsync(("id", id), ("wait_for", "^one$")), StringComparison.Ordinal);
        Assert.StartsWith($"[{id} is running", await RunAsync(("id", id)), StringComparison.Ordinal);
        Assert.StartsWith("got a  b\n", await RunAsync(("id", id), ("input", "a  b"), ("wait_for", "got")), StringComparison.Ordinal);
        Assert.Matches($@"^last\n\[{id} has ended: exit code 3, ", await RunAsync(("id", id), ("input", "x\n"), ("timeout_s", 20)));
        Assert.Contains("[Nothing was sent: ", await RunAsync(("id", id), ("input", "late")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_reported_by_the_start() =>
        Assert.Matches(
            "not found\n.*has ended: exit code 127",
            await fixture.ResultAsync(Bash, """{"command":"no-such-program-here","background":true}""")
        );

    [Fact]
    public async Task Output_that_left_the_memory_is_read_with_the_read_tool()
    {
        var id = await StartAsync("seq -f 'line %06.0f' 1 60000; exec sleep 300");
        var text = await RunAsync(("id", id), ("wait_for", "line 060000"));
        var stored = StoredName().Match(text);
        Assert.True(stored.Success, text);
        Assert.True(text.Length < 2 * BackgroundCommand.MaxRecent);
        Assert.Contains(
            "line 000001",
            await fixture.ResultAsync(fixture.Read, ToolFixture.Json(("path", stored.Value), ("from", 1), ("to", 2))),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Secrets_are_masked_in_the_output()
    {
        await using var masked = new BackgroundCommands(
            new PluePaths(fixture.Home),
            sandbox,
            fixture.Results,
            text => text.Replace("canary-7f3a", "***", StringComparison.Ordinal),
            TimeProvider.System
        );
        var started = await fixture.ResultAsync(
            new BashTool("", sandbox, fixture.Results, () => false, background: masked),
            """{"command":"echo canary-7f3a; exit 1","background":true}"""
        );
        Assert.StartsWith("***\n", started, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_ends_everything_that_the_command_started()
    {
        var id = await StartAsync("sleep 300 & setsid sleep 300 & echo started; wait");
        await RunAsync(("id", id), ("wait_for", "started"));
        await RunAsync(("id", id), ("stop", true));
        await UntilNoneAsync();
    }

    [Fact]
    public async Task Commands_end_with_their_chat_unless_the_user_keeps_them()
    {
        var (kept, other) = (await StartAsync("exec sleep 300"), await StartAsync("exec sleep 300"));
        commands.Keep(commands.Find(kept)!, isKept: true);
        await commands.EndAsync("chat_2");
        Assert.Equal(2, commands.Running.Count());
        await commands.EndAsync("chat_1");
        Assert.Equal([kept], commands.Running.Select(command => command.Id));
        Assert.Contains("because its chat or task has ended", await RunAsync(("id", other)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_has_a_limited_number_of_commands()
    {
        var ids = new List<string>();
        for (var i = 0; i < BackgroundCommands.MaxPerChat; i++)
        {
            ids.Add(await StartAsync("exec sleep 300"));
        }

        const string More = """{"command":"exec sleep 300","background":true}""";
        Assert.StartsWith(
            "8 background commands of this chat are running.",
            await fixture.ErrorAsync(Bash, More),
            StringComparison.Ordinal
        );
        await RunAsync(("id", ids[0]), ("stop", true));
        Assert.Contains("is running", await fixture.ResultAsync(Bash, More), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_agent_reaches_no_command_of_another_agent()
    {
        var id = await StartAsync("exec sleep 300");
        var context = fixture.Context with { CodexId = "chat_2" };
        var parameters = System.Text.Json.JsonElement.Parse(ToolFixture.Json(("id", id), ("stop", true)));
        var fault = await Assert.ThrowsAsync<ToolFailureException>(() =>
            Process.PlanAsync(parameters, context, TestContext.Current.CancellationToken)
        );
        Assert.StartsWith($"There is no background command {id}.", fault.Message, StringComparison.Ordinal);
        Assert.Single(commands.Running);
    }

    [Fact]
    public async Task Only_input_is_an_action_to_judge()
    {
        var id = await StartAsync("cat");
        Assert.Equal(
            [new ToolAction.OwnRecord()],
            (await fixture.PlanAsync(Process, ToolFixture.Json(("id", id), ("timeout_s", 1)))).Actions
        );
        var call = await fixture.PlanAsync(Process, ToolFixture.Json(("id", id), ("input", "y\n")));
        Assert.Equal([new ToolAction.SendInput("cat", fixture.Workspace)], call.Actions);
        Assert.Equal("y", call.ActionText);
    }

    [Theory]
    [InlineData("""{"id":"@","wait_for":"("}""", "`wait_for` is not a regular expression")]
    [InlineData("""{"id":"@","wait_for":"a","port":80}""", "Set `wait_for` or `port`, not both.")]
    [InlineData("""{"id":"@","stop":true,"input":"a"}""", "`stop` allows no other parameter.")]
    [InlineData("""{"id":"@","input":"a\u0003"}""", "`input` has a control character.")]
    public async Task Invalid_calls_are_refused_with_a_sentence(string parameters, string sentence)
    {
        var id = await StartAsync("exec sleep 300");
        Assert.StartsWith(
            sentence,
            await fixture.ErrorAsync(Process, parameters.Replace("@", id, StringComparison.Ordinal)),
            StringComparison.Ordinal
        );
    }

    private BackgroundCommands CommandsIn(Sandbox used) =>
        new(new PluePaths(fixture.Home), used, fixture.Results, text => text, TimeProvider.System);

    private async Task<string> StartAsync(string command)
    {
        var text = await fixture.ResultAsync(Bash, ToolFixture.Json(("command", command), ("background", true)));
        return IdIn().Match(text) is { Success: true } id ? id.Value : throw new InvalidOperationException(text);
    }

    private Task<string> RunAsync(params (string, object)[] parameters) => fixture.ResultAsync(Process, ToolFixture.Json(parameters));

    /// <summary>Waits until no process works in the workspace.</summary>
    private async Task UntilNoneAsync()
    {
        var limit = Stopwatch.StartNew();
        while (
            Directory
                .EnumerateDirectories("/proc")
                .Where(process => int.TryParse(Path.GetFileName(process), out _))
                .Any(process => FolderOf(process) == fixture.Workspace)
        )
        {
            Assert.True(limit.Elapsed < TimeSpan.FromSeconds(20), "A process was left.");
            // The system reports no event for the end of a process that is not a child.
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static string? FolderOf(string process)
    {
        try
        {
            return File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return null; // It has ended, or belongs to the system.
        }
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("cmd_[0-9a-f]+")]
    private static partial Regex IdIn();

    [GeneratedRegex("plue-output:[0-9a-f]+")]
    private static partial Regex StoredName();
}
