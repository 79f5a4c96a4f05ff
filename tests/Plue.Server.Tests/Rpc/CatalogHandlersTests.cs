using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class CatalogHandlersTests
{
    [Fact]
    public async Task The_window_lists_shows_saves_renames_restores_and_deletes_catalogs()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var list = await sidecar.Client.ResultAsync("catalog/list");
        Assert.Equal(44, list?["items"]?.AsArray().Count);
        var anthropic = Item(list, "anthropic");
        Assert.Equal(
            ("anthropic", "shipped", "ANTHROPIC_API_KEY", 14, 1m, 15m, 1_000_000L),
            (
                (string?)anthropic["kind"],
                (string?)anthropic["source"],
                (string?)anthropic["keyVariable"],
                (int?)anthropic["modelCount"],
                (decimal?)anthropic["lowestInputPerMillion"],
                (decimal?)anthropic["highestInputPerMillion"],
                (long?)anthropic["largestContext"]
            )
        );
        Assert.Null(anthropic["endpoint"]);
        Assert.Equal(
            ("github-copilot", null),
            ((string?)Item(list, "copilot")["kind"], (decimal?)Item(list, "copilot")["lowestInputPerMillion"])
        );
        Assert.True((bool?)Item(list, "ollama")["isLocal"]);
        Assert.False((bool?)Item(list, "groq")["isLocal"]);

        var start = (await sidecar.Client.ResultAsync("catalog/startingPoints"))?["items"]?[0]?["document"]?.AsObject() ?? [];
        start["future"] = new JsonObject { ["kept"] = true };
        start["models"]![0]!["cost_per_1m_in"] = 2.5m;
        var saved = await sidecar.Client.ResultAsync("catalog/save", new { document = start });
        Assert.Equal(
            ("user", false, 2),
            ((string?)saved?["summary"]?["source"], (bool?)saved?["summary"]?["overridesShipped"], (int?)saved?["summary"]?["modelCount"])
        );
        Assert.True(File.Exists((string?)saved?["file"]));

        start["id"] = "renamed";
        await sidecar.Client.ResultAsync("catalog/save", new { document = start, previousId = "my-provider" });
        var shown = await sidecar.Client.ResultAsync("catalog/get", new { id = "renamed" });
        Assert.True((bool?)shown?["document"]?["future"]?["kept"]);
        Assert.Equal(
            (2.5m, 128_000L, null),
            (
                (decimal?)shown?["models"]?[0]?["inputPerMillion"],
                (long?)shown?["models"]?[0]?["contextLength"],
                (decimal?)shown?["models"]?[0]?["typicalChatCost"]
            )
        );
        Assert.Equal(45, (await sidecar.Client.ResultAsync("catalog/list"))?["items"]?.AsArray().Count);

        var backup = Assert.Single((await sidecar.Client.ResultAsync("catalog/backups"))?["items"]?.AsArray() ?? [])!;
        Assert.Equal(
            ("my-provider", "My provider", 2),
            ((string?)backup["catalogId"], (string?)backup["name"], (int?)backup["modelCount"])
        );
        await sidecar.Client.ResultAsync("catalog/restore", new { backupId = (string?)backup["id"] });
        var stats = await sidecar.Client.ResultAsync("catalog/stats");
        Assert.Equal((46, 2), ((int?)stats?["providerCount"], (int?)stats?["userProviderCount"]));
        Assert.Null(stats?["refreshedAt"]);

        await sidecar.Client.ResultAsync("catalog/delete", new { id = "renamed" });
        Assert.Equal("permissionDenied", Kind(await sidecar.Client.RequestAsync("catalog/delete", new { id = "anthropic" })));
        Assert.Equal("notFound", Kind(await sidecar.Client.RequestAsync("catalog/get", new { id = "renamed" })));
        Assert.Equal("missingField", Kind(await sidecar.Client.RequestAsync("catalog/refresh")));
    }

    [Fact]
    public async Task The_configured_server_is_requested_when_the_user_asks()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer.Json("""[{"id":"acme","name":"Acme","type":"telepathy","models":[{"id":"m","name":"M"}]}]""")
        );
        await using var sidecar = await InMemorySidecar.StartAsync();
        await File.WriteAllBytesAsync(
            Path.Combine(sidecar.Home, "config.json5"),
            System.Text.Encoding.UTF8.GetBytes($"{{ catalog_refresh_url: '{endpoint.Url}' }}"),
            TestContext.Current.CancellationToken
        );
        var result = await sidecar.Client.ResultAsync("catalog/refresh");
        Assert.Equal((true, 1), ((bool?)result?["updated"], (int?)result?["providerCount"]));
        var acme = Item(await sidecar.Client.ResultAsync("catalog/list"), "acme");
        Assert.Equal(
            ("shipped", "openai-compatible", 0, 1),
            ((string?)acme["source"], (string?)acme["kind"], (int?)acme["errorCount"], (int?)acme["warningCount"])
        );
        Assert.NotNull((await sidecar.Client.ResultAsync("catalog/stats"))?["refreshedAt"]);
    }

    [Fact]
    public async Task Faults_are_shown_with_their_path_and_a_key_in_a_file_never_leaves_it()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var document = new
        {
            id = "acme",
            name = "Acme",
            type = "openai",
            api_key = "sk-canary",
            api_endpoint = "https://me:canary@acme.example",
            default_headers = new { Authorization = "canary" },
            models = new[] { new { id = "m" } },
        };
        var problems = (await sidecar.Client.ResultAsync("catalog/validate", new { document }))?["problems"]?.AsArray() ?? [];
        Assert.Equal(
            ["api_key", "api_endpoint", "default_headers.authorization", "models[0].name"],
            problems.Select(problem => (string?)problem?["path"])
        );
        Assert.All(problems, problem => Assert.Equal("error", (string?)problem?["severity"]));

        Directory.CreateDirectory(Path.Combine(sidecar.Home, "catalog"));
        await File.WriteAllBytesAsync(
            Path.Combine(sidecar.Home, "catalog", "acme.json"),
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(
                document,
                new System.Text.Json.JsonSerializerOptions
                {
                    TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
                }
            ),
            TestContext.Current.CancellationToken
        );
        var list = await sidecar.Client.ResultAsync("catalog/list");
        Assert.Equal(4, (int?)Item(list, "acme")["errorCount"]);
        Assert.Contains("acme.json", (string?)list?["folderProblem"]);
        var shown = await sidecar.Client.ResultAsync("catalog/get", new { id = "acme" });
        Assert.Equal("***REDACTED***", (string?)shown?["document"]?["api_key"]);
        Assert.Equal("Acme", (string?)shown?["document"]?["name"]);
        Assert.DoesNotContain("canary", list?.ToJsonString() + shown?.ToJsonString());
        Assert.Equal("badRequest", Kind(await sidecar.Client.RequestAsync("catalog/save", new { document })));
        Assert.Equal("badRequest", Kind(await sidecar.Client.RequestAsync("catalog/save", new { document = (string?)null })));
        Assert.Equal(
            "badRequest",
            Kind(
                await sidecar.Client.RequestAsync(
                    "catalog/export",
                    new { ids = new[] { "acme" }, path = Path.Combine(sidecar.Home, "out.json") }
                )
            )
        );
    }

    [Fact]
    public async Task Catalogs_go_out_to_a_file_and_come_in_from_one()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var path = Path.Combine(sidecar.Home, "out.json");
        await sidecar.Client.ResultAsync("catalog/export", new { ids = new[] { "groq", "xai" }, path });
        var left = await sidecar.Client.ResultAsync("catalog/import", new { path });
        Assert.Empty(left?["imported"]?.AsArray() ?? []);
        Assert.Equal(["groq", "xai"], left?["skipped"]?.AsArray().Select(item => (string?)item?["id"]) ?? []);
        var taken = await sidecar.Client.ResultAsync("catalog/import", new { path, replace = true });
        Assert.All(taken?["imported"]?.AsArray() ?? [], item => Assert.True((bool?)item?["overridesShipped"]));
        Assert.Equal(2, taken?["imported"]?.AsArray().Count);
    }

    private static JsonObject Item(JsonNode? list, string id) =>
        Assert.Single(list?["items"]?.AsArray() ?? [], item => (string?)item?["id"] == id)!.AsObject();

    private static string? Kind(JsonObject reply) => (string?)reply["error"]?["data"]?["kind"];
}
