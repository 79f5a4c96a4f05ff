// A chat's owner in a process of its own, for the tests that kill it. Arguments: the data folder, the chat's id, a mode.
//   append: messages and streamed answers until killed; prints "acknowledged <message id>" after each durable append.
//   answer: begins an answer, writes "half" of it, prints "begun", waits for the end of stdin.
//   many:   as many user messages as the 4th argument says, each "<process id> <number>"; prints "acknowledged <number>" after each.
//   once:   one user message of the length in the 4th argument; prints "acknowledged" or "failed <kind>: <sentence>", and continues after each line of stdin.
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

var store = new ChatStore(new PluePaths(args[0]), TimeProvider.System, NullLogger.Instance);
var id = args[1];
try
{
    await using var journal = await store.OpenAsync(id, CancellationToken.None);
    Console.WriteLine("open");
    switch (args[2])
    {
        case "append":
            await AppendAsync(journal);
            break;
        case "answer":
            await AnswerAsync(journal);
            break;
        case "many":
            await ManyAsync(journal, int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture));
            break;
        case "once":
            await OnceAsync(journal, int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture));
            break;
        default:
            return 2;
    }

    return 0;
}
catch (FailureException failure)
{
    Console.WriteLine($"failed {failure.Failure.Kind}: {failure.Message}");
    return 1;
}

async Task AppendAsync(ChatJournal journal)
{
    while (true)
    {
        var question = NewMessage(MessageRole.User, MessageStatus.Complete, "question");
        await journal.AppendAsync(question, CancellationToken.None);
        Console.WriteLine($"acknowledged {question.Id}");
        var answer = NewMessage(MessageRole.Assistant, MessageStatus.Streaming);
        await journal.BeginAsync(answer, CancellationToken.None);
        Console.WriteLine($"begun {answer.Id}");
        var text = "";
        for (var word = 0; word < 40; word++)
        {
            var delta = $"{word} äöü 🙂 ";
            text += delta;
            journal.AppendPartial(answer.Id, 0, false, delta);
            // Writes at irregular times, and waits until the text is on the disk.
            await Task.Delay(Random.Shared.Next(0, 3));
        }

        await journal.AppendAsync(
            answer with
            {
                Status = MessageStatus.Complete,
                Parts = [new MessagePart.Text(text)],
            },
            CancellationToken.None
        );
        Console.WriteLine($"acknowledged {answer.Id}");
    }
}

async Task AnswerAsync(ChatJournal journal)
{
    var answer = NewMessage(MessageRole.Assistant, MessageStatus.Streaming);
    await journal.BeginAsync(answer, CancellationToken.None);
    journal.AppendPartial(answer.Id, 0, false, "half");
    while (!journal.Chat.Messages[^1].Text.Contains("half", StringComparison.Ordinal))
    {
        // Writes at irregular times, and waits until the text is on the disk.
        await Task.Delay(10);
    }

    Console.WriteLine("begun");
    Console.In.ReadToEnd();
}

async Task ManyAsync(ChatJournal journal, int count)
{
    for (var number = 0; number < count; number++)
    {
        await journal.AppendAsync(
            NewMessage(MessageRole.User, MessageStatus.Complete, $"{Environment.ProcessId} {number}"),
            CancellationToken.None
        );
        Console.WriteLine($"acknowledged {number}");
    }
}

async Task OnceAsync(ChatJournal journal, int length)
{
    do
    {
        try
        {
            await journal.AppendAsync(
                NewMessage(MessageRole.User, MessageStatus.Complete, new string('x', length)),
                CancellationToken.None
            );
            Console.WriteLine("acknowledged");
        }
        catch (FailureException failure)
        {
            Console.WriteLine($"failed {failure.Failure.Kind}: {failure.Message}");
        }
    } while (Console.In.ReadLine() is not null);
}

Message NewMessage(MessageRole role, MessageStatus status, string? text = null) =>
    new()
    {
        Id = Ids.New("msg"),
        CodexId = id,
        Role = role,
        Status = status,
        CreatedAt = DateTimeOffset.UtcNow,
        UpdatedAt = DateTimeOffset.UtcNow,
        Parts = text is null ? [] : [new MessagePart.Text(text)],
    };
