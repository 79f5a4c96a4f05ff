using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>
/// A task of Cline or one of its forks: the messages as sent to the model, and the lines of its view, of which the times and costs of the requests
/// are used. Older versions wrote tool calls as tags in the text and results as text; both become tool calls here.
/// </summary>
/// <param name="program">The name of the extension.</param>
/// <param name="startedAt">The time of messages without one.</param>
internal sealed partial class ClineReader(OmittedContent omitted, string program, DateTimeOffset startedAt)
{
    private const int MaxParameters = 50;

    private readonly SessionDraft session = new(program, omitted);
    private DateTimeOffset time = startedAt;
    private int results;
    private string? waiting; // the call whose result is the next text

    /// <param name="view">The lines of the view; null if there is no such file.</param>
    /// <param name="source">Identifies the task.</param>
    public ImportedSession Read(JsonElement history, JsonElement? view, string source)
    {
        var requests = RequestsOf(view);
        var answers = history.Items().Count(message => message.Text("role") == "assistant");
        // After the context was condensed, the history starts later than the view.
        var request = requests.Count - answers;
        time = view?.Items().Select(line => line.Milliseconds("ts")).FirstOrDefault(at => at is not null) ?? time;
        foreach (var message in history.Items())
        {
            time = message.Milliseconds("ts") ?? time;
            if (message.Text("role") == "assistant")
            {
                Assistant(message, request >= 0 && request < requests.Count ? requests[request] : null);
                request++;
            }
            else
            {
                User(message);
            }
        }

        return session.ToSession(source, null, time);
    }

    private static List<Request> RequestsOf(JsonElement? view) =>
        [
            .. (view?.Items() ?? [])
                .Where(line => line.Text("say") == "api_req_started")
                .Select(line => new Request(line.Milliseconds("ts"), Parsed(line.Text("text")))),
        ];

    private void User(JsonElement message)
    {
        List<MessagePart> parts = [];
        foreach (var block in Blocks(message))
        {
            switch (block.Text("type"))
            {
                case "text" when block.Text("text") is { } text:
                    Text(text, parts);
                    break;
                case "tool_result":
                    session.Result(block.Text("tool_use_id") ?? "", TextOf(block.Get("content")), block.Is("is_error"), time);
                    break;
                case "image":
                    session.ImageOf(block.Get("source")?.Text("data"), parts);
                    break;
                default:
                    session.Raw(block, parts);
                    break;
            }
        }

        Finish("");
        session.AddUserMessage(parts, time);
    }

    private void Text(string text, List<MessagePart> parts)
    {
        var start = text.AsSpan().TrimStart();
        if (start.StartsWith("<environment_details>"))
        {
            omitted.Add(OmittedContent.Environment);
        }
        else if (session.OpenResponse is { } answer && ResultText().Match(text) is { Success: true } result)
        {
            Finish("");
            waiting = TaggedCall(answer, result.Groups["tool"].Value);
            if (text[result.Length..].Trim() is { Length: > 0 } inline)
            {
                Finish(inline);
            }
        }
        else if (waiting is not null)
        {
            Finish(text.Trim());
        }
        else if (Wrapped().Match(text) is { Success: true } wrapped)
        {
            parts.Add(new MessagePart.Text(wrapped.Groups["text"].Value.Trim()));
        }
        else if (!start.IsEmpty)
        {
            parts.Add(new MessagePart.Text(text));
        }
    }

    private void Finish(string result)
    {
        if (waiting is { } id)
        {
            session.Result(id, result, isError: false, time);
            waiting = null;
        }
    }

    /// <summary>Adds a call that the model wrote as tags, such as <c>&lt;read_file&gt;&lt;path&gt;a.ts&lt;/path&gt;&lt;/read_file&gt;</c>.</summary>
    /// <returns>Its ID.</returns>
    private string TaggedCall(MessageDraft answer, string tool)
    {
        var id = $"call-{results++}";
        JsonElement? parameters = null;
        for (var at = answer.Parts.Count - 1; at >= 0 && parameters is null; at--)
        {
            if (
                answer.Parts[at] is MessagePart.Text { Content: var text }
                && text.LastIndexOf($"<{tool}>", StringComparison.Ordinal) is var start and >= 0
                && text.IndexOf($"</{tool}>", start, StringComparison.Ordinal) is var end and > 0
            )
            {
                parameters = ParametersOf(text[(start + tool.Length + 2)..end]);
                var rest = (text[..start] + text[(end + tool.Length + 3)..]).Trim();
                answer.Parts[at] = new MessagePart.Text(rest);
                if (rest.Length == 0)
                {
                    answer.Parts.RemoveAt(at);
                }
            }
        }

        session.Call(answer, id, tool, parameters);
        return id;
    }

