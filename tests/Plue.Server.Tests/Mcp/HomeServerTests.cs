using System.Text.Json;
using System.Text.Json.Nodes;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;
using Plue.Server.Messages;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Mcp;

/// <summary><c>plue mcp serve</c>, accessed with the client of the official SDK.</summary>
public sealed class HomeServerTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new();
    private readonly PlueHome home = new();

    public ValueTask InitializeAsync()
    {
        AgentsHome.Write(home.Folder, endpoint.Url);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await home.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Only_reads_unless_the_user_allowed_tasks()
    {
        await using (var client = await StartAsync())
        {
            var tools = await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(
                ["list_chats", "list_items", "list_tasks", "read_chat", "read_item", "search_chats", "task_result", "task_status", "usage"],
                tools.Select(tool => tool.Name).Order(StringComparer.Ordinal)
            );
            Assert.All(tools, tool => Assert.True(tool.ProtocolTool.Annotations?.ReadOnlyHint));
            await Assert.ThrowsAsync<McpProtocolException>(() => CallAsync(client, "start_task", ("goal", "Do it")));
        }

        await using var allowed = await StartAsync("--allow-tasks");
        var more = await allowed.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains(more, tool => tool is { Name: "start_task", ProtocolTool.Annotations.ReadOnlyHint: false });
        Assert.DoesNotContain(more, tool => tool.Name.Contains("appro", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Returns_chats_and_long_messages_in_pages_and_finds_words()
    {
        for (var i = 0; i < 3; i++)
        {
            await ChatAsync($"Chat {i}", "Question", new string('x', 50_000), "And then?", $"The {i} zebra {new string('y', 20_000)}");
        }

        await using var client = await StartAsync();
        var first = await ReadAsync(client, "list_chats", ("limit", 2));
        var second = await ReadAsync(client, "list_chats", ("limit", 2), ("cursor", first.GetProperty("next_cursor").GetString()!));
        Assert.Equal((2, 1), (first.GetProperty("chats").GetArrayLength(), second.GetProperty("chats").GetArrayLength()));
        Assert.False(second.TryGetProperty("next_cursor", out _));

        var uri = first.GetProperty("chats")[0].GetProperty("uri").GetString()!;
        List<JsonElement> messages = [];
        string? cursor = null;
        do
        {
            var page = await ReadAsync(client, "read_chat", [("uri", uri), .. cursor is null ? [] : new[] { ("cursor", (object)cursor) }]);
            Assert.True(page.GetRawText().Length < 70_000);
            messages.AddRange(page.GetProperty("messages").EnumerateArray());
            cursor = page.TryGetProperty("next_cursor", out var next) ? next.GetString() : null;
        } while (cursor is not null);
        // The last message is in two parts.
        Assert.Equal(5, messages.Count);
        Assert.Equal(messages[3].GetProperty("id").GetString(), messages[4].GetProperty("id").GetString());
        Assert.Equal(20_012, messages[3].GetProperty("text").GetString()!.Length + messages[4].GetProperty("text").GetString()!.Length);

        var found = await ReadAsync(client, "search_chats", ("text", "zebra"), ("limit", 2));
        Assert.Equal(2, found.GetProperty("matches").GetArrayLength());
        Assert.Contains("zebra", found.GetProperty("matches")[0].GetProperty("snippet").GetString(), StringComparison.Ordinal);
        Assert.True(found.TryGetProperty("next_cursor", out _));
    }

    [Fact]
    public async Task Offers_items_and_chats_as_resources()
    {
        home.Write(
            "templates/note.json5",
            "{ name: 'Note', fields: [{ name: 'title', type: 'text' }, { name: 'body', type: 'textarea' }] }"
        );
        home.Write("items/plan.json5", "{ template: 'note', title: 'The plan', body: 'Plant a tree.' }");
        var chat = await ChatAsync("Greeting", "Hello", "Good morning");
        await using var client = await StartAsync();
        var resources = await client.ListResourcesAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(["codex://items/plan", $"codex://chats/{chat}"], resources.Select(resource => resource.Uri));
        Assert.Contains("Plant a tree.", await ResourceAsync(client, "codex://items/plan"), StringComparison.Ordinal);
        Assert.Equal(
            "# Greeting\n\n## User\n\nHello\n\n## Assistant\n\nGood morning\n",
            await ResourceAsync(client, $"codex://chats/{chat}")
        );
        Assert.Equal(3, (await client.ListResourceTemplatesAsync(cancellationToken: TestContext.Current.CancellationToken)).Count);
        await Assert.ThrowsAsync<McpProtocolException>(() => ResourceAsync(client, "codex://providers/small"));
        await Assert.ThrowsAsync<McpProtocolException>(() => ResourceAsync(client, "codex://chats/chat_gone"));
    }

    [Fact]
    public async Task Starts_a_task_within_the_budget_that_the_user_set_and_returns_its_result()
    {
        endpoint.Route = _ => AgentsHome.Paid("All done.", 100);
        await using var client = await StartAsync("--allow-tasks", "--max-budget", "0.5");
        var started = await ReadAsync(client, "start_task", ("template", "worker"), ("goal", "Do it"), ("budget_usd", 9));
        Assert.Equal(0.5m, started.GetProperty("budget_usd").GetDecimal());
        var uri = started.GetProperty("uri").GetString()!;
        var result = await ReadAsync(client, "task_result", ("uri", uri), ("wait_seconds", 60));
        Assert.Equal(
            (true, "done", "All done.", 0.001m),
            (
                result.GetProperty("finished").GetBoolean(),
                result.GetProperty("status").GetString(),
                result.GetProperty("output").GetString(),
                result.GetProperty("cost_usd").GetDecimal()
            )
        );
        var usage = await ReadAsync(client, "usage", ("by", "template"));
        Assert.Equal("worker", usage.GetProperty("rows")[0].GetProperty("template").GetString());
        Assert.Equal(0.001m, usage.GetProperty("total").GetProperty("cost_usd").GetDecimal());
    }

    [Fact]
    public async Task A_task_that_needs_approval_waits_for_the_user_in_Plue()
    {
        var write = AgentsHome.Spawn("w1", "x") with { Name = "write", Parameters = """{"path":"a.txt","content":"hello"}""" };
        AgentsHome.WriteTemplate(home.Folder, "careful", "provider_ref: 'codex://providers/small', available_tools: ['write']");
        endpoint.Route = request =>
            request.Body.Contains("\"tool\"", StringComparison.Ordinal) ? ChatScript.Answer("Written.") : ChatScript.Calls("", write);
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await using var client = await StartAsync("--allow-tasks", "--workspace", folder);
        var uri = (await ReadAsync(client, "start_task", ("template", "careful"), ("goal", "Write it"))).GetProperty("uri").GetString()!;

        // Another window of the same home shows the approval, and only there it can be decided.
        await using var window = await InMemorySidecar.StartAsync(home.Folder);
        var requested = await window.Client.NextAsync("approval/changed", parameters => parameters["approvals"] is JsonArray { Count: 1 });
        var status = await ReadAsync(client, "task_status", ("uri", uri));
        Assert.Equal("waiting_for_approval", status.GetProperty("status").GetString());
        Assert.Equal("write", status.GetProperty("pending_approvals")[0].GetProperty("tool").GetString());
        Assert.False((await ReadAsync(client, "task_result", ("uri", uri))).GetProperty("finished").GetBoolean());
        Assert.False(File.Exists(Path.Combine(folder, "a.txt")));
        await window.Client.ResultAsync(
            "approval/answer",
            new
            {
                id = (string?)requested["approvals"]![0]!["id"],
                fingerprint = (string?)requested["approvals"]![0]!["fingerprint"],
                decision = "once",
            }
        );
        Assert.True((await ReadAsync(client, "task_result", ("uri", uri), ("wait_seconds", 60))).GetProperty("finished").GetBoolean());
        Assert.Equal("hello", await File.ReadAllTextAsync(Path.Combine(folder, "a.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task The_policy_of_the_organization_refuses_tools_and_resources()
    {
        var chat = await ChatAsync("Secret plan", "Hello", "Good morning");
        var policy = home.Write("policy.json5", "{ denied_tools: ['read_chat', 'list_chats'] }");
        await using var client = await StartAsync(new Dictionary<string, string?> { ["PLUE_MANAGED_POLICY"] = policy });
        var tools = await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.DoesNotContain(tools, tool => tool.Name is "read_chat" or "list_chats");
        var refused = await CallAsync(client, "read_chat", ("uri", $"codex://chats/{chat}"));
        Assert.True(refused.IsError);
        Assert.Contains("Your organization's policy", TextOf(refused), StringComparison.Ordinal);
        Assert.Empty(await client.ListResourcesAsync(cancellationToken: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<McpProtocolException>(() => ResourceAsync(client, $"codex://chats/{chat}"));
    }

    [Fact]
    public async Task Its_tools_in_VS_Code_have_the_same_descriptions_and_parameters()
    {
        await using var client = await StartAsync("--allow-tasks");
        var served = (await client.ListToolsAsync(cancellationToken: TestContext.Current.CancellationToken)).ToDictionary(tool =>
            tool.Name
        );
        var manifest = JsonNode.Parse(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "package.json"), TestContext.Current.CancellationToken)
        );
        var contributed = manifest!["contributes"]!["languageModelTools"]!.AsArray();
        Assert.Equal(5, contributed.Count);
        foreach (var tool in contributed)
        {
            var same = served[((string)tool!["name"]!)["plue_".Length..]];
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(same.JsonSchema.GetRawText()), tool["inputSchema"]), (string?)tool["name"]);
            // The manifest does not know the templates of this home.
            Assert.StartsWith((string)tool["modelDescription"]!, same.Description, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("read_chat", "uri", "codex://items/x", "codex://chats/ or codex://tasks/")]
    [InlineData("read_chat", "uri", "codex://chats/chat_gone", "There is no such chat")]
    [InlineData("list_chats", "cursor", "-1", "`cursor`")]
    [InlineData("list_chats", "limit", "many", "`limit`")]
    [InlineData("list_chats", "unknown", "x", "`unknown`")]
    [InlineData("search_chats", "text", "", "`text`")]
    public async Task Explains_a_wrong_call(string tool, string name, string value, string expected)
    {
        await using var client = await StartAsync();
        var failed = await CallAsync(client, tool, (name, value));
        Assert.True(failed.IsError);
        Assert.Contains(expected, TextOf(failed), StringComparison.Ordinal);
    }

    private async Task<string> ChatAsync(string title, params string[] texts)
    {
        await using var journal = home.Services.Store.Chats.Create("ai-chat", title, null, null);
        for (var i = 0; i < texts.Length; i++)
        {
            await journal.AppendAsync(
                StoreFixture.NewMessage(i % 2 == 0 ? MessageRole.User : MessageRole.Assistant, texts[i]),
                CancellationToken.None
            );
        }

        return journal.Id;
    }

    private Task<McpClient> StartAsync(params string[] arguments) => StartAsync(new Dictionary<string, string?>(), arguments);

    private Task<McpClient> StartAsync(Dictionary<string, string?> environment, params string[] arguments) =>
        McpClient.CreateAsync(
            new StdioClientTransport(
                new StdioClientTransportOptions
                {
                    Command = SidecarProcess.Executable,
                    Arguments = ["mcp", "serve", .. arguments],
                    EnvironmentVariables = new Dictionary<string, string?>(environment) { ["PLUE_HOME"] = home.Folder },
                }
            ),
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static async Task<CallToolResult> CallAsync(McpClient client, string name, params (string Name, object Value)[] arguments) =>
        await client.CallToolAsync(
            name,
            arguments.ToDictionary(pair => pair.Name, pair => (object?)pair.Value),
            cancellationToken: TestContext.Current.CancellationToken
        );

    private static async Task<JsonElement> ReadAsync(McpClient client, string name, params (string Name, object Value)[] arguments)
    {
        var result = await CallAsync(client, name, arguments);
        Assert.False(result.IsError == true, TextOf(result));
        return JsonElement.Parse(TextOf(result));
    }

    private static string TextOf(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private static async Task<string> ResourceAsync(McpClient client, string uri)
    {
        var read = await client.ReadResourceAsync(uri, cancellationToken: TestContext.Current.CancellationToken);
        return Assert.IsType<TextResourceContents>(Assert.Single(read.Contents)).Text;
    }
}
