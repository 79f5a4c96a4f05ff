using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>codex/* for providers, prompts, templates and items.</summary>
public sealed class DocumentHandlersTests
{
    private const string Recipe = """
        // How we cook.
        {
          id: "recipe", name: "Recipe",
          fields: [
            { name: "title", type: "text", required: true },
            { name: "servings", type: "number", min: 1 },
            { name: "steps", type: "array", items: { type: "text" } },
            { name: "cook", type: "codex_reference", template_filter: "llm-provider", default: "codex://providers/chef" },
            { name: "photo", type: "file_reference" },
          ],
        }
        """;

    [Fact]
    public async Task An_item_of_a_user_template_is_created_changed_restored_and_found()
    {
        await using var sidecar = await WithRecipesAsync();
        var client = sidecar.Client;
        var made = await client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "recipe",
                title = "Crème brûlée",
                values = new { servings = 4 },
            }
        );
        Assert.Equal(
            ("codex://items/creme-brulee", "recipe", "Crème brûlée", 1, "user"),
            ((string?)made?["uri"], (string?)made?["templateId"], (string?)made?["title"], (int?)made?["version"], (string?)made?["layer"])
        );
        Assert.Equal("codex://items/creme-brulee", (string?)(await client.NextAsync("codex/changed"))["uri"]);
        Assert.Equal(
            "{\n  template: \"recipe\",\n  title: \"Crème brûlée\",\n  servings: 4,\n}\n",
            File.ReadAllText(Path.Combine(sidecar.Home, "items", "creme-brulee.json5"))
        );

        var uri = "codex://items/creme-brulee";
        await client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                append = new { steps = new[] { "Whisk" } },
                tags = new[] { "sweet" },
                expectedVersion = 1,
            }
        );
        await client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                append = new { steps = "Bake" },
                set = new { servings = 6 },
            }
        );
        var got = await client.ResultAsync("codex/get", new { uri });
        Assert.Equal(
            """{"template":"recipe","title":"Crème brûlée","servings":6,"tags":["sweet"],"steps":["Whisk","Bake"]}""",
            Same(got?["document"]?["values"])
        );
        Assert.Equal((true, false, 3), ((bool?)got?["canUndo"], (bool?)got?["canRedo"], (int?)got?["codex"]?["version"]));

        var stale = await client.RequestAsync(
            "codex/update",
            new
            {
                uri,
                set = new { servings = 8 },
                expectedVersion = 2,
            }
        );
        Assert.Contains("was modified since you opened it", (string?)stale["error"]?["message"], StringComparison.Ordinal);
        await client.ResultAsync("codex/undo", new { uri });
        Assert.Equal(4, (int?)(await client.ResultAsync("codex/get", new { uri }))?["document"]?["values"]?["servings"]);
        await client.ResultAsync("codex/redo", new { uri });
        var history = (await client.ResultAsync("codex/history", new { uri }))?["versions"]?.AsArray();
        Assert.Equal(
            ["Restored version 3", "Restored version 2", "Changed servings, steps", "Changed tags, steps", "Created"],
            history?.Select(version => (string?)version?["summary"])
        );
        Assert.Contains("-  servings: 4,\n", (string?)history?[2]?["diff"], StringComparison.Ordinal);
        Assert.Contains(
            "servings: 4",
            (string?)(await client.ResultAsync("codex/get", new { uri, version = 1 }))?["document"]?["text"],
            StringComparison.Ordinal
        );

        await client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "recipe",
                title = "Soup",
                values = new { servings = 2 },
            }
        );
        Assert.Equal(["Crème brûlée"], await TitlesAsync(client, new { collection = "items", tags = new[] { "Sweet" } }));
        Assert.Equal(
            ["Crème brûlée", "Soup"],
            await TitlesAsync(
                client,
                new
                {
                    collection = "items",
                    templateId = "recipe",
                    sortBy = "servings",
                    descending = true,
                }
            )
        );
        Assert.Equal(
            ["Soup"],
            await TitlesAsync(client, new { collection = "items", filter = new[] { new { field = "servings", equals = 2 } } })
        );
        Assert.Empty(await TitlesAsync(client, new { collection = "items", templateId = "task" }));
    }

    [Fact]
    public async Task A_change_that_violates_the_template_is_rejected_without_writing()
    {
        await using var sidecar = await WithRecipesAsync();
        var client = sidecar.Client;
        Assert.Equal(
            "missingField",
            await ErrorAsync(
                client,
                "codex/create",
                new
                {
                    templateId = "recipe",
                    title = "X",
                    values = new { serving = 4 },
                }
            )
        );
        Assert.Equal("missingField", await ErrorAsync(client, "codex/create", new { templateId = "recipe" }));
        Assert.Equal(
            "missingField",
            await ErrorAsync(
                client,
                "codex/create",
                new
                {
                    templateId = "llm-provider",
                    collection = "items",
                    title = "X",
                }
            )
        );
        Assert.Equal(
            "notFound",
            await ErrorAsync(
                client,
                "codex/create",
                new
                {
                    templateId = "recip",
                    collection = "items",
                    title = "X",
                }
            )
        );
        Assert.False(Directory.Exists(Path.Combine(sidecar.Home, "items")));
        await client.ResultAsync("codex/create", new { templateId = "recipe", title = "Soup" });
        Assert.Equal(
            "missingField",
            await ErrorAsync(client, "codex/update", new { uri = "codex://items/soup", set = new { servings = 0 } })
        );
        Assert.Equal(
            "missingField",
            await ErrorAsync(client, "codex/update", new { uri = "codex://items/soup", append = new { title = "x" } })
        );
        Assert.Equal("missingField", await ErrorAsync(client, "codex/update", new { uri = "codex://items/soup", archived = true }));
        Assert.Equal(
            "permissionDenied",
            await ErrorAsync(
                client,
                "codex/update",
                new { uri = "codex://items/soup", set = new { title = "sk-abcdefghijklmnop1234567890" } }
            )
        );
        Assert.Equal(
            "permissionDenied",
            await ErrorAsync(client, "codex/update", new { uri = "codex://items/soup", text = "// sk-abcdefghijklmnop1234567890\n{}" })
        );
        Assert.Equal("notFound", await ErrorAsync(client, "codex/get", new { uri = "codex://items/../config" }));
        Assert.Equal(1, (int?)(await client.ResultAsync("codex/get", new { uri = "codex://items/soup" }))?["codex"]?["version"]);
    }

    [Fact]
    public async Task Editing_a_shipped_document_creates_a_copy_that_undo_and_delete_remove()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        const string uri = "codex://prompts/default-assistant";
        var shipped = await client.ResultAsync("codex/get", new { uri });
        Assert.Equal(
            ("shipped", null, false),
            ((string?)shipped?["codex"]?["layer"], (string?)shipped?["document"]?["path"], (bool?)shipped?["canUndo"])
        );
        Assert.Equal("permissionDenied", await ErrorAsync(client, "codex/delete", new { uri }));

        var own = await client.ResultAsync(
            "codex/update",
            new
            {
                uri,
                set = new { name = "Mine" },
                tags = new[] { "daily" },
                expectedVersion = (int?)shipped?["codex"]?["version"],
            }
        );
        Assert.Equal(("user", "Mine"), ((string?)own?["layer"], (string?)own?["title"]));
        Assert.Equal(["Mine"], await TitlesAsync(client, new { collection = "prompts", tags = new[] { "daily" } }));
        await client.ResultAsync("codex/undo", new { uri });
        Assert.Equal(
            (string?)shipped?["document"]?["text"],
            File.ReadAllText(Path.Combine(sidecar.Home, "prompts", "default-assistant.md"))
        );
        await client.ResultAsync("codex/delete", new { uri });
        Assert.Equal("shipped", (string?)(await client.ResultAsync("codex/get", new { uri }))?["codex"]?["layer"]);
        Assert.Equal(["default-assistant"], await TitlesAsync(client, new { collection = "prompts", deleted = true }));
        Assert.Equal("user", (string?)(await client.ResultAsync("codex/restore", new { uri }))?["layer"]);
    }

    [Fact]
    public async Task A_copy_has_its_own_name_and_may_begin_at_an_earlier_version()
    {
        await using var sidecar = await WithRecipesAsync();
        var client = sidecar.Client;
        await client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "recipe",
                title = "Soup",
                values = new { servings = 2 },
            }
        );
        await client.ResultAsync("codex/update", new { uri = "codex://items/soup", set = new { servings = 9 } });
        var copy = await client.ResultAsync("codex/fork", new { uri = "codex://items/soup", version = 1 });
        Assert.Equal(("codex://items/soup-copy", "Soup copy"), ((string?)copy?["uri"], (string?)copy?["title"]));
        Assert.Equal(
            2,
            (int?)(await client.ResultAsync("codex/get", new { uri = "codex://items/soup-copy" }))?["document"]?["values"]?["servings"]
        );
        var template = await client.ResultAsync("codex/fork", new { uri = "codex://templates/recipe", title = "Cocktail" });
        Assert.Equal(("codex://templates/cocktail", "cocktail"), ((string?)template?["uri"], (string?)template?["templateId"]));
        var view = await client.ResultAsync("codex/get", new { uri = "codex://templates/cocktail" });
        Assert.Empty(view!["document"]!["problems"]!.AsArray());
        Assert.StartsWith("// How we cook.", (string?)view["document"]?["text"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Templates_are_created_with_a_parent_and_errors_include_their_position()
    {
        await using var sidecar = await WithRecipesAsync();
        var client = sidecar.Client;
        await client.ResultAsync(
            "codex/create",
            new
            {
                collection = "templates",
                templateId = "recipe",
                title = "Vegan recipe",
                values = new { tags = new[] { "green" } },
            }
        );
        Assert.Equal(["Recipe", "Vegan recipe"], await TitlesAsync(client, new { collection = "templates", templateId = "recipe" }));
        await client.ResultAsync("codex/create", new { templateId = "vegan-recipe", title = "Salad" });
        Assert.Equal(["Salad"], await TitlesAsync(client, new { collection = "items", templateId = "recipe" }));
        await client.ResultAsync(
            "codex/update",
            new
            {
                uri = "codex://templates/vegan-recipe",
                text = "{\n  id: 'vegan-recipe', name: 'V', parent_template: 'recipe',\n  feilds: [],\n}\n",
            }
        );
        var problem = Assert.Single(
            (await client.ResultAsync("codex/get", new { uri = "codex://templates/vegan-recipe" }))!["document"]!["problems"]!.AsArray()
        );
        Assert.Equal((3, 3, true), ((int?)problem?["line"], (int?)problem?["column"], (bool?)problem?["isError"]));
    }

    [Fact]
    public async Task Links_are_listed_in_both_directions_and_missing_targets_are_reported()
    {
        await using var sidecar = await WithRecipesAsync();
        var client = sidecar.Client;
        sidecar.WriteProvider("chef", "{ provider_type: 'tour' }");
        await client.ResultAsync(
            "codex/create",
            new
            {
                templateId = "recipe",
                title = "Soup",
                values = new { cook = "codex://providers/gone", photo = "/nowhere/soup.png" },
            }
        );
        await client.ResultAsync("settings/set", new { name = "default_large", value = "chef" });
        var chat = (string?)
            (
                await client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId = "ai-chat",
                        title = "Dinner",
                        providerId = "chef",
                    }
                )
            )?["uri"];

        var chef = await client.ResultAsync("codex/links", new { uri = "codex://providers/chef" });
        Assert.Equal(
            [("cook", "codex://templates/recipe"), ("default_large", Path.Combine(sidecar.Home, "config.json5")), ("provider_ref", chat)],
            chef?["incoming"]?.AsArray().Select(link => ((string?)link?["kind"], (string?)link?["target"])).Order()
        );
        var soup = await client.ResultAsync("codex/links", new { uri = "codex://items/soup" });
        Assert.Equal(
            [
                ("cook", "codex://providers/gone", false),
                ("file", "/nowhere/soup.png", false),
                ("template", "codex://templates/recipe", true),
            ],
            soup?["outgoing"]?.AsArray().Select(link => ((string?)link?["kind"], (string?)link?["target"], (bool?)link?["exists"])).Order()
        );
        var prompt = await client.ResultAsync("codex/links", new { uri = "codex://prompts/default-assistant.md" });
        Assert.Contains(
            ("prompt", "codex://templates/ai-chat"),
            prompt!["incoming"]!.AsArray().Select(link => ((string?)link?["kind"], (string?)link?["target"]))
        );
        var dinner = await client.ResultAsync("codex/links", new { uri = chat });
        Assert.Contains(
            ("template", true),
            dinner!["outgoing"]!.AsArray().Select(link => ((string?)link?["kind"], (bool?)link?["exists"]))
        );
    }

    [Fact]
    public async Task Providers_are_versioned_and_their_window_is_notified()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        await client.ResultAsync(
            "provider/configure",
            new
            {
                name = "Local",
                kind = "ollama",
                model = "a",
            }
        );
        await client.ResultAsync(
            "provider/configure",
            new
            {
                id = "local",
                name = "",
                kind = "",
                model = "b",
            }
        );
        await client.ResultAsync("codex/undo", new { uri = "codex://providers/local" });
        Assert.Equal("codex://providers/local", (string?)(await client.NextAsync("codex/changed"))["uri"]);
        var listed = (await client.ResultAsync("provider/list", new { }))!["items"]!.AsArray();
        Assert.Equal("a", (string?)listed.Single(item => (string?)item?["id"] == "local")?["model"]);
        Assert.Equal(
            "codex://providers/local",
            (string?)(await client.ResultAsync("codex/get", new { uri = "codex://providers/local" }))?["codex"]?["uri"]
        );
        Assert.Equal(
            "codex://providers/default-large-2",
            (string?)
                (
                    await client.ResultAsync(
                        "codex/create",
                        new
                        {
                            collection = "providers",
                            templateId = "llm-provider",
                            title = "default-large",
                            values = new { provider_type = "tour" },
                        }
                    )
                )?["uri"]
        );
    }

    [Fact]
    public async Task A_key_in_a_file_is_never_shown()
    {
        const string secret = "sk-abcdefghijklmnop1234567890";
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "p",
            $"// {secret}\n{{ provider_type: 'openai', api_key: '{secret}', headers: {{ Authorization: 'Bearer of-the-ring' }} }}"
        );
        foreach (var method in new[] { "codex/get", "codex/history", "codex/links" })
        {
            var reply = (await sidecar.Client.RequestAsync(method, new { uri = "codex://providers/p" })).ToJsonString();
            Assert.DoesNotContain(secret, reply, StringComparison.Ordinal);
            Assert.DoesNotContain("of-the-ring", reply, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_trusted_workspace_shows_its_documents_and_keeps_them_to_itself()
    {
        var workspace = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
        foreach (
            var (path, text) in new[]
            {
                ("prompts/house.md", "---\nname: House\n---\nBe kind."),
                ("templates/recipe.json5", Recipe),
                ("items/soup.json5", "{ template: 'recipe', title: 'Soup' }"),
                ("providers/evil.json5", "{ provider_type: 'tour' }"),
            }
        )
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(workspace, ".plue", path))!);
            File.WriteAllText(Path.Combine(workspace, ".plue", path), text);
        }

        var outside = Path.Combine(Directory.CreateTempSubdirectory("plue-outside-").FullName, "diary.md");
        File.WriteAllText(outside, "Dear diary");
        File.CreateSymbolicLink(Path.Combine(workspace, ".plue", "prompts", "diary.md"), outside);
        var open = new Workspace();
        open.Open(workspace, trusted: false);
        var home = new PluePaths(Directory.CreateTempSubdirectory("plue-test-").FullName);
        var documents = new Documents(
            home,
            new TemplateCatalog(home, () => open.TrustedFolders),
            TimeProvider.System,
            () => open.TrustedFolders
        );
        Assert.DoesNotContain(documents.All.SelectMany(files => files.List()), codex => codex.Layer == TemplateLayer.Workspace);

        open.SetTrusted(true);
        Assert.Equal(
            ["codex://prompts/house", "codex://templates/recipe", "codex://items/soup"],
            documents
                .All.SelectMany(files => files.List())
                .Where(codex => codex.Layer == TemplateLayer.Workspace)
                .Select(codex => codex.Uri!.ToString())
        );
        Assert.Empty(documents.Get(CodexUri.Parse("codex://items/soup")).Problems);
        Assert.Equal("Be kind.", new Prompts(home, () => open.TrustedFolders).Get("codex://prompts/house").Text);
        var soup = documents.Of(CodexCollection.Items);
        Assert.Equal(
            FailureKind.PermissionDenied,
            Assert.Throws<FailureException>(() => soup.Set("soup", "title", new Json5String("Mine"))).Failure.Kind
        );
        Assert.Equal(FailureKind.PermissionDenied, Assert.Throws<FailureException>(() => soup.Delete("soup")).Failure.Kind);
    }

    private static async Task<InMemorySidecar> WithRecipesAsync()
    {
        var sidecar = await InMemorySidecar.StartAsync();
        Directory.CreateDirectory(Path.Combine(sidecar.Home, "templates"));
        await File.WriteAllTextAsync(Path.Combine(sidecar.Home, "templates", "recipe.json5"), Recipe);
        return sidecar;
    }

    private static async Task<List<string?>> TitlesAsync(RpcClient client, object asked) =>
        [.. (await client.ResultAsync("codex/list", asked))!["items"]!.AsArray().Select(item => (string?)item?["title"])];

    private static async Task<string?> ErrorAsync(RpcClient client, string method, object asked) =>
        (string?)(await client.RequestAsync(method, asked))["error"]?["data"]?["kind"];

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string? Same(JsonNode? node) => node?.ToJsonString(Plain);
}
