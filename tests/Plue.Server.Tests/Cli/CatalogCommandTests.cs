using System.CommandLine;
using System.Text.Json;
using Plue.Server.Catalog;
using Plue.Server.Cli;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Catalog;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

public sealed class CatalogCommandTests : IDisposable
{
    private readonly CatalogHome home = new();
    private readonly ProviderHttp http = new();
    private readonly StringWriter output = new();
    private readonly StringWriter error = new();

    public void Dispose()
    {
        http.Dispose();
        home.Dispose();
    }

    [Fact]
    public async Task Vendors_are_listed_shown_and_counted()
    {
        Assert.Equal(0, await RunAsync("list"));
        Assert.Contains("groq  Groq  openai-compatible  2 models  $0.29 to $1 in\n", output.ToString());
        Assert.Contains("copilot  GitHub Copilot  github-copilot  32 models  price n/a\n", output.ToString());
        Assert.Equal(0, await RunAsync("list", "--json"));
        Assert.Equal(44, Json.GetProperty("items").GetArrayLength());

        Assert.Equal(0, await RunAsync("show", "anthropic"));
        Assert.Contains("  claude-sonnet-4-6  200000 tokens  $3 in, $15 out  reasons, images\n", output.ToString());
        Assert.Equal(0, await RunAsync("show", "anthropic", "--json"));
        Assert.Equal("claude-sonnet-4-6", Json.GetProperty("document").GetProperty("default_large_model_id").GetString());
        Assert.Equal(1, await RunAsync("show", "nobody"));
        Assert.Contains("plue catalog list", error.ToString());

        Assert.Equal(0, await RunAsync("stats"));
        Assert.Contains("44 vendors, 0 of them yours", output.ToString());
        Assert.Equal(0, await RunAsync("stats", "--json"));
        Assert.Equal(231, Json.GetProperty("modelCount").GetInt32());
    }

    [Fact]
    public async Task A_file_is_checked_and_its_errors_are_an_exit_code()
    {
        var good = home.Put("good.json", CatalogHome.Acme());
        Assert.Equal(0, await RunAsync("validate", good));
        Assert.Equal("No problems found.\n", output.ToString());
        var warned = home.Put("warned.json", CatalogHome.Acme().Replace("openai-compat", "telepathy", StringComparison.Ordinal));
        Assert.Equal(0, await RunAsync("validate", warned));
        Assert.StartsWith("warning: type: ", output.ToString());
        var bad = home.Put("bad.json", $"[{CatalogHome.Acme()},{CatalogHome.Acme(price: -1)}]");
        Assert.Equal(1, await RunAsync("validate", bad));
        Assert.StartsWith("error: [1].models[0].cost_per_1m_in: ", output.ToString());
        Assert.Equal(1, await RunAsync("validate", bad, "--json"));
        Assert.Equal("error", Json.GetProperty("problems")[0].GetProperty("severity").GetString());
        Assert.Equal(2, await RunAsync("validate", home.Put("text.json", "Hello")));
        Assert.Contains("line 1, column 1", error.ToString());
        Assert.Equal(1, await RunAsync("validate", Path.Combine(home.Paths.Home, "none.json")));
    }

