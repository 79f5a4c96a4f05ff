using System.Diagnostics;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Cli;

/// <summary>Completion in a real bash.</summary>
public sealed class CompletionProcessTests
{
    [Theory]
    [InlineData("plue cha", "chat chats")]
    [InlineData("plue chats e", "export")]
    [InlineData("plue config get notify_webhook_", "notify_webhook_content notify_webhook_key")]
    [InlineData("plue chat --permission-mode p", "plan")]
    [InlineData("plue task budget --t", "--tokens")]
    public async Task Bash_completes_commands_options_and_values(string line, string expected) =>
        Assert.Equal(expected, await CompleteAsync(line, Directory.CreateTempSubdirectory("plue-test-").FullName));

    [Fact]
    public async Task Bash_completes_the_ids_of_chats_and_tasks()
    {
        await using var endpoint = new ScriptedEndpoint { Route = _ => ChatScript.Answer("Done.") };
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        AgentsHome.Write(home, endpoint.Url);
        await using (var sidecar = await InMemorySidecar.StartAsync(home))
        {
            await sidecar.Client.AskAsync(await sidecar.Client.CreateChatAsync("small"), "Hi");
            await sidecar.Client.ResultAsync("task/spawn", new { templateId = "worker", goal = "Do it" });
        }

        Assert.StartsWith("chat_", await CompleteAsync("plue chat --resume chat_", home), StringComparison.Ordinal);
        Assert.StartsWith("task_", await CompleteAsync("plue task show task_", home), StringComparison.Ordinal);
    }

    /// <summary>Loads the script and calls its function, as bash does for Tab.</summary>
    private static async Task<string> CompleteAsync(string line, string home)
    {
        Assert.SkipUnless(File.Exists("/bin/bash"), "bash is not installed.");
        using var process = Process.Start(
            new ProcessStartInfo(
                "/bin/bash",
                [
                    "--norc",
                    "-ec",
                    """
                    source <("$0" completion bash)
                    complete -p plue > /dev/null
                    COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=("$0")
                    _plue
                    echo "${COMPREPLY[*]}"
                    """,
                    SidecarProcess.Executable,
                    line,
                ]
            )
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["PLUE_HOME"] = home },
            }
        )!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal("", await error);
        return (await output).TrimEnd('\n');
    }
}
