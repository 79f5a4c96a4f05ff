using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A session that is being read: a linear list of messages, in which consecutive responses are merged.</summary>
/// <param name="program">The imported program, in a form that cannot be a provider ID.</param>
internal sealed class SessionDraft(string program, OmittedContent omitted)
{
    private const int MaxRawLength = 64 * 1024;

    private readonly List<MessageDraft> messages = [];
    private readonly Dictionary<string, MessageDraft> byTool = new(StringComparer.Ordinal);
    private int images;

    public MessageDraft? Last => messages.Count > 0 ? messages[^1] : null;

    /// <summary>The last message if it is a response; null if it is a user message.</summary>
    public MessageDraft? OpenResponse => Last is { Role: MessageRole.Assistant } answer ? answer : null;

    public MessageDraft Add(MessageRole role, DateTimeOffset time)
    {
        ImportLimits.Check(messages.Count + 1);
        var message = new MessageDraft($"message-{messages.Count}", Last, role, time);
        messages.Add(message);
        return message;
    }

    /// <summary>Gets the last response, or adds a new one after a user message.</summary>
    public MessageDraft Answer(DateTimeOffset time, string? model)
    {
        var answer = OpenResponse ?? Add(MessageRole.Assistant, time);
        answer.UpdatedAt = time > answer.UpdatedAt ? time : answer.UpdatedAt;
        answer.Model = model is { Length: > 0 } ? ImportLimits.Name(model) : answer.Model;
        return answer;
    }

    /// <summary>Adds a user message, unless it has no parts.</summary>
    public void AddUserMessage(IReadOnlyList<MessagePart> parts, DateTimeOffset time)
    {
        if (parts.Count > 0)
        {
            Add(MessageRole.User, time).Parts.AddRange(parts);
        }
    }

    public void Call(MessageDraft answer, string id, string? name, JsonElement? parameters)
    {
        answer.Parts.Add(new MessagePart.ToolUse(id, ImportLimits.Name(name ?? "tool"), ObjectOf(parameters)));
        byTool[id] = answer;
    }

    /// <summary>Adds a result to the response that called the tool; a result without a call is omitted.</summary>
    public void Result(string id, string text, bool isError, DateTimeOffset time)
    {
        if (byTool.GetValueOrDefault(id) is not { } owner)
        {
            omitted.Add(OmittedContent.UnknownPart);
            return;
        }

        owner.Parts.Add(isError ? new MessagePart.ToolResult(id, null, text) : new MessagePart.ToolResult(id, text, null));
        owner.UpdatedAt = time > owner.UpdatedAt ? time : owner.UpdatedAt;
    }

    /// <param name="address">A data URL.</param>
    public void Image(string? address, List<MessagePart> parts) =>
        ImageOf(
            address is not null
            && address.StartsWith("data:image/", StringComparison.Ordinal)
            && address.IndexOf(";base64,", StringComparison.Ordinal) is var at and > 0
                ? address[(at + ";base64,".Length)..]
                : null,
            parts
        );

    public void ImageOf(string? base64, List<MessagePart> parts)
    {
        images++;
        if (ImportLimits.Image(base64, images) is { } image)
        {
            parts.Add(image);
        }
        else
        {
            omitted.Add(OmittedContent.Content);
        }
    }

    /// <summary>Adds a part of an unknown type as raw JSON.</summary>
    public void Raw(JsonElement part, List<MessagePart> parts)
    {
        var text = part.GetRawText();
        if (text.Length > MaxRawLength)
        {
            omitted.Add(OmittedContent.UnknownPart);
            return;
        }

        omitted.Add(OmittedContent.UnknownPartAsText);
        parts.Add(new MessagePart.Text($"\n\n{InertMarkdown.Fenced(text, "json")}\n\n"));
    }

    public ImportedSession ToSession(string source, string? title, DateTimeOffset createdAt) =>
        new(
            source,
            string.IsNullOrWhiteSpace(title) ? null : title,
            [.. messages.Select(message => message.ToMessage(program))],
            Last?.Id ?? "",
            createdAt
        );

    /// <summary>Returns the parameters as an object; wraps any other value in one.</summary>
    private static string ObjectOf(JsonElement? parameters) =>
        parameters switch
        {
            null => "{}",
            { ValueKind: JsonValueKind.Object } given => given.GetRawText(),
            { ValueKind: JsonValueKind.String } text when Parsed(text.AsText() ?? "") is { } json => json,
            { } other => $$"""{"input":{{other.GetRawText()}}}""",
        };

    private static string? Parsed(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object ? text : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
