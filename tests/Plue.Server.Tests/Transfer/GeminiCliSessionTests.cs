using Plue.Server.Messages;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

public sealed class GeminiCliSessionTests : IDisposable
{
    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public void A_session_that_the_program_wrote_becomes_a_chat_with_its_thoughts_tools_and_tokens()
    {
        var chat = fixture.Imported(
            fixture.Write(".gemini/tmp/w/chats/session-1.jsonl", File.ReadAllBytes(Samples.Of("gemini-cli.jsonl")))
        );
        Assert.Equal(["Which file is the largest?", "I look.There is **whale.txt**."], chat.Messages.Select(message => message.Text));
        var answer = chat.Messages[1];
        Assert.Equal(new MessagePart.Reasoning("**Looking**\nI look at the folder."), answer.Parts[0]);
        var use = Assert.IsType<MessagePart.ToolUse>(answer.Parts[2]);
        Assert.Equal(("list_directory", """{"dir_path":"."}"""), (use.ToolName, use.Parameters));
        Assert.Contains("whale.txt (8 bytes)", Assert.IsType<MessagePart.ToolResult>(answer.Parts[3]).Result);
        Assert.Equal((240L, 30L, 40L), (answer.Usage!.InputTokens, answer.Usage.OutputTokens, answer.Usage.CachedReadTokens));
        Assert.Equal(new ProviderInfo("Gemini CLI (imported)", "gemini-2.5-pro"), answer.ProviderInfo);
        Assert.Equal(DateTimeOffset.Parse("2026-11-24T03:41:08.577Z"), chat.Messages[0].CreatedAt);
    }

    [Fact]
    public void A_rewound_session_has_only_the_messages_that_are_left()
    {
        var chat = fixture.Imported(
            fixture.Write(
                "s.jsonl",
                """{"sessionId":"s","projectHash":"h","startTime":"2026-01-01T00:00:00Z"}""",
                """{"id":"1","timestamp":"2026-01-01T00:00:01Z","type":"user","content":"First"}""",
                """{"id":"2","timestamp":"2026-01-01T00:00:02Z","type":"gemini","content":"One"}""",
                """{"id":"3","timestamp":"2026-01-01T00:00:03Z","type":"user","content":"Second"}""",
                """{"$rewindTo":"3"}""",
                """{"id":"2","timestamp":"2026-01-01T00:00:02Z","type":"gemini","content":"One, again"}"""
            )
        );
        Assert.Equal(["First", "One, again"], chat.Messages.Select(message => message.Text));
    }

    [Fact]
    public void A_session_of_an_older_version_is_one_object()
    {
        var chat = fixture.Imported(
            fixture.Write(
                "session.json",
                """
                {
                  "sessionId": "old", "projectHash": "h", "startTime": "2025-10-01T00:00:00Z", "lastUpdated": "2025-10-01T00:00:03Z",
                  "messages": [
                    { "id": "1", "timestamp": "2025-10-01T00:00:01Z", "type": "user", "content": "Hello" },
                    { "id": "2", "timestamp": "2025-10-01T00:00:02Z", "type": "gemini", "content": "Hi", "model": "gemini-9",
                      "toolCalls": [{ "id": "c", "name": "run", "args": {}, "status": "error", "result": [{ "functionResponse": { "response": { "error": "no" } } }] }] },
                    { "id": "3", "timestamp": "2025-10-01T00:00:03Z", "type": "info", "content": "Request cancelled." }
                  ]
                }
                """
            )
        );
        Assert.Equal(["Hello", "Hi"], chat.Messages.Select(message => message.Text));
        Assert.Equal(new MessagePart.ToolResult("c", null, "no"), chat.Messages[1].Parts[2]);
    }

    [Fact]
    public void Sessions_are_found_and_imported_only_once()
    {
        var path = fixture.Write(".gemini/tmp/w/chats/session-1.jsonl", File.ReadAllBytes(Samples.Of("gemini-cli.jsonl")));
        var before = File.ReadAllBytes(path);
        var found = Assert.Single(fixture.Import.Find(SessionFormat.GeminiCli, null, CancellationToken.None).Sessions);
        Assert.Equal((path, "Which file is the largest?", null), (found.Path, found.Title, found.ChatId));
        var id = Assert.Single(fixture.Run(path).ChatIds);
        Assert.Equal(id, Assert.Single(fixture.Import.Find(SessionFormat.GeminiCli, null, CancellationToken.None).Sessions).ChatId);
        Assert.Equal(id, Assert.Single(fixture.Run(path).Failed).ExistingChatId);
        Assert.Equal(before, File.ReadAllBytes(path));
    }
}
