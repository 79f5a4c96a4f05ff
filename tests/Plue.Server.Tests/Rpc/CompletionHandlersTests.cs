using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

public sealed class CompletionHandlersTests
{
    private const string Priced = "model_prices: { coder: { input: 1000, output: 2000 } }";

    [Fact]
    public async Task A_code_completion_is_one_ledger_line_of_its_own_kind()
    {
        await using var endpoint = new ScriptedEndpoint(Completion("return a + b;", 1000, 500));
        await using var sidecar = await StartAsync(endpoint, Priced);

        JsonNode? completed = null;
        for (var times = 0; times < 3; times++)
        {
            completed = await sidecar.Client.ResultAsync("completion/inline", At());
        }

        Assert.Equal("return a + b;", (string?)completed?["text"]);
        Assert.Equal(6m, (decimal?)completed?["spentToday"]);
        var request = JsonNode.Parse(endpoint.Requests[0].Body);
        Assert.Equal(
            ("function add(a, b) {\n  ", "\n}", "coder"),
            ((string?)request?["prompt"], (string?)request?["suffix"], (string?)request?["model"])
        );

        var usage = await sidecar.Client.ResultAsync("usage/summary", new { });
        var row = Assert.Single(usage?["templates"]?.AsArray() ?? []);
        Assert.Equal(
            ("completions", "Code completions", 3, 6m),
            ((string?)row?["key"], (string?)row?["name"], (int?)row?["figures"]?["responses"], (decimal?)row?["figures"]?["cost"])
        );
        Assert.Empty(usage?["chats"]?.AsArray() ?? []);
        var lines = await File.ReadAllLinesAsync(Directory.GetFiles(Path.Combine(sidecar.Home, "index", "usage"), "*.jsonl").Single());
        Assert.Single(lines);
        var csv = (string?)(await sidecar.Client.ResultAsync("usage/csv", new { }))?["csv"] ?? "";
        Assert.EndsWith(",3\r\n", csv, StringComparison.Ordinal);
        Assert.Contains(",Code completions,completions,", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelling_closes_the_connection_and_its_estimated_cost_is_counted()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(TextOf("return")).Hang());
        await using var sidecar = await StartAsync(endpoint, Priced);
        var id = sidecar.Client.Start("completion/inline", At(prefix: new string('x', 4000)), out var reply);
        await endpoint.NextRequestAsync(TestContext.Current.CancellationToken);
        await sidecar.Client.NotifyAsync("$/cancelRequest", new { id });
        Assert.NotNull((await reply)["error"]);
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);

