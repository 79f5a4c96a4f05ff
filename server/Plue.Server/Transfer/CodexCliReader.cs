using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>
/// A rollout of the Codex CLI: one record per line, <c>{timestamp, type, payload}</c>, of which the response items are the conversation; older
/// files have bare items. Everything between two user messages becomes one response.
/// </summary>
internal sealed class CodexCliReader(OmittedContent omitted)
{
    public const string Program = "Codex (imported)";
    private static readonly string[] EnvironmentTags =
    [
        "<user_instructions>",
        "<environment_context>",
        "<permissions instructions>",
        "<turn_aborted>",
        "<skill>",
        "<collaboration_mode>",
        "# AGENTS.md instructions",
    ];

    private readonly List<MessageDraft> messages = [];
    private readonly Dictionary<string, MessageDraft> byTool = new(StringComparer.Ordinal);
    private MessageDraft? last;
    private string? sessionId;
    private string? model;
    private DateTimeOffset time = DateTimeOffset.UnixEpoch;
    private int images;
    private int requests;

    public ImportedSession Read(IEnumerable<JsonElement> lines)
    {
        foreach (var line in lines)
        {
            time = line.Time("timestamp") ?? time;
            if (line.Get("payload") is { } payload)
            {
                Take(line.Text("type"), payload);
            }
            else
            {
                TakeBare(line);
            }
            ImportLimits.Check(messages.Count);
        }

        return new ImportedSession(
            $"codex:{sessionId}",
            null,
            [.. messages.Select(message => message.ToMessage(Program))],
            last?.Id ?? "",
            time
        );
    }

    private void Take(string? type, JsonElement payload)
    {
        switch (type)
        {
            case "session_meta":
                sessionId ??= payload.Text("id");
                break;
            case "turn_context":
                model = payload.Text("model") is { } name ? ImportLimits.Name(name) : model;
                break;
            case "response_item":
                Item(payload);
                break;
            case "compacted":
                Compacted(payload);
                break;
            case "event_msg":
                Event(payload);
                break;
            default:
                omitted.Add(OmittedContent.Metadata);
                break;
        }
    }

    private void TakeBare(JsonElement line)
    {
        if (line.Text("type") is not null)
        {
            Item(line);
        }
        else if (line.Text("id") is { } id)
        {
            sessionId ??= id;
        }
        else
        {
            omitted.Add(OmittedContent.Metadata);
        }
    }

    private void Item(JsonElement item)
    {
        switch (item.Text("type"))
        {
            case "message" when item.Text("role") == "assistant":
                AssistantMessage(item);
                break;
            case "message" when item.Text("role") == "user":
                UserMessage(item);
                break;
            case "message":
                omitted.Add(OmittedContent.Environment);
                break;
            case "reasoning":
                Reasoning(item);
                break;
            case "function_call":
                Call(item, item.Text("name"), item.Text("arguments") ?? "{}");
                break;
            case "custom_tool_call":
                Call(item, item.Text("name"), $$"""{"input":{{JsonFields.Quoted(item.Text("input") ?? "")}}}""");
                break;
            case "local_shell_call":
                Call(item, "local_shell", item.Get("action")?.GetRawText() ?? "{}");
                break;
            case "web_search_call":
                Call(item, "web_search", item.Get("action")?.GetRawText() ?? "{}");
                break;
            case "function_call_output" or "custom_tool_call_output" or "local_shell_call_output":
                Output(item);
                break;
            case "ghost_snapshot" or "compaction" or "compaction_summary" or null:
                omitted.Add(OmittedContent.Metadata);
                break;
            default:
                omitted.Add(OmittedContent.UnknownPart);
                break;
        }
    }

    private void UserMessage(JsonElement item)
    {
        List<MessagePart> parts = [];
        foreach (var block in Content(item))
        {
            switch (block.Text("type"))
            {
                case "input_text" or "text" when block.Text("text") is { } text:
                    var start = text.AsSpan().TrimStart().ToString();
                    if (EnvironmentTags.Any(beginning => start.StartsWith(beginning, StringComparison.Ordinal)))
                    {
                        omitted.Add(OmittedContent.Environment);
                    }
                    else if (start.Length > 0)
                    {
                        parts.Add(new MessagePart.Text(text));
                    }
                    break;
                case "input_image":
                    Image(block.Text("image_url"), parts);
                    break;
                default:
                    omitted.Add(OmittedContent.UnknownPart);
                    break;
            }
        }

        if (parts.Count > 0)
        {
            Add(MessageRole.User).Parts.AddRange(parts);
        }
    }

    private void Image(string? address, List<MessagePart> parts)
    {
        images++;
        var data =
            address is not null
            && address.StartsWith("data:image/", StringComparison.Ordinal)
            && address.IndexOf(";base64,", StringComparison.Ordinal) is var at and > 0
                ? address[(at + ";base64,".Length)..]
                : null;
        if (ImportLimits.Image(data, images) is { } image)
        {
            parts.Add(image);
        }
        else
        {
            omitted.Add(OmittedContent.Content);
        }
    }

