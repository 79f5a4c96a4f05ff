using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Acp;

/// <summary>Sends the events of a chat as session updates, one after the other, outside of the chat's loop.</summary>
internal sealed class SessionUpdates : ITurnSink, IAsyncDisposable
{
    private static readonly TimeSpan OutputInterval = TimeSpan.FromMilliseconds(250);

    private readonly string sessionId;
    private readonly SessionContext context;
    private readonly Channel<Action> steps = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ConcurrentDictionary<string, TaskCompletionSource<TurnEvent.TurnFinished>> turns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AgentToolCall> calls = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Message, int Part), string> callsByPart = [];
    private readonly Dictionary<string, int> attempts = new(StringComparer.Ordinal);
    private readonly HashSet<string> streamed = new(StringComparer.Ordinal);
    private readonly Task working;
    private volatile bool isSending;

    public SessionUpdates(string sessionId, SessionContext context)
    {
        (this.sessionId, this.context) = (sessionId, context);
        working = Task.Run(WorkAsync);
    }

    /// <summary>True while the client's message is sent, which the client already shows.</summary>
    public bool IsSending
    {
        set => isSending = value;
    }

    /// <summary>Completes when all updates of the turn were sent.</summary>
    public Task<TurnEvent.TurnFinished> EndOfAsync(string turnId) => EndSource(turnId).Task;

    /// <summary>Forgets ended turns that nothing waits for.</summary>
    public void ForgetTurns() => turns.Clear();

    public void Publish(TurnEvent turnEvent)
    {
        var isOwn = isSending && turnEvent is TurnEvent.MessageAdded { Message.Role: MessageRole.User };
        if (!isOwn)
        {
            steps.Writer.TryWrite(() => Take(turnEvent));
        }
    }

    /// <summary>Sends the messages of the chat as if they were new.</summary>
    public Task ReplayAsync(IReadOnlyList<Message> messages) =>
        InOrderAsync(() =>
        {
            foreach (var message in messages)
            {
                Show(message);
            }
            if (TodoList.Of(messages) is { Steps.Count: > 0 } plan)
            {
                Send(AgentWire.Plan(sessionId, plan));
            }
        });

    /// <summary>Runs a step after the updates so far.</summary>
    public async Task InOrderAsync(Action step)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isTaken = steps.Writer.TryWrite(() =>
        {
            try
            {
                step();
            }
            finally
            {
                done.TrySetResult();
            }
        });
        if (isTaken)
        {
            await done.Task;
        }
    }

    /// <summary>Gets the call with this ID; null if the client does not know it.</summary>
    public AgentToolCall? Find(string toolUseId) => calls.GetValueOrDefault(toolUseId);

    public void Send(byte[] line) => context.Output.Send(line);

    public async ValueTask DisposeAsync()
    {
        steps.Writer.TryComplete();
        await working;
    }

    private async Task WorkAsync()
    {
        await foreach (var step in steps.Reader.ReadAllAsync())
        {
            try
            {
                step();
            }
            catch (Exception fault)
            {
                context.Logger.LogError(fault, "An update of {Session} could not be sent", sessionId);
            }
        }

        foreach (var turn in turns.Values)
        {
            turn.TrySetCanceled();
        }
    }

    private void Take(TurnEvent turnEvent)
    {
        switch (turnEvent)
        {
            case TurnEvent.MessageAdded(var message, _):
                Show(message);
                break;
            case TurnEvent.TextDelta(var id, _, var text):
                Text(AgentWire.TextChunk, id, text);
                break;
            case TurnEvent.ReasoningDelta(var id, _, var text):
                Text(AgentWire.ThoughtChunk, id, text);
                break;
            case TurnEvent.ToolCallStarted(var message, var part, var id, var name):
                callsByPart[(message, part)] = id;
                Begin(id, name);
                break;
            case TurnEvent.ToolCallDelta(var message, var part, var text):
                if (callsByPart.TryGetValue((message, part), out var started) && calls[started].Append(text))
                {
                    Changed(calls[started]);
                }
                break;
            case TurnEvent.ToolCallRepaired(_, var id, var parameters):
                if (calls.TryGetValue(id, out var repaired) && repaired.Complete(parameters))
                {
                    Changed(repaired);
                }
                break;
            case TurnEvent.ToolCallProgress(_, var id, var text):
                if (calls.TryGetValue(id, out var running))
                {
                    Progress(running, text);
                }
                break;
            case TurnEvent.ToolCallFinished(_, var id, var result, var error) finished:
                if (calls.TryGetValue(id, out var call))
                {
                    Finish(call, result, error, mayHaveChanged: finished.Changes.Count > 0);
                }
                break;
            case TurnEvent.Restarted(var id, _, _, var why):
                Restart(id, why);
                break;
            case TurnEvent.Retrying(_, _, var why):
                Notice("warning", why);
                break;
            case TurnEvent.FallbackUsed(_, { FallbackReason: { } why }):
                Notice("info", why);
                break;
            case TurnEvent.MessageFinished(var message, _):
                Show(message);
                callsByPart.Clear();
                break;
            case TurnEvent.TurnFinished(var turn, _, _) end:
                EndSource(turn).TrySetResult(end);
                break;
        }
    }

    private TaskCompletionSource<TurnEvent.TurnFinished> EndSource(string turnId) =>
        turns.GetOrAdd(turnId, _ => new TaskCompletionSource<TurnEvent.TurnFinished>(TaskCreationOptions.RunContinuationsAsynchronously));

    private void Text(string kind, string messageId, string text)
    {
        streamed.Add(messageId);
        context.Output.SendText(sessionId, kind, IdOf(messageId), text);
    }

    /// <summary>Gets the message ID for the client. A message that restarted gets a new ID, because text that was sent cannot be removed.</summary>
    private string IdOf(string messageId) => attempts.TryGetValue(messageId, out var attempt) ? $"{messageId}-{attempt}" : messageId;

    private void Restart(string messageId, string why)
    {
        attempts[messageId] = attempts.GetValueOrDefault(messageId) + 1;
        foreach (var id in callsByPart.Where(part => part.Key.Message == messageId).Select(part => part.Value))
        {
            if (calls.TryGetValue(id, out var call) && !call.HasEnded)
            {
                Finish(call, null, why, mayHaveChanged: false);
                calls.Remove(id);
            }
        }
        Notice("warning", why);
    }

    private void Notice(string severity, string sentence)
    {
        if (context.Client.TakesNotices)
        {
            Send(AgentWire.Notice(sessionId, severity, sentence));
        }
    }

    /// <summary>Sends the parts of a complete message that the client has not received.</summary>
    private void Show(Message message)
    {
        if (message.Role == MessageRole.System || message.IsHidden)
        {
            return;
        }

        var isStreamed = !streamed.Add(message.Id);
        foreach (var part in message.Parts)
        {
            switch (part)
            {
                case MessagePart.Text(var text) when !isStreamed && text.Length > 0:
                    Text(message.Role == MessageRole.User ? AgentWire.UserChunk : AgentWire.TextChunk, message.Id, text);
                    break;
                case MessagePart.Reasoning(var thought, _, _) when !isStreamed && thought.Length > 0:
                    Text(AgentWire.ThoughtChunk, message.Id, thought);
                    break;
                case MessagePart.File file when !isStreamed && message.Role == MessageRole.User:
                    var name = HiddenCharacters.VisibleLine(file.Path);
                    Send(AgentWire.FileChunk(sessionId, message.Id, name, context.UriOf(file.Path)));
                    break;
                case MessagePart.ToolUse use when !calls.ContainsKey(use.ToolUseId):
                    var begun = Begin(use.ToolUseId, use.ToolName);
                    if (begun.Complete(use.Parameters))
                    {
                        Changed(begun);
                    }
                    break;
                case MessagePart.ToolResult result when calls.TryGetValue(result.ToolUseId, out var call) && !call.HasEnded:
                    Finish(call, result.Result, result.Error, mayHaveChanged: result.Changes.Count > 0);
                    break;
            }
        }

        if (message.Status is not (MessageStatus.Streaming or MessageStatus.Complete))
        {
            EndOpenCalls(message);
        }
    }

    /// <summary>Marks calls without a result as failed.</summary>
    private void EndOpenCalls(Message message)
    {
        foreach (var use in message.Parts.OfType<MessagePart.ToolUse>())
        {
            if (calls.TryGetValue(use.ToolUseId, out var call) && !call.HasEnded)
            {
                Finish(call, null, "The response ended before this call.", mayHaveChanged: false);
            }
        }
    }

    private AgentToolCall Begin(string id, string name)
    {
        var call = calls[id] = new AgentToolCall(id, name, context.Folders);
        if (name != TodoList.ToolName)
        {
            Send(
                AgentWire.Update(
                    sessionId,
                    "tool_call",
                    writer =>
                    {
                        writer.WriteString("toolCallId"u8, id);
                        call.WriteFields(writer);
                        writer.WriteString("status"u8, "pending"u8);
                    }
                )
            );
        }

        return call;
    }

    /// <summary>Called when the parameters are complete.</summary>
    private void Changed(AgentToolCall call)
    {
        call.HasTerminal = call.IsCommand && context.Client.ShowsOutput;
        SendCall(
            call,
            writer =>
            {
                call.WriteFields(writer);
                writer.WriteString("status"u8, "in_progress"u8);
                if (call.HasTerminal)
                {
                    AgentWire.WriteContent(writer, [], [], call.Id);
                    WriteMeta(
                        writer,
                        "terminal_info",
                        () =>
                        {
                            writer.WriteString("terminal_id"u8, call.Id);
                            if (context.Folders is { } folders)
                            {
                                writer.WriteString("cwd"u8, folders.First.Path);
                            }
                        }
                    );
                }
            }
        );
    }

    private void Progress(AgentToolCall call, string text)
    {
        call.AddOutput(text);
        if (call.HasTerminal)
        {
            var isFirst = call.SentAt == 0;
            call.SentAt = context.Time.GetTimestamp();
            SendCall(
                call,
                writer =>
                {
                    // The client's permission prompt may have replaced it.
                    if (isFirst)
                    {
                        AgentWire.WriteContent(writer, [], [], call.Id);
                    }
                    WriteOutput(writer, call, text);
                }
            );
        }
        else if (call.SentAt == 0 || context.Time.GetElapsedTime(call.SentAt) > OutputInterval)
        {
            call.SentAt = context.Time.GetTimestamp();
            SendCall(call, writer => AgentWire.WriteContent(writer, [call.Output], []));
        }
    }

    private void Finish(AgentToolCall call, string? result, string? error, bool mayHaveChanged)
    {
        call.HasEnded = true;
        if (call.ToolName == TodoList.ToolName)
        {
            if (error is null && TodoOf(call) is { } plan)
            {
                Send(AgentWire.Plan(sessionId, plan));
            }
            return;
        }

        var files = mayHaveChanged ? FilesOf(call) : [];
        SendCall(
            call,
            writer =>
            {
                writer.WriteString("status"u8, error is null ? "completed" : "failed");
                if (call.HasTerminal)
                {
                    if (call.Output.Length == 0)
                    {
                        WriteOutput(writer, call, error ?? result ?? "", isOver: true);
                    }
                    else
                    {
                        WriteMeta(writer, "terminal_exit", () => WriteExit(writer, call));
                    }
                    AgentWire.WriteContent(writer, [], files, call.Id);
                }
                else
                {
                    // The diff makes the text result redundant.
                    AgentWire.WriteContent(
                        writer,
                        files.Count > 0 && error is null && !call.IsCommand ? [] : [error ?? result ?? ""],
                        files
                    );
                }
            }
        );
    }

    private static TodoList? TodoOf(AgentToolCall call)
    {
        try
        {
            return call.Parameters.ValueKind == JsonValueKind.Object ? TodoList.Of(call.Parameters) : null;
        }
        catch (ToolFailureException)
        {
            return null;
        }
    }

    private IReadOnlyList<EditedFile> FilesOf(AgentToolCall call)
    {
        try
        {
            return context.FilesOf(call.Id);
        }
        catch (FailureException fault)
        {
            context.Logger.LogDebug("The changes of a call are not shown: {Reason}", fault.Message);
            return [];
        }
    }

    private void SendCall(AgentToolCall call, Action<Utf8JsonWriter> fields)
    {
        if (call.ToolName == TodoList.ToolName)
        {
            return;
        }

        Send(
            AgentWire.Update(
                sessionId,
                "tool_call_update",
                writer =>
                {
                    writer.WriteString("toolCallId"u8, call.Id);
                    fields(writer);
                }
            )
        );
    }

    private static void WriteOutput(Utf8JsonWriter writer, AgentToolCall call, string text, bool isOver = false)
    {
        writer.WriteStartObject("_meta"u8);
        writer.WriteStartObject("terminal_output"u8);
        writer.WriteString("terminal_id"u8, call.Id);
        writer.WriteString("data"u8, text);
        writer.WriteEndObject();
        if (isOver)
        {
            writer.WriteStartObject("terminal_exit"u8);
            WriteExit(writer, call);
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }

    private static void WriteExit(Utf8JsonWriter writer, AgentToolCall call)
    {
        writer.WriteString("terminal_id"u8, call.Id);
        writer.WriteNull("exit_code"u8);
        writer.WriteNull("signal"u8);
    }

    private static void WriteMeta(Utf8JsonWriter writer, string name, Action fields)
    {
        writer.WriteStartObject("_meta"u8);
        writer.WriteStartObject(name);
        fields();
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}

/// <summary>The context of a session's updates.</summary>
/// <param name="FilesOf">Gets the files that a call changed, by its ID.</param>
/// <param name="Folders">The trusted folders of the session.</param>
internal sealed record SessionContext(
    AgentOutput Output,
    AgentClient Client,
    WorkspaceFolders? Folders,
    Func<string, IReadOnlyList<EditedFile>> FilesOf,
    TimeProvider Time,
    ILogger Logger
)
{
    public string UriOf(string path)
    {
        var full = Folders is { } folders && !Path.IsPathRooted(path) ? Path.GetFullPath(folders.Locate(path)) : path;
        return Path.IsPathFullyQualified(full) ? new Uri(full).AbsoluteUri : $"file:{Uri.EscapeDataString(path)}";
    }
}

/// <summary>The capabilities of the client.</summary>
/// <param name="TakesNotices">True if it shows notices in a session.</param>
/// <param name="ShowsOutput">True if it shows the output of commands as a terminal, like Zed.</param>
/// <param name="ShowsForms">True if it can show forms to the user.</param>
/// <param name="OpensAddresses">True if it can ask the user to open an address.</param>
internal sealed record AgentClient(
    bool TakesNotices = false,
    bool ShowsOutput = false,
    bool ShowsForms = false,
    bool OpensAddresses = false
);
