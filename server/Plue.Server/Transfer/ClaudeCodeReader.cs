using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>
/// A session of the <c>claude</c> program. Its lines are chained by <c>parentUuid</c>. A response has a line for each block and, with tools,
/// spans several requests and the user lines with their results. Here it becomes one message, and an edited question becomes a branch.
/// </summary>
internal sealed class ClaudeCodeReader(OmittedContent omitted)
{
    public const string Program = "Claude Code (imported)";
    private static readonly string[] CommandTags =
    [
        "<command-name>",
        "<command-message>",
        "<local-command-stdout>",
        "<local-command-stderr>",
        "<local-command-caveat>",
        "<bash-input>",
        "<bash-stdout>",
        "<bash-stderr>",
    ];
    private static readonly string[] EnvironmentTags = ["<system-reminder>", "<user-memory-input>", "<task-notification>"];

    private readonly List<MessageDraft> messages = [];
    private readonly Dictionary<string, MessageDraft?> byLine = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MessageDraft> byTool = new(StringComparer.Ordinal);
    private readonly Dictionary<string, MessageDraft> byRequest = new(StringComparer.Ordinal);
    private MessageDraft? last;
    private string? sessionId;
    private string? title;
    private string? givenTitle;
    private DateTimeOffset time = DateTimeOffset.UnixEpoch;
    private int images;

    public ImportedSession Read(IEnumerable<JsonElement> lines)
    {
        foreach (var line in lines)
        {
            time = line.Time("timestamp") ?? time;
            sessionId ??= line.Text("sessionId");
            Take(line);
            ImportLimits.Check(messages.Count);
        }

        return new ImportedSession(
            $"claude-code:{sessionId}",
            givenTitle ?? title,
            [.. messages.Select(message => message.ToMessage(Program))],
            last?.Id ?? "",
            time
        );
    }

    private void Take(JsonElement line)
    {
        var uuid = line.Text("uuid");
        if (uuid is not null && byLine.ContainsKey(uuid))
        {
            return;
        } // a resumed session repeats its start

        var parent = Parent(line);
        switch (line.Text("type"))
        {
            case "summary":
                title = line.Text("summary") ?? title;
                return;
            case "ai-title":
                title = line.Text("aiTitle") ?? title;
                return;
            case "custom-title":
                givenTitle = line.Text("customTitle") ?? givenTitle;
                return;
            case "user" or "assistant" when line.Is("isSidechain"):
                omitted.Add(OmittedContent.SideConversation);
                return;
            case "user" when line.Is("isCompactSummary"):
                parent = Compacted(line, parent);
                break;
            case "user" when line.Is("isMeta"):
                omitted.Add(OmittedContent.Environment);
                break;
            case "user":
                parent = User(line, uuid, parent);
                break;
            case "assistant":
                parent = Assistant(line, uuid, parent);
                break;
            case "system" when line.Text("subtype") == "compact_boundary":
                break;
            default:
                omitted.Add(OmittedContent.Metadata);
                break;
        }

        if (uuid is not null)
        {
            byLine[uuid] = parent;
        }
    }

    /// <summary>The message that this line follows; null for the first.</summary>
    private MessageDraft? Parent(JsonElement line)
    {
        var uuid = line.Text("parentUuid") ?? line.Text("logicalParentUuid");
        if (uuid is not null && byLine.TryGetValue(uuid, out var parent))
        {
            return parent;
        }

        return line.Get("parentUuid") is null && line.Text("subtype") != "compact_boundary" && !line.Is("isCompactSummary") && uuid is null
            ? null
            : last;
    }

    private MessageDraft? User(JsonElement line, string? uuid, MessageDraft? parent)
    {
        List<MessagePart> parts = [];
        var (answered, hadBlocks) = (parent, false);
        foreach (var block in Blocks(line))
        {
            hadBlocks = true;
            switch (block.Text("type"))
            {
                case "text" when block.Text("text") is { } text:
                    AddText(text, parts, parent);
                    break;
                case "tool_result":
                    answered = Result(block, parent);
                    break;
                case "image":
                    Image(block, parts);
                    break;
                case "document":
                    omitted.Add(OmittedContent.Document);
                    break;
                default:
                    omitted.Add(OmittedContent.UnknownPart);
                    break;
            }
        }

        if (!hadBlocks)
        {
            omitted.Add(OmittedContent.Unreadable);
        }
        if (parts.Count == 0)
        {
            return answered;
        }

        var message = Add(new MessageDraft(uuid ?? $"line-{messages.Count}", answered, MessageRole.User, time));
        message.Parts.AddRange(parts);
        return message;
    }

    private void AddText(string text, List<MessagePart> parts, MessageDraft? before)
    {
        var start = text.AsSpan().TrimStart();
        if (start.StartsWith("[Request interrupted by user"))
        {
            if (before is { Role: MessageRole.Assistant })
            {
                before.Status = MessageStatus.Stopped;
            }
        }
        else if (StartsWithAny(start, CommandTags))
        {
            omitted.Add(OmittedContent.LocalCommand);
        }
        else if (StartsWithAny(start, EnvironmentTags))
        {
            omitted.Add(OmittedContent.Environment);
        }
        else if (!start.IsEmpty)
        {
            parts.Add(new MessagePart.Text(text));
        }
    }

    private static bool StartsWithAny(ReadOnlySpan<char> text, string[] beginnings)
    {
        foreach (var beginning in beginnings)
        {
            if (text.StartsWith(beginning))
            {
                return true;
            }
        }

        return false;
    }