    [Fact]
    public async Task Catalogs_are_imported_exported_deleted_and_restored()
    {
        var file = home.Put("acme.json", CatalogHome.Acme());
        Assert.Equal(0, await RunAsync("import", file));
        Assert.Equal("Imported acme.\n", output.ToString());
        Assert.Equal(1, await RunAsync("import", file));
        Assert.Contains("Skipped acme: ", error.ToString());
        Assert.Contains("Add --replace", error.ToString());
        Assert.Equal(0, await RunAsync("import", file, "--replace", "--json"));
        Assert.Equal("acme", Json.GetProperty("imported")[0].GetProperty("id").GetString());
        Assert.Equal(0, await RunAsync("list"));
        Assert.Contains("acme  Acme  openai-compatible  1 model  $1 in  (yours)\n", output.ToString());

        var to = Path.Combine(home.Paths.Home, "out.json");
        Assert.Equal(0, await RunAsync("export", "acme", "groq", "--to", to));
        Assert.Equal(2, JsonElement.Parse(await File.ReadAllBytesAsync(to, TestContext.Current.CancellationToken)).GetArrayLength());
        Assert.Equal(1, await RunAsync("export", "nobody", "--to", to));

        Assert.Equal(0, await RunAsync("delete", "acme", "--json"));
        Assert.Equal("{}\n", output.ToString());
        Assert.Equal(1, await RunAsync("delete", "groq"));
        Assert.Contains("ships with Plue", error.ToString());

        Assert.Equal(0, await RunAsync("restore", "--json"));
        var backup = Json.GetProperty("items")[0].GetProperty("id").GetString()!;
        Assert.Equal(0, await RunAsync("restore"));
        Assert.StartsWith($"{backup}  Acme  1 model  replaced 2026-11-21 08:00:00Z", output.ToString());
        Assert.Equal(0, await RunAsync("restore", backup));
        Assert.Equal("Restored acme.\n", output.ToString());
        Assert.Equal(1, await RunAsync("restore", "none"));
        Assert.NotNull(home.Catalog.Find("acme"));
    }

    [Fact]
    public async Task The_catalog_is_fetched_from_the_server_of_the_settings()
    {
        Assert.Equal(2, await RunAsync("refresh"));
        Assert.Contains("catalog_refresh_url", error.ToString());
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Json($"[{CatalogHome.Acme()}]"));
        home.Settings = new CatalogSettings(endpoint.Url.ToString(), false);
        Assert.Equal(0, await RunAsync("refresh"));
        Assert.StartsWith("1 provider was fetched from http://127.0.0.1", output.ToString());
        Assert.Equal(0, await RunAsync("refresh", "--json"));
        Assert.True(Json.GetProperty("updated").GetBoolean());
        endpoint.Answers[0] = ScriptedAnswer.Json("[]");
        Assert.Equal(1, await RunAsync("refresh"));
        Assert.NotNull(home.Catalog.Find("acme"));
    }

    [Theory]
    [InlineData("export", "groq")]
    [InlineData("export", "--to", "x.json")]
    [InlineData("show")]
    [InlineData("import")]
    [InlineData("delete", "a", "b")]
    [InlineData("list", "a")]
    public void Unknown_arguments_are_a_usage_error(params string[] arguments) => Assert.NotEmpty(Command().Parse(arguments).Errors);

    [Fact]
    public async Task A_provider_in_use_is_moved_only_with_the_option_that_the_error_names()
    {
        home.Environment["GROQ_API_KEY"] = "canary-key";
        var file = home.Put(
            "groq.json",
            """{"id":"groq","name":"Groq","type":"openai-compat","api_key":"$GROQ_API_KEY","api_endpoint":"https://evil.example/v1","models":[{"id":"m","name":"M"}]}"""
        );
        Assert.Equal(1, await RunAsync("import", file, "--replace"));
        Assert.Contains("would use https://evil.example. Nothing was changed.", error.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("To allow it, add --allow-origin-change.\n", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, await RunAsync("import", file, "--replace", "--allow-origin-change"));
        Assert.Equal(1, await RunAsync("delete", "groq"));
        Assert.Equal(0, await RunAsync("delete", "groq", "--allow-origin-change"));
    }

    private JsonElement Json => JsonElement.Parse(output.ToString());

    private Task<int> RunAsync(params string[] arguments)
    {
        output.GetStringBuilder().Clear();
        error.GetStringBuilder().Clear();
        return Command().Parse(arguments).InvokeAsync();
    }

    private Command Command() =>
        CatalogCommand.Create(
            () => new CatalogServices(home.Catalog, home.Own, new CatalogRefresh(home.Catalog, () => home.Settings, http.For, home.Time)),
            new Terminal(TextReader.Null, output, error, isInputRedirected: true)
        );
}
