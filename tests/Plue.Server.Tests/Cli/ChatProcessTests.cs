using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue chat</c> process: with pipes, and in a real terminal.</summary>
public sealed class ChatProcessTests : IAsyncLifetime
{
    private static readonly (string Id, string Name, string Parameters) WriteFile = (
        "w1",
        "write",
        """{"path":"a.txt","content":"hello"}"""
    );

    private readonly ScriptedEndpoint endpoint = new();
    private readonly string home = Directory.CreateTempSubdirectory("plue-test-").FullName;
    private readonly string folder = Directory.CreateTempSubdirectory("plue-test-").FullName;

    public ValueTask InitializeAsync()
    {
        AgentsHome.Write(home, endpoint.Url);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync() => await endpoint.DisposeAsync();

    [Fact]
    public async Task A_message_is_stored_and_the_next_one_continues_the_chat_of_the_folder()
    {
        endpoint.Route = _ => Answer("Grüße ", "😀");
        var first = await RunAsync("", ["Hello?", "--provider", "small"]);
        Assert.Equal((0, "Grüße 😀\n"), (first.ExitCode, first.Output));
        var second = await RunAsync("the piped text\n", ["Sum it up", "--continue"]);
        Assert.Equal((0, "Grüße 😀\n"), (second.ExitCode, second.Output));
        Assert.Equal(Address(first.Error), Address(second.Error));
        Assert.Equal(
            ["Hello?", "Grüße 😀", "Sum it up\n\nthe piped text\n"],
            JsonNode.Parse(endpoint.Requests.Last().Body)!["messages"]!.AsArray().Skip(1).Select(message => (string?)message!["content"])
        );

        var elsewhere = await RunAsync("", ["More", "--continue"], home);
        Assert.Equal(1, elsewhere.ExitCode);
        Assert.Contains("No chat was used in", elsewhere.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("", ["More", "--resume", Address(first.Error).Split('/')[^1]], home)).ExitCode);
    }