    /// <returns>The response that requested the result.</returns>
    private MessageDraft? Result(JsonElement block, MessageDraft? parent)
    {
        var id = block.Text("tool_use_id") ?? "";
        var owner = byTool.GetValueOrDefault(id) ?? parent;
        if (owner is not { Role: MessageRole.Assistant })
        {
            omitted.Add(OmittedContent.UnknownPart);
            return parent;
        }

        var text = TextOf(block.Get("content"));
        owner.Parts.Add(block.Is("is_error") ? new MessagePart.ToolResult(id, null, text) : new MessagePart.ToolResult(id, text, null));
        owner.UpdatedAt = time;
        return owner;
    }

    private string TextOf(JsonElement? content)
    {
        if (content is not { } given)
        {
            return "";
        }
        if (given.AsText() is { } complete)
        {
            return complete;
        }

        List<string> texts = [];
        foreach (var block in given.Items())
        {
            if (block.Text("text") is { } text)
            {
                texts.Add(text);
            }
            else if (block.Text("type") == "image")
            {
                omitted.Add(OmittedContent.ToolImage);
            }
            else
            {
                omitted.Add(OmittedContent.UnknownPart);
            }
        }

        return string.Join('\n', texts);
    }

    private void Image(JsonElement block, List<MessagePart> parts)
    {
        images++;
        if (block.Get("source") is { } source && ImportLimits.Image(source.Text("data"), images) is { } image)
        {
            parts.Add(image);
        }
        else
        {
            omitted.Add(OmittedContent.Content);
        }
    }

    private MessageDraft? Assistant(JsonElement line, string? uuid, MessageDraft? parent)
    {
        if (line.Get("message") is not { } body)
        {
            omitted.Add(OmittedContent.Unreadable);
            return parent;
        }

        var request = body.Text("id") ?? uuid ?? "";
        var message = Answer(request, uuid, parent);
        message.UpdatedAt = time;
        message.Model = body.Text("model") is { Length: > 0 } model && model[0] != '<' ? ImportLimits.Name(model) : message.Model;
        if (line.Is("isApiErrorMessage"))
        {
            var why = TextOf(body.Get("content"));
            (message.Status, message.Error) = (
                MessageStatus.Failed,
                new Failure(FailureKind.Internal, why.Length > 0 ? why : "The response failed.")
            );
            return message;
        }

        foreach (var block in Blocks(line))
        {
            Take(block, message);
        }
        if (body.Get("usage") is { } usage)
        {
            message.Count(request, UsageOf(usage));
        }
        return message;
    }

    private MessageDraft Answer(string request, string? uuid, MessageDraft? parent)
    {
        if (byRequest.TryGetValue(request, out var begun))
        {
            return begun;
        }

        var message = parent is { Role: MessageRole.Assistant }
            ? parent
            : Add(new MessageDraft(uuid ?? $"line-{messages.Count}", parent, MessageRole.Assistant, time));
        return byRequest[request] = last = message;
    }

    private void Take(JsonElement block, MessageDraft message)
    {
        switch (block.Text("type"))
        {
            case "text" when block.Text("text") is { Length: > 0 } text:
                message.Parts.Add(new MessagePart.Text(text));
                break;
            case "text":
                break;
            case "thinking":
                if (block.Text("thinking") is { Length: > 0 } thinking)
                {
                    message.Parts.Add(new MessagePart.Reasoning(thinking));
                }
                if (block.Text("signature") is { Length: > 0 })
                {
                    omitted.Add(OmittedContent.EncryptedReasoning);
                }
                break;
            case "redacted_thinking":
                omitted.Add(OmittedContent.EncryptedReasoning);
                break;
            case "tool_use" or "server_tool_use":
                var id = block.Text("id") ?? "";
                message.Parts.Add(
                    new MessagePart.ToolUse(id, ImportLimits.Name(block.Text("name") ?? "tool"), block.Get("input")?.GetRawText() ?? "{}")
                );
                byTool[id] = message;
                break;
            default:
                omitted.Add(OmittedContent.UnknownPart);
                break;
        }
    }

    private MessageDraft Compacted(JsonElement line, MessageDraft? parent)
    {
        var message = Add(new MessageDraft(line.Text("uuid") ?? $"line-{messages.Count}", parent, MessageRole.System, time));
        message.Compaction = new Compaction(parent?.Depth ?? 0, 0, 0);
        foreach (var block in Blocks(line))
        {
            if (block.Text("text") is { } text)
            {
                message.Parts.Add(new MessagePart.Text(text));
            }
        }

        return message;
    }

    /// <summary>Gets the content blocks; a plain string is one block.</summary>
    private static IEnumerable<JsonElement> Blocks(JsonElement line)
    {
        if (line.Get("message")?.Get("content") is not { } content)
        {
            return [];
        }
        if (content.ValueKind == JsonValueKind.Array)
        {
            return content.Items();
        }
        if (content.AsText() is not { } text)
        {
            return [];
        }

        using var block = JsonDocument.Parse($$"""{"type":"text","text":{{JsonFields.Quoted(text)}}}""");
        return [block.RootElement.Clone()];
    }

    private static Usage UsageOf(JsonElement usage)
    {
        var (read, written) = (usage.Count("cache_read_input_tokens"), usage.Count("cache_creation_input_tokens"));
        return new Usage
        {
            InputTokens = usage.Count("input_tokens") + read + written,
            OutputTokens = usage.Count("output_tokens"),
            CachedReadTokens = read,
            CachedWriteTokens = written,
        };
    }

    private MessageDraft Add(MessageDraft message)
    {
        messages.Add(message);
        return last = message;
    }
}
