using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>An editor with template files, over the whole protocol.</summary>
public sealed class LanguageHandlersTests
{
    private const string Broken =
        "{ id: \"scout\", name: \"Scout\", parent_template: \"task\", budget: { usd: 1, rounds: 5 }, available_tools: [\"raed\"] }";

    [Fact]
    public async Task A_diagnostic_appears_while_typing_and_disappears_when_fixed()
    {
        var home = Directory.CreateTempSubdirectory("plue-language-").FullName;
        await using var sidecar = await SidecarProcess.StartAsync(home);
        var uri = UriOf(home, "templates/scout.json5");
        await OpenAsync(sidecar.Client, uri, Broken);

        var published = await ProblemsAsync(sidecar.Client, uri, 1);
        var problem = Assert.Single(published["diagnostics"]!.AsArray());
        Assert.Equal("The tool `raed` does not exist. Did you mean `read`?", (string?)problem!["message"]);
        Assert.Equal(("Plue", "rule", 1), ((string?)problem["source"], (string?)problem["code"], (int?)problem["severity"]));
        Assert.Equal(Broken.IndexOf("\"raed", StringComparison.Ordinal), (int?)problem["range"]!["start"]!["character"]);

        var start = Broken.IndexOf("raed", StringComparison.Ordinal);
        await sidecar.Client.NotifyAsync(
            "textDocument/didChange",
            new
            {
                textDocument = new { uri, version = 2 },
                contentChanges = new[]
                {
                    new
                    {
                        range = new { start = new { line = 0, character = start }, end = new { line = 0, character = start + 4 } },
                        text = "read",
                    },
                },
            }
        );
        Assert.Empty((await ProblemsAsync(sidecar.Client, uri, 2))["diagnostics"]!.AsArray());

        var offered = await sidecar.Client.ResultAsync("textDocument/completion", At(uri, 0, start));
        Assert.Contains(offered!["items"]!.AsArray(), item => (string?)item!["label"] == "bash");
        var hover = await sidecar.Client.ResultAsync("textDocument/hover", At(uri, 0, start + 1));
        Assert.Contains("Reads a file", (string?)hover!["contents"]!["value"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_question_is_answered_and_leads_to_what_it_is_about()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        Write(sidecar.Home, "prompts/scout.md", "Look.");
        const string text =
            "{ id: \"scout\", name: \"Scout\", parent_template: \"task\",\n system_prompt_ref: \"codex://prompts/scout\" }\n";
        Write(sidecar.Home, "templates/scout.json5", text);
        var uri = UriOf(sidecar.Home, "templates/scout.json5");
        await OpenAsync(sidecar.Client, uri, text);
        var (line, character) = (1, 40);

        var links = await sidecar.Client.ResultAsync("textDocument/documentLink", new { textDocument = new { uri } });
        Assert.Equal(
            ["plue-codex:/templates/task.json5", UriOf(sidecar.Home, "prompts/scout.md")],
            links!.AsArray().Select(link => (string?)link!["target"])
        );
        Assert.Equal(
            UriOf(sidecar.Home, "prompts/scout.md"),
            (string?)(await sidecar.Client.ResultAsync("textDocument/definition", At(uri, line, character)))!["uri"]
        );
        Assert.Single((await sidecar.Client.ResultAsync("textDocument/references", At(uri, line, character)))!.AsArray());
        Assert.Equal(
            "scout",
            (string?)(await sidecar.Client.ResultAsync("textDocument/prepareRename", At(uri, line, character)))!["placeholder"]
        );

        var rename = await sidecar.Client.ResultAsync(
            "textDocument/rename",
            new
            {
                textDocument = new { uri },
                position = new { line, character },
                newName = "ranger",
            }
        );
        var changes = rename!["documentChanges"]!.AsArray();
        Assert.Equal(1, (int?)changes[0]!["textDocument"]!["version"]);
        Assert.Equal(("rename", UriOf(sidecar.Home, "prompts/ranger.md")), ((string?)changes[1]!["kind"], (string?)changes[1]!["newUri"]));

        Assert.Equal(
            ["id", "name", "parent_template", "system_prompt_ref"],
            (await sidecar.Client.ResultAsync("textDocument/documentSymbol", new { textDocument = new { uri } }))!
                .AsArray()
                .Select(symbol => (string?)symbol!["name"])
        );
        Assert.Single(
            (
                await sidecar.Client.ResultAsync(
                    "textDocument/formatting",
                    new { textDocument = new { uri }, options = new { tabSize = 2 } }
                )
            )!.AsArray()
        );
        Assert.Empty(
            (
                await sidecar.Client.ResultAsync(
                    "textDocument/codeAction",
                    new
                    {
                        textDocument = new { uri },
                        range = new { start = new { line = 0, character = 0 }, end = new { line = 0, character = 0 } },
                        context = new { diagnostics = Array.Empty<int>() },
                    }
                )
            )!.AsArray()
        );

        // A closed document has no hover.
        await sidecar.Client.NotifyAsync("textDocument/didClose", new { textDocument = new { uri } });
        Assert.Null(await sidecar.Client.ResultAsync("textDocument/hover", At(uri, line, character)));
    }

    [Fact]
    public async Task Quick_fixes_are_an_edit_a_new_file_or_an_editor_command()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var template = UriOf(sidecar.Home, "templates/scout.json5");
        await OpenAsync(
            sidecar.Client,
            template,
            "{ id: \"scout\", name: \"Scout\", parent_template: \"task\", system_prompt_ref: \"codex://prompts/nowhere\", available_tools: [\"raed\"] }"
        );
        var actions = await ActionsAsync(template);
        var edited = actions.Single(action => (string?)action!["title"] == "Change to “read”")!;
        Assert.Equal(
            ("quickfix", true, "read"),
            (
                (string?)edited["kind"],
                (bool?)edited["isPreferred"],
                (string?)edited["edit"]!["documentChanges"]![0]!["edits"]![0]!["newText"]
            )
        );
        var made = actions.Single(action => (string?)action!["title"] == "Create codex://prompts/nowhere")!["edit"]!["documentChanges"]!;
        Assert.Equal(("create", UriOf(sidecar.Home, "prompts/nowhere.md")), ((string?)made[0]!["kind"], (string?)made[0]!["uri"]));
        Assert.Equal(UriOf(sidecar.Home, "prompts/nowhere.md"), (string?)made[1]!["textDocument"]!["uri"]);
        Assert.Contains("description:", (string?)made[1]!["edits"]![0]!["newText"], StringComparison.Ordinal);
        Assert.Empty(await ActionsAsync(template, "refactor"));

        var provider = UriOf(sidecar.Home, "providers/p.json5");
        await OpenAsync(
            sidecar.Client,
            provider,
            "{ name: \"P\", provider_type: \"openai\", api_key_ref: \"sk-canary-0123456789abcdef\" }"
        );
        var moved = Assert.Single(await ActionsAsync(provider), action => action!["command"] is not null)!["command"]!;
        Assert.Equal(("plue.moveKeyToVault", "p"), ((string?)moved["command"], (string?)moved["arguments"]![0]));

        async Task<JsonArray> ActionsAsync(string uri, string kind = "quickfix") =>
            (
                await sidecar.Client.ResultAsync(
                    "textDocument/codeAction",
                    new
                    {
                        textDocument = new { uri },
                        range = new { start = new { line = 0, character = 0 }, end = new { line = 0, character = 500 } },
                        context = new { diagnostics = Array.Empty<int>(), only = new[] { kind } },
                    }
                )
            )!.AsArray();
    }

    [Theory]
    [InlineData("templates/scout.json5", "{ ^ }", 5)]
    [InlineData("templates/scout.json5", "{ parent_template: \"^\" }", 18)]
    [InlineData("templates/scout.json5", "{ parent_template: \"task\", available_tools: [\"^\"] }", 3)]
    [InlineData("templates/scout.json5", "{ metadata: { color: \"^\" } }", 16)]
    [InlineData("templates/scout.json5", "{ metadata: { icon: \"^\" } }", 21)]
    [InlineData("providers/p.json5", "{ provider_type: \"anthropic\", model: \"^\" }", 7)]
    public async Task Completion_items_have_the_kind_of_their_target(string file, string text, int kind)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await OpenAsync(sidecar.Client, UriOf(sidecar.Home, file), text.Replace("^", "", StringComparison.Ordinal));
        var offered = await sidecar.Client.ResultAsync(
            "textDocument/completion",
            At(UriOf(sidecar.Home, file), 0, text.IndexOf('^', StringComparison.Ordinal))
        );
        Assert.Contains(offered!["items"]!.AsArray(), item => (int?)item!["kind"] == kind);
    }

