// Chats for the benchmark. Arguments: a verb, the data folder, numbers. The same numbers give the same texts.
//   make FOLDER CHATS MESSAGES CHARACTERS   chats of so many messages of about so many characters; every hundredth chat has "xylophone" in one message.
//   append FOLDER COUNT ROUNDS              microseconds an append of 1,000 characters takes, with and without fsync, beside bare writes of the same bytes.
// Prints one JSON object.
using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

var paths = new PluePaths(args[1]);
int[] numbers = [.. args[2..].Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
Console.WriteLine(args[0] == "make" ? Make(numbers[0], numbers[1], numbers[2]) : await AppendAsync(numbers[0], numbers[1]));

string Make(int chats, int messages, int characters)
{
    DurableFile.CreatePrivateDirectory(paths.Chats);
    var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    var words = new Words(20261121);
    var lines = new ArrayBufferWriter<byte>();
    long bytes = 0;
    var last = "";
    for (var chat = 0; chat < chats; chat++)
    {
        lines.ResetWrittenCount();
        last = Ids.New("chat");
        long seq = 0;
        void Write(StoredRecord record) => JournalLine.Write(lines, ++seq, time = time.AddSeconds(1), record.ToUtf8());
        Write(new StoredHeader(StoredHeader.CurrentFormat, last, "ai-chat"));
        Write(new ChatFields($"{words.Next(40)} {chat}", null, "local", "model").ToStored());
        var parent = "";
        for (var i = 0; i < messages; i++)
        {
            var isAnswer = i % 2 == 1;
            var text = words.Next(characters);
            if (chat % 100 == 0 && i == messages / 2)
            {
                text += " A xylophone at last.";
            }
            var message = new Message
            {
                Id = Ids.New("msg"),
                CodexId = $"codex://chats/{last}",
                ParentId = parent,
                Role = isAnswer ? MessageRole.Assistant : MessageRole.User,
                CreatedAt = time,
                UpdatedAt = time,
                Parts = [new MessagePart.Text(text)],
                ProviderInfo = isAnswer ? new ProviderInfo("local", "model") : null,
                Usage = isAnswer ? new Usage { InputTokens = 1_000, OutputTokens = characters / 4 } : null,
            };
            parent = message.Id;
            Write(new StoredComplete(StoredMessage.From(message)));
        }

        using var file = new FileStream(Path.Combine(paths.Chats, $"{last}.jsonl"), FileMode.CreateNew, FileAccess.Write);
        file.Write(lines.WrittenSpan);
        bytes += lines.WrittenCount;
    }

    return string.Create(CultureInfo.InvariantCulture, $$"""{"bytes":{{bytes}},"last":"{{last}}"}""");
}

async Task<string> AppendAsync(int count, int rounds)
{
    var store = new ChatStore(paths, TimeProvider.System, NullLogger.Instance);
    await using var chat = store.Create("ai-chat", "Appended", null, null);
    var text = new Words(7).Next(1_000);
    Message New() =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = chat.Id,
            Role = MessageRole.User,
            CreatedAt = DateTimeOffset.UtcNow,
            Parts = [new MessagePart.Text(text)],
        };
    var line = new ArrayBufferWriter<byte>();
    JournalLine.Write(line, 1_000, DateTimeOffset.UtcNow, new StoredComplete(StoredMessage.From(New())).ToUtf8());
    using var bare = DurableFile.OpenPrivate(Path.Combine(paths.Home, "bare"), FileMode.CreateNew, FileAccess.Write);
    long offset = 0;
    void WriteBare(bool isDurable)
    {
        RandomAccess.Write(bare.SafeFileHandle, line.WrittenSpan, offset);
        offset += line.WrittenCount;
        if (isDurable)
        {
            DurableFile.Sync(bare.SafeFileHandle);
        }
    }

    Dictionary<string, List<double>> taken = new()
    {
        ["durable"] = [],
        ["bareDurable"] = [],
        ["loose"] = [],
        ["bareLoose"] = [],
    };
    async Task TimeAsync(string name, bool isCounted, Func<Task> append)
    {
        var begin = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            await append();
        }

        if (isCounted)
        {
            taken[name].Add(Stopwatch.GetElapsedTime(begin).TotalMicroseconds / count);
        }
    }

    // Begun once and again: thousands of answers at the same time are no chat. From the first round on the file is owned, as it is while an answer is written.
    var streaming = New();
    // In turn, so that a noisy moment falls on all alike; the first round warms up.
    for (var round = 0; round <= rounds; round++)
    {
        await TimeAsync("durable", round > 0, () => chat.AppendAsync(New(), CancellationToken.None).AsTask());
        await TimeAsync("bareDurable", round > 0, () => Task.Run(() => WriteBare(isDurable: true)));
        await TimeAsync("loose", round > 0, () => chat.BeginAsync(streaming, CancellationToken.None).AsTask());
        await TimeAsync("bareLoose", round > 0, () => Task.Run(() => WriteBare(isDurable: false)));
    }

    return $"{{{string.Join(',', taken.Select(pair => string.Create(CultureInfo.InvariantCulture, $"\"{pair.Key}\":{pair.Value.Order().ElementAt(pair.Value.Count / 2):0.###}")))}}}";
}

/// <summary>Text as chats have it: words of many lengths, lines, code, now and then a letter beyond ASCII.</summary>
internal sealed class Words(int seed)
{
    private const string Letters = "etaoinshrdlucmfwypvbgkjq";
    private uint state = (uint)seed;

    public string Next(int characters)
    {
        var text = new StringBuilder(characters + 32);
        while (text.Length < characters)
        {
            for (var letters = 2 + Draw(8); letters > 0; letters--)
            {
                text.Append(Letters[Draw(Draw(Letters.Length) + 1)]);
            }

            text.Append(
                Draw(40) switch
                {
                    0 => "\n",
                    1 => ". ",
                    2 => " {\n  \"",
                    3 => "é ",
                    4 => "();\n",
                    _ => " ",
                }
            );
        }

        return text.ToString();
    }

    private int Draw(int below)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return (int)(state % (uint)below);
    }
}
