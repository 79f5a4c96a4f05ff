using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>provider/* over the real protocol, with a vendor on loopback.</summary>
public sealed class ProviderHandlersTests
{
    private const string Canary = "sk-canary-0123456789abcdef";

    [Fact]
    public async Task A_provider_is_added_tested_broken_and_repaired()
    {
        var models = ScriptedAnswer.Json("""{"object":"list","data":[{"id":"model","object":"model"},{"id":"small","object":"model"}]}""");
        var answer = models;
        await using var endpoint = new ScriptedEndpoint { Route = _ => answer };
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        var added = await client.ResultAsync(
            "provider/configure",
            new
            {
                name = "My server",
                kind = "openai-compatible",
                endpoint = $"{endpoint.Url}v1",
                fields = new
                {
                    description = "Mine",
                    max_tokens = 512,
                    retry_policy = "none",
                },
            }
        );
        Assert.Equal(("my-server", "untested", "Mine"), ((string?)added?["id"], (string?)added?["status"], (string?)added?["description"]));
        Assert.Equal(Path.Combine(sidecar.Home, "providers", "my-server.json5"), (string?)added?["file"]);

        Assert.Equal("connected", (string?)(await client.ResultAsync("provider/test", new { id = "my-server" }))?["status"]);
        await client.NextAsync("provider/changed", item => (string?)item["id"] == "my-server");
        Assert.Equal(2, (await client.ResultAsync("provider/models", new { id = "my-server" }))?["models"]?.AsArray().Count);
        Assert.Equal(2, (int?)(await ItemAsync(client, "my-server"))["modelCount"]);

        answer = ScriptedAnswer.Json("""{"error":{"message":"bad key"}}""", 401);
        var broken = await client.ResultAsync("provider/test", new { id = "my-server" });
        Assert.Equal(("error", "providerAuthFailed"), ((string?)broken?["status"], (string?)broken?["error"]?["kind"]));
        var errors = (await client.ResultAsync("provider/get", new { id = "my-server" }))?["errors"]?.AsArray();
        Assert.Equal("providerAuthFailed", (string?)Assert.Single(errors ?? [])?["error"]?["kind"]);

        answer = models;
        Assert.Equal("connected", (string?)(await client.ResultAsync("provider/test", new { id = "my-server" }))?["status"]);
        Assert.Equal(
            "untested",
            (string?)
                (
                    await client.ResultAsync(
                        "provider/configure",
                        new
                        {
                            id = "my-server",
                            name = "My server",
                            kind = "openai-compatible",
                            model = "small",
                        }
                    )
                )?["status"]
        );
    }

    [Fact]
    public async Task A_provider_that_does_not_respond_stays_disabled_with_the_reason()
    {
        var answer = ScriptedAnswer.Json("{}", 500);
        await using var endpoint = new ScriptedEndpoint { Route = _ => answer };
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("p", InMemorySidecar.ProviderAt(endpoint.Url, "enabled: false"));
        Assert.Equal("disabled", (string?)(await ItemAsync(sidecar.Client, "p"))["status"]);
        var refused = await sidecar.Client.ResultAsync("provider/setEnabled", new { id = "p", enabled = true });
        Assert.Equal((false, "error"), ((bool?)refused?["enabled"], (string?)refused?["status"]));
        Assert.NotNull((string?)refused?["error"]?["message"]);
        var item = await ItemAsync(sidecar.Client, "p");
        Assert.Equal((false, "error"), ((bool?)item["enabled"], (string?)item["status"]));
        Assert.Equal(
            "disabled",
            (string?)(await sidecar.Client.ResultAsync("provider/setEnabled", new { id = "p", enabled = false }))?["status"]
        );

        answer = ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""");
        var on = await sidecar.Client.ResultAsync("provider/setEnabled", new { id = "p", enabled = true });
        Assert.Equal((true, "connected"), ((bool?)on?["enabled"], (string?)on?["status"]));
    }

    [Theory]
    [InlineData("""{"temprature":1}""", "missingField", "Did you mean `temperature`?")]
    [InlineData("""{"temperature":"hot"}""", "missingField", "a number was expected")]
    [InlineData("""{"temperature":9}""", "missingField", "more than 2")]
    [InlineData("""{"retry_policy":"sometimes"}""", "missingField", "must be one of")]
    [InlineData("""{"nothing":null}""", "missingField", "no field")]
    [InlineData("""{"headers":{"Authorization":"Bearer sk-canary-0123456789abcdef"}}""", "permissionDenied", "Do not store keys in files")]
    [InlineData("""{"api_key_ref":"sk-canary-0123456789abcdef"}""", "permissionDenied", "Do not store keys in files")]
    [InlineData("""{"description":"sk-canary-0123456789abcdef"}""", "permissionDenied", "Do not store keys in files")]
    [InlineData("""{"endpoint":"file:///etc/passwd"}""", "missingField", "not an http or https address")]
    public async Task A_field_that_is_wrong_changes_nothing(string fields, string kind, string says)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("p", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9/"), "// mine\n"));
        var before = File.ReadAllText(Path.Combine(sidecar.Home, "providers", "p.json5"));
        var reply = await sidecar.Client.RequestAsync(
            "provider/configure",
            new
            {
                id = "p",
                name = "Renamed",
                kind = "openai-compatible",
                model = "other",
                fields = JsonNode.Parse(fields),
            }
        );
        Assert.Equal(kind, ChatScript.ErrorKind(reply));
        Assert.Contains(says, (string?)reply["error"]?["message"], StringComparison.Ordinal);
        Assert.DoesNotContain("sk-canary", reply.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(sidecar.Home, "providers", "p.json5")));

        var created = await sidecar.Client.RequestAsync(
            "provider/configure",
            new
            {
                name = "New",
                kind = "ollama",
                fields = JsonNode.Parse(fields),
            }
        );
        Assert.Equal(kind, ChatScript.ErrorKind(created));
        Assert.Single(Directory.GetFiles(Path.Combine(sidecar.Home, "providers")));
    }

    [Fact]
    public async Task Every_field_can_be_set_and_taken_away_and_comments_stay()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("p", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9/"), "// mine\n temperature: 1,"));
        await sidecar.Client.ResultAsync(
            "provider/configure",
            new
            {
                id = "p",
                name = "P",
                kind = "openai-compatible",
                model = "",
                fields = new
                {
                    temperature = (int?)null,
                    stop_sequences = new[] { "END" },
                    headers = new Dictionary<string, string> { ["X-Team"] = "a", ["X-Api-Key"] = "vault://p/x" },
                },
            }
        );
        var text = File.ReadAllText(Path.Combine(sidecar.Home, "providers", "p.json5"));
        Assert.Contains("// mine", text, StringComparison.Ordinal);
        var configuration = (await sidecar.Client.ResultAsync("provider/get", new { id = "p" }))?["configuration"];
        Assert.Equal("""{"X-Team":"a","X-Api-Key":"vault://p/x"}""", configuration?["headers"]?.ToJsonString());
        Assert.Equal("""["END"]""", configuration?["stop_sequences"]?.ToJsonString());
        Assert.True(configuration?["temperature"] is null && configuration?["model"] is null);
    }

    [Fact]
    public async Task A_vendor_of_the_catalog_fills_in_kind_and_address()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var groq = await sidecar.Client.ResultAsync(
            "provider/configure",
            new
            {
                name = "",
                kind = "",
                catalogProvider = "groq",
            }
        );
        Assert.Equal(
            ("groq", "openai-compatible", "groq"),
            ((string?)groq?["id"], (string?)groq?["kind"], (string?)groq?["catalogProvider"])
        );
        Assert.StartsWith("https://api.groq.com", (string?)groq?["endpoint"], StringComparison.Ordinal);
        Assert.Equal(
            "notFound",
            ChatScript.ErrorKind(
                await sidecar.Client.RequestAsync(
                    "provider/configure",
                    new
                    {
                        name = "X",
                        kind = "openai",
                        catalogProvider = "nobody",
                    }
                )
            )
        );
        Assert.Equal(
            "missingField",
            ChatScript.ErrorKind(await sidecar.Client.RequestAsync("provider/configure", new { name = "X", kind = "azure" }))
        );
        Assert.Equal(
            "missingField",
            ChatScript.ErrorKind(
                await sidecar.Client.RequestAsync(
                    "provider/configure",
                    new
                    {
                        id = "groq",
                        name = "",
                        kind = "",
                        endpoint = "",
                    }
                )
            )
        );
    }

    [Theory]
    [InlineData("api_key_ref: '{0}', endpoint: 'https://api.example'")]
    [InlineData("endpoint: 'https://me:{0}@api.example/v1'")]
    public async Task A_literal_key_where_an_address_belongs_is_never_shown(string fields)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("leaky", $"{{ name: 'Leaky', provider_type: 'openai', {string.Format(null, fields, Canary)} }}");
        Assert.True((bool?)(await ItemAsync(sidecar.Client, "leaky"))["fault"]?["holdsSecret"]);
        Assert.DoesNotContain(Canary, (await sidecar.Client.ResultAsync("provider/list"))?.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(
            Canary,
            (await sidecar.Client.ResultAsync("provider/get", new { id = "leaky" }))?.ToJsonString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_literal_key_in_a_file_breaks_that_provider_alone_and_is_never_shown()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider(
            "leaky",
            $"{{\n  name: 'Leaky', provider_type: 'openai',\n  headers: {{ 'X-Api-Key': '{Canary}', note: '{Canary}', plain: 'a' }},\n  api_key: ['{Canary}'] }}"
        );
        sidecar.WriteProvider("good", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9/")));
        var leaky = await ItemAsync(sidecar.Client, "leaky");
        Assert.Equal(
            ("error", 3, 27, true),
            (
                (string?)leaky["status"],
                (int?)leaky["fault"]?["line"],
                (int?)leaky["fault"]?["column"],
                (bool?)leaky["fault"]?["holdsSecret"]
            )
        );
        Assert.Equal("untested", (string?)(await ItemAsync(sidecar.Client, "good"))["status"]);
        var detail = await sidecar.Client.ResultAsync("provider/get", new { id = "leaky" });
        Assert.DoesNotContain(Canary, detail?.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(
            """{"X-Api-Key":"***REDACTED***","note":"***REDACTED***","plain":"a"}""",
            detail?["configuration"]?["headers"]?.ToJsonString()
        );
        Assert.Equal("notFound", ChatScript.ErrorKind(await sidecar.Client.RequestAsync("provider/test", new { id = "leaky" })));
    }

    [Fact]
    public async Task Deleting_a_provider_lists_its_uses_and_deletes_its_key_unless_another_uses_it()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var client = sidecar.Client;
        foreach (var id in new[] { "one", "two" })
        {
            sidecar.WriteProvider(id, InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9/"), "api_key_ref: 'vault://shared/api_key'"));
        }

        Directory.CreateDirectory(Path.Combine(sidecar.Home, "templates"));
        File.AppendAllText(
            Path.Combine(sidecar.Home, "templates", "mine.json5"),
            "{ id: 'mine', name: 'Mine', version: '1.0.0', parent_template: 'ai-chat', fields: [ { name: 'provider_ref', type: 'codex_reference', default: 'codex://providers/one' } ] }"
        );
        File.AppendAllText(Path.Combine(sidecar.Home, "config.json5"), "{ default_small: 'one', fallbacks: ['two', 'one'] }");
        var chat = await client.CreateChatAsync("one");
        await client.ResultAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" });
        await client.ResultAsync(
            "vault/store",
            new
            {
                reference = "vault://shared/api_key",
                secret = Canary,
                origins = new[] { "http://127.0.0.1:9" },
            }
        );

        var detail = await client.ResultAsync("provider/get", new { id = "one" });
        Assert.Equal("cdef", (string?)detail?["key"]?["lastFour"]);
        Assert.Equal((1, chat), ((int?)detail?["uses"]?["chatCount"], (string?)detail?["uses"]?["chats"]?[0]?["uri"]));
        Assert.Equal("""["mine"]""", detail?["uses"]?["templates"]?.ToJsonString());
        Assert.Equal("""["default_small","fallbacks"]""", detail?["uses"]?["settings"]?.ToJsonString());
        Assert.True((bool?)detail?["summary"]?["isDefaultSmall"]);

        await client.ResultAsync("provider/delete", new { id = "one", deleteKey = true });
        Assert.Single((await client.ResultAsync("vault/list"))?["entries"]?.AsArray() ?? []);
        Assert.Single(Directory.GetFiles(Path.Combine(sidecar.Home, "trash")));
        await client.ResultAsync("vault/lock");
        Assert.Equal(
            "vaultLocked",
            ChatScript.ErrorKind(await client.RequestAsync("provider/delete", new { id = "two", deleteKey = true }))
        );
        Assert.True(File.Exists(Path.Combine(sidecar.Home, "providers", "two.json5")));
        await client.ResultAsync("vault/unlock", new { method = "passphrase", secret = "correct horse battery" });
        await client.ResultAsync("provider/delete", new { id = "two", deleteKey = true });
        Assert.Empty((await client.ResultAsync("vault/list"))?["entries"]?.AsArray() ?? []);
        Assert.Equal("conflict", ChatScript.ErrorKind(await client.RequestAsync("provider/delete", new { id = "tour" })));
    }

    [Fact]
    public async Task A_discovered_provider_becomes_the_default_without_a_file()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var made = await sidecar.Client.ResultAsync(
            "provider/configure",
            new
            {
                id = "tour",
                name = "The tour",
                kind = "tour",
                makeDefault = true,
                makeDefaultSmall = true,
            }
        );
        Assert.Equal((true, true), ((bool?)made?["isDefault"], (bool?)made?["isDefaultSmall"]));
        Assert.False(Directory.Exists(Path.Combine(sidecar.Home, "providers")));
        await sidecar.Client.NextAsync("provider/changed", item => item["id"] is null);
    }

    [Fact]
    public async Task All_windows_show_a_test_in_progress()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Silence());
        await using var sidecar = await InMemorySidecar.StartAsync();
        sidecar.WriteProvider("p", InMemorySidecar.ProviderAt(endpoint.Url));
        var id = sidecar.Client.Start("provider/test", new { id = "p" }, out var reply);
        await sidecar.Client.NextAsync("provider/changed", item => (string?)item["id"] == "p");
        Assert.Equal("testing", (string?)(await ItemAsync(sidecar.Client, "p"))["status"]);
        await sidecar.Client.NotifyAsync("$/cancelRequest", new { id });
        Assert.NotNull((await reply)["error"]);
        await sidecar.Client.NextAsync("provider/changed", item => (string?)item["id"] == "p");
        Assert.Equal("untested", (string?)(await ItemAsync(sidecar.Client, "p"))["status"]);
    }

    private static async Task<JsonNode> ItemAsync(RpcClient client, string id) =>
        (await client.ResultAsync("provider/list"))?["items"]?.AsArray().Single(item => (string?)item?["id"] == id)
        ?? throw new InvalidOperationException($"There is no {id}.");
}