    private static JsonElement? ParametersOf(string tags)
    {
        var members = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        for (var at = 0; members.Count < MaxParameters && Parameter().Match(tags, at) is { Success: true } begin; )
        {
            var name = begin.Groups["name"].Value;
            var (start, end) = (begin.Index + begin.Length, tags.IndexOf($"</{name}>", begin.Index, StringComparison.Ordinal));
            if (end < 0)
            {
                break;
            }

            members[name] = tags[start..end].Trim('\n', '\r');
            at = end + name.Length + 3;
        }

        return Parsed(
            $"{{{string.Join(',', members.Select(member => $"{JsonFields.Quoted(member.Key)}:{JsonFields.Quoted(member.Value)}"))}}}"
        );
    }

    private void Assistant(JsonElement message, Request? request)
    {
        time = message.Get("ts") is null && request?.At is { } at ? at : time;
        var answer = session.Answer(time, message.Get("modelInfo")?.Text("modelId"));
        foreach (var block in Blocks(message))
        {
            switch (block.Text("type"))
            {
                case "text" when block.Text("text") is { } text:
                    if (text.Trim().Length > 0)
                    {
                        answer.Parts.Add(new MessagePart.Text(text));
                    }
                    break;
                case "thinking":
                    if (block.Text("thinking") is { Length: > 0 } thinking)
                    {
                        answer.Parts.Add(new MessagePart.Reasoning(thinking));
                    }
                    break;
                case "reasoning" when block.Text("text") is { Length: > 0 } reasoning:
                    answer.Parts.Add(new MessagePart.Reasoning(reasoning));
                    break;
                case "redacted_thinking":
                    omitted.Add(OmittedContent.EncryptedReasoning);
                    break;
                case "tool_use":
                    session.Call(answer, block.Text("id") ?? $"call-{results++}", block.Text("name"), block.Get("input"));
                    break;
                default:
                    session.Raw(block, answer.Parts);
                    break;
            }
        }

        if (request?.Counts is { } counts)
        {
            Count(answer, counts, request);
        }
    }

    private static void Count(MessageDraft answer, JsonElement counts, Request request)
    {
        var (read, written) = (counts.Count("cacheReads"), counts.Count("cacheWrites"));
        answer.Count(
            $"{request.At?.ToUnixTimeMilliseconds()}",
            new Usage
            {
                InputTokens = counts.Count("tokensIn") + read + written,
                OutputTokens = counts.Count("tokensOut"),
                CachedReadTokens = read,
                CachedWriteTokens = written,
            }
        );
        answer.Cost += counts.Amount("cost") ?? 0;
    }

    /// <summary>Gets the content blocks; a plain string is one block.</summary>
    private static IEnumerable<JsonElement> Blocks(JsonElement message) =>
        message.Get("content") is not { } content ? []
        : content.ValueKind == JsonValueKind.Array ? content.Items()
        : content.AsText() is { } text && Parsed($$"""{"type":"text","text":{{JsonFields.Quoted(text)}}}""") is { } block ? [block]
        : [];

    private string TextOf(JsonElement? content)
    {
        if (content?.AsText() is { } text)
        {
            return text;
        }

        var images = content?.Items().Count(block => block.Text("type") == "image") ?? 0;
        omitted.Add(OmittedContent.ToolImage, images);
        return string.Join('\n', (content?.Items() ?? []).Select(block => block.Text("text")).OfType<string>());
    }

    private static JsonElement? Parsed(string? json)
    {
        try
        {
            using var document = JsonDocument.Parse(json ?? "");
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"\A\s*\[(?<tool>[A-Za-z_]{1,60})\b[^\n]{0,2000}?\]\s+Result:[ \t]*\n?", RegexOptions.CultureInvariant)]
    private static partial Regex ResultText();

    [GeneratedRegex(
        @"\A\s*<(?<tag>task|feedback|user_message|answer)>(?<text>.*)</\k<tag>>\s*\z",
        RegexOptions.CultureInvariant | RegexOptions.Singleline
    )]
    private static partial Regex Wrapped();

    [GeneratedRegex("<(?<name>[A-Za-z_]{1,60})>", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    /// <param name="Counts">Tokens and cost.</param>
    private sealed record Request(DateTimeOffset? At, JsonElement? Counts);
}
