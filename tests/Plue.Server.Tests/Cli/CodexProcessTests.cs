using System.Diagnostics;
using System.Text.Json.Nodes;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>The <c>plue codex</c> process, and documents after a sidecar was killed.</summary>
public sealed class CodexProcessTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("plue-cli-").FullName;

    public void Dispose() => Directory.Delete(home, recursive: true);

    [Fact]
    public async Task Documents_are_listed_shown_undone_and_restored_from_a_shell()
    {
        var paths = new PluePaths(home);
        var providers = FileCodices.Providers(paths, new TemplateCatalog(paths));
        providers.Create("local", Json5Object.Of(("provider_type", new Json5String("ollama")), ("tags", Json5Array.Of(["home"]))));
        providers.Set("local", "model", new Json5String("m"));
        const string uri = "codex://providers/local";
        Assert.Equal((0, $"{uri}  local  user  version 2  #home\n", ""), await RunAsync("codex", "list", "providers", "--tag", "home"));
        Assert.Equal(
            "{\n  provider_type: \"ollama\",\n  tags: [\"home\"],\n  model: \"m\",\n}\n",
            (await RunAsync("codex", "get", uri)).Stdout
        );
        Assert.Equal(0, (await RunAsync("codex", "undo", uri)).ExitCode);
        Assert.DoesNotContain("model", (await RunAsync("codex", "get", uri)).Stdout, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("codex", "redo", uri)).ExitCode);
        var history = JsonNode.Parse((await RunAsync("codex", "history", uri, "--json")).Stdout)?["versions"]?.AsArray();
        Assert.Equal([4, 3, 2, 1], history?.Select(version => (int?)version?["version"]));
        Assert.Contains("+  model: \"m\",\n", (await RunAsync("codex", "history", uri, "--diff")).Stdout, StringComparison.Ordinal);
        providers.Delete("local");
        Assert.Equal(0, (await RunAsync("codex", "restore", uri)).ExitCode);
        Assert.Equal(
            (1, $"{uri} is not in the trash.\n"),
            (await RunAsync("codex", "restore", uri)) is var again ? (again.ExitCode, again.Stderr) : default
        );
        Assert.Contains(
            "codex://templates/ai-chat",
            (await RunAsync("codex", "links", "codex://prompts/default-assistant")).Stdout,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_sidecar_killed_while_it_writes_keeps_the_old_or_the_new_file_and_its_history()
    {
        var paths = new PluePaths(home);
        InMemorySidecar.WriteProvider(home, "p", "{ provider_type: 'tour', model: 'm-1' }");
        for (var round = 0; round < 4; round++)
        {
            await using var sidecar = await SidecarProcess.StartAsync(home);
            var known = (int?)(await sidecar.Client.ResultAsync("codex/get", new { uri = "codex://providers/p" }))?["codex"]?["version"];
            var killed = new TaskCompletionSource();
            var acknowledged = 0;
            var writing = Task.Run(async () =>
            {
                try
                {
                    for (var i = 0; i < 10_000; i++)
                    {
                        await sidecar.Client.ResultAsync(
                            "codex/update",
                            new { uri = "codex://providers/p", set = new { model = $"m{i}" } }
                        );
                        if (++acknowledged == 3 + round * 2)
                        {
                            killed.TrySetResult();
                        }
                    }
                }
                catch (Exception gone) when (gone is not OutOfMemoryException)
                {
                    killed.TrySetResult();
                }
            });
            await killed.Task;
            await sidecar.KillAsync();
            await writing;

            var providers = FileCodices.Providers(paths, new TemplateCatalog(paths));
            var codex = Assert.IsType<FileCodex>(providers.Get("p"));
            Assert.False(codex.HasErrors);
            var trail = providers.TrailOf(codex);
            Assert.InRange(trail.Number, known!.Value + acknowledged, known.Value + acknowledged + 1);
            Assert.Equal(File.ReadAllBytes(codex.Path), providers.ContentOf(codex.Uri!, trail.Number));
            providers.Undo("p");
        }
    }

    private async Task<(int ExitCode, string Stdout, string Stderr)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(
            new ProcessStartInfo(SidecarProcess.Executable, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home },
            }
        )!;
        var (stdout, stderr) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await stdout, await stderr);
    }
}
