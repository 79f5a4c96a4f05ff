using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue providers</c> and <c>plue models</c> processes: stdout, stderr and exit code.</summary>
public sealed class ProvidersProcessTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("plue-cli-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task A_provider_is_added_tested_asked_changed_and_deleted_from_a_shell()
    {
        const string models = """{"data":[{"id":"model"},{"id":"other"}]}""";
        const string answer =
            "data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Target.EndsWith("/models", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json(models)
                    : ScriptedAnswer.Events().Send(answer),
        };
        var added = await RunAsync(
            "providers",
            "add",
            "--name",
            "My server",
            "--kind",
            "openai-compatible",
            "--endpoint",
            $"{endpoint.Url}v1",
            "--field",
            "max_tokens=512",
            "--field",
            "description=Mine",
            "--default"
        );
        Assert.Equal((0, ""), (added.ExitCode, added.Stderr));
        Assert.StartsWith(
            "my-server  My server  openai-compatible  untested  (default)  (small)\n",
            added.Stdout,
            StringComparison.Ordinal
        );
        Assert.Contains("plue vault store vault://my-server/api_key --origin http://127.0.0.1", added.Stdout, StringComparison.Ordinal);

        Assert.Equal(0, (await RunAsync("providers", "test", "my-server")).ExitCode);
        var listed = JsonNode.Parse((await RunAsync("providers", "list", "--json")).Stdout)?["items"]?.AsArray();
        Assert.Equal("connected", (string?)listed?.Single(item => (string?)item?["id"] == "my-server")?["status"]);
        Assert.Equal((0, "model\nother\n", ""), await RunAsync("models"));
        Assert.Equal("model", (string?)JsonNode.Parse((await RunAsync("models", "my-server", "--json")).Stdout)?["models"]?[0]?["id"]);
        Assert.Equal((0, "Hello\n", ""), await RunAsync("run", "Hi", "--provider", "my-server", "--model", "other"));
        var unknown = await RunAsync("run", "Hi", "--provider", "my-server", "--model", "modl");
        Assert.Equal((1, "My server has no model named modl. Did you mean model?\n"), (unknown.ExitCode, unknown.Stderr));

        Assert.Equal(0, (await RunAsync("providers", "set", "my-server", "--model", "model", "--unset", "max_tokens")).ExitCode);
        var shown = JsonNode.Parse((await RunAsync("providers", "show", "my-server", "--json")).Stdout);
        Assert.Equal(
            ("model", null, "Mine"),
            (
                (string?)shown?["configuration"]?["model"],
                shown?["configuration"]?["max_tokens"],
                (string?)shown?["configuration"]?["description"]
            )
        );
        Assert.Equal(0, (await RunAsync("providers", "default", "tour", "--small")).ExitCode);
        Assert.Contains("\"tour\"", File.ReadAllText(Path.Combine(home, "config.json5")), StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("providers", "delete", "my-server", "--delete-key")).ExitCode);
        Assert.Empty(Directory.GetFiles(Path.Combine(home, "providers")));
    }

    [Fact]
    public async Task An_unreachable_provider_stays_disabled_and_the_command_fails()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Json("""{"error":{"message":"no"}}""", 401));
        InMemorySidecar.WriteProvider(home, "p", InMemorySidecar.ProviderAt(endpoint.Url));
        Assert.Equal(0, (await RunAsync("providers", "disable", "p")).ExitCode);
        var off = await RunAsync("run", "Hi", "--provider", "p");
        Assert.Equal((1, "Scripted is switched off. Switch it on, or choose another provider.\n"), (off.ExitCode, off.Stderr));
        var enabled = await RunAsync("providers", "enable", "p");
        Assert.Equal(1, enabled.ExitCode);
        Assert.StartsWith("p  Scripted  openai-compatible  error  (off)", enabled.Stdout, StringComparison.Ordinal);
        Assert.Contains("enabled: false", File.ReadAllText(Path.Combine(home, "providers", "p.json5")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "--kind", "providers", "add", "--name", "X")]
    [InlineData(2, "more than 2", "providers", "add", "--kind", "ollama", "--field", "temperature=9")]
    [InlineData(
        1,
        "Do not store keys in files",
        "providers",
        "add",
        "--kind",
        "openai",
        "--field",
        "api_key_ref=sk-canary-0123456789abcdef"
    )]
    [InlineData(1, "There is no provider nobody", "providers", "show", "nobody")]
    [InlineData(1, "nobody", "providers", "test", "nobody")]
    [InlineData(1, "nobody", "models", "nobody")]
    public async Task Errors_are_one_sentence_with_an_exit_code(int exitCode, string says, params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Contains(says, run.Stderr, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-canary", run.Stderr + run.Stdout, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(home, "providers")));
    }

    private async Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(params string[] arguments)
    {
        using var process =
            Process.Start(
                new ProcessStartInfo(SidecarProcess.Executable, arguments)
                {
                    RedirectStandardInput = true,
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                    Environment = { ["PLUE_HOME"] = home },
                }
            ) ?? throw new InvalidOperationException("plue did not start.");
        process.StandardInput.Close();
        var stdout = process.StandardOutput.ReadToEndAsync();
        var stderr = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await stdout, await stderr);
    }
}
