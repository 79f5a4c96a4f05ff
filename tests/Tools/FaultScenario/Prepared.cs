using System.Buffers;
using System.Globalization;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Tools.FaultScenario;

/// <summary>What is in a data folder before the scenario begins; the same bytes every time.</summary>
internal static class Prepared
{
    public const string Before = "{ provider_type: 'ollama', model: 'before' }\n";
    private const string Extension = ".jsonl";

    public static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Two messages.</summary>
    public static readonly string Plain = ChatId(1);

    /// <summary>Of format 1.</summary>
    public static readonly string Old = ChatId(2);

    /// <summary>Its answers came in so many pieces that compacting is worth it.</summary>
    public static readonly string Long = ChatId(3);

    /// <summary>A line inside is damaged and the last one is torn.</summary>
    public static readonly string Torn = ChatId(4);
    public static readonly string ToDelete = ChatId(5);

    /// <summary>In the trash.</summary>
    public static readonly string Deleted = ChatId(6);

    /// <summary>Four messages, for undo, redo and switching.</summary>
    public static readonly string Turns = ChatId(7);

    public static readonly byte[] Attachment = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, 5_000)));

    public static string ChatId(int number) => $"chat_{number.ToString("d32", CultureInfo.InvariantCulture)}";

    /// <summary>The n-th message of a chat: questions and answers in turn, each with its own text.</summary>
    public static Message MessageOf(string chat, int number, MessageStatus status = MessageStatus.Complete, string? text = null) =>
        new()
        {
            Id = IdOf(chat, number),
            CodexId = $"codex://chats/{chat}",
            ParentId = number == 0 ? "" : IdOf(chat, number - 1),
            Role = number % 2 == 0 ? MessageRole.User : MessageRole.Assistant,
            Status = status,
            CreatedAt = Began.AddSeconds(number),
            UpdatedAt = Began.AddSeconds(number),
            Parts = status == MessageStatus.Streaming ? [] : [new MessagePart.Text(text ?? TextOf(chat, number))],
        };

    public static string IdOf(string chat, int number) => string.Create(CultureInfo.InvariantCulture, $"msg_{chat[^2..]}{number:d30}");

    public static string TextOf(string chat, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"Text {number} of {chat[^2..]}: äöü 🙂 \"quoted\"\n");

    /// <summary>How many messages each chat has.</summary>
    public static int CountOf(string chat) =>
        chat == Turns ? 4
        : chat == Long ? 6
        : 2;

    public static void Make(string home)
    {
        var paths = new PluePaths(home);
        foreach (var chat in new[] { Plain, Old, ToDelete, Turns })
        {
            Put(Path.Combine(paths.Chats, chat + Extension), LinesOf(chat));
        }

        Put(Path.Combine(paths.Trash, Deleted + Extension), LinesOf(Deleted));
        Put(Path.Combine(paths.Chats, Long + Extension), LinesOf(Long));
        Put(Path.Combine(paths.Chats, Torn + Extension), DamagedLines());
        Put(Path.Combine(paths.Providers, "kept.json5"), Encoding.UTF8.GetBytes(Before));
    }

    public static byte[] LinesOf(string chat)
    {
        var lines = new ArrayBufferWriter<byte>();
        long seq = 0;
        void Write(StoredRecord record) => JournalLine.Write(lines, ++seq, Began.AddSeconds(seq), record.ToUtf8());
        Write(new StoredHeader(chat == Old ? 1 : StoredHeader.CurrentFormat, chat, "ai-chat"));
        Write(new ChatFields("Before", null, "local", "small").ToStored());
        for (var number = 0; number < CountOf(chat); number++)
        {
            var message = StoredMessage.From(MessageOf(chat, number));
            if (chat == Old)
            {
                message = message with { ParentId = null };
            }
            if (chat == Long)
            {
                Write(new StoredStarted(StoredMessage.From(MessageOf(chat, number, MessageStatus.Streaming))));
                for (var piece = 0; piece < 60; piece++)
                {
                    Write(new StoredPartial(message.Id, 0, "text", new string('x', 1_000)));
                }
            }

            Write(new StoredComplete(message));
        }

        return lines.WrittenSpan.ToArray();
    }

    /// <summary>A line that the chat does not need is damaged, and half a line follows the last one.</summary>
    private static byte[] DamagedLines()
    {
        var lines = new ArrayBufferWriter<byte>();
        long seq = 0;
        void Write(StoredRecord record) => JournalLine.Write(lines, ++seq, Began.AddSeconds(seq), record.ToUtf8());
        Write(new StoredHeader(StoredHeader.CurrentFormat, Torn, "ai-chat"));
        Write(new ChatFields("Before", null, "local", "small").ToStored());
        Write(new StoredComplete(StoredMessage.From(MessageOf(Torn, 0))));
        var start = lines.WrittenCount;
        Write(new ChatFields(Model: "damaged").ToStored());
        var damaged = start + 60;
        Write(new StoredComplete(StoredMessage.From(MessageOf(Torn, 1))));
        var bytes = lines.WrittenSpan.ToArray();
        bytes[damaged] ^= 1;
        return [.. bytes, .. "{\"seq\":6,\"time\":\"2026"u8];
    }

    private static void Put(string path, byte[] content)
    {
        DurableFile.CreatePrivateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        File.SetLastWriteTimeUtc(path, Began.UtcDateTime);
    }
}
