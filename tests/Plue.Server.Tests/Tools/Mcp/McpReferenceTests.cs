using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>Tests with the official MCP reference server from npm.</summary>
public class McpReferenceTests
{
    private static readonly string? Everything = new[]
    {
        Environment.GetEnvironmentVariable("PLUE_TEST_MCP_EVERYTHING") ?? "",
        Path.Combine(Repository.Root, "node_modules", "@modelcontextprotocol", "server-everything", "dist", "index.js"),
    }.FirstOrDefault(File.Exists);

    [Fact]
    public async Task The_reference_server_is_used_over_its_pipes()
    {
        await using var home = new McpHome();
        home.WriteUser(("all", $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(Required())}}, "stdio"] }"""));
        await UseAsync(home);
        Assert.Contains("GZIP", string.Join(' ', home.Status("all").Tools.Select(tool => tool.Name)), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task SEC_37_The_reference_servers_own_look_at_its_environment_finds_no_canary()
    {
        await using var home = new McpHome();
        home.WriteUser(("all", $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(Required())}}, "stdio"] }"""));
        await home.ApproveAsync("all");
        Environment.SetEnvironmentVariable("PLUE_TEST_REAL_CANARY", McpHome.Canary);
        var seen = (await home.CallAsync("all/get-env")).Text;
        Assert.Contains("PATH", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(McpHome.Canary, seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_reference_server_is_used_over_HTTP()
    {
        var script = Required();
        var port = FreePort();
        using var process = Process.Start(
            new ProcessStartInfo(McpHome.Node, [script, "streamableHttp"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                Environment = { ["PORT"] = $"{port}" },
            }
        )!;
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            while (
                await process.StandardError.ReadLineAsync(timeout.Token) is { } line && !line.Contains($"{port}", StringComparison.Ordinal)
            ) { }

            var drained = Task.WhenAll(process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
            await using var home = new McpHome();
            home.WriteUser(("all", $$"""{ "type": "http", "url": "http://127.0.0.1:{{port}}/mcp" }"""));
            await UseAsync(home);
            Assert.False(drained.IsCompleted);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }

    private static async Task UseAsync(McpHome home)
    {
        await home.ApproveAsync("all");
        Assert.EndsWith("hello", (await home.CallAsync("all/echo", """{"message":"hello"}""")).Text, StringComparison.Ordinal);
        var picture = await home.CallAsync("all/get-tiny-image");
        Assert.Equal("image/png", Assert.Single(picture.Images).MediaType);
        Assert.Contains("reported an error", await home.FailureAsync("all/echo", "{}"), StringComparison.Ordinal);
        var resources = (await home.CallAsync("all/list_resources")).Text;
        Assert.Contains("demo://", resources, StringComparison.Ordinal);
        var uri = resources
            .Split([' ', '\n'])
            .First(word => word.StartsWith("demo://", StringComparison.Ordinal) && !word.Contains('{'))
            .TrimEnd(':');
        Assert.Contains(uri, (await home.CallAsync("all/read_resource", $$"""{"uri":"{{uri}}"}""")).Text, StringComparison.Ordinal);
        Assert.Contains("simple-prompt", (await home.CallAsync("all/list_prompts")).Text, StringComparison.Ordinal);
        Assert.Contains("[User]", (await home.CallAsync("all/get_prompt", """{"name":"simple-prompt"}""")).Text, StringComparison.Ordinal);
        Assert.Equal(McpServerState.Running, home.Status("all").State);
    }

    [Fact]
    public async Task The_reference_server_completes_arguments_of_prompts()
    {
        await using var home = new McpHome();
        await StartAsync(home);
        var values = await home.CallAsync(
            "all/complete_argument",
            """{"prompt":"completable-prompt","argument":"department","value":"E"}"""
        );
        Assert.Contains("\nEngineering", values.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Sales", values.Text, StringComparison.Ordinal);
        var names = await home.CallAsync(
            "all/complete_argument",
            """{"prompt":"completable-prompt","argument":"name","arguments":{"department":"Sales"}}"""
        );
        Assert.Contains("David", names.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompts_of_running_servers_are_read_with_their_arguments()
    {
        await using var home = new McpHome();
        await StartAsync(home);
        var prompts = new McpPrompts(home.Servers, home.Services);
        Assert.Empty(await prompts.ListAsync(CancellationToken.None));
        await home.FindAsync("all/*");
        var listed = await prompts.ListAsync(CancellationToken.None);
        Assert.Contains("all.simple-prompt", listed.Select(prompt => prompt.Command));
        var weather = listed.Single(prompt => prompt.Command == "all.args-prompt");
        var city = Assert.Single(weather.Arguments, argument => argument.IsRequired);
        var none = new Dictionary<string, string>();
        var missing = await prompts.ReadAsync("all", weather.Name, "", none, CancellationToken.None);
        Assert.Equal((null, city.Name), (missing.Text, Assert.Single(missing.Missing).Name));
        Assert.Contains(
            "Paris",
            (await prompts.ReadAsync("all", weather.Name, "Paris", none, CancellationToken.None)).Text,
            StringComparison.Ordinal
        );
        var named = new Dictionary<string, string> { [city.Name] = "Rome" };
        Assert.Contains(
            "Rome",
            (await prompts.ReadAsync("all", weather.Name, "", named, CancellationToken.None)).Text,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("Paris", "Paris", null)]
    [InlineData("Paris in spring", "Paris", "in spring")]
    [InlineData("state=\"New York\" Albany", "Albany", "New York")]
    [InlineData("x=1 y", "x=1", "y")]
    public void The_text_behind_a_command_fills_the_arguments(string given, string? city, string? state)
    {
        var values = McpPrompts.ArgumentsIn(given, [new McpPromptArgument("city", "", true), new McpPromptArgument("state", "", false)]);
        Assert.Equal((city, state), (values.GetValueOrDefault("city"), values.GetValueOrDefault("state")));
    }

    [Fact]
    public async Task A_resource_that_changed_since_it_was_read_is_named_in_the_next_result()
    {
        const string Uri = "demo://resource/dynamic/text/1";
        await using var home = new McpHome();
        await StartAsync(home);
        await home.CallAsync("all/read_resource", $$"""{"uri":"{{Uri}}"}""");
        await home.CallAsync("all/toggle-subscriber-updates");
        // The server reports a change every five seconds.
        var later = await home.CallAsync("all/trigger-long-running-operation", """{"duration":6,"steps":2}""");
        Assert.Contains($"[The resource {Uri} changed since it was read;", later.Text, StringComparison.Ordinal);
    }

    private static Task StartAsync(McpHome home)
    {
        home.WriteUser(("all", $$"""{ "command": {{McpHome.Text(McpHome.Node)}}, "args": [{{McpHome.Text(Required())}}, "stdio"] }"""));
        return home.ApproveAsync("all");
    }

    internal static string Required()
    {
        if (Everything is null)
        {
            Assert.Skip("The reference server is not there. Run npm install.");
        }

        return Everything!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