    [Fact]
    public async Task The_outline_distinguishes_blocks_lists_fields_hooks_and_headings()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var (template, prompt) = (UriOf(sidecar.Home, "templates/scout.json5"), UriOf(sidecar.Home, "prompts/scout.md"));
        await OpenAsync(
            sidecar.Client,
            template,
            "{ metadata: { icon: \"bug\" }, fields: [{ name: \"goal\", type: \"text\" }], hooks: [{ trigger: \"create\", action: \"notify\" }] }"
        );
        await OpenAsync(sidecar.Client, prompt, "# First\n\nText.\n\n## Second\n");
        Assert.Equal(["metadata 19", "icon 7", "fields 18", "goal 8", "hooks 18", "create 24"], Outline(await SymbolsAsync(template)));
        Assert.Equal(["First 15", "Second 15"], Outline(await SymbolsAsync(prompt)));

        async Task<JsonArray> SymbolsAsync(string uri) =>
            (await sidecar.Client.ResultAsync("textDocument/documentSymbol", new { textDocument = new { uri } }))!.AsArray();
        static IEnumerable<string> Outline(JsonArray symbols) =>
            symbols.SelectMany(symbol => (string[])[$"{symbol!["name"]} {symbol["kind"]}", .. Outline(symbol["children"]!.AsArray())]);
    }

    [Fact]
    public async Task Questions_between_quick_changes_are_all_answered_from_what_was_typed_by_then()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = UriOf(sidecar.Home, "templates/scout.json5");
        await OpenAsync(sidecar.Client, uri, "{  }");
        List<Task<JsonNode?>> asked = [];
        for (var version = 2; version <= 1000; version++)
        {
            await ChangeAsync(sidecar.Client, uri, version, 1, " ");
            if (version % 50 == 0)
            {
                asked.Add(sidecar.Client.ResultAsync("textDocument/completion", At(uri, 0, 2)));
            }
        }

        Assert.Equal(20, asked.Count);
        Assert.All(
            await Task.WhenAll(asked),
            offered => Assert.Contains(offered!["items"]!.AsArray(), item => (string?)item!["label"] == "id")
        );
        await ProblemsAsync(sidecar.Client, uri, 1000);
    }

    [Fact]
    public async Task A_file_that_is_closed_while_it_is_looked_at_has_no_problems_left()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = UriOf(sidecar.Home, "templates/scout.json5");
        for (var round = 0; round < 20; round++)
        {
            await OpenAsync(sidecar.Client, uri, Broken);
            if (round % 2 == 0)
            {
                await ProblemsAsync(sidecar.Client, uri, 1);
            }

            await sidecar.Client.NotifyAsync("textDocument/didClose", new { textDocument = new { uri } });
            var published = await sidecar.Client.NextAsync(
                "textDocument/publishDiagnostics",
                one => (string?)one["uri"] == uri && one["version"] is null
            );
            Assert.Empty(published["diagnostics"]!.AsArray());
        }

        // After it is opened again, no earlier diagnostics arrive.
        await OpenAsync(sidecar.Client, uri, Broken.Replace("raed", "read", StringComparison.Ordinal));
        Assert.Empty((await ProblemsAsync(sidecar.Client, uri, 1))["diagnostics"]!.AsArray());
    }

    [Fact]
    public async Task Saving_publishes_only_files_with_changed_diagnostics()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var (same, changing) = (UriOf(sidecar.Home, "templates/scout.json5"), UriOf(sidecar.Home, "templates/ranger.json5"));
        await OpenAsync(sidecar.Client, same, Broken);
        await ProblemsAsync(sidecar.Client, same, 1);
        await OpenAsync(
            sidecar.Client,
            changing,
            "{ id: \"ranger\", name: \"Ranger\", parent_template: \"task\", system_prompt_ref: \"codex://prompts/ranger\" }"
        );
        Assert.Single((await ProblemsAsync(sidecar.Client, changing, 1))["diagnostics"]!.AsArray());

        Write(sidecar.Home, "prompts/ranger.md", "Look.");
        await SaveAsync();
        Assert.Empty((await NextAsync())["diagnostics"]!.AsArray());
        File.Delete(Path.Combine(sidecar.Home, "prompts", "ranger.md"));
        await SaveAsync();
        Assert.Single((await NextAsync())["diagnostics"]!.AsArray());

        Task SaveAsync() => sidecar.Client.NotifyAsync("textDocument/didSave", new { textDocument = new { uri = changing } });
        async Task<JsonObject> NextAsync()
        {
            var published = await sidecar.Client.NextAsync("textDocument/publishDiagnostics");
            Assert.Equal(changing, (string?)published["uri"]);
            return published;
        }
    }

    [Fact]
    public async Task A_file_of_4_MiB_and_one_that_is_none_of_ours_keep_nothing_waiting()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var (large, other, ours) = (
            UriOf(sidecar.Home, "templates/large.json5"),
            UriOf(sidecar.Home, "notes.json5"),
            UriOf(sidecar.Home, "templates/scout.json5")
        );
        await OpenAsync(sidecar.Client, large, "{ id: 'large', name: 'Large', /*" + new string('x', (4 * 1024 * 1024) - 40) + "*/ }");
        await OpenAsync(sidecar.Client, other, Broken);
        await OpenAsync(sidecar.Client, ours, Broken);

        JsonObject[] published =
        [
            await sidecar.Client.NextAsync("textDocument/publishDiagnostics"),
            await sidecar.Client.NextAsync("textDocument/publishDiagnostics"),
        ];
        Assert.Empty(published.Single(one => (string?)one["uri"] == large)["diagnostics"]!.AsArray());
        Assert.NotEmpty(published.Single(one => (string?)one["uri"] == ours)["diagnostics"]!.AsArray());
        Assert.Empty((await sidecar.Client.ResultAsync("textDocument/completion", At(other, 0, 2)))!["items"]!.AsArray());
        Assert.Empty(
            (await sidecar.Client.ResultAsync("textDocument/documentLink", new { textDocument = new { uri = other } }))!.AsArray()
        );
        Assert.Null(await sidecar.Client.ResultAsync("textDocument/hover", At(other, 0, 30)));
    }

    [Fact]
    public async Task A_cancelled_request_gets_a_cancellation_error_and_the_next_gets_a_full_response()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var uri = UriOf(sidecar.Home, "templates/scout.json5");
        await OpenAsync(sidecar.Client, uri, "{  }");
        for (var round = 0; round < 20; round++)
        {
            var id = sidecar.Client.Start("textDocument/completion", At(uri, 0, 2), out var reply);
            await sidecar.Client.NotifyAsync("$/cancelRequest", new { id });
            // The response may have been sent before the cancellation.
            var answered = await reply;
            Assert.True(answered["result"]?["items"] is not null || (int?)answered["error"]?["code"] == -32800, answered.ToJsonString());
        }

        Assert.NotEmpty((await sidecar.Client.ResultAsync("textDocument/completion", At(uri, 0, 2)))!["items"]!.AsArray());
    }

    /// <summary>
    /// An editor with documents that were open before the server started: it sends them when didOpen is registered, before all other features.
    /// </summary>
    [Fact]
    public async Task A_file_opened_before_the_server_started_gets_all_features_after_didOpen()
    {
        var folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
        for (var life = 0; life < 2; life++)
        {
            await using var sidecar = await InMemorySidecar.StartAsync(folder, registers: true);
            var (_, asked) = await sidecar.Client.AskedAsync("client/registerCapability");
            var methods = asked["registrations"]!.AsArray().Select(one => (string?)one!["method"]).ToList();

            // didOpen is registered before the features.
            Assert.Equal("textDocument/didOpen", methods[0]);
            Assert.Equal(
                [
                    "codeAction",
                    "completion",
                    "definition",
                    "didChange",
                    "didClose",
                    "didOpen",
                    "didSave",
                    "documentLink",
                    "documentSymbol",
                    "formatting",
                    "hover",
                    "references",
                    "rename",
                ],
                methods.Select(method => method!["textDocument/".Length..]).Order(StringComparer.Ordinal)
            );
            // Documents that the editor sends before it confirms the registration count, too.
            var uri = UriOf(sidecar.Home, "templates/scout.json5");
            await OpenAsync(sidecar.Client, uri, Broken);
            Assert.NotEmpty((await sidecar.Client.ResultAsync("textDocument/documentLink", new { textDocument = new { uri } }))!.AsArray());
            Assert.NotNull(
                await sidecar.Client.ResultAsync("textDocument/hover", At(uri, 0, Broken.IndexOf("parent", StringComparison.Ordinal) + 1))
            );
            Assert.NotEmpty((await ProblemsAsync(sidecar.Client, uri, 1))["diagnostics"]!.AsArray());
        }
    }

    [Fact]
    public async Task Files_of_a_workspace_are_looked_at_when_it_is_trusted()
    {
        var folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
        await using var sidecar = await EditorAsync(folder);
        var uri = UriOf(folder, ".plue/templates/scout.json5");
        await OpenAsync(sidecar.Client, uri, Broken);
        Assert.Empty((await sidecar.Client.ResultAsync("textDocument/completion", At(uri, 0, 2)))!["items"]!.AsArray());

        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = true });
        await OpenAsync(sidecar.Client, uri, Broken);

        Assert.NotEmpty((await ProblemsAsync(sidecar.Client, uri, 1))["diagnostics"]!.AsArray());
    }

    [Fact]
    public async Task A_capable_client_is_notified_of_home_files_immediately_and_of_workspace_files_once_trusted()
    {
        var folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
        await using var sidecar = await EditorAsync(folder, registers: true);

        Assert.Equal(Plue.Server.Rpc.LanguageViews.UriOf(sidecar.Home), await RegisteredAsync(sidecar.Client));
        await sidecar.Client.NotifyAsync("workspace/trust", new { trusted = true });
        Assert.Equal(UriOf(folder, ".plue"), await RegisteredAsync(sidecar.Client));

        static async Task<string?> RegisteredAsync(RpcClient client)
        {
            var (id, asked) = await client.AskedAsync("client/registerCapability");
            await client.AnswerAsync(id, new { });
            return (string?)asked["registrations"]![0]!["registerOptions"]!["documentSelector"]![0]!["pattern"]!["baseUri"];
        }
    }

    [Theory]
    [InlineData("textDocument/hover")]
    [InlineData("textDocument/completion")]
    [InlineData("textDocument/codeAction")]
    [InlineData("textDocument/rename")]
    public async Task A_question_without_its_parts_is_no_harm(string method)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        await OpenAsync(sidecar.Client, UriOf(sidecar.Home, "templates/scout.json5"), Broken);
        foreach (
            var odd in new[]
            {
                "{}",
                "{\"textDocument\":{}}",
                "{\"textDocument\":{\"uri\":\"file:///etc/passwd\"},\"position\":{\"line\":-1,\"character\":2147483647}}",
                $"{{\"textDocument\":{{\"uri\":\"{UriOf(sidecar.Home, "templates/scout.json5")}\"}},\"newName\":\"x\"}}",
            }
        )
        {
            var reply = await sidecar.Client.RequestAsync(method, JsonNode.Parse(odd));
            Assert.DoesNotContain("-32603", reply.ToJsonString(), StringComparison.Ordinal);
        }

        await sidecar.Client.NotifyAsync("textDocument/didOpen", new { });
        await sidecar.Client.NotifyAsync(
            "textDocument/didChange",
            new { textDocument = new { uri = UriOf(sidecar.Home, "templates/scout.json5") } }
        );
        await sidecar.Client.NotifyAsync("textDocument/didClose", new { });
        await sidecar.Client.ResultAsync("vault/status");
    }

    private static Task<InMemorySidecar> EditorAsync(string folder, bool registers = false) =>
        InMemorySidecar.StartAsync(folder, registers);

    private static Task OpenAsync(RpcClient client, string uri, string text) =>
        client.NotifyAsync(
            "textDocument/didOpen",
            new
            {
                textDocument = new
                {
                    uri,
                    languageId = "plue-json5",
                    version = 1,
                    text,
                },
            }
        );

    private static Task ChangeAsync(RpcClient client, string uri, int version, int character, string text) =>
        client.NotifyAsync(
            "textDocument/didChange",
            new
            {
                textDocument = new { uri, version },
                contentChanges = new[]
                {
                    new { range = new { start = new { line = 0, character }, end = new { line = 0, character } }, text },
                },
            }
        );

    private static Task<JsonObject> ProblemsAsync(RpcClient client, string uri, int version) =>
        client.NextAsync(
            "textDocument/publishDiagnostics",
            published => (string?)published["uri"] == uri && (int?)published["version"] == version
        );

    private static object At(string uri, int line, int character) => new { textDocument = new { uri }, position = new { line, character } };

    private static string UriOf(string folder, string file) => Plue.Server.Rpc.LanguageViews.UriOf(Path.Combine(folder, file));

    private static void Write(string home, string file, string text)
    {
        var path = Path.Combine(home, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
