using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Plue.Server.Cli;
using Plue.Server.Modules;
using Plue.Server.Tests.Testing;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Cli;

/// <summary>Requests to and replies from <c>plue ai-provider</c>.</summary>
public sealed class AiProviderCommandTests : IAsyncDisposable
{
    private const string Key = "sk-canary-handed-over-123";
    private readonly PlueHome home = new();
    private readonly StringWriter error = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task Another_program_uses_a_provider_of_Plue_with_its_own_key()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("Grüße ", "😀"));
        var replies = await AskAsync(
            $$$"""{"id":"1","action":"stream_chat","provider":"openai-compatible","params":{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"{{{Key}}}"},"model":"m","messages":[{"role":"user","content":"Hello?"}]}}"""
        );
        Assert.Equal("Grüße 😀", TextOf(replies));
        Assert.Equal(("done", "end_turn"), ((string?)replies[^1]["type"], (string?)replies[^1]["stop_reason"]));
        Assert.All(replies, reply => Assert.Equal("1", (string?)reply["id"]));
        Assert.Equal($"Bearer {Key}", (await endpoint.NextRequestAsync()).Headers["authorization"]);
    }

    [Fact]
    public async Task A_key_in_a_response_is_masked()
    {
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("It is ", Key[..7], Key[7..], "."));
        var replies = await AskAsync(
            $$$"""{"action":"stream_chat","provider":"openai-compatible","params":{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"{{{Key}}}"},"model":"m","messages":[{"role":"user","content":"Which?"}]}}"""
        );
        Assert.Equal("It is ***.", TextOf(replies));
    }

    [Fact]
    public async Task Reasoning_calls_and_cost_are_passed_on_in_order()
    {
        await using var endpoint = new ScriptedEndpoint(
            ScriptedAnswer
                .Events()
                .Send("data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n")
                .Send(ChatScript.Chunk("I look."))
                .Send(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c1\",\"function\":{\"name\":\"read\",\"arguments\":\"{\\\"path\\\":\\\"a\\\"}\"}}]}}]}\n\n"
                )
                .Send(
                    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\ndata: [DONE]\n\n"
                )
        );
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        var replies = await AskAsync(
            """{"id":"1","action":"stream_chat","provider":"house","params":{"model":"m","messages":[{"role":"user","content":"Look."}]}}"""
        );
        Assert.Equal(["reasoning", "content", "tool_use", "done"], replies.Select(reply => (string?)reply["type"]));
        Assert.Equal(
            ("c1", "read", "a"),
            ((string?)replies[2]["tool_use_id"], (string?)replies[2]["tool_name"], (string?)replies[2]["parameters"]?["path"])
        );
        Assert.Equal(
            ("tool_use", 7, 3),
            ((string?)replies[3]["stop_reason"], (int?)replies[3]["usage"]?["input_tokens"], (int?)replies[3]["usage"]?["output_tokens"])
        );
    }

    [Fact]
    public async Task A_failed_request_ends_with_the_error_message_without_the_key()
    {
        await using var endpoint = new ScriptedEndpoint
        {
            Route = _ => ScriptedAnswer.Json($$$"""{"error":{"message":"{{{Key}}} is no key"}}""", 401),
        };
        var configuration = $$$"""{"configuration":{"endpoint":"{{{endpoint.Url}}}v1","api_key":"{{{Key}}}"}""";
        var replies = await AskAsync(
            $$$"""{"id":"1","action":"stream_chat","provider":"openai-compatible","params":{{{configuration}}},"model":"m","messages":[{"role":"user","content":"Hi"}]}}""",
            $$$"""{"id":"2","action":"authenticate","provider":"openai-compatible","params":{{{configuration}}}}}"""
        );
        var (answer, check) = (replies.Single(reply => (string?)reply["id"] == "1"), replies.Single(reply => (string?)reply["id"] == "2"));
        Assert.Equal(("error", "provider_auth_failed"), ((string?)answer["type"], (string?)answer["error"]?["code"]));
        Assert.Equal((false, "provider_auth_failed"), ((bool?)check["success"], (string?)check["error"]?["code"]));
    }

    [Fact]
    public async Task Models_are_listed_with_their_known_properties()
    {
        var models = (await AskAsync("""{"id":"1","action":"list_models","provider":"tour"}""")).Single()["data"]?.AsArray();
        Assert.Contains("recording", models?.Select(model => (string?)model?["id"]) ?? []);
    }

    [Theory]
    [InlineData("nonsense", "bad_request")]
    [InlineData("[]", "missing_field")]
    [InlineData("{\"action\":\"dance\",\"provider\":\"tour\"}", "bad_request")]
    [InlineData("{\"action\":\"authenticate\"}", "missing_field")]
    [InlineData("{\"action\":\"authenticate\",\"provider\":\"nobody\"}", "not_found")]
    [InlineData("{\"action\":\"stream_chat\",\"provider\":\"tour\",\"params\":{\"model\":\"recording\"}}", "missing_field")]
    [InlineData("{\"action\":\"authenticate\",\"provider\":\"external\"}", "bad_request")]
    [InlineData(
        "{\"action\":\"authenticate\",\"provider\":\"ollama\",\"params\":{\"configuration\":{\"endpoint\":\"file:///etc\"}}}",
        "missing_field"
    )]
    [InlineData(
        "{\"action\":\"authenticate\",\"provider\":\"openai-compatible\",\"params\":{\"configuration\":{\"api_key\":\"sk-1\"}}}",
        "missing_field"
    )]
    public async Task An_invalid_request_is_rejected_with_a_code_and_the_next_one_runs(string line, string code)
    {
        var replies = await AskAsync(line, "  ", """{"id":"2","action":"authenticate","provider":"tour"}""");
        Assert.Equal(code, (string?)replies.Single(reply => (bool?)reply["success"] == false)["error"]?["code"]);
        Assert.Contains(replies, reply => (string?)reply["id"] == "2" && (bool?)reply["success"] == true);
    }

    [Fact]
    public async Task A_request_is_stopped_by_its_id_which_is_unique_while_it_runs()
    {
        await using var endpoint = new ScriptedEndpoint(ScriptedAnswer.Events().Send(ChatScript.Chunk("half")).Hang());
        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url));
        const string Chat =
            """{"id":"1","action":"stream_chat","provider":"house","params":{"model":"m","messages":[{"role":"user","content":"Hi"}]}}""";
        await using var talk = new Talk(this);
        talk.Say(Chat);
        Assert.Equal("half", (string?)(await talk.NextAsync())["content"]);
        talk.Say(Chat);
        Assert.Equal("A request with the id 1 is already in progress.", (string?)(await talk.NextAsync())["error"]?["message"]);
        // The first request continues.
        Assert.False(endpoint.ClientLeft.Task.IsCompleted);
        talk.Say("""{"id":"nobody","action":"cancel"}""");
        talk.Say("""{"id":"1","action":"cancel"}""");
        var stopped = await talk.NextAsync();
        Assert.Equal(
            ("1", "refused", "Stopped."),
            ((string?)stopped["id"], (string?)stopped["error"]?["code"], (string?)stopped["error"]?["message"])
        );
        await endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.Equal(0, await talk.EndAsync());
    }

    [Fact]
    public async Task Ctrl_C_ends_it_while_it_waits_for_a_line()
    {
        await using var talk = new Talk(this);
        talk.Say("""{"id":"1","action":"authenticate","provider":"tour"}""");
        await talk.NextAsync();
        Assert.Equal(130, await talk.InterruptAsync());
    }

    [Fact]
    public async Task Unlocks_the_vault_with_a_passphrase_from_a_file_descriptor_and_reports_a_wrong_one_on_stderr()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file descriptors.");
        await using var endpoint = new ScriptedEndpoint(ChatScript.Answer("Hello"));
        await using (var services = new Services(LogLevel.Warning, home.Paths))
        {
            await services.Vault.Vault.CreateAsync(UnlockMethod.Passphrase("correct horse"), TestContext.Current.CancellationToken);
            await services.Vault.Vault.StoreAsync(
                "vault://house/api_key",
                Key,
                [endpoint.Url.ToString()],
                TestContext.Current.CancellationToken
            );
        }

        home.Write("providers/house.json5", InMemorySidecar.ProviderAt(endpoint.Url, "api_key_ref: 'vault://house/api_key'"));
        foreach (var (passphrase, exitCode) in new[] { ("correct horse", 0), ("wrong horse", 1) })
        {
            using var handle = File.OpenHandle(home.Write("passphrase", passphrase + "\n"));
            await using var talk = new Talk(this, "--passphrase-fd", $"{handle.DangerousGetHandle()}");
            talk.Say("""{"action":"stream_chat","provider":"house","params":{"model":"m","messages":[{"role":"user","content":"Hi"}]}}""");
            if (exitCode == 0)
            {
                Assert.Equal("Hello", (string?)(await talk.NextAsync())["content"]);
            }
            Assert.Equal(exitCode, await talk.EndAsync());
        }

        Assert.Equal($"Bearer {Key}", Assert.Single(endpoint.Requests).Headers["authorization"]);
        Assert.Contains("passphrase", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Sends these lines, closes the input, and returns all replies.</summary>
    private async Task<List<JsonNode>> AskAsync(params string[] lines)
    {
        await using var talk = new Talk(this);
        foreach (var line in lines)
        {
            talk.Say(line);
        }
        Assert.Equal(0, await talk.EndAsync());
        Assert.DoesNotContain("canary", string.Concat(talk.Replies), StringComparison.Ordinal);
        return [.. talk.Replies.Select(line => JsonNode.Parse(line)!)];
    }

    private static string TextOf(IEnumerable<JsonNode> replies) =>
        string.Concat(replies.Where(reply => (string?)reply["type"] == "content").Select(reply => (string?)reply["content"]));

    /// <summary>A running command that exchanges single lines.</summary>
    private sealed class Talk : IAsyncDisposable
    {
        private readonly Lines input = new();
        private readonly Written output = new();
        private readonly CancellationTokenSource interrupt = new();
        private readonly Task<int> running;

        public Talk(AiProviderCommandTests tests, params string[] arguments)
        {
            var command = AiProviderCommand.Create(tests.home.Open, new Terminal(input, output, tests.error, isInputRedirected: true));
            running = command.Parse(arguments).InvokeAsync(cancellationToken: interrupt.Token);
        }

        public IReadOnlyList<string> Replies => [.. output.Lines];

        public void Say(string line) => input.Waiting.Add(line);

        public async Task<JsonNode> NextAsync() => JsonNode.Parse(await output.NextAsync())!;

        public Task<int> EndAsync()
        {
            input.Waiting.CompleteAdding();
            return running.WaitAsync(TimeSpan.FromSeconds(60));
        }

        public async Task<int> InterruptAsync()
        {
            await interrupt.CancelAsync();
            return await running.WaitAsync(TimeSpan.FromSeconds(60));
        }

        public async ValueTask DisposeAsync()
        {
            await EndAsync();
            interrupt.Dispose();
        }
    }

    /// <summary>A pipe that is open until the test ends it.</summary>
    private sealed class Lines : TextReader
    {
        public BlockingCollection<string> Waiting { get; } = [];

        public override string? ReadLine() => Waiting.TryTake(out var line, Timeout.Infinite) ? line : null;
    }

    /// <summary>Collects complete lines.</summary>
    private sealed class Written : StringWriter
    {
        private readonly System.Threading.Channels.Channel<string> coming = System.Threading.Channels.Channel.CreateUnbounded<string>();

        public ConcurrentQueue<string> Lines { get; } = [];

        public async Task<string> NextAsync() => await coming.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

        public override void Flush()
        {
            var line = ToString();
            GetStringBuilder().Clear();
            if (line.Length == 0)
            {
                return;
            }

            Lines.Enqueue(line);
            coming.Writer.TryWrite(line);
        }
    }
}
