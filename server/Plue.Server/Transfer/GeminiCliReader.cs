using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>
/// A session of the Gemini CLI: a header, a record for each message, and patches. A record with a known ID replaces the earlier one. Older versions
/// wrote one object with all messages. Calls contain the tool results; the messages that repeat them are skipped.
/// </summary>
internal sealed class GeminiCliReader(OmittedContent omitted)
{
    public const string Program = "Gemini CLI (imported)";
    private const string ContextTag = "<session_context>";

    private readonly SessionDraft session = new(Program, omitted);
    private readonly OrderedDictionary<string, JsonElement> records = new(StringComparer.Ordinal);
    private string? sessionId;
    private DateTimeOffset startedAt = DateTimeOffset.UnixEpoch;
    private string? title;

    public ImportedSession Read(IEnumerable<JsonElement> lines)
    {
        foreach (var line in lines)
        {
            Record(line);
            ImportLimits.Check(records.Count);
        }
        foreach (var record in records.Values)
        {
            Take(record);
        }

        return session.ToSession($"gemini-cli:{sessionId}", title, startedAt);
    }

    private void Record(JsonElement line)
    {
        if (line.Get("$set") is { } patch)
        {
            title = patch.Text("summary") ?? title;
            if (patch.Get("messages") is { } all)
            {
                records.Clear();
                RecordAll(all);
            }
        }
        else if (line.Text("$rewindTo") is { } target)
        {
            for (var from = records.IndexOf(target); from >= 0 && records.Count > from; )
            {
                records.RemoveAt(records.Count - 1);
            }
        }
        else if (line.Text("type") is not null && line.Text("id") is { } id)
        {
            records[id] = line;
        }
        else if (line.Text("sessionId") is { } session)
        {
            sessionId ??= session;
            startedAt = line.Time("startTime") ?? startedAt;
            title = line.Text("summary") ?? title;
            if (line.Get("messages") is { } messages)
            {
                RecordAll(messages);
            }
        }
        else
        {
            omitted.Add(OmittedContent.Metadata);
        }
    }

    private void RecordAll(JsonElement messages)
    {
        foreach (var message in messages.Items())
        {
            records[message.Text("id") ?? $"record-{records.Count}"] = message;
        }
    }

    private void Take(JsonElement record)
    {
        var time = record.Time("timestamp") ?? startedAt;
        switch (record.Text("type"))
        {
            case "user":
                session.AddUserMessage(Parts(record.Get("content"), isUser: true), time);
                break;
            case "gemini":
                Answer(record, time);
                break;
            default:
                omitted.Add(OmittedContent.Metadata);
                break;
        }
    }

    private void Answer(JsonElement record, DateTimeOffset time)
    {
        var answer = session.Answer(time, record.Text("model"));
        foreach (var thought in record.Get("thoughts")?.Items() ?? [])
        {
            string[] texts =
            [
                thought.Text("subject") is { Length: > 0 } subject ? $"**{subject}**" : "",
                thought.Text("description") ?? "",
            ];
            if (string.Join('\n', texts.Where(text => text.Length > 0)) is { Length: > 0 } text)
            {
                answer.Parts.Add(new MessagePart.Reasoning(text));
            }
        }

        answer.Parts.AddRange(Parts(record.Get("content"), isUser: false));
        foreach (var call in record.Get("toolCalls")?.Items() ?? [])
        {
            var id = call.Text("id") ?? $"call-{answer.Parts.Count}";
            session.Call(answer, id, call.Text("name"), call.Get("args"));
            if (call.Get("result") is { } result)
            {
                session.Result(id, ResultOf(result), call.Text("status") is "error" or "cancelled", call.Time("timestamp") ?? time);
            }
        }

        if (record.Get("tokens") is { } tokens)
        {
            answer.Count(
                record.Text("id") ?? "",
                new Usage
                {
                    InputTokens = tokens.Count("input") + tokens.Count("tool"),
                    CachedReadTokens = tokens.Count("cached"),
                    OutputTokens = tokens.Count("output") + tokens.Count("thoughts"),
                    ReasoningTokens = tokens.Count("thoughts"),
                }
            );
        }
    }

    private List<MessagePart> Parts(JsonElement? content, bool isUser)
    {
        List<MessagePart> parts = [];
        if (content is not { } given)
        {
            return parts;
        }
        if (given.AsText() is { } plain)
        {
            AddText(plain, isUser, parts);
            return parts;
        }

        foreach (var part in given.Items())
        {
            if ((part.AsText() ?? part.Text("text")) is { } text)
            {
                AddText(text, isUser, parts);
            }
            else if (part.Get("inlineData") is { } data)
            {
                session.ImageOf(data.Text("data"), parts);
            }
            else if (part.Get("functionResponse") is null && part.Get("functionCall") is null)
            {
                session.Raw(part, parts);
            }
        }

        return parts;
    }

    private void AddText(string text, bool isUser, List<MessagePart> parts)
    {
        if (isUser && text.AsSpan().TrimStart().StartsWith(ContextTag))
        {
            omitted.Add(OmittedContent.Environment);
        }
        else if (text.Length > 0)
        {
            parts.Add(new MessagePart.Text(text));
        }
    }

    /// <summary>Gets the output or error of a function's response; other responses as raw JSON.</summary>
    private string ResultOf(JsonElement result)
    {
        List<string> texts = [];
        foreach (var part in result.ValueKind == JsonValueKind.Array ? result.Items() : [result])
        {
            if (part.Get("functionResponse")?.Get("response") is { } response)
            {
                texts.Add(response.Text("output") ?? response.Text("error") ?? response.GetRawText());
            }
            else if (part.Get("inlineData") is not null)
            {
                omitted.Add(OmittedContent.ToolImage);
            }
            else
            {
                texts.Add(part.AsText() ?? part.Text("text") ?? part.GetRawText());
            }
        }

        return string.Join('\n', texts);
    }
}
