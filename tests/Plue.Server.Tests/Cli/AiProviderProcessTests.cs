using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tests.Providers.External;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The real <c>plue ai-provider</c>, alone and as an external provider of Plue's own; and the programs in the docs.</summary>
public sealed class AiProviderProcessTests : IDisposable
{
    private const string Key = "sk-canary-handed-over-123";
    private readonly ExternalHome home = new();

    public AiProviderProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of these tests are shell scripts.");

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Another_program_asks_a_provider_of_ours_with_a_key_of_its_own()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("Grüße ", "😀"));
        var replies = await AskAsync($$$"""{"id":"1","action":"stream_chat","provider":"openai-compatible","params":{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"{{{Key}}}"},"model":"m","messages":[{"role":"user","content":"Hello?"}]}}""");
        Assert.Equal("Grüße 😀", string.Concat(replies.Where(reply => (string?)reply["type"] == "content").Select(reply => (string?)reply["content"])));
        Assert.Equal("done", (string?)replies[^1]["type"]);
        Assert.All(replies, reply => Assert.Equal("1", (string?)reply["id"]));
        Assert.Equal($"Bearer {Key}", (await endpoint.NextRequestAsync()).Headers["authorization"]);
    }

    [Fact]
    public async Task A_key_that_comes_back_in_an_answer_is_masked()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("It is ", Key[..7], Key[7..], "."));
        var replies = await AskAsync($$$"""{"action":"stream_chat","provider":"openai-compatible","params":{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"{{{Key}}}"},"model":"m","messages":[{"role":"user","content":"Which?"}]}}""");
        Assert.Equal("It is ***.", string.Concat(replies.Where(reply => (string?)reply["type"] == "content").Select(reply => (string?)reply["content"])));
    }

    [Theory]
    [InlineData("nonsense", "bad_request")]
    [InlineData("[]", "missing_field")]
    [InlineData("{\"action\":\"dance\",\"provider\":\"tour\"}", "bad_request")]
    [InlineData("{\"action\":\"authenticate\"}", "missing_field")]
    [InlineData("{\"action\":\"authenticate\",\"provider\":\"nobody\"}", "not_found")]
    [InlineData("{\"action\":\"stream_chat\",\"provider\":\"tour\",\"params\":{\"model\":\"recording\"}}", "missing_field")]
    [InlineData("{\"action\":\"authenticate\",\"provider\":\"external\"}", "bad_request")]
    public async Task A_request_that_cannot_be_served_is_refused_with_a_code_and_the_next_is_served(string line, string code)
    {
        var replies = await AskAsync(line, """{"id":"2","action":"authenticate","provider":"tour"}""");
        Assert.Equal(code, (string?)replies.Single(reply => (bool?)reply["success"] == false)["error"]?["code"]);
        Assert.Contains(replies, reply => (string?)reply["id"] == "2" && (bool?)reply["success"] == true);
    }

    [Fact]
    public async Task Ours_as_a_program_answers_ours_as_an_editor()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request => request.Target.EndsWith("/models", StringComparison.Ordinal)
            ? ScriptedAnswer.Json("""{"data":[{"id":"small-1"},{"id":"large-2"}]}""") : ChatScript.Answer("One ", "and ", "two")
        };
        var program = home.WriteApproved("plue-provider-plue", $"#!/bin/sh\nPLUE_HOME='{home.Folder}/inner' exec '{SidecarProcess.Executable}' ai-provider\n");
        await using var provider = home.Provider(program, settings => settings with
        {
            AdditionalAuth = new Dictionary<string, string> { ["provider"] = "openai-compatible", ["endpoint"] = $"{endpoint.Url}v1" },
            Auth = AuthType.ApiKey,
            ApiKeyRef = "vault://mine/api_key",
        });
        Assert.Null(await provider.CheckAsync(default));
        Assert.Equal(["small-1", "large-2"], (await provider.ListModelsAsync(default)).Select(model => model.Id));
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ExternalHome.AllAsync(provider)));
        Assert.All(answers, events => Assert.Equal("One and two", ExternalHome.TextOf(events)));
        Assert.All(answers, events => Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]));
        Assert.Contains(endpoint.Requests, request => request.Headers.GetValueOrDefault("authorization") == $"Bearer {FixedSecrets.Key}");
    }

    [Theory]
    [InlineData("python", "echo-1")]
    [InlineData("sh", "date")]
    public async Task The_programs_in_the_docs_work(string language, string model)
    {
        Assert.SkipWhen(language == "python" && !Runs("python3", "--version"), "python3 is not here.");
        var docs = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "external-providers.md"));
        var source = Regex.Matches(docs, $"```{language}\n(#!.*?)```", RegexOptions.Singleline).Single().Groups[1].Value;
        await using var provider = home.Provider(home.WriteApproved($"plue-provider-{language}", source));
        Assert.Null(await provider.CheckAsync(default));
        Assert.Equal(model, Assert.Single(await provider.ListModelsAsync(default)).Id);
        var events = await ExternalHome.AllAsync(provider, ExternalHome.Ask("one two"));
        Assert.Matches(language == "python" ? "^one two $" : @"^It is \d\d:\d\d\.$", ExternalHome.TextOf(events));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
    }

    private async Task<List<JsonNode>> AskAsync(params string[] lines)
    {
        var start = new ProcessStartInfo(SidecarProcess.Executable, ["ai-provider"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            Environment = { ["PLUE_HOME"] = Path.Combine(home.Folder, "inner") },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("plue did not start.");
        await process.StandardInput.BaseStream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        Assert.DoesNotContain("canary", output);
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private static bool Runs(string program, string argument)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, [argument]) { RedirectStandardOutput = true });
            process?.WaitForExit();
            return process?.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
