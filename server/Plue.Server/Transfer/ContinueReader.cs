using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A session of Continue: an object with a history, in which each entry has a message and its attached context. It has no times.</summary>
/// <param name="writtenAt">The modification time of the file.</param>
internal sealed class ContinueReader(OmittedContent omitted, DateTimeOffset writtenAt)
{
    public const string Program = "Continue (imported)";

    private readonly SessionDraft session = new(Program, omitted);

    public ImportedSession Read(JsonElement document)
    {
        foreach (var entry in document.Get("history")?.Items() ?? [])
        {
            Take(entry);
        }

        return session.ToSession($"continue:{document.Text("sessionId")}", document.Text("title"), writtenAt);
    }

    private void Take(JsonElement entry)
    {
        if (entry.Get("message") is not { } message)
        {
            omitted.Add(OmittedContent.Unreadable);
            return;
        }

        switch (message.Text("role"))
        {
            case "user":
                session.AddUserMessage([.. Attached(entry), .. Parts(message.Get("content"))], writtenAt);
                break;
            case "thinking":
                Reason(session.Answer(writtenAt, null), message);
                break;
            case "assistant":
                Answer(entry, message);
                break;
            case "tool":
                session.Result(message.Text("toolCallId") ?? "", TextOf(message.Get("content")), isError: false, writtenAt);
                break;
            default:
                omitted.Add(OmittedContent.Environment);
                break;
        }
    }

    private static void Reason(MessageDraft answer, JsonElement message)
    {
        if (TextOf(message.Get("content")) is { Length: > 0 } text)
        {
            answer.Parts.Add(new MessagePart.Reasoning(text));
        }
    }

    private void Answer(JsonElement entry, JsonElement message)
    {
        var model = entry.Get("promptLogs")?.Items().Select(log => log.Text("modelTitle")).LastOrDefault(title => title is not null);
        var answer = session.Answer(writtenAt, model);
        if (entry.Get("reasoning")?.Text("text") is { Length: > 0 } reasoning)
        {
            answer.Parts.Add(new MessagePart.Reasoning(reasoning));
        }

        answer.Parts.AddRange(Parts(message.Get("content")));
        foreach (var call in message.Get("toolCalls")?.Items() ?? [])
        {
            session.Call(
                answer,
                call.Text("id") ?? $"call-{answer.Parts.Count}",
                call.Get("function")?.Text("name"),
                call.Get("function")?.Get("arguments")
            );
        }

        if (message.Get("usage") is { } usage)
        {
            answer.Count(
                $"{answer.Parts.Count}",
                new Usage { InputTokens = usage.Count("promptTokens"), OutputTokens = usage.Count("completionTokens") }
            );
        }
    }

    private static IEnumerable<MessagePart> Attached(JsonElement entry) =>
        (entry.Get("contextItems")?.Items() ?? [])
            .Where(item => item.Text("content") is { Length: > 0 })
            .Select(item => new MessagePart.File(ImportLimits.Name(item.Text("name") ?? "context"), item.Text("content")));

    private List<MessagePart> Parts(JsonElement? content)
    {
        List<MessagePart> parts = [];
        if (content?.AsText() is { } plain)
        {
            if (plain.Length > 0)
            {
                parts.Add(new MessagePart.Text(plain));
            }
            return parts;
        }

        foreach (var part in content?.Items() ?? [])
        {
            if (part.Text("text") is { } text)
            {
                parts.Add(new MessagePart.Text(text));
            }
            else if (part.Text("type") == "imageUrl")
            {
                session.Image(part.Get("imageUrl")?.Text("url"), parts);
            }
            else
            {
                session.Raw(part, parts);
            }
        }

        return parts;
    }

    private static string TextOf(JsonElement? content) =>
        content?.AsText() ?? string.Join('\n', (content?.Items() ?? []).Select(part => part.Text("text")).OfType<string>());
}
