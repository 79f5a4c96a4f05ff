using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Catalog;
using Plue.Server.Health;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Catalog;

public sealed class CatalogRefreshTests : IAsyncDisposable
{
    private const string Tag = "\"0123456789abcdef0123456789abcdef\"";
    private readonly CatalogHome home = new();
    private readonly ProviderHttp http = new();
    private readonly ScriptedEndpoint server = new();
    private readonly CatalogRefresh refresh;

    public CatalogRefreshTests()
    {
        home.Settings = new CatalogSettings(server.Url.ToString(), false);
        refresh = new CatalogRefresh(home.Catalog, () => home.Settings, http.For, home.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        http.Dispose();
        home.Dispose();
    }

    [Fact]
    public async Task Fetched_catalogs_override_shipped_ones_but_not_the_users_and_an_unchanged_list_is_not_sent_again()
    {
        server.Answers.Add(ScriptedAnswer.Json($"[{CatalogHome.Acme()},{Groq(0.7m)},{Xai}]", 200, ("ETag", Tag)));
        server.Answers.Add(ScriptedAnswer.Json("", 304, ("ETag", Tag)));
        home.Write("xai", CatalogHome.Acme("xai", 9));

        var result = await refresh.RunAsync(default);
        Assert.Equal((true, 3), (result.IsUpdated, result.ProviderCount));
        foreach (var catalog in new[] { home.Catalog, home.Open() })
        {
            Assert.Equal(CatalogLayer.Fetched, catalog.Get("acme")?.Layer);
            Assert.Equal(0.7m, catalog.Find("groq")?.Models[0].CostPer1mIn);
            Assert.Equal(9, catalog.Find("xai")?.Models[0].CostPer1mIn);
            Assert.Equal(45, catalog.List().Entries.Count);
            Assert.Contains("acme", catalog.Ids);
            Assert.Equal(home.Time.GetUtcNow(), catalog.RefreshedAt);
        }

        home.Time.Advance(TimeSpan.FromHours(1));
        result = await refresh.RunAsync(default);
        Assert.Equal((false, 3), (result.IsUpdated, result.ProviderCount));
        Assert.Equal(0.7m, home.Catalog.Find("groq")?.Models[0].CostPer1mIn);
        Assert.Equal(home.Time.GetUtcNow(), home.Catalog.RefreshedAt);
        Assert.Equal(
            [("GET", "/v2/providers", null), ("GET", "/v2/providers", Tag)],
            server.Requests.Select(request => (request.Method, request.Target, request.Headers.GetValueOrDefault("if-none-match")))
        );

        var failure = (
            await Assert.ThrowsAsync<FailureException>(() => Task.Run(() => home.Own.Delete("acme"), TestContext.Current.CancellationToken))
        ).Failure;
        Assert.Equal(FailureKind.PermissionDenied, failure.Kind);
        home.Own.Delete("xai");
        Assert.Equal(CatalogLayer.Fetched, home.Catalog.Get("xai")?.Layer);
    }

    [Fact]
    public async Task The_answer_is_stored_as_it_came_and_counts_only_while_its_server_is_set()
    {
        var body = $"[ {CatalogHome.Acme(extra: "\"future\":1.50,")} ]\n";
        server.Answers.Add(ScriptedAnswer.Json(body));
        await refresh.RunAsync(default);
        Assert.Equal(body, File.ReadAllText(Path.Combine(home.Paths.Index, "catalog.json")));
        Assert.Equal("1.50", home.Catalog.Get("acme")?.Document.GetProperty("future").GetRawText());

        home.Settings = new CatalogSettings(null, false);
        home.Put("config.json5", "{}");
        Assert.Null(home.Catalog.Find("acme"));
        home.Settings = new CatalogSettings(server.Url + "/", false);
        home.Put("config.json5", "{ }");
        Assert.NotNull(home.Catalog.Find("acme"));
    }

    [Fact]
    public async Task Without_a_configured_server_nothing_is_requested_and_the_error_explains_how_to_set_one()
    {
        home.Settings = new CatalogSettings(null, true);
        var failure = await FailingAsync();
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Contains("catalog_refresh_url", failure.Message);
        await refresh.RunIfDueAsync(NullLogger.Instance, default);
        Assert.Empty(server.Requests);
        Assert.False(Directory.Exists(home.Paths.Index));
    }

    [Theory]
    [InlineData("http://catwalk.example")]
    [InlineData("https://me:canary@catwalk.example")]
    [InlineData("file:///etc/passwd")]
    [InlineData("catwalk")]
    public async Task An_address_that_is_not_safe_is_not_asked(string url)
    {
        home.Settings = new CatalogSettings(url, true);
        var failure = await FailingAsync();
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.DoesNotContain("canary", failure.Message);
    }

    [Theory]
    [InlineData("https://catwalk.example", "https://catwalk.example/v2/providers")]
    [InlineData("https://catwalk.example/", "https://catwalk.example/v2/providers")]
    [InlineData("https://catwalk.example/v2/providers", "https://catwalk.example/v2/providers")]
    [InlineData("https://example.com/catwalk/?x=1#y", "https://example.com/catwalk/v2/providers")]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/providers")]
    public void The_list_is_found_below_the_address(string url, string expected) =>
        Assert.Equal(expected, CatalogRefresh.Address(url)?.ToString());

    public static TheoryData<string> BrokenAnswers =>
        [
            "object",
            "text",
            "empty",
            "nothing",
            "cut",
            "errors",
            "page",
            "redirect",
            "refused",
            "large",
            "many",
            "compressed",
            "unicode",
            "unasked 304",
        ];

    [Theory]
    [MemberData(nameof(BrokenAnswers))]
    public async Task An_invalid_response_changes_nothing_and_reports_the_error(string what)
    {
        server.Answers.Add(ScriptedAnswer.Json($"[{CatalogHome.Acme()}]"));
        await refresh.RunAsync(default);
        var before = Snapshot();

        await using var elsewhere = new ScriptedEndpoint(ScriptedAnswer.Json($"[{CatalogHome.Acme(price: 66)}]"));
        server.Answers[0] = what switch
        {
            "object" => ScriptedAnswer.Json("""{"error":"This endpoint was removed"}"""),
            "text" => ScriptedAnswer.Json("Hello"),
            "empty" => ScriptedAnswer.Json("[]"),
            "nothing" => ScriptedAnswer.Json(""),
            "cut" => ScriptedAnswer.Json($"[{CatalogHome.Acme(price: 66)},").Cut(),
            "errors" => ScriptedAnswer.Json("""[{"id":"acme","name":"Acme","models":[]},{},7]"""),
            "page" => ScriptedAnswer.Html("<html>Sign in"),
            "redirect" => ScriptedAnswer.Json("", 302, ("Location", elsewhere.Url + "v2/providers")),
            "refused" => ScriptedAnswer.Json($"[{CatalogHome.Acme(price: 66)}]", 500),
            // Valid except for its size.
            "large" => ScriptedAnswer
                .Json($"[{CatalogHome.Acme(price: 66)}")
                .Repeat([.. Enumerable.Repeat((byte)' ', 64 * 1024)], 16 * 16)
                .Send("]"),
            "many" => ScriptedAnswer.Json(
                $"[{string.Join(',', Enumerable.Range(0, 1_001).Select(number => CatalogHome.Acme($"a{number}")))}]"
            ),
            "compressed" => ScriptedAnswer.Json($"[{CatalogHome.Acme(price: 66)}]", 200, ("Content-Encoding", "gzip")),
            "unicode" => ScriptedAnswer.Json($$"""[{{CatalogHome.Acme(price: 66)}},{"\ud800":1}]"""),
            _ => ScriptedAnswer.Json("", 304),
        };
        var failure = await FailingAsync();
        Assert.True(failure.Kind is FailureKind.BadResponse or FailureKind.Unreachable, $"{failure.Kind}: {failure.Message}");
        Assert.EndsWith("The current catalog was kept.", failure.Message);
        Assert.Equal(before, Snapshot());
        Assert.Equal(1, home.Open().Find("acme")?.Models[0].CostPer1mIn);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task A_server_that_is_silent_or_gone_is_given_up()
    {
        server.Answers.Add(ScriptedAnswer.Silence());
        var asking = FailingAsync();
        await server.NextRequestAsync(TestContext.Current.CancellationToken);
        home.Time.Advance(CatalogRefresh.RequestTimeout);
        Assert.Equal(FailureKind.Timeout, (await asking).Kind);

        await server.DisposeAsync();
        Assert.Equal(FailureKind.Unreachable, (await FailingAsync()).Kind);
        Assert.False(Directory.Exists(home.Paths.Index));
    }

    [Fact]
    public async Task A_fetched_catalog_cannot_send_requests_or_keys_of_a_shipped_vendor_elsewhere()
    {
        server.Answers.Add(
            ScriptedAnswer.Json(
                $$"""
                [{{CatalogHome.Acme("groq", 66)}},
                 {{Groq(66).Replace("$GROQ_API_KEY", "$OPENAI_API_KEY", StringComparison.Ordinal)}},
                 {"id":"plain","name":"P","type":"openai","api_endpoint":"http://plain.example","models":[{"id":"m","name":"M"}]},
                 {"id":"slip","name":"S","type":"openai","default_large_model_id":"gone","default_headers":{"X-Title":"Another"},"models":[{"id":"m","name":"M"}]},
                 {{CatalogHome.Acme("../../vault")}}, {{CatalogHome.Acme()}}]
                """
            )
        );
        var result = await refresh.RunAsync(default);
        Assert.Equal(2, result.ProviderCount);
        Assert.Contains("groq, plain", result.Sentence);
        Assert.NotEqual(66, home.Catalog.Find("groq")?.Models[0].CostPer1mIn);
        Assert.Equal("https://api.groq.com/openai/v1", home.Catalog.Find("groq")?.ApiEndpoint);
        Assert.Null(home.Catalog.Find("plain"));
        Assert.Equal(("m", 0), (home.Catalog.Find("slip")?.DefaultLargeModelId, home.Catalog.Find("slip")?.DefaultHeaders.Count));
    }

    [Theory]
    [InlineData("catalog.json", "[{\"id\":\"acme\"")]
    [InlineData("catalog.json", null)]
    [InlineData("catalog-state.json", "7")]
    [InlineData("catalog-state.json", "{")]
    [InlineData("catalog-state.json", null)]
    public async Task Damaged_fetched_data_is_fetched_again(string file, string? content)
    {
        server.Answers.Add(ScriptedAnswer.Json($"[{CatalogHome.Acme()}]", 200, ("ETag", Tag)));
        await refresh.RunAsync(default);
        File.Delete(Path.Combine(home.Paths.Index, file));
        if (content is not null)
        {
            home.Put(Path.Combine("index", file), content);
        }

        var catalog = home.Open();
        Assert.Equal(44, catalog.List().Entries.Count);
        await new CatalogRefresh(catalog, () => home.Settings, http.For, home.Time).RunAsync(default);
        Assert.DoesNotContain("if-none-match", server.Requests[1].Headers.Keys);
        Assert.NotNull(catalog.Find("acme"));
    }

    [Fact]
    public async Task It_is_fetched_once_a_day_and_only_when_asked_for_even_from_a_server_that_is_down()
    {
        server.Answers.Add(ScriptedAnswer.Json("", 500));
        await refresh.RunIfDueAsync(NullLogger.Instance, default);
        Assert.Empty(server.Requests);

        home.Settings = home.Settings with { RefreshDaily = true };
        await refresh.RunIfDueAsync(NullLogger.Instance, default);
        home.Time.Advance(TimeSpan.FromHours(23));
        await refresh.RunIfDueAsync(NullLogger.Instance, default);
        await new CatalogRefresh(home.Open(), () => home.Settings, http.For, home.Time).RunIfDueAsync(NullLogger.Instance, default);
        Assert.Single(server.Requests);
        Assert.Equal(44, home.Catalog.List().Entries.Count);

        home.Time.Advance(TimeSpan.FromHours(1));
        await refresh.RunIfDueAsync(NullLogger.Instance, default);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_start_does_not_wait_for_it()
    {
        server.Answers.Add(ScriptedAnswer.Json($"[{CatalogHome.Acme()}]"));
        home.Settings = home.Settings with { RefreshDaily = true };
        using var stop = new CancellationTokenSource();
        var keeping = refresh.RunDailyAsync(NullLogger.Instance, stop.Token);
        home.Time.Advance(CatalogRefresh.FirstCheckDelay - TimeSpan.FromSeconds(1));
        Assert.Empty(server.Requests);
        home.Time.Advance(TimeSpan.FromSeconds(1));
        await server.NextRequestAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await keeping;
    }

    [Fact]
    public async Task A_catalog_without_the_pinned_hash_is_rejected_before_it_is_read_and_the_error_names_its_hash()
    {
        var body = $"[{CatalogHome.Acme()}]";
        server.Answers.Add(ScriptedAnswer.Json(body, 200, ("ETag", Tag)));
        home.Settings = home.Settings with { Sha256 = new string('0', 64) };
        var failure = await FailingAsync();
        Assert.Equal(FailureKind.BadResponse, failure.Kind);
        Assert.Contains($"the SHA-256 {Sha256(body)}, which is not the one in `catalog_sha256`", failure.Message, StringComparison.Ordinal);
        Assert.Null(home.Catalog.Find("acme"));
        Assert.Equal(HealthState.Warning, Health().State);
        Assert.Contains(Sha256(body), Health().Sentence, StringComparison.Ordinal);

        // A rejected catalog is not parsed: an invalid one causes the same error.
        server.Answers[0] = ScriptedAnswer.Json("no list");
        Assert.Contains("`catalog_sha256`", (await FailingAsync()).Message, StringComparison.Ordinal);

        server.Answers[0] = ScriptedAnswer.Json(body, 200, ("ETag", Tag));
        home.Settings = home.Settings with { Sha256 = $" {Sha256(body).ToUpperInvariant()}" };
        Assert.True((await refresh.RunAsync(default)).IsUpdated);
        Assert.NotNull(home.Catalog.Find("acme"));
        Assert.Equal(
            (HealthState.Ok, $"1 provider of 127.0.0.1:{server.Port} is used. The SHA-256 {Sha256(body)[..16]}… is the pinned one."),
            (Health().State, Health().Sentence)
        );
    }

    [Fact]
    public async Task A_pin_that_is_set_later_applies_to_the_catalog_on_the_disk_and_its_tag_is_not_sent()
    {
        server.Answers.Add(ScriptedAnswer.Json($"[{CatalogHome.Acme()}]", 200, ("ETag", Tag)));
        await refresh.RunAsync(default);
        Assert.EndsWith("… is not pinned.", Health().Sentence, StringComparison.Ordinal);

        var other = $"[{CatalogHome.Acme(price: 2)}]";
        home.Settings = home.Settings with { Sha256 = Sha256(other) };
        home.Put("config.json5", "{  }");
        Assert.Null(home.Catalog.Find("acme"));
        Assert.EndsWith(
            $"Nothing of 127.0.0.1:{server.Port} is used; the shipped catalog is.",
            Health().Sentence,
            StringComparison.Ordinal
        );

        server.Answers[0] = ScriptedAnswer.Json(other, 200, ("ETag", Tag));
        await refresh.RunAsync(default);
        Assert.DoesNotContain("if-none-match", server.Requests[1].Headers.Keys);
        Assert.Equal(2, home.Catalog.Find("acme")?.Models[0].CostPer1mIn);
        Assert.Equal(HealthState.Ok, Health().State);

        // A replaced file is compared, too.
        home.Put("index/catalog.json", $"[{CatalogHome.Acme(price: 66)}]");
        Assert.Null(home.Open().Find("acme"));
    }

    [Theory]
    [InlineData("abc")]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public async Task With_an_invalid_pin_nothing_is_requested(string pin)
    {
        home.Settings = home.Settings with { Sha256 = pin };
        var failure = await FailingAsync();
        Assert.Equal(FailureKind.MissingField, failure.Kind);
        Assert.Contains("`catalog_sha256` is not a SHA-256", failure.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
        Assert.Equal(HealthState.Warning, Health().State);
    }

    [Theory]
    [InlineData("catalog_sha256: 12")]
    [InlineData("catalog_sha256: ['0']")]
    public async Task A_pin_of_the_wrong_type_does_not_lift_the_restriction(string member)
    {
        await using var own = new PlueHome();
        own.Write("config.json5", $"{{ catalog_refresh_url: '{server.Url}', {member} }}");
        var failed = await Assert.ThrowsAsync<FailureException>(() => own.Services.Providers.Catalogs.Refresh.RunAsync(default));
        Assert.Contains("`catalog_sha256` is not a SHA-256", failed.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    private HealthRow Health() => Assert.Single(CatalogChecks.All(home.Catalog));

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private async Task<Failure> FailingAsync() => (await Assert.ThrowsAsync<FailureException>(() => refresh.RunAsync(default))).Failure;

    private List<string> Snapshot() =>
        [
            .. Directory
                .EnumerateFiles(home.Paths.Index)
                .Order(StringComparer.Ordinal)
                .Select(path => $"{Path.GetFileName(path)}: {File.ReadAllText(path)}"),
        ];

    private static string Xai => new ProviderCatalog().Get("xai")!.Document.GetRawText();

    private static string Groq(decimal price) =>
        $$"""{"id":"groq","name":"Groq","type":"openai-compat","api_key":"$GROQ_API_KEY","api_endpoint":"https://api.groq.com/openai/v1","models":[{"id":"m","name":"M","cost_per_1m_in":{{price}}}]}""";
}
