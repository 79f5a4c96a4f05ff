using System.Diagnostics;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tests.Providers.External;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue ai-provider</c> process as an external provider of Plue, and the programs in the docs.</summary>
public sealed class AiProviderProcessTests : IDisposable
{
    private readonly ExternalHome home = new();

    public AiProviderProcessTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "The programs of these tests are shell scripts.");

    public void Dispose() => home.Dispose();

    [Fact]
    public async Task Plue_works_as_an_external_provider_of_Plue()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                request.Target.EndsWith("/models", StringComparison.Ordinal)
                    ? ScriptedAnswer.Json("""{"data":[{"id":"small-1"},{"id":"large-2"}]}""")
                    : ChatScript.Answer("One ", "and ", "two"),
        };
        var program = home.WriteApproved(
            "plue-provider-plue",
            $"#!/bin/sh\nPLUE_HOME='{home.Folder}/inner' exec '{SidecarProcess.Executable}' ai-provider\n"
        );
        await using var provider = home.Provider(
            program,
            settings =>
                settings with
                {
                    AdditionalAuth = new Dictionary<string, string>
                    {
                        ["provider"] = "openai-compatible",
                        ["endpoint"] = $"{endpoint.Url}v1",
                    },
                    Auth = AuthType.ApiKey,
                    ApiKeyRef = "vault://mine/api_key",
                }
        );
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
