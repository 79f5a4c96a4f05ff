using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Policy;

/// <summary>A policy applies on every code path to a provider, tool, server and setting.</summary>
public sealed class PolicyEnforcementTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-policy-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("{ allowed_providers: ['anthropic'] }", "providers of the kind openai-compatible")]
    [InlineData("{ allowed_endpoints: ['https://api.anthropic.com'] }", "the endpoint http://127.0.0.1:")]
    [InlineData("{ allowed_hosts: ['api.anthropic.com'] }", "connections to 127.0.0.1")]
    [InlineData("{ allowed_models: ['claude-*'] }", "the model model")]
    [InlineData("{ allowed_models: [ }", "refuses everything")]
    public async Task A_provider_that_is_not_allowed_gets_no_request(string text, string says)
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var sidecar = await StartAsync(text, endpoint);

        var chat = await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" });
        var sent = await sidecar.Client.RequestAsync("message/send", new { codexId = (string?)chat?["uri"], text = "Hello" });
        Assert.Contains(says, (sent["error"] ?? await FailedTurnAsync(sidecar)).ToJsonString(), StringComparison.Ordinal);

        var asked = await sidecar.Client.RequestAsync(
            "model/sendRequest",
            new
            {
                streamId = "s1",
                providerId = "scripted",
                model = "model",
                messages = new object[] { new { role = "user", parts = new object[] { new { kind = "text", text = "Hello" } } } },
                tools = Array.Empty<object>(),
            }
        );
        Assert.Equal("permissionDenied", (string?)asked["error"]?["data"]?["kind"]);
        Assert.Contains(says, (string?)asked["error"]?["message"], StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task The_command_line_refuses_a_provider_that_is_not_allowed()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var home = new PlueHome();
        var policy = Write("{ allowed_providers: ['anthropic'] }");
        using var process = Process.Start(
            new ProcessStartInfo(
                SidecarProcess.Executable,
                ["run", "Hello?", "--kind", "openai-compatible", "--base-url", endpoint.Url.ToString(), "--model", "model"]
            )
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home.Folder, ["PLUE_MANAGED_POLICY"] = policy },
            }
        )!;
        process.StandardInput.Close();
        Assert.Equal(
            $"Your organization's policy ({policy}) does not allow providers of the kind openai-compatible.\n",
            await process.StandardError.ReadToEndAsync()
        );
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, process.ExitCode);
        Assert.Empty(endpoint.Requests);
    }

    [Theory]
    [InlineData("{ allowed_providers: ['anthropic'] }", "providers of the kind openai-compatible")]
    [InlineData("{ allowed_models: ['claude-*'] }", "the model m")]
    public async Task Another_program_cannot_ask_a_provider_that_is_not_allowed(string text, string says)
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        var paths = new PluePaths(Path.Combine(folder, "home")) { AddedPolicy = Write(text) };
        await using var services = new Services(LogLevel.Warning, paths);
        var output = new StringWriter();
        var line =
            $$$"""{"id":"1","action":"stream_chat","provider":"openai-compatible","params":{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"k"},"model":"m","messages":[{"role":"user","content":"Hello?"}]}}""";
        await AiProviderCommand
            .Create(_ => services, new Terminal(new StringReader(line + "\n"), output, TextWriter.Null, isInputRedirected: true))
            .Parse([])
            .InvokeAsync();
        Assert.Contains(says, output.ToString(), StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
    }

    [Fact]
    public async Task Health_and_the_settings_show_the_policy_and_its_refusals()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var sidecar = await StartAsync(
            "{ allowed_providers: ['anthropic'], max_usd_per_day: 5, commands_network: false }",
            endpoint
        );
        var rows = (await sidecar.Client.ResultAsync("health/check", new { }))?["rows"]?.AsArray() ?? [];
        Assert.Contains(
            rows,
            row =>
                (string?)row?["name"] == "Policy"
                && (string?)row["message"]
                    == $"Your organization's policy ({PolicyFile}) restricts providers, budget_usd_per_day, commands_network."
        );
        Assert.Contains(
            rows,
            row =>
                (string?)row?["name"] == "Provider scripted"
                && ((string?)row["message"])!.Contains("does not allow providers of the kind openai-compatible", StringComparison.Ordinal)
        );
        var listed = (await sidecar.Client.ResultAsync("provider/list", new { }))?["items"]?.AsArray() ?? [];
        Assert.Equal("error", (string?)listed.Single(provider => (string?)provider?["id"] == "scripted")?["status"]);

        var settings = await sidecar.Client.ResultAsync("settings/get", new { });
        Assert.Equal(5, (int?)settings?["values"]?["budget_usd_per_day"]);
        Assert.Single(settings?["policy"]?.AsArray() ?? []);
        var refused = await sidecar.Client.RequestAsync("settings/set", new { name = "budget_usd_per_day", value = 6 });
        Assert.Equal(
            $"Your organization's policy ({PolicyFile}) does not allow more than 5 for budget_usd_per_day.",
            (string?)refused["error"]?["message"]
        );
        await sidecar.Client.ResultAsync("settings/set", new { name = "budget_usd_per_day", value = 4 });
        Assert.NotNull((await sidecar.Client.RequestAsync("settings/set", new { name = "commands_network", value = true }))["error"]);
    }

    [Fact]
    public async Task A_budget_of_the_policy_is_named_when_it_is_used_up()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var sidecar = await StartAsync("{ max_usd_per_day: 0 }", endpoint);
        var asked = await sidecar.Client.RequestAsync(
            "model/sendRequest",
            new
            {
                streamId = "s1",
                providerId = "scripted",
                model = "model",
                messages = new object[] { new { role = "user", parts = new object[] { new { kind = "text", text = "Hello" } } } },
                tools = Array.Empty<object>(),
            }
        );
        Assert.Equal(
            $"Today's responses have cost $0.00, and the limit of your organization's policy ({PolicyFile}) is $0.00 a day. Use a free model.",
            (string?)asked["error"]?["message"]
        );
    }

    [Fact]
    public async Task A_mode_that_is_not_allowed_cannot_be_set()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var sidecar = await StartAsync("{ allowed_permission_modes: ['ask'] }", endpoint);
        var chat = await sidecar.Client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" });
        var refused = await sidecar.Client.RequestAsync(
            "codex/update",
            new { uri = (string?)chat?["uri"], set = new { permission_mode = "edit" } }
        );
        Assert.Equal(
            $"Your organization's policy ({PolicyFile}) does not allow the permission mode edit.",
            (string?)refused["error"]?["message"]
        );
        await sidecar.Client.ResultAsync("codex/update", new { uri = (string?)chat?["uri"], set = new { permission_mode = "read" } });
    }

    [Theory]
    [InlineData("{ denied_tools: ['bash'] }")]
    [InlineData("{ allowed_tools: ['read'] }")]
    public void A_tool_that_the_policy_does_not_allow_is_denied_despite_any_rule(string text)
    {
        var paths = new PluePaths(Path.Combine(folder, "home")) { AddedPolicy = Write(text) };
        var rights = new Rights
        {
            CodexId = "task_1",
            Title = "Agent",
            Tools = ["bash", "read"],
            Permissions = new AgentPermissions(["bash(ls)"], [], []),
            Mode = PermissionMode.EditFreely,
            Folders = WorkspaceFolders.Of(folder),
        };
        var verdict = new PermissionPolicy(paths).Evaluate("bash", new ToolAction.RunCommand("ls", folder), [rights]);
        Assert.Equal(
            (Decision.Deny, $"Your organization's policy ({PolicyFile}) does not allow the tool bash."),
            (verdict.Decision, verdict.Reason)
        );
    }

    [Fact]
    public async Task A_server_that_is_not_allowed_does_not_start()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var sidecar = await StartAsync("{ allowed_mcp_servers: [{ command: ['node', 'other.js'] }] }", endpoint);
        File.WriteAllText(Path.Combine(sidecar.Home, "mcp.json5"), "{ mcpServers: { own: { command: '/bin/true' } } }");
        var own = (await sidecar.Client.ResultAsync("mcp/list", new { }))!["servers"]![0]!;
        var sentence = $"Your organization's policy ({PolicyFile}) does not allow the MCP server own.";
        Assert.Equal(("failed", sentence), ((string?)own["state"], (string?)own["error"]));
        var started = await sidecar.Client.RequestAsync("mcp/start", new { name = "own" });
        Assert.Equal(sentence, (string?)started["error"]?["message"]);
    }

    [Fact]
    public async Task A_host_that_is_not_allowed_is_refused_to_servers_with_an_address_too()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("One"));
        await using var web = new ScriptedEndpoint();
        await using var sidecar = await StartAsync($"{{ allowed_hosts: ['127.0.0.1:{endpoint.Url.Port}'] }}", endpoint);
        File.WriteAllText(Path.Combine(sidecar.Home, "mcp.json5"), $"{{ mcpServers: {{ web: {{ url: '{web.Url}mcp' }} }} }}");
        var own = (await sidecar.Client.ResultAsync("mcp/list", new { }))!["servers"]![0]!;
        await sidecar.Client.RequestAsync("mcp/approve", new { name = "web", fingerprint = (string?)own["fingerprint"] });
        var started = await sidecar.Client.RequestAsync("mcp/start", new { name = "web" });
        Assert.Equal(
            $"Your organization's policy ({PolicyFile}) does not allow connections to 127.0.0.1.",
            (string?)started["error"]?["message"]
        );
        Assert.Empty(web.Requests);
    }

    private static async Task<JsonNode> FailedTurnAsync(InMemorySidecar sidecar) =>
        new JsonArray([.. (await sidecar.Client.TurnAsync()).Select(one => one.DeepClone())]);

    private string PolicyFile => Path.Combine(folder, "policy.json5");

    private string Write(string text)
    {
        File.WriteAllText(PolicyFile, text);
        return PolicyFile;
    }

    private async Task<InMemorySidecar> StartAsync(string policy, ScriptedEndpoint endpoint)
    {
        var sidecar = await InMemorySidecar.StartAsync(policy: Write(policy));
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        return sidecar;
    }
}
