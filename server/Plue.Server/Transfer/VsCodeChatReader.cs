using System.Globalization;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Transfer;

/// <summary>A chat of VS Code: requests, each with its response in parts by kind.</summary>
internal sealed class VsCodeChatReader(OmittedContent omitted)
{
    public const string Program = "VS Code chat (imported)";
    private static readonly string[] Progress =
    [
        "undoStop",
        "codeblockUri",
        "progressMessage",
        "progressTask",
        "progressTaskSerialized",
        "prepareToolInvocation",
        "mcpServersStarting",
        "command",
        "confirmation",
        "usedContext",
        "contentReference",
        "codeCitation",
    ];

    private readonly SessionDraft session = new(Program, omitted);

    public ImportedSession Read(JsonElement state)
    {
        var created = state.Milliseconds("creationDate") ?? DateTimeOffset.UnixEpoch;
        var time = created;
        foreach (var request in state.Get("requests")?.Items() ?? [])
        {
            time = request.Milliseconds("timestamp") ?? time;
            Take(request, time);
        }

        return session.ToSession($"vscode-chat:{state.Text("sessionId")}", state.Text("customTitle"), created);
    }

    private void Take(JsonElement request, DateTimeOffset time)
    {
        List<MessagePart> sent = [];
        foreach (var variable in request.Get("variableData")?.Get("variables")?.Items() ?? [])
        {
            Attached(variable, sent);
        }

        var message = request.Get("message");
        if ((message?.Text("text") ?? message?.AsText()) is { Length: > 0 } text)
        {
            sent.Add(new MessagePart.Text(text));
        }
        session.AddUserMessage(sent, time);

        var result = request.Get("result");
        var took = result?.Get("timings")?.Count("totalElapsed") ?? 0;
        List<JsonElement> parts = [.. request.Get("response")?.Items() ?? []];
        if (parts.Count == 0 && result is null)
        {
            return;
        }

        var answer = session.Add(MessageRole.Assistant, time);
        answer.UpdatedAt = time.AddMilliseconds(took);
        answer.Model = request.Text("modelId") is { Length: > 0 } model ? ImportLimits.Name(model) : null;
        foreach (var part in parts)
        {
            Take(part, answer);
        }

        if (result?.Get("errorDetails")?.Text("message") is { Length: > 0 } why)
        {
            (answer.Status, answer.Error) = (MessageStatus.Failed, new Failure(FailureKind.Internal, why));
        }
        else if (request.Is("isCanceled"))
        {
            answer.Status = MessageStatus.Stopped;
        }
    }

    private void Attached(JsonElement variable, List<MessagePart> parts)
    {
        var value = variable.Get("value");
        if (variable.Text("kind") == "image")
        {
            omitted.Add(OmittedContent.Content);
        }
        else if ((PathOf(value) ?? PathOf(value?.Get("uri"))) is { } path)
        {
            parts.Add(new MessagePart.File(path, null));
        }
        else if (value?.AsText() is { Length: > 0 } text)
        {
            parts.Add(new MessagePart.File(ImportLimits.Name(variable.Text("name") ?? "context"), text));
        }
        else
        {
            omitted.Add(OmittedContent.Metadata);
        }
    }

    private void Take(JsonElement part, MessageDraft answer)
    {
        switch (part.Text("kind"))
        {
            case null or "markdownContent" or "markdownVuln" when MarkdownOf(part) is { } text:
                AddText(answer, text);
                break;
            case "thinking":
                if (Joined(part.Get("value")) is { Length: > 0 } thought)
                {
                    answer.Parts.Add(new MessagePart.Reasoning(thought));
                }
                break;
            case "toolInvocationSerialized" or "toolInvocation":
                Tool(part, answer);
                break;
            case "textEditGroup" or "notebookEditGroup":
                Edit(part, answer);
                break;
            case "inlineReference":
                AddText(answer, ReferenceOf(part.Get("inlineReference")));
                break;
            case "warning" when MarkdownOf(part) is { } warning:
                AddText(answer, $"\n\n{warning}\n\n");
                break;
            case { } kind when Progress.Contains(kind, StringComparer.Ordinal):
                omitted.Add(OmittedContent.Metadata);
                break;
            default:
                session.Raw(part, answer.Parts);
                break;
        }
    }

    /// <summary>Adds text, which comes in pieces between references and edits.</summary>
    private static void AddText(MessageDraft answer, string text)
    {
        if (text.Length == 0)
        {
            return;
        }
        if (answer.Parts is [.., MessagePart.Text { Content: var before }])
        {
            answer.Parts[^1] = new MessagePart.Text(before + text);
        }
        else
        {
            answer.Parts.Add(new MessagePart.Text(text));
        }
    }

    private void Tool(JsonElement part, MessageDraft answer)
    {
        var id = part.Text("toolCallId") ?? $"call-{answer.Parts.Count}";
        var details = part.Get("resultDetails");
        var specific = part.Get("toolSpecificData");
        var command = specific?.Get("commandLine");
        var input =
            details?.Get("input")
            ?? specific?.Get("rawInput")
            ?? command?.Get("toolEdited")
            ?? command?.Get("original")
            ?? specific?.Get("command");
        session.Call(answer, id, part.Text("toolId"), input);

        List<string> results = [];
        foreach (var output in details?.Get("output")?.Items() ?? [])
        {
            if (output.Is("isText") || output.Get("isText") is null)
            {
                results.Add(output.Text("value") ?? "");
            }
            else
            {
                omitted.Add(OmittedContent.ToolImage);
            }
        }

        if (results.Count == 0)
        {
            results.Add(
                specific?.Get("terminalCommandOutput")?.Text("text")
                    ?? MarkdownOf(part.Get("pastTenseMessage"))
                    ?? MarkdownOf(part.Get("invocationMessage"))
                    ?? ""
            );
        }
        session.Result(id, string.Join('\n', results), details?.Is("isError") == true, answer.UpdatedAt);
    }

    /// <summary>Adds an edit that VS Code applied: its file and the new text.</summary>
    private void Edit(JsonElement part, MessageDraft answer)
    {
        var texts = (part.Get("edits")?.Items() ?? [])
            .SelectMany(group => group.Items())
            .Select(edit => edit.Text("text"))
            .OfType<string>();
        var path = PathOf(part.Get("uri")) ?? "file";
        var id = string.Create(CultureInfo.InvariantCulture, $"edit-{answer.Parts.Count}");
        using var parameters = JsonDocument.Parse(
            $$"""{"path":{{JsonFields.Quoted(path)}},"text":{{JsonFields.Quoted(string.Concat(texts))}}}"""
        );
        session.Call(answer, id, "edit", parameters.RootElement);
        session.Result(id, "", isError: false, answer.UpdatedAt);
    }

    private static string ReferenceOf(JsonElement? reference) =>
        reference is not { } given ? ""
        : given.Text("name") is { } name ? $"`{name}`"
        : (PathOf(given) ?? PathOf(given.Get("uri"))) is { } path ? $"`{Path.GetFileName(path)}`"
        : "";

    private static string? PathOf(JsonElement? uri) => uri?.Text("fsPath") ?? uri?.Text("path");

    /// <summary>Accepts a text, or an object with the text in <c>value</c>, which may be such an object, too.</summary>
    private static string? MarkdownOf(JsonElement? given) =>
        given?.AsText() ?? given?.Text("value") ?? given?.Get("content")?.Text("value") ?? given?.Get("value")?.Text("value");

    private static string Joined(JsonElement? value) =>
        value?.AsText() ?? string.Concat((value?.Items() ?? []).Select(item => item.AsText()).OfType<string>());
}
