using System.Buffers;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Tests.Store;

public sealed class MessageLineTests
{
    private static readonly DateTimeOffset Time = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public static TheoryData<string> Texts =>
        [
            "",
            "plain",
            "é \u2028 日本 \u0001\u007f",
            "😀 \U00010400",
            "\"content\":\"x\",\"type\":\"file\"",
            "\\\\\\",
            "line\r\n\tline",
            "{\"seq\":1}",
            "\",\"crc\":\"00000000\"}",
            new string('x', 300_000),
        ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Reads_what_the_serializer_reads(string text)
    {
        Message[] messages =
        [
            Message(new MessagePart.Text(text)),
            Message(new MessagePart.Reasoning(text, "signature", text), new MessagePart.Text(text)),
            Message(new MessagePart.ToolUse("call", text, "{\"a\":1}")) with
            {
                StopReason = StopReason.ToolUse,
                TurnId = "turn",
                Usage = new Usage { InputTokens = 5, OutputTokens = 7 },
            },
            Message(new MessagePart.ToolResult("call", text, null), new MessagePart.ToolResult("call", null, text)),
            Message() with
            {
                Status = MessageStatus.Stopped,
                Cost = new Cost(1.5m, 2, 0, 3.5m, "vendor"),
                Timing = new Timing(null, TimeSpan.FromMilliseconds(1.5)),
            },
            Message(new MessagePart.Text(text)) with
            {
                ProviderInfo = new ProviderInfo("local", text),
                ParentId = "msg_before",
                UpdatedAt = default,
            },
        ];
        StoredMessage? before = null;
        foreach (var message in messages)
        {
            var line = Line(new StoredComplete(StoredMessage.From(message)).ToUtf8());
            before = Read(line, before);
            Assert.NotNull(before);
            Assert.Equal(before.Id, Read(Line(new StoredStarted(StoredMessage.From(message)).ToUtf8()))?.Id);
            Assert.Equal(Written(message), Written(before.ToMessage()));
            Assert.Equal(message.Parts, before.ToMessage().Parts);
        }
    }

    /// <summary>The serializer reads unusual content and rejects invalid content.</summary>
    [Theory]
    [InlineData("""{"type":"text","content":5}""")]
    [InlineData("""{"type":"text","content":null}""")]
    [InlineData("""{"type":"text","content":"\ud800"}""")]
    [InlineData("""{"type":"text","content":"\uDE00 behind"}""")]
    [InlineData("""{"type":"new","content":"x"}""")]
    [InlineData("""{"type":"text","content":"x","new":1}""")]
    [InlineData("""{"content":"x"}""")]
    [InlineData("""{"type":"file","path":"a","range":{"start":1,"end":2}}""")]
    [InlineData("null")]
    [InlineData("5")]
    [InlineData("""{"type":"text","content":"x","content":6}""")]
    public void Leaves_unusual_parts_to_the_serializer(string part) => Assert.Null(Read(Line(Record($$""","parts":[{{part}}]"""))));

    [Theory]
    [InlineData(""","parts":[],"hidden":true""")]
    [InlineData(""","parts":[],"new":"x" """)]
    [InlineData(""","parts":null""")]
    [InlineData("")]
    public void Leaves_unusual_messages_to_the_serializer(string members) => Assert.Null(Read(Line(Record(members))));

    [Fact]
    public void Leaves_a_record_with_members_after_the_message_to_the_serializer()
    {
        var record = Record(""","parts":[]""");
        Assert.NotNull(Read(Line(record)));
        Assert.Null(Read(Line([.. record[..^1], .. ""","more":1}"""u8])));
    }

    [Fact]
    public void Leaves_text_that_is_not_Unicode_to_the_serializer()
    {
        var record = Record(""","parts":[{"type":"text","content":"a?b"}]""");
        Assert.NotNull(Read(Line(record)));
        record[record.AsSpan().IndexOf("a?b"u8) + 1] = 0xff;
        Assert.Null(Read(Line(record)));
    }

    [Fact]
    public async Task Concurrent_readers_get_the_same_parts()
    {
        var parts = Read(
                Line(new StoredComplete(StoredMessage.From(Message(new MessagePart.Text("a"), new MessagePart.Text("b")))).ToUtf8())
            )!
            .ToMessage()
            .Parts;
        var looked = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => parts[1])));
        Assert.All(looked, part => Assert.Same(looked[0], part));
    }

    private static Message Message(params MessagePart[] parts) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = "codex://chats/chat_1",
            Role = MessageRole.Assistant,
            CreatedAt = Time,
            UpdatedAt = Time,
            Parts = parts,
        };

    private static byte[] Record(string members) =>
        Encoding.UTF8.GetBytes(
            $$$"""{"type":"message","message":{"id":"msg_1","codex_id":"codex://chats/chat_1","role":"user","created_at":"2026-03-01T08:00:00Z","status":"complete"{{{members}}}}}"""
        );

    private static byte[] Line(byte[] record)
    {
        var lines = new ArrayBufferWriter<byte>();
        JournalLine.Write(lines, 3, Time, record);
        return lines.WrittenSpan[..^1].ToArray();
    }

    private static StoredMessage? Read(byte[] bytes, StoredMessage? before = null)
    {
        Assert.True(JournalLine.TryParse(bytes, 0, out var line));
        return MessageLine.TryRead(line, before);
    }

    private static string Written(Message message) => Encoding.UTF8.GetString(new StoredComplete(StoredMessage.From(message)).ToUtf8());
}
