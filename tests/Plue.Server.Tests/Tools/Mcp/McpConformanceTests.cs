using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Plue.Server.Permissions;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tests.Tools.Mcp;

/// <summary>
/// The client scenarios of the protocol's own conformance tests: the npm package @modelcontextprotocol/conformance, a development dependency, which needs Node 22
/// or later. They are skipped with an older one; PLUE_TEST_NODE names another node.
/// </summary>
[Collection("Alone")]
public sealed class McpConformanceTests
{
    private static readonly TimeSpan ScenarioTimeout = TimeSpan.FromSeconds(90);
    private static readonly string Harness = Path.Combine(
        Repository.Root,
        "node_modules",
        "@modelcontextprotocol",
        "conformance",
        "dist",
        "index.js"
    );
    private static readonly string Node = Environment.GetEnvironmentVariable("PLUE_TEST_NODE") ?? McpHome.Node;
    private static readonly Lazy<Version> NodeVersion = new(ReadNodeVersion);

    [Theory]
    [InlineData("initialize", "2025-06-18")]
    [InlineData("initialize", "2025-11-25")]
    [InlineData("tools_call", "2025-06-18")]
    [InlineData("tools_call", "2025-11-25")]
    [InlineData("tools_call", "2026-07-28")]
    [InlineData("elicitation-sep1034-client-defaults", "2025-11-25")]
    [InlineData("sse-retry", "2025-11-25")]
    [InlineData("request-metadata", "2026-07-28")]
    [InlineData("sep-2322-client-request-state", "2026-07-28")]
    [InlineData("http-standard-headers", "2026-07-28")]
    [InlineData("http-custom-headers", "2026-07-28")]
    [InlineData("http-invalid-tool-headers", "2026-07-28")]
    [InlineData("json-schema-ref-no-deref", "2026-07-28")]
    [InlineData("json-schema-2020-12-preservation", "2025-11-25")]
    [InlineData("json-schema-2020-12-preservation", "2026-07-28")]
    [InlineData("auth/metadata-default", "2026-07-28")]
    [InlineData("auth/metadata-var1", "2026-07-28")]
    [InlineData("auth/metadata-var2", "2026-07-28")]
    [InlineData("auth/metadata-var3", "2026-07-28")]
    [InlineData("auth/basic-cimd", "2026-07-28")]
    [InlineData("auth/scope-from-www-authenticate", "2026-07-28")]
    [InlineData("auth/scope-from-scopes-supported", "2026-07-28")]
    [InlineData("auth/scope-omitted-when-undefined", "2026-07-28")]
    [InlineData("auth/scope-step-up", "2026-07-28")]
    [InlineData("auth/scope-retry-limit", "2026-07-28")]
    [InlineData("auth/token-endpoint-auth-basic", "2026-07-28")]
    [InlineData("auth/token-endpoint-auth-post", "2026-07-28")]
    [InlineData("auth/token-endpoint-auth-none", "2026-07-28")]
    [InlineData("auth/pre-registration", "2026-07-28")]
    [InlineData("auth/resource-mismatch", "2026-07-28")]
    [InlineData("auth/offline-access-scope", "2026-07-28")]
    [InlineData("auth/offline-access-not-supported", "2026-07-28")]
    [InlineData("auth/authorization-server-migration", "2026-07-28")]
    [InlineData("auth/iss-supported", "2026-07-28")]
    [InlineData("auth/iss-not-advertised", "2026-07-28")]
    [InlineData("auth/iss-supported-missing", "2026-07-28")]
    [InlineData("auth/iss-wrong-issuer", "2026-07-28")]
    [InlineData("auth/iss-unexpected", "2026-07-28")]
    [InlineData("auth/iss-normalized", "2026-07-28")]
    [InlineData("auth/metadata-issuer-mismatch", "2026-07-28")]
    public async Task The_client_passes_a_scenario(string scenario, string version)
    {
        Assert.SkipWhen(
            NodeVersion.Value.Major < 22,
            $"The conformance tests of the protocol need Node 22; this is {NodeVersion.Value}. Set PLUE_TEST_NODE to a newer one."
        );
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var bridge = Path.Combine(Repository.Root, "tests", "Plue.Server.Tests", "Tools", "Mcp", "conformance-bridge.mjs");
        var folder = Directory.CreateTempSubdirectory("plue-conformance-").FullName;
        using var process = Process.Start(
            new ProcessStartInfo(
                Node,
                [
                    Harness,
                    "client",
                    "--command",
                    $"{Node} {bridge} {port}",
                    "--scenario",
                    scenario,
                    "--spec-version",
                    version,
                    "--timeout",
                    $"{ScenarioTimeout.TotalMilliseconds:0}",
                    "--verbose",
                ]
            )
            {
                WorkingDirectory = folder,
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            using var timeout = new CancellationTokenSource(ScenarioTimeout);
            var ended = process.WaitForExitAsync(timeout.Token);
            var accepting = listener.AcceptTcpClientAsync(timeout.Token).AsTask();
            if (await Task.WhenAny(accepting, ended) == accepting)
            {
                await ServeAsync(await accepting, scenario, timeout.Token);
            }

            await ended;
            Assert.True(process.ExitCode == 0, $"{await errors}\n{await output}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            Directory.Delete(folder, recursive: true);
        }
    }

    private static Version ReadNodeVersion()
    {
        using var process = Process.Start(new ProcessStartInfo(Node, ["--version"]) { RedirectStandardOutput = true })!;
        return Version.Parse(process.StandardOutput.ReadToEnd().Trim().TrimStart('v'));
    }

    private static async Task ServeAsync(TcpClient bridge, string scenario, CancellationToken cancellationToken)
    {
        using (bridge)
        {
            var stream = bridge.GetStream();
            using var reader = new StreamReader(stream);
            var asked = JsonElement.Parse((await reader.ReadLineAsync(cancellationToken))!);
            string answer;
            try
            {
                await UseAsync(
                    asked.GetProperty("url").GetString()!,
                    scenario,
                    asked.TryGetProperty("context", out var context) ? context : default,
                    cancellationToken
                );
                answer = "done";
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                answer = $"failed: {fault.Message}";
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes(answer), cancellationToken);
        }
    }

    /// <summary>Uses the server like a chat: signs in if necessary, lists everything, and calls every tool.</summary>
    private static async Task UseAsync(string url, string scenario, JsonElement context, CancellationToken cancellationToken)
    {
        await using var home = new McpHome();
        home.Services = home.Services with { Ask = (request, _) => Task.FromResult(Defaults(request.Question)) };
        // That scenario expects this address, and its context does not contain it.
        var client = scenario == "auth/basic-cimd" ? "https://conformance-test.local/client-metadata.json" : Text("client_id");
        string? Text(string name) =>
            context.ValueKind == JsonValueKind.Object && context.TryGetProperty(name, out var value) ? value.GetString() : null;
        var secret = "";
        if (Text("client_secret") is { } secretValue)
        {
            secret = ", \"client_secret\": \"vault://conformance/client\"";
            await home.Secrets.StoreAsync(
                "vault://conformance/client",
                secretValue,
                [new Uri(new Uri(url).GetLeftPart(UriPartial.Authority))],
                cancellationToken
            );
        }
        var oauth = client is null ? "" : $", \"oauth\": {{ \"client_id\": {McpHome.Text(client)}{secret} }}";
        home.WriteUser(("conformance", $$"""{ "type": "http", "url": {{McpHome.Text(url)}} {{oauth}} }"""));
        await home.ApproveAsync("conformance");
        var (tools, notes) = await home.FindAsync("conformance/*");
        if (home.Status("conformance").State == McpServerState.SignInNeeded)
        {
            await SignInAsync(home, cancellationToken);
            (tools, notes) = await home.FindAsync("conformance/*");
        }

        foreach (var (tool, parameters) in CallsOf(tools, context))
        {
            if (!await TryRunAsync(tool) && home.Status("conformance").State == McpServerState.SignInNeeded)
            {
                await SignInAsync(home, cancellationToken);
                await TryRunAsync((await home.FindAsync(tool.Name)).Tools.SingleOrDefault() ?? tool);
            }

            async Task<bool> TryRunAsync(ITool called)
            {
                try
                {
                    await home.RunAsync(called, parameters, cancellationToken: cancellationToken);
                    return true;
                }
                catch (ToolFailureException)
                {
                    // A server may reject a call; the scenario decides whether that is correct.
                    return false;
                }
            }
        }

        foreach (
            var (list, read, key, first) in new[]
            {
                ("list_resources", "read_resource", "uri", ':'),
                ("list_prompts", "get_prompt", "name", ':'),
            }
        )
        {
            if (tools.FirstOrDefault(tool => tool.Name == $"conformance/{list}") is { } lister)
            {
                var listed = (await home.RunAsync(lister, cancellationToken: cancellationToken)).Text.Split('\n');
                if (listed.Length > 1 && listed[1].Split(' ')[0].TrimEnd(first) is { Length: > 0 } name and not "(none)")
                {
                    var reader = tools.Single(tool => tool.Name == $"conformance/{read}");
                    await home.RunAsync(reader, new JsonObject { [key] = name }.ToJsonString(), cancellationToken: cancellationToken);
                }
            }
        }
    }

    private static async Task SignInAsync(McpHome home, CancellationToken cancellationToken)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        home.Servers.Changed += () =>
        {
            if (home.Status("conformance").State is McpServerState.Running or McpServerState.Failed)
            {
                changed.TrySetResult();
            }
        };
        if (await home.Servers.SignInAsync("conformance", cancellationToken) is not { } page)
        {
            return;
        }

        // Acts as the user's browser: the server redirects to the port on which Plue listens.
        using var browser = new HttpClient();
        using var answer = await browser.GetAsync(page, cancellationToken);
        await changed.Task.WaitAsync(TimeSpan.FromSeconds(20), cancellationToken);
    }

    private static IEnumerable<(ITool Tool, string Parameters)> CallsOf(IReadOnlyList<ITool> tools, JsonElement context)
    {
        if (context.ValueKind == JsonValueKind.Object && context.TryGetProperty("toolCalls", out var calls))
        {
            foreach (var call in calls.EnumerateArray())
            {
                yield return (
                    tools.Single(tool => tool.Name == $"conformance/{call.GetProperty("name").GetString()}"),
                    call.GetProperty("arguments").GetRawText()
                );
            }

            yield break;
        }

        string[] own = ["list_resources", "read_resource", "list_prompts", "get_prompt", "complete_argument"];
        foreach (var tool in tools.Where(tool => !own.Contains(tool.Name["conformance/".Length..])))
        {
            var parameters = new JsonObject();
            var schema = JsonNode.Parse(tool.Declaration.ParametersSchema)!;
            foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
            {
                parameters[name] = (string?)(property?["type"] as JsonValue) switch
                {
                    "number" or "integer" => 5,
                    "boolean" => true,
                    "object" when name == "schema" => JsonNode.Parse(
                        tools
                            .First(other => other != tool && !own.Contains(other.Name["conformance/".Length..]))
                            .Declaration.ParametersSchema
                    ),
                    "object" => new JsonObject(),
                    "array" => new JsonArray(),
                    _ => "text",
                };
            }

            yield return (tool, parameters.ToJsonString());
        }
    }

    /// <summary>The content of a form that the user did not change.</summary>
    private static ApprovalAnswer Defaults(Question? question)
    {
        var values = new JsonObject();
        foreach (var field in question?.Fields ?? [])
        {
            if (field.Defaults is [var first, ..])
            {
                values[field.Name] = field.Kind switch
                {
                    QuestionKind.Integer or QuestionKind.Number => JsonNode.Parse(first),
                    QuestionKind.Boolean => first == "true",
                    QuestionKind.Choices => new JsonArray([.. field.Defaults.Select(one => (JsonNode)one)]),
                    _ => first,
                };
            }
            else if (field.IsRequired)
            {
                values[field.Name] = field.Kind == QuestionKind.Boolean ? true : "text";
            }
        }

        return new ApprovalAnswer(ApprovalDecision.Once, Values: values.ToJsonString());
    }
}