        var csv = (string?)(await sidecar.Client.ResultAsync("usage/csv", new { }))?["csv"] ?? "";
        Assert.Contains(",estimate,", csv, StringComparison.Ordinal);
        Assert.Contains(",stopped,1\r\n", csv, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_request_stops_the_older_one()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(TextOf("old")).Hang(), Completion("new", 1, 1));
        await using var sidecar = await StartAsync(endpoint);
        sidecar.Client.Start("completion/inline", At(), out var older);
        await endpoint.NextRequestAsync(TestContext.Current.CancellationToken);
        Assert.Equal("new", (string?)(await sidecar.Client.ResultAsync("completion/inline", At()))?["text"]);
        var replaced = (await older)["result"];
        Assert.NotNull(replaced);
        Assert.Null(replaced["text"]);
    }

    [Theory]
    [InlineData(false, "one();\\ntwo();", "one();")]
    [InlineData(true, "one();\\ntwo();\\n\\nthree();", "one();\\ntwo();")]
    [InlineData(true, "\\none();", "\\none();")]
    [InlineData(true, "one();<|endoftext|>", "one();")]
    public async Task A_completion_ends_where_it_should_if_the_server_ignores_stop_sequences(bool isMultiline, string sent, string expected)
    {
        await using var endpoint = new ScriptedEndpoint(Completion(sent.Replace("\\n", "\n", StringComparison.Ordinal), 1, 1));
        await using var sidecar = await StartAsync(endpoint);
        var completed = await sidecar.Client.ResultAsync("completion/inline", At(isMultiline: isMultiline));
        Assert.Equal(expected.Replace("\\n", "\n", StringComparison.Ordinal), (string?)completed?["text"]);
    }

    [Fact]
    public async Task At_the_end_of_a_document_the_suffix_is_a_line_break()
    {
        await using var endpoint = new ScriptedEndpoint(Completion("b", 1, 1));
        await using var sidecar = await StartAsync(endpoint);
        await sidecar.Client.ResultAsync(
            "completion/inline",
            new
            {
                providerId = "scripted",
                model = "coder",
                prefix = "a",
                suffix = "",
            }
        );
        Assert.Equal("\n", (string?)JsonNode.Parse(endpoint.Requests[0].Body)?["suffix"]);
    }

    [Fact]
    public async Task A_server_that_does_not_respond_is_a_timeout()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Silence());
        await using var sidecar = await StartAsync(endpoint, "timeout_ms: 200");
        var reply = await sidecar.Client.RequestAsync("completion/inline", At());
        Assert.Equal("timeout", ErrorKind(reply));
    }

    [Theory]
    [InlineData(".env", "contains keys or credentials")]
    [InlineData("id_rsa", "is a private key")]
    [InlineData("out/made.js", "ignored by Git")]
    [InlineData("src/own.log", "ignored by Git")]
    public async Task A_protected_or_ignored_file_is_not_sent(string name, string reason)
    {
        await using var endpoint = new ScriptedEndpoint();
        var folder = Directory.CreateTempSubdirectory("plue-folder-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, "src"));
        await File.WriteAllTextAsync(Path.Combine(folder, ".gitignore"), "out/\n");
        await File.WriteAllTextAsync(Path.Combine(folder, "src", ".gitignore"), "*.log\n");
        await using var sidecar = await StartAsync(endpoint, folder: folder);
        var completed = await sidecar.Client.ResultAsync("completion/inline", At(path: Path.Combine(folder, name)));
        Assert.Null(completed?["text"]);
        Assert.Contains(reason, (string?)completed?["excluded"], StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_private_key_in_a_file_with_any_name_is_not_sent()
    {
        await using var endpoint = new ScriptedEndpoint();
        await using var sidecar = await StartAsync(endpoint);
        var completed = await sidecar.Client.ResultAsync("completion/inline", At(prefix: "-----BEGIN RSA PRIVATE KEY-----\nMIIE"));
        Assert.Equal("This document is a private key and is never sent.", (string?)completed?["excluded"]);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task Nothing_is_sent_from_a_folder_that_is_not_trusted()
    {
        await using var endpoint = new ScriptedEndpoint();
        var folder = Directory.CreateTempSubdirectory("plue-folder-").FullName;
        await using var sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: false);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        Assert.Equal("untrusted", ErrorKind(await sidecar.Client.RequestAsync("completion/inline", At())));
        Assert.Empty(endpoint.Requests);
        Directory.Delete(folder);
    }

    [Theory]
    [InlineData("completions_usd_per_day: 1", "Today's code completions have cost $2.00, and your limit is $1.00 a day.")]
    [InlineData("budget_usd_per_day: 1", "Today's responses have cost $2.00, and your limit is $1.00 a day.")]
    public async Task A_limit_of_the_day_stops_requests(string setting, string expected)
    {
        await using var endpoint = new ScriptedEndpoint(Completion("return;", 1000, 500));
        await using var sidecar = await StartAsync(endpoint, Priced);
        await File.WriteAllTextAsync(Path.Combine(sidecar.Home, "config.json5"), $"{{ {setting} }}");
        await sidecar.Client.ResultAsync("completion/inline", At());
        var reply = await sidecar.Client.RequestAsync("completion/inline", At());
        Assert.Equal("budgetExceeded", ErrorKind(reply));
        Assert.StartsWith(expected, (string?)reply["error"]?["message"], StringComparison.Ordinal);
        Assert.Single(endpoint.Requests);
    }

    [Fact]
    public async Task A_provider_without_completions_is_an_error()
    {
        await using var endpoint = new ScriptedEndpoint();
        await using var sidecar = await StartAsync(endpoint, "additional_auth: { completions: 'none' }");
        Assert.Equal("badRequest", ErrorKind(await sidecar.Client.RequestAsync("completion/inline", At())));
        Assert.Empty((await sidecar.Client.ResultAsync("completion/models"))?["providers"]?.AsArray() ?? []);
    }

    [Fact]
    public async Task Lists_models_by_provider_with_prices_and_problems()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Json("""{"data":[{"id":"coder"}]}"""));
        await using var sidecar = await StartAsync(endpoint, Priced);
        sidecar.WriteProvider("down", InMemorySidecar.ProviderAt(new Uri("http://127.0.0.1:9")));
        var providers = (await sidecar.Client.ResultAsync("completion/models"))?["providers"]?.AsArray() ?? [];
        var model = providers.Single(provider => (string?)provider?["id"] == "scripted")?["models"]?[0];
        Assert.Equal(
            ("coder", false, 1000m),
            ((string?)model?["id"], (bool?)model?["isKnown"], (decimal?)model?["price"]?["inputPerMillion"])
        );
        Assert.Contains(
            "Nothing responds at",
            (string?)providers.Single(provider => (string?)provider?["id"] == "down")?["problem"],
            StringComparison.Ordinal
        );
    }

    private static async Task<InMemorySidecar> StartAsync(ScriptedEndpoint endpoint, string extra = "", string? folder = null)
    {
        var sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: folder is not null);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url, extra));
        return sidecar;
    }

    private static object At(string prefix = "function add(a, b) {\n  ", string? path = null, bool isMultiline = false) =>
        new
        {
            providerId = "scripted",
            model = "coder",
            prefix,
            suffix = "\n}",
            path,
            isMultiline,
        };

    private static string TextOf(string text) =>
        $"data: {{\"model\":\"coder\",\"choices\":[{{\"index\":0,\"text\":{JsonSerializer.Serialize(text)},\"finish_reason\":null}}]}}\n\n";

    private static ScriptedAnswer Completion(string text, int input, int output) =>
        ScriptedAnswer
            .Events()
            .Send(TextOf(text))
            .Send("data: {\"model\":\"coder\",\"choices\":[{\"index\":0,\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\n")
            .Send(
                $"data: {{\"model\":\"coder\",\"choices\":[],\"usage\":{{\"prompt_tokens\":{input},\"completion_tokens\":{output}}}}}\n\ndata: [DONE]\n\n"
            );
}