    [Fact]
    public async Task The_terminal_continues_a_chat_of_the_editor_and_the_editor_shows_its_messages()
    {
        endpoint.Route = _ => Answer("Yes.");
        await using var window = await SidecarProcess.StartAsync(home, folder: folder);
        var uri = await window.Client.CreateChatAsync("small");
        await window.Client.AskAsync(uri, "From the editor");
        Assert.Equal(0, (await RunAsync("", ["From the terminal", "--continue"])).ExitCode);
        var chat = await window.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["From the editor", "Yes.", "From the terminal", "Yes."], Texts(chat));
    }

    [Fact]
    public async Task Without_a_terminal_only_the_policy_allows_changes()
    {
        endpoint.Route = request => request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("Done.") : Calls("", WriteFile);
        string[] arguments = ["Write it", "--provider", "small", "--workspace", folder];
        var denied = await RunAsync("", arguments);
        Assert.Equal((4, "Done.\n"), (denied.ExitCode, denied.Output));
        Assert.Contains("* Write a.txt\n  failed: The call was denied:", denied.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(folder, "a.txt")));

        var policy = Path.Combine(home, "policy.json5");
        await File.WriteAllTextAsync(policy, "{ allow: ['write(**)'] }");
        Assert.Equal(0, (await RunAsync("", [.. arguments, "--policy", policy])).ExitCode);
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(folder, "a.txt")));

        File.Delete(Path.Combine(folder, "a.txt"));
        Assert.Equal(0, (await RunAsync("", [.. arguments, "--permission-mode", "edit"])).ExitCode);
        Assert.True(File.Exists(Path.Combine(folder, "a.txt")));
    }

    [Fact]
    public async Task Each_line_of_json_is_an_event()
    {
        endpoint.Route = _ => Answer("Hello.");
        var run = await RunAsync("", ["Hello?", "--provider", "small", "--json"]);
        Assert.Equal(
            ["messageAdded", "turnStarted", "messageStarted", "textDelta", "messageFinished", "turnFinished"],
            run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => (string?)JsonNode.Parse(line)!["kind"])
        );
    }

    [Fact]
    public async Task A_reader_that_ends_stops_the_response()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The test needs a shell.");
        endpoint.Route = _ =>
            ScriptedAnswer
                .Events()
                .Send(Chunk("one\n"))
                // More than a pipe holds, so that a write comes after the reader has ended.
                .Send(string.Concat(Enumerable.Repeat(Chunk(new string('x', 1000) + "\n"), 500)))
                .Hang();
        var (exitCode, output, _) = await ShellAsync($"'{SidecarProcess.Executable}' chat Hello --provider small | head -n 1");
        Assert.Equal((0, "one\n"), (exitCode, output));
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("--resume chat_1 --continue x")]
    [InlineData("--continue --template task x")]
    [InlineData("--permission-mode all x")]
    [InlineData("--policy missing.json5 x")]
    [InlineData("")]
    public async Task Bad_usage_ends_with_two(string line)
    {
        var run = await RunAsync("", line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Error);
    }

    [Theory]
    [InlineData(80, "xterm")]
    [InlineData(20, "dumb")]
    public async Task In_a_terminal_the_folder_is_trusted_and_a_call_is_approved_by_a_key(int columns, string kind)
    {
        SkipWithoutTerminal();
        endpoint.Route = request => request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? Answer("Written.") : Calls("", WriteFile);
        using var process = Terminal($"stty cols {columns}; TERM={kind} {SidecarProcess.UncountedExecutable} chat --provider small");
        await SayAsync(process, "[n]o: ", "y");
        await SayAsync(process, "\r> ", "Write it\\\rnow\r");
        var asked = await SayAsync(process, "lways: ", "y");
        Assert.Contains("write needs your approval:", Joined(asked), StringComparison.Ordinal);
        Assert.Contains("Always allows write(a.txt) in ", Joined(asked), StringComparison.Ordinal);
        Assert.Contains("Written.", await SayAsync(process, "\r> ", "\u0004"), StringComparison.Ordinal);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(folder, "a.txt")));
        Assert.Contains("Write it\\nnow", endpoint.Requests[0].Body, StringComparison.Ordinal);

        // The next start asks for no trust.
        using var again = Terminal($"{SidecarProcess.UncountedExecutable} chat --continue");
        var shown = await SayAsync(again, "\r> ", "\u0003\u0003");
        Assert.DoesNotContain("trust", shown, StringComparison.Ordinal);
        Assert.Contains("Written.", shown, StringComparison.Ordinal);
        await again.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(130, again.ExitCode);
    }

    [Fact]
    public async Task Ctrl_C_in_a_terminal_stops_the_response_and_the_chat_goes_on()
    {
        SkipWithoutTerminal();
        endpoint.Route = request =>
            request.Body.Contains("second message", StringComparison.Ordinal)
                ? Answer("Whole.")
                : ScriptedAnswer.Events().Send(Chunk("Half")).Hang();
        using var process = Terminal($"{SidecarProcess.UncountedExecutable} chat --provider small --workspace .");
        await SayAsync(process, "\r> ", "first message\r");
        await SayAsync(process, "Half", "\u0003");
        await SayAsync(process, "\r> ", "second message\r");
        await SayAsync(process, "Whole.", "/exit\r");
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(0, process.ExitCode);
    }

    private static string Address(string error) =>
        error.Split('\n').First(line => line.StartsWith("codex://chats/", StringComparison.Ordinal));

    private static string Joined(string terminal) =>
        terminal.Replace("\r", "", StringComparison.Ordinal).Replace("\n", "", StringComparison.Ordinal);

    private static void SkipWithoutTerminal() =>
        Assert.SkipUnless(File.Exists("/usr/bin/script"), "/usr/bin/script, which makes a terminal, is not installed.");

    /// <summary>Waits for a text in the terminal, then types.</summary>
    /// <returns>What the terminal showed.</returns>
    private static async Task<string> SayAsync(Process process, string awaited, string typed)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var shown = new StringBuilder();
        var piece = new char[1];
        while (!shown.ToString().EndsWith(awaited, StringComparison.Ordinal))
        {
            var read = 0;
            try
            {
                read = await process.StandardOutput.ReadAsync(piece, timeout.Token);
            }
            catch (OperationCanceledException)
            { /* Fails below. */
            }

            Assert.True(read > 0, $"The terminal did not show \"{awaited}\": {shown}");
            shown.Append(piece[0]);
        }

        await process.StandardInput.WriteAsync(typed);
        await process.StandardInput.FlushAsync(timeout.Token);
        return shown.ToString();
    }

    private Process Terminal(string command) => Begin("/usr/bin/script", ["-qec", command, "/dev/null"], folder);

    private async Task<(int ExitCode, string Output, string Error)> ShellAsync(string line)
    {
        using var process = Begin("/bin/sh", ["-c", line], folder);
        return await EndAsync(process, "");
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string input, string[] arguments, string? directory = null)
    {
        using var process = Begin(SidecarProcess.Executable, ["chat", .. arguments], directory ?? folder);
        return await EndAsync(process, input);
    }

    private static async Task<(int ExitCode, string Output, string Error)> EndAsync(Process process, string input)
    {
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output, await error);
    }

    private Process Begin(string program, string[] arguments, string directory) =>
        Process.Start(
            new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home },
            }
        )!;
}
