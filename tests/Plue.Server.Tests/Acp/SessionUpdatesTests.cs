using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Acp;
using Plue.Server.Chat;
using Plue.Server.Edits;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Acp;

/// <summary>Events of a chat as protocol updates.</summary>
public sealed class SessionUpdatesTests : IAsyncDisposable
{
    private readonly MemoryStream written = new();
    private readonly AgentOutput output;
    private readonly List<EditedFile> files = [];
    private readonly SessionUpdates updates;

    public SessionUpdatesTests()
    {
        output = new AgentOutput(written, () => { });
        updates = new SessionUpdates(
            "chat_1",
            new SessionContext(output, new AgentClient(TakesNotices: true), null, _ => files, TimeProvider.System, NullLogger.Instance)
        );
    }

    public ValueTask DisposeAsync() => updates.DisposeAsync();

    [Fact]
    public async Task Text_and_reasoning_are_chunks_of_their_message()
    {
        updates.Publish(new TurnEvent.ReasoningDelta("msg_1", 0, "Hm."));
        updates.Publish(new TurnEvent.TextDelta("msg_1", 1, "Hello"));
        var sent = await SentAsync();
        Assert.Equal(["agent_thought_chunk", "agent_message_chunk"], sent.Select(Kind));
        Assert.All(sent, update => Assert.Equal("msg_1", (string?)update["messageId"]));
    }

    [Fact]
    public async Task A_response_that_started_again_is_another_message()
    {
        updates.Publish(new TurnEvent.TextDelta("msg_1", 0, "Half"));
        updates.Publish(new TurnEvent.ToolCallStarted("msg_1", 1, "call_1", "read"));
        updates.Publish(new TurnEvent.Restarted("msg_1", 1, TimeSpan.Zero, "The stream was cut."));
        updates.Publish(new TurnEvent.TextDelta("msg_1", 0, "Whole"));
        var sent = await SentAsync();
        Assert.Equal(["agent_message_chunk", "tool_call", "tool_call_update", "notice", "agent_message_chunk"], sent.Select(Kind));
        Assert.Equal("failed", (string?)sent[2]["status"]);
        Assert.NotEqual((string?)sent[0]["messageId"], (string?)sent[4]["messageId"]);
    }

    [Fact]
    public async Task A_changed_file_is_a_diff()
    {
        files.Add(new EditedFile("/work/a.txt", null, "new\n"));
        updates.Publish(new TurnEvent.ToolCallStarted("msg_1", 0, "call_1", "write"));
        updates.Publish(new TurnEvent.ToolCallDelta("msg_1", 0, """{"path":"/work/a.txt","content":"new\n"}"""));
        updates.Publish(
            new TurnEvent.ToolCallFinished("msg_1", "call_1", "Created a.txt.", null) { Changes = [new FileChange("a.txt", 1, 0)] }
        );
        var sent = await SentAsync();
        Assert.Equal(["pending", "in_progress", "completed"], sent.Select(update => (string?)update["status"]));
        Assert.True(
            JsonNode.DeepEquals(
                sent[2]["content"],
                JsonNode.Parse("""[{"type":"diff","path":"/work/a.txt","oldText":null,"newText":"new\n"}]""")
            )
        );
    }

    [Fact]
    public async Task A_refused_plan_is_not_shown()
    {
        updates.Publish(new TurnEvent.ToolCallStarted("msg_1", 0, "call_1", "todo"));
        updates.Publish(new TurnEvent.ToolCallDelta("msg_1", 0, """{"steps":[{"text":"Look","state":"lost"}]}"""));
        updates.Publish(new TurnEvent.ToolCallFinished("msg_1", "call_1", null, "The state is wrong."));
        Assert.Empty(await SentAsync());
    }

    [Fact]
    public async Task A_message_of_another_window_is_shown_whole_and_once()
    {
        var message = Answer(
            new MessagePart.Text("Done."),
            new MessagePart.ToolUse("call_1", "bash", """{"command":"ls"}"""),
            new MessagePart.ToolResult("call_1", "a.txt", null)
        );
        updates.Publish(new TurnEvent.TextDelta(message.Id, 0, "Done."));
        updates.Publish(new TurnEvent.MessageFinished(message));
        updates.Publish(new TurnEvent.MessageFinished(message));
        var sent = await SentAsync();
        Assert.Equal(["agent_message_chunk", "tool_call", "tool_call_update", "tool_call_update"], sent.Select(Kind));
        Assert.Equal("completed", (string?)sent[^1]["status"]);
    }

