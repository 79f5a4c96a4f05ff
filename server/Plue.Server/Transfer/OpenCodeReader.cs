using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>
/// The sessions of opencode, which stores all in one SQLite database: a row for each session, message and part, with a JSON object in the last two.
/// A session is identified by the path of the database and its ID: <c>opencode.db#ses_1</c>.
/// </summary>
internal sealed class OpenCodeReader(OmittedContent omitted)
{
    public const string Program = "opencode (imported)";
    private const int MaxParts = 2_000_000;

    private readonly SessionDraft session = new(Program, omitted);

    /// <summary>Lists the sessions that a user started, newest first; those of subagents are part of them.</summary>
    public static IReadOnlyList<OpenCodeSession> List(SqliteFile database, CancellationToken cancellationToken)
    {
        var sizes = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var row in database.Rows("part", ["session_id"], cancellationToken))
        {
            if (row.Text(0) is { } id)
            {
                sizes[id] = sizes.GetValueOrDefault(id) + row.Size;
            }
        }

        return
        [
            .. database
                .Rows("session", ["id", "parent_id", "title", "time_created", "time_updated"], cancellationToken)
                .Where(row => row.Text(0) is not null && row.Text(1) is null)
                .Select(row => new OpenCodeSession(row.Text(0)!, row.Text(2), TimeOf(row.Number(3)), TimeOf(row.Number(4)))
                {
                    Size = sizes.GetValueOrDefault(row.Text(0)!),
                })
                .Where(found => found.Size > 0)
                .OrderByDescending(found => found.UpdatedAt),
        ];
    }

    public static string SourceOf(string sessionId) => $"opencode:{sessionId}";

    public ImportedSession Read(SqliteFile database, OpenCodeSession found, CancellationToken cancellationToken)
    {
        var messages = database
            .Rows("message", ["session_id", "id", "data"], cancellationToken)
            .Where(row => row.Text(0) == found.Id)
            .Take(ImportLimits.MaxMessages + 1)
            .Select(row => (Id: row.Text(1) ?? "", Data: Parsed(row.Text(2))))
            .OrderBy(message => message.Id, StringComparer.Ordinal)
            .ToList();
        ImportLimits.Check(messages.Count);
        var parts = database
            .Rows("part", ["session_id", "message_id", "id", "data"], cancellationToken)
            .Where(row => row.Text(0) == found.Id)
            .Take(MaxParts)
            .Select(row => (Message: row.Text(1) ?? "", Id: row.Text(2) ?? "", Data: Parsed(row.Text(3))))
            .OrderBy(part => part.Id, StringComparer.Ordinal)
            .ToLookup(part => part.Message, part => part.Data, StringComparer.Ordinal);
        foreach (var (id, data) in messages)
        {
            if (data is { } message)
            {
                Take(id, message, parts[id], found.CreatedAt);
            }
            else
            {
                omitted.Add(OmittedContent.Unreadable);
            }
        }

        return session.ToSession(SourceOf(found.Id), found.Title, found.CreatedAt);
    }

    private void Take(string id, JsonElement message, IEnumerable<JsonElement?> parts, DateTimeOffset otherwise)
    {
        var time = message.Get("time")?.Milliseconds("created") ?? otherwise;
        if (message.Text("role") == "assistant")
        {
            Answer(id, message, parts, time);
            return;
        }

        List<MessagePart> sent = [];
        foreach (var part in parts)
        {
            if (part is { } given)
            {
                Take(given, sent);
            }
            else
            {
                omitted.Add(OmittedContent.Unreadable);
            }
        }

        session.AddUserMessage(sent, time);
    }

    private void Take(JsonElement part, List<MessagePart> parts)
    {
        switch (part.Text("type"))
        {
            case "text" when part.Is("synthetic"):
                omitted.Add(OmittedContent.Environment);
                break;
            case "text" when part.Text("text") is { } text:
                if (text.Length > 0)
                {
                    parts.Add(new MessagePart.Text(text));
                }
                break;
            case "file" when part.Text("mime")?.StartsWith("image/", StringComparison.Ordinal) == true:
                session.Image(part.Text("url"), parts);
                break;
            case "file":
                parts.Add(new MessagePart.File(ImportLimits.Name(part.Text("filename") ?? part.Text("url") ?? "file"), null));
                break;
            case "agent" or "subtask" or "compaction":
                omitted.Add(OmittedContent.Metadata);
                break;
            default:
                session.Raw(part, parts);
                break;
        }
    }

    private void Answer(string id, JsonElement message, IEnumerable<JsonElement?> parts, DateTimeOffset time)
    {
        var answer = session.Answer(time, message.Text("modelID"));
        foreach (var part in parts)
        {
            switch (part?.Text("type"))
            {
                case null:
                    omitted.Add(OmittedContent.Unreadable);
                    break;
                case "text" when part.Value.Text("text") is { } text:
                    if (text.Length > 0)
                    {
                        answer.Parts.Add(new MessagePart.Text(text));
                    }
                    break;
                case "reasoning":
                    if (part.Value.Text("text") is { Length: > 0 } reasoning)
                    {
                        answer.Parts.Add(new MessagePart.Reasoning(reasoning));
                    }
                    break;
                case "tool":
                    Tool(part.Value, answer, time);
                    break;
                case "step-start" or "step-finish" or "snapshot" or "patch" or "retry" or "compaction" or "agent":
                    omitted.Add(OmittedContent.Metadata);
                    break;
                default:
                    session.Raw(part.Value, answer.Parts);
                    break;
            }
        }

        if (message.Get("time")?.Milliseconds("completed") is { } completed && completed > answer.UpdatedAt)
        {
            answer.UpdatedAt = completed;
        }
        if (message.Get("error") is { } error)
        {
            var isStopped = error.Text("name") == "MessageAbortedError";
            answer.Status = isStopped ? MessageStatus.Stopped : MessageStatus.Failed;
            answer.Error = isStopped
                ? null
                : new Failure(FailureKind.Internal, error.Get("data")?.Text("message") ?? "The response failed.");
        }
        if (message.Get("tokens") is { } tokens)
        {
            answer.Count(id, UsageOf(tokens));
        }
        answer.Cost += message.Amount("cost") ?? 0;
    }

    private void Tool(JsonElement part, MessageDraft answer, DateTimeOffset time)
    {
        var id = part.Text("callID") ?? part.Text("id") ?? string.Create(CultureInfo.InvariantCulture, $"call-{answer.Parts.Count}");
        var state = part.Get("state");
        session.Call(answer, id, part.Text("tool"), state?.Get("input"));
        var ended = state?.Get("time")?.Milliseconds("end") ?? time;
        if (state?.Text("status") == "error")
        {
            session.Result(id, state.Value.Text("error") ?? "", isError: true, ended);
        }
        else if (state?.Text("output") is { } output)
        {
            session.Result(id, output, isError: false, ended);
        }
    }

    private static Usage UsageOf(JsonElement tokens)
    {
        var cache = tokens.Get("cache");
        var (read, written) = (cache?.Count("read") ?? 0, cache?.Count("write") ?? 0);
        return new Usage
        {
            InputTokens = tokens.Count("input") + read + written,
            OutputTokens = tokens.Count("output") + tokens.Count("reasoning"),
            CachedReadTokens = read,
            CachedWriteTokens = written,
            ReasoningTokens = tokens.Count("reasoning"),
        };
    }

    private static DateTimeOffset TimeOf(long milliseconds) =>
        milliseconds is > 0 and < 253_000_000_000_000 ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : DateTimeOffset.UnixEpoch;

    private static JsonElement? Parsed(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "", new JsonDocumentOptions { MaxDepth = 256 });
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record OpenCodeSession(string Id, string? Title, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The size of its parts in bytes.</summary>
    public long Size { get; init; }
}
