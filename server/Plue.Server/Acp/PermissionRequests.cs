using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Providers.Acp;
using Plue.Server.Providers.Http;

namespace Plue.Server.Acp;

/// <summary>Requests pending approvals from the client. Other windows of the same home show them, too; the first decision counts.</summary>
/// <param name="find">Finds the session of an approval by its chat or task; null if there is none.</param>
internal sealed class PermissionRequests(
    Approvals approvals,
    AcpPeer peer,
    AgentClient client,
    Func<string, AgentSession?> find,
    ILogger logger
) : IDisposable
{
    private const string Allow = "allow";
    private const string Always = "always";
    private const string Deny = "deny";

    private readonly ConcurrentDictionary<string, CancellationTokenSource> asked = new(StringComparer.Ordinal);

    public void Begin() => approvals.Changed += Update;

    public void Dispose()
    {
        approvals.Changed -= Update;
        foreach (var id in asked.Keys)
        {
            Withdraw(id);
        }
    }

    private void Update()
    {
        var pending = approvals.Pending;
        foreach (var id in asked.Keys.Except(pending.Select(one => one.Id)))
        {
            Withdraw(id);
        }
        foreach (var one in pending)
        {
            var stop = new CancellationTokenSource();
            if (asked.TryAdd(one.Id, stop))
            {
                _ = Task.Run(() => AskAsync(one, stop.Token), CancellationToken.None);
            }
            else
            {
                stop.Dispose();
            }
        }
    }

    private void Withdraw(string id)
    {
        if (asked.TryRemove(id, out var stop))
        {
            stop.Cancel();
            stop.Dispose();
        }
    }

    private async Task AskAsync(PendingApproval pending, CancellationToken cancellationToken)
    {
        if (find(pending.Request.CodexId) is not { } session)
        {
            return;
        }

        try
        {
            await session.Updates.InOrderAsync(() => { });
            if (pending.Request.Question is { } question)
            {
                await AskAsync(pending, question, session, cancellationToken);
                return;
            }

            var result = await peer.RequestAsync(
                "session/request_permission",
                writer => Write(writer, session, pending.Request),
                cancellationToken,
                isWithdrawn: true
            );
            var outcome = result.Field("outcome") ?? default;
            if (outcome.Text("outcome") != "selected")
            {
                await session.CancelAsync();
                return;
            }

            Answer(
                pending,
                outcome.Text("optionId") switch
                {
                    Allow => new ApprovalAnswer(ApprovalDecision.Once),
                    Always => new ApprovalAnswer(ApprovalDecision.Always, Rule: pending.Request.Rule),
                    _ => new ApprovalAnswer(ApprovalDecision.Deny),
                }
            );
        }
        catch (AcpErrorException fault)
        {
            logger.LogWarning("The client did not ask for an approval: {Reason}", fault.Message);
            Answer(pending, new ApprovalAnswer(ApprovalDecision.Deny, "The editor could not ask for approval."));
        }
        catch (Exception fault) when (fault is OperationCanceledException or FailureException)
        {
            logger.LogDebug("An approval was answered in another window, or the client has ended: {Reason}", fault.Message);
        }
    }

    /// <summary>Asks the client to show a form or open an address. A client that supports neither gets no request, because an approval alone is not an answer.</summary>
    private async Task AskAsync(PendingApproval pending, Question question, AgentSession session, CancellationToken cancellationToken)
    {
        if (!(question.Url is null ? client.ShowsForms : client.OpensAddresses))
        {
            var reason = question.Url is null ? "This editor cannot show forms." : "This editor cannot open addresses for an agent.";
            if (client.TakesNotices)
            {
                session.Updates.Send(
                    AgentWire.Notice(session.Id, "warning", $"{pending.Request.ToolName} asked you something. {reason} It was declined.")
                );
            }

            Answer(pending, new ApprovalAnswer(ApprovalDecision.Deny, $"{reason} Ask in the chat instead."));
            return;
        }

        var result = await peer.RequestAsync(
            ElicitationWire.Create,
            writer => ElicitationWire.Write(writer, session.Id, pending, question),
            cancellationToken,
            isWithdrawn: true
        );
        switch (result.Text("action"))
        {
            case "accept":
                Answer(
                    pending,
                    new ApprovalAnswer(ApprovalDecision.Once, Values: question.Url is null ? result.Field("content")?.GetRawText() : null)
                );
                break;
            case "cancel":
                await session.CancelAsync();
                break;
            default:
                Answer(pending, new ApprovalAnswer(ApprovalDecision.Deny));
                break;
        }
    }

    private void Answer(PendingApproval pending, ApprovalAnswer answer)
    {
        try
        {
            approvals.Answer(pending.Id, pending.Fingerprint, answer, includeEqual: false);
        }
        catch (FailureException fault) when (answer.Decision == ApprovalDecision.Always)
        {
            // The rule could not be stored, but the user allowed this call.
            logger.LogWarning("A permission rule was not stored: {Reason}", fault.Message);
            Answer(pending, new ApprovalAnswer(ApprovalDecision.Once));
        }
        catch (FailureException fault) when (fault.Failure.Kind == FailureKind.BadRequest)
        {
            logger.LogWarning("The client answered a question with wrong values: {Reason}", fault.Message);
            Answer(pending, new ApprovalAnswer(ApprovalDecision.Deny, $"The editor sent an invalid answer. {fault.Message}"));
        }
        catch (FailureException fault)
        {
            logger.LogDebug("An approval was answered in another window: {Reason}", fault.Message);
        }
    }

    internal static void Write(Utf8JsonWriter writer, AgentSession session, ApprovalRequest request)
    {
        var call = request.ToolUseId is { } id ? session.Updates.Find(id) : null;
        writer.WriteString("sessionId"u8, session.Id);
        writer.WriteStartObject("toolCall"u8);
        writer.WriteString("toolCallId"u8, request.ToolUseId ?? $"approval-{request.Fingerprint[..16]}");
        if (call is not null)
        {
            call.WriteFields(writer);
        }
        else
        {
            writer.WriteString("title"u8, $"{string.Join(" › ", request.Path.Append(request.ToolName))}");
            writer.WriteString("kind"u8, KindOf(request.Kind));
        }

        writer.WriteString("status"u8, "pending"u8);
        List<EditedFile> files = [.. request.Files.Select(file => new EditedFile(file.Path, file.Before, file.After))];
        string?[] notes = [request.Reason, request.Location is { } where ? $"In {where}." : null, request.Sandbox];
        AgentWire.WriteContent(
            writer,
            [
                files.Count > 0 ? ""
                : request.Diff is { } diff ? Fenced(diff, "diff")
                : Fenced(request.ActionText, request.Kind == ApprovalKind.Command ? "sh" : ""),
                string.Join("\n\n", notes.OfType<string>()),
            ],
            files
        );
        writer.WriteEndObject();
        writer.WriteStartArray("options"u8);
        WriteOption(writer, Allow, "Allow", "allow_once");
        if (request.Rule is { } rule && request.RuleFolder is { } folder)
        {
            WriteOption(writer, Always, $"Always Allow {rule} in {folder}", "allow_always");
        }

        WriteOption(writer, Deny, "Deny", "reject_once");
        writer.WriteEndArray();
    }

    private static void WriteOption(Utf8JsonWriter writer, string id, string name, string kind)
    {
        writer.WriteStartObject();
        writer.WriteString("optionId"u8, id);
        writer.WriteString("name"u8, name);
        writer.WriteString("kind"u8, kind);
        writer.WriteEndObject();
    }

    private static string KindOf(ApprovalKind kind) =>
        kind switch
        {
            ApprovalKind.Command or ApprovalKind.Hook => "execute",
            ApprovalKind.Write or ApprovalKind.Edit => "edit",
            ApprovalKind.Delete => "delete",
            ApprovalKind.Read => "read",
            ApprovalKind.Fetch => "fetch",
            _ => "other",
        };

    /// <summary>Returns Markdown that shows each character literally.</summary>
    private static string Fenced(string text, string language)
    {
        var fence = "```";
        while (text.Contains(fence, StringComparison.Ordinal))
        {
            fence += '`';
        }

        return $"{fence}{language}\n{Platform.HiddenCharacters.Visible(text)}\n{fence}";
    }
}