    [Fact]
    public async Task A_call_that_a_kill_cut_off_is_shown_as_failed()
    {
        await updates.ReplayAsync([
            Answer(new MessagePart.ToolUse("call_1", "bash", """{"command":"ls"}""")) with
            {
                Status = MessageStatus.Interrupted,
            },
        ]);
        Assert.Equal("failed", (string?)(await SentAsync())[^1]["status"]);
    }

    [Fact]
    public async Task Replays_questions_with_their_files_and_hides_what_no_person_wrote()
    {
        await updates.ReplayAsync([
            Answer(new MessagePart.Text("Summary")) with
            {
                Role = MessageRole.System,
            },
            Answer(new MessagePart.Text("Look"), new MessagePart.File("/work/a.txt", "text")) with
            {
                Id = "msg_2",
                Role = MessageRole.User,
            },
            Answer(new MessagePart.Text("A title")) with
            {
                Id = "msg_3",
                IsHidden = true,
            },
        ]);
        var sent = await SentAsync();
        Assert.Equal(["user_message_chunk", "user_message_chunk"], sent.Select(Kind));
        Assert.Equal("file:///work/a.txt", (string?)sent[1]["content"]?["uri"]);
    }

    [Fact]
    public async Task The_end_of_a_turn_is_known_after_its_last_update_was_sent()
    {
        updates.Publish(new TurnEvent.TextDelta("msg_1", 0, "Last"));
        updates.Publish(new TurnEvent.TurnFinished("turn_1", StopReason.MaxTokens, null));
        Assert.Equal("max_tokens", AgentWire.StopReasonOf((await updates.EndOfAsync("turn_1")).Reason));
        Assert.Single(await SentAsync());
    }

    [Fact]
    public async Task Text_waits_merged_while_the_client_does_not_read()
    {
        var reading = new TaskCompletionSource();
        await using var slow = new SlowStream(reading.Task);
        var waiting = new AgentOutput(slow, () => { });
        waiting.Send("{}"u8.ToArray());
        await slow.Begun;
        for (var at = 0; at < 10_000; at++)
        {
            waiting.SendText("chat_1", AgentWire.TextChunk, "msg_1", "x");
        }

        reading.SetResult();
        await waiting.FlushAsync();
        var lines = slow.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.Equal(10_000, ((string?)JsonNode.Parse(lines[1])!["params"]!["update"]!["content"]!["text"])!.Length);
    }

    [Fact]
    public async Task A_client_that_never_reads_ends_the_connection()
    {
        var ended = new TaskCompletionSource();
        await using var stuck = new SlowStream(Task.Delay(Timeout.Infinite, CancellationToken.None));
        var waiting = new AgentOutput(stuck, ended.SetResult);
        for (var sent = 0; sent <= AgentOutput.MaxWaitingBytes + (8 << 20); sent += 8 << 20)
        {
            waiting.Send(new byte[8 << 20]);
        }

        await ended.Task;
    }

    private static Message Answer(params MessagePart[] parts) =>
        new()
        {
            Id = "msg_1",
            CodexId = "codex://chats/chat_1",
            Role = MessageRole.Assistant,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Parts = parts,
        };

    private async Task<List<JsonNode>> SentAsync()
    {
        await updates.InOrderAsync(() => { });
        await output.FlushAsync();
        return
        [
            .. Encoding
                .UTF8.GetString(written.ToArray())
                .Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!["params"]!["update"]!),
        ];
    }

    private static string? Kind(JsonNode update) => (string?)update["sessionUpdate"];

    /// <summary>The pipe of a client that starts reading late.</summary>
    private sealed class SlowStream(Task reading) : MemoryStream
    {
        private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Begun => begun.Task;

        public string Text => Encoding.UTF8.GetString(ToArray());

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            begun.TrySetResult();
            await reading;
            await base.WriteAsync(buffer, cancellationToken);
        }
    }
}
