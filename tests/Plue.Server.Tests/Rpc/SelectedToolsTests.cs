using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Tools.Mcp;

namespace Plue.Server.Tests.Rpc;

/// <summary>MCP tools in every chat, and tool search, with the reference server.</summary>
public sealed class SelectedToolsTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly Queue<ScriptedAnswer> answers = new();
    private InMemorySidecar sidecar = null!;
    private string chat = "";

    public async ValueTask InitializeAsync()
    {
        endpoint.Route = request =>
            request.Method == "GET" ? ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""")
            : answers.TryDequeue(out var answer) ? answer
            : ChatScript.Answer("done");
        sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        await File.WriteAllTextAsync(
            Path.Combine(sidecar.Home, "mcp.json5"),
            $$"""{ mcpServers: { all: { command: {{McpHome.Text(McpHome.Node)}}, args: [{{McpHome.Text(McpReferenceTests.Required())}}, "stdio"] } } }"""
        );
        var listed = await sidecar.Client.ResultAsync("mcp/list", new { });
        await sidecar.Client.ResultAsync(
            "mcp/approve",
            new { name = "all", fingerprint = (string?)listed!["servers"]![0]!["fingerprint"] }
        );
        chat = await sidecar.Client.CreateChatAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_chat_has_the_tools_of_servers_only_after_they_were_selected()
    {
        await sidecar.Client.AskAsync(chat, "Hello");
        Assert.DoesNotContain(ToolsOfLastRequest(), IsOfServer);
        await SetAsync("chat_mcp_tools", "all/echo", "bash", "vscode/x", "other/*");
        await sidecar.Client.AskAsync(chat, "Hello");
        Assert.Equal(["all__echo"], ToolsOfLastRequest().Where(IsOfServer));
        await SetAsync("chat_mcp_tools", "all/*");
        await sidecar.Client.AskAsync(chat, "Hello");
        Assert.Contains("all__get-sum", ToolsOfLastRequest());
    }

    [Fact]
    public async Task A_stopped_server_lists_the_tools_that_it_had()
    {
        await sidecar.Client.ResultAsync("mcp/start", new { name = "all" });
        var stopped = (await sidecar.Client.ResultAsync("mcp/stop", new { name = "all" }))!["servers"]![0]!;
        Assert.Equal("stopped", (string?)stopped["state"]);
        Assert.Contains(stopped["tools"]!.AsArray(), tool => (string?)tool!["name"] == "all/echo" && (long?)tool["tokens"] > 0);
    }

    [Fact]
    public async Task Over_the_limit_tools_are_found_by_a_search_and_stay_in_their_order()
    {
        await SetAsync("chat_mcp_tools", "all/*");
        await sidecar.Client.ResultAsync("settings/set", new { name = "mcp_tool_tokens", value = 100 });
        answers.Enqueue(ChatScript.Calls("", ("c1", "search_tools", """{"query":"sum of numbers"}""")));
        answers.Enqueue(ChatScript.Calls("", ("c2", "search_tools", """{"query":"echo"}""")));
        await sidecar.Client.AskAsync(chat, "Add 1 and 2");
        var requests = Requests();
        var first = ToolsOf(requests[^3]);
        Assert.Equal("search_tools", first[^1]);
        Assert.DoesNotContain(first, IsOfServer);
        var second = ToolsOf(requests[^2]);
        Assert.Equal(first, second[..first.Count]);
        Assert.Equal("all__get-sum", second[first.Count]);
        var third = ToolsOf(requests[^1]);
        Assert.Equal(second, third[..second.Count]);
        Assert.Contains("all__echo", third);
        Assert.Contains("These tools can be called from now on.", requests[^2].ToJsonString(), StringComparison.Ordinal);

        // The next message still has the tools.
        await sidecar.Client.AskAsync(chat, "Thanks");
        Assert.Equal(third, ToolsOfLastRequest());
    }

    [Fact]
    public async Task A_search_without_a_match_says_so_and_a_guessed_call_runs_only_with_its_definition()
    {
        await SetAsync("chat_mcp_tools", "all/*");
        await sidecar.Client.ResultAsync("settings/set", new { name = "mcp_tool_tokens", value = 100 });
        answers.Enqueue(
            ChatScript.Calls("", ("c1", "search_tools", """{"query":"espresso"}"""), ("c2", "all__echo", """{"message":"x"}"""))
        );
        await sidecar.Client.AskAsync(chat, "Coffee");
        var last = Requests()[^1].ToJsonString();
        Assert.Contains("tools has these words in its name or description.", last, StringComparison.Ordinal);
        Assert.Contains("was not loaded, so nothing was done.", last, StringComparison.Ordinal);
        Assert.Equal("all__echo", ToolsOfLastRequest()[^1]);
    }

    private Task SetAsync(string name, params string[] value) => sidecar.Client.ResultAsync("settings/set", new { name, value });

    private List<JsonNode> Requests() =>
        [
            .. endpoint
                .Requests.Where(request => request.Method == "POST" && request.Body.Contains("\"tools\"", StringComparison.Ordinal))
                .Select(request => JsonNode.Parse(request.Body)!),
        ];

    private List<string> ToolsOfLastRequest() => ToolsOf(Requests()[^1]);

    private static List<string> ToolsOf(JsonNode request) =>
        [.. request["tools"]!.AsArray().Select(tool => (string)tool!["function"]!["name"]!)];

    private static bool IsOfServer(string name) => name.Contains("__", StringComparison.Ordinal);
}
