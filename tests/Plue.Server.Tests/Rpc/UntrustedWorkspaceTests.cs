using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>An untrusted folder has no effect; after it is trusted, it does.</summary>
public sealed class UntrustedWorkspaceTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("Yes") };
    private readonly string folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
    private InMemorySidecar sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: false);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        Write("AGENTS.md", "Theirs: rules.");
        Write(".plue/prompts/default-assistant.md", "Theirs: prompt.");
        Write(".plue/prompts/theirs.md", "Theirs: command.");
        Write(".plue/items/theirs.json5", "{ template: 'theirs-item', name: 'Theirs' }");
        Write(".plue/templates/theirs-item.json5", "{ id: 'theirs-item', name: 'Theirs', fields: [{ name: 'name', type: 'text' }] }");
        Write(".plue/templates/theirs.json5", "{ id: 'theirs', name: 'Theirs', parent_template: 'task' }");
        Write(
            ".plue/templates/ai-chat.json5",
            """
            { id: 'ai-chat', name: 'Theirs', fields: [{ name: 'title', type: 'text' }, { name: 'label', type: 'text' },
                { name: 'messages', type: 'array', items: { type: 'object', properties: [{ name: 'role', type: 'text' }, { name: 'content', type: 'textarea' }] } }, { name: 'system_prompt_ref', type: 'codex_reference', default: 'codex://prompts/default-assistant' }],
              automation: { hooks: [
                { trigger: 'field_change', field: 'title', action: 'set_field', target: 'label', value: 'Theirs: hook.' },
                { trigger: 'field_change', field: 'messages', action: 'send_to_llm', conditions: [{ field: 'messages[-1].role', equals: 'user' }] },
              ] } }
            """
        );
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Its_templates_prompts_items_hooks_and_rules_are_all_off_until_it_is_trusted()
    {
        Assert.Equal("", await TheirsAsync());
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.AskAsync(uri, "Hello");
        Assert.Null(await HookedAsync(uri));
        var chat = await GetAsync(uri);
        Assert.Equal(["Hello", "Yes"], Texts(chat));
        Assert.DoesNotContain("Theirs", endpoint.Requests[^1].Body, StringComparison.Ordinal);
        Assert.DoesNotContain("Theirs", chat!.ToJsonString(), StringComparison.Ordinal);
        Assert.StartsWith("The workspace is not trusted", (string?)(await SteeringAsync(uri))?["note"], StringComparison.Ordinal);
        Assert.Equal(
            "notFound",
            ErrorKind(await sidecar.Client.RequestAsync("codex/create", new { templateId = "theirs", values = new { goal = "x" } }))
        );

        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = true });
        Assert.Equal(
            "templates/ai-chat templates/theirs templates/theirs-item prompts/default-assistant prompts/theirs items/theirs",
            await TheirsAsync()
        );
        Assert.Equal("Theirs: hook.", await HookedAsync(uri));
        Assert.Equal(
            ["Theirs: prompt.", "Theirs: rules."],
            (await InstructionsAsync(uri)).Split('\n').Where(line => line.StartsWith("Theirs", StringComparison.Ordinal))
        );

        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = false });
        Assert.Equal("", await TheirsAsync());
        Assert.DoesNotContain("Theirs", await InstructionsAsync(uri), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_tools_that_need_no_folder_are_offered_until_it_is_trusted()
    {
        Write(".mcp.json", """{ "mcpServers": { "theirs": { "command": "/bin/false" } } }""");
        File.WriteAllText(
            Path.Combine(sidecar.Home, "mcp.json5"),
            $$"""{ mcpServers: { inside: { command: "/bin/false", args: ["--root={{folder}}"] } } }"""
        );
        Directory.Delete(Path.Combine(folder, ".plue"), recursive: true);
        var uri = await sidecar.Client.CreateChatAsync();
        string[] wanted = ["read", "bash", "problems", "fetch", "todo", "spawn_task", "theirs/*", "inside/*"];
        await sidecar.Client.ResultAsync("codex/update", new { uri, set = new { available_tools = wanted } });
        var answers = new Queue<ScriptedAnswer>([Calls("", ("c1", "read", """{"path":"AGENTS.md"}""")), Answer("Yes")]);
        endpoint.Route = _ => answers.TryDequeue(out var next) ? next : Answer("Yes");
        await sidecar.Client.AskAsync(uri, "Hello");
        Assert.Equal(["todo", "fetch"], Tools(0));
        Assert.Contains("There is no tool `read`.", endpoint.Requests[1].Body, StringComparison.Ordinal);
        var notes = (await GetAsync(uri))!["messages"]!.ToJsonString();
        Assert.Contains("this folder is not trusted", notes, StringComparison.Ordinal);
        Assert.Contains("The server theirs does not exist.", notes, StringComparison.Ordinal);
        Assert.Contains("The server inside was not used", notes, StringComparison.Ordinal);

        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = true });
        await sidecar.Client.AskAsync(uri, "Again");
        Assert.Contains("read", Tools(^1));
        Assert.Contains("bash", Tools(^1));
    }

    private List<string> Tools(Index request) =>
        [
            .. (JsonNode.Parse(endpoint.Requests.ToList()[request].Body)!["tools"]?.AsArray() ?? []).Select(tool =>
                (string)tool!["function"]!["name"]!
            ),
        ];

    /// <summary>Gets the listed objects of the workspace.</summary>
    private async Task<string> TheirsAsync()
    {
        var templates = (await sidecar.Client.ResultAsync("template/list", new { }))!["templates"]!
            .AsArray()
            .Where(template => (string?)template!["layer"] == "workspace")
            .Select(template => $"templates/{template!["id"]}");
        List<string> others = [];
        foreach (var collection in (string[])["prompts", "items"])
        {
            var items = (await sidecar.Client.ResultAsync("codex/list", new { collection }))!["items"]!.AsArray();
            others.AddRange(
                items.Where(item => (string?)item!["layer"] == "workspace").Select(item => ((string)item!["uri"]!)["codex://".Length..])
            );
        }

        return string.Join(' ', templates.Order(StringComparer.Ordinal).Concat(others));
    }

    private async Task<string> InstructionsAsync(string uri)
    {
        await sidecar.Client.AskAsync(uri, "Again");
        return (string?)JsonNode.Parse(endpoint.Requests[^1].Body)?["messages"]?[0]?["content"] ?? "";
    }

    /// <summary>Gets the output of a hook on the title.</summary>
    private async Task<string?> HookedAsync(string uri)
    {
        await sidecar.Client.ResultAsync("codex/update", new { uri, title = $"Title {Guid.NewGuid():N}" });
        var chat = await GetAsync(uri);
        return (string?)chat?["values"]?["label"] ?? (string?)chat?["hookFailures"]?[0]?["message"];
    }

    private Task<JsonNode?> GetAsync(string uri) => sidecar.Client.ResultAsync("codex/get", new { uri });

    private Task<JsonNode?> SteeringAsync(string uri) => sidecar.Client.ResultAsync("message/instructions", new { codexId = uri });

    private void Write(string path, string text)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
