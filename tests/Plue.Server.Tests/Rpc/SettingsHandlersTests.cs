using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class SettingsHandlersTests
{
    [Fact]
    public async Task A_setting_is_changed_in_the_file_and_its_comments_stay()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var path = Write(sidecar, "{\n  // two weeks\n  trash_days: 14,\n}\n");
        var changed = await sidecar.Client.ResultAsync("settings/set", new { name = "trash_days", value = 21 });
        Assert.Equal(21, (int?)changed?["values"]?["trash_days"]);
        Assert.Equal("{\n  // two weeks\n  trash_days: 21,\n}\n", File.ReadAllText(path));

        await sidecar.Client.ResultAsync(
            "settings/set",
            new { name = "default_small", value = new { provider = "ollama", model = "qwen3" } }
        );
        await sidecar.Client.ResultAsync(
            "settings/set",
            new { name = "fallbacks", value = new object[] { "tour", new { provider = "ollama" } } }
        );
        var reset = await sidecar.Client.ResultAsync("settings/set", new { name = "trash_days", value = (object?)null });
        Assert.Null(reset?["values"]?["trash_days"]);
        Assert.Equal("qwen3", (string?)reset?["values"]?["default_small"]?["model"]);
        Assert.Equal("ollama", (string?)reset?["values"]?["fallbacks"]?[1]?["provider"]);
        Assert.Null(reset?["problem"]);
    }

    [Theory]
    [InlineData("trash_days", "0", "missingField", "`trash_days` is less than 1, the minimum.")]
    [InlineData("trash_days", "\"x\"", "missingField", "`trash_days` is text where a number was expected.")]
    [InlineData("default_large", "\"Not a name\"", "missingField", "`default_large` is not the name of a provider.")]
    [InlineData("trash_day", "5", "notFound", "There is no setting `trash_day`. Did you mean `trash_days`?")]
    [InlineData(
        "catalog_refresh_url",
        "\"https://user:sk-0123456789abcdefgh@example.com\"",
        "permissionDenied",
        "Do not store keys in files. Run Plue: Configure Provider Key."
    )]
    public async Task A_value_that_cannot_be_one_is_refused_and_the_file_stays(string name, string value, string kind, string message)
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var path = Write(sidecar, "{ budget_usd_per_day: 1 }");
        var refused = await sidecar.Client.RequestAsync("settings/set", new { name, value = JsonNode.Parse(value) });
        Assert.Equal((kind, message), ((string?)refused["error"]?["data"]?["kind"], (string?)refused["error"]?["message"]));
        Assert.Equal("{ budget_usd_per_day: 1 }", File.ReadAllText(path));
    }

    [Fact]
    public async Task Every_setting_has_a_group_and_only_known_ones_leave_the_file()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        Write(sidecar, "{ budget_usd_per_day: 1.25, note: 'mine' }");
        var settings = await sidecar.Client.ResultAsync("settings/get");
        var fields = settings?["groups"]?.AsArray().SelectMany(group => group?["fields"]?.AsArray() ?? []).ToList() ?? [];
        Assert.Contains(
            fields,
            field =>
                (string?)field?["name"] == "notify_when_finished"
                && (string?)field["default"] == "when_hidden"
                && (string?)field["type"] == "select"
        );
        Assert.Contains(fields, field => (string?)field?["name"] == "fallbacks" && (string?)field["items"]?["type"] == "codexReference");
        Assert.Equal(["budget_usd_per_day"], settings?["values"]?.AsObject().Select(pair => pair.Key));
        Assert.Equal(1.25, (double?)settings?["values"]?["budget_usd_per_day"]);
    }

    [Fact]
    public async Task An_error_in_the_file_is_reported_with_its_position_and_kept_by_a_change()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var path = Write(sidecar, "{\n  trash_days: 14\n  mask_secrets: true,\n}");
        var problem = (await sidecar.Client.ResultAsync("settings/get"))?["problem"];
        Assert.Equal((path, 3, false), ((string?)problem?["path"], (int?)problem?["line"], (bool?)problem?["holdsSecret"]));
        var refused = await sidecar.Client.RequestAsync("settings/set", new { name = "trash_days", value = 1 });
        Assert.Equal("conflict", (string?)refused["error"]?["data"]?["kind"]);

        Write(sidecar, "{ api_key: 'sk-canary-0123456789abcdef' }");
        var secret = await sidecar.Client.ResultAsync("settings/get");
        Assert.True((bool?)secret?["problem"]?["holdsSecret"]);
        Assert.DoesNotContain("canary", secret?.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_can_be_drawn_for_any_template()
    {
        await using var sidecar = await InMemorySidecar.StartAsync();
        var provider = await sidecar.Client.ResultAsync("template/get", new { id = "llm-provider" });
        var fields = provider?["fields"]?.AsArray() ?? [];
        var temperature = fields.Single(field => (string?)field?["name"] == "temperature");
        Assert.Equal((0.7, 0, 2), ((double?)temperature?["default"], (int?)temperature?["min"], (int?)temperature?["max"]));
        Assert.Equal("provider_type", (string?)fields.Single(field => (string?)field?["name"] == "cli_path")?["conditional"]?["field"]);
        Assert.Equal(
            "The template nope does not exist.",
            (string?)(await sidecar.Client.RequestAsync("template/get", new { id = "nope" }))["error"]?["message"]
        );
    }

    private static string Write(InMemorySidecar sidecar, string text)
    {
        var path = Path.Combine(sidecar.Home, "config.json5");
        DurableFile.Replace(path, Encoding.UTF8.GetBytes(text));
        return path;
    }
}