    private void AssistantMessage(JsonElement item)
    {
        var answer = Answer();
        foreach (var block in Content(item))
        {
            if (block.Text("text") is { } text)
            {
                if (text.Length > 0)
                {
                    answer.Parts.Add(new MessagePart.Text(text));
                }
            }
            else
            {
                omitted.Add(OmittedContent.UnknownPart);
            }
        }
    }

    private void Reasoning(JsonElement item)
    {
        var text = (item.Get("content") is { } content ? content.Items() : [])
            .Concat(item.Get("summary") is { } summary ? summary.Items() : [])
            .Select(block => block.Text("text"))
            .OfType<string>()
            .Where(text => text.Length > 0)
            .Distinct()
            .ToList();
        if (text.Count > 0)
        {
            Answer().Parts.Add(new MessagePart.Reasoning(string.Join("\n\n", text)));
        }
        if (item.Text("encrypted_content") is { Length: > 0 })
        {
            omitted.Add(OmittedContent.EncryptedReasoning);
        }
    }

    private void Call(JsonElement item, string? name, string parameters)
    {
        var answer = Answer();
        var id = item.Text("call_id") ?? item.Text("id") ?? "";
        answer.Parts.Add(new MessagePart.ToolUse(id, ImportLimits.Name(name ?? "tool"), parameters));
        byTool[id] = answer;
    }

    private void Output(JsonElement item)
    {
        var id = item.Text("call_id") ?? "";
        if (byTool.GetValueOrDefault(id) is not { } owner)
        {
            omitted.Add(OmittedContent.UnknownPart);
            return;
        }

        owner.Parts.Add(new MessagePart.ToolResult(id, OutputText(item.Get("output")), null));
        owner.UpdatedAt = time;
    }

    /// <summary>Accepts a text, a list of texts and images, or an object with the text in <c>content</c>.</summary>
    private string OutputText(JsonElement? output)
    {
        if (output is not { } given)
        {
            return "";
        }
        if (given.AsText() is { } text)
        {
            return text;
        }
        if (given.ValueKind == JsonValueKind.Object)
        {
            return given.Get("content") is { } content ? OutputText(content) : given.GetRawText();
        }

        List<string> texts = [];
        foreach (var block in given.Items())
        {
            if (block.Text("text") is { } piece)
            {
                texts.Add(piece);
            }
            else
            {
                omitted.Add(block.Text("type") == "input_image" ? OmittedContent.ToolImage : OmittedContent.UnknownPart);
            }
        }

        return string.Join('\n', texts);
    }

    /// <summary>Adds the events that the items do not repeat.</summary>
    private void Event(JsonElement payload)
    {
        switch (payload.Text("type"))
        {
            case "token_count" when last is { Role: MessageRole.Assistant } && payload.Get("info")?.Get("last_token_usage") is { } usage:
                last.Count(
                    $"{requests++}",
                    new Usage
                    {
                        InputTokens = usage.Count("input_tokens"),
                        CachedReadTokens = usage.Count("cached_input_tokens"),
                        OutputTokens = usage.Count("output_tokens"),
                        ReasoningTokens = usage.Count("reasoning_output_tokens"),
                    }
                );
                break;
            case "turn_aborted" when last is { Role: MessageRole.Assistant }:
                last.Status = MessageStatus.Stopped;
                break;
            case "thread_rolled_back":
                for (var turns = payload.Count("num_turns"); turns > 0 && last is not null; turns--)
                {
                    last = BeforeLastQuestion();
                }
                break;
        }
    }

    private MessageDraft? BeforeLastQuestion()
    {
        var at = last;
        while (at is { Role: not MessageRole.User })
        {
            at = at.Parent;
        }
        return at?.Parent;
    }

    private void Compacted(JsonElement payload)
    {
        var before = last?.Depth ?? 0;
        var summary = Add(MessageRole.System);
        summary.Compaction = new Compaction(before, 0, 0);
        summary.Parts.Add(
            new MessagePart.Text(
                payload.Text("message") is { Length: > 0 } text
                    ? text
                    : "Earlier messages were summarized; the summary can be used only by its vendor."
            )
        );
    }

    private MessageDraft Answer()
    {
        var answer = last is { Role: MessageRole.Assistant } ? last : Add(MessageRole.Assistant);
        answer.UpdatedAt = time;
        answer.Model = model ?? answer.Model;
        return answer;
    }

    private static IEnumerable<JsonElement> Content(JsonElement item) => item.Get("content") is { } content ? content.Items() : [];

    private MessageDraft Add(MessageRole role)
    {
        last = new MessageDraft($"item-{messages.Count}", last, role, time);
        messages.Add(last);
        return last;
    }
}
