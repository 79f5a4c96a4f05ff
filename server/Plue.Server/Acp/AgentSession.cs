using System.Text.Json;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers.Acp;
using Plue.Server.Store;

namespace Plue.Server.Acp;

/// <summary>A chat that a client has open.</summary>
internal sealed class AgentSession
{
    private readonly Lock sync = new();
    private Conversation conversation;
    private CancellationTokenSource? prompt;
    private volatile bool isClosing;
    private string title;
    private (string Mode, string? Provider, string? Model, string? Level) shown;

    public AgentSession(AgentWorkspace workspace, Conversation conversation)
    {
        (Workspace, this.conversation) = (workspace, conversation);
        (title, shown) = (conversation.Summary.Title, ShownOf(conversation.Stored));
        Id = conversation.Summary.Id;
        Updates = new SessionUpdates(
            Id,
            new SessionContext(
                workspace.Output,
                workspace.Client,
                workspace.Folders,
                toolUseId => workspace.Services.Edits.FilesOf(CodexId, toolUseId),
                workspace.Services.Platform.Time,
                workspace.Logger
            )
        );
    }

    /// <summary>The ID of the chat.</summary>
    public string Id { get; }

    /// <summary>The address of the chat.</summary>
    public string CodexId => conversation.CodexId;

    public AgentWorkspace Workspace { get; }

    public SessionUpdates Updates { get; }

    public StoredChat Chat => conversation.Stored;

    /// <summary>Sends a message and completes with the response. A cancellation after this returned its task applies to this message.</summary>
    /// <exception cref="AcpErrorException">There is no response, for the reason in the message.</exception>
    public Task<AcpAnswer> PromptAsync(JsonElement parameters, CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        lock (sync)
        {
            if (prompt is not null)
            {
                stop.Dispose();
                throw new AcpErrorException(
                    AcpErrorException.InvalidRequest,
                    "A response is still streaming in this session. Cancel it, or wait for it."
                );
            }

            prompt = stop;
        }

        return Task.Run(() => RespondAsync(parameters, stop), CancellationToken.None);
    }

    /// <summary>Marks the editor as disconnected: requests canceled from now on count as interrupted, not as stopped by the user.</summary>
    public void Close() => isClosing = true;

    /// <summary>Stops the response, if there is one.</summary>
    public async Task CancelAsync()
    {
        lock (sync)
        {
            prompt?.Cancel();
        }

        await conversation.StopAsync(StopCause.User);
    }

    public async Task SetAsync(string option, string value, CancellationToken cancellationToken)
    {
        conversation = await Workspace.OpenAsync(CodexId, cancellationToken);
        var options = Workspace.Options;
        // Validated before anything is stored.
        options.Change(Chat, option, value);
        await conversation.UpdateAsync(chat => options.Change(chat, option, value), null, cancellationToken);
    }

    /// <summary>Called when fields of the chat changed, here or in another window.</summary>
    public void Changed()
    {
        var chat = Chat;
        lock (sync)
        {
            if (chat.Title != title)
            {
                title = chat.Title;
                Updates.Send(AgentWire.Info(Id, title, chat.UpdatedAt));
            }

            if (ShownOf(chat) is var now && now != shown)
            {
                if (now.Mode != shown.Mode)
                {
                    Updates.Send(AgentWire.Update(Id, "current_mode_update", writer => writer.WriteString("currentModeId"u8, now.Mode)));
                }

                shown = now;
                Updates.Send(AgentWire.Update(Id, "config_option_update", writer => Workspace.Options.WriteOptions(writer, chat)));
            }
        }
    }

    public void SendCommands() =>
        Updates.Send(AgentWire.Update(Id, "available_commands_update", writer => Workspace.Commands.Write(writer, Chat)));

    private async Task<AcpAnswer> RespondAsync(JsonElement parameters, CancellationTokenSource stop)
    {
        try
        {
            conversation = await Workspace.OpenAsync(CodexId, stop.Token);
            var draft = new PromptBlocks(Workspace.Attachments, Workspace.Folders).Read(parameters);
            draft = draft with { Text = Workspace.Commands.Expand(draft.Text, Chat) };
            var reason = await AskAsync(draft, stop.Token);
            return new AcpAnswer(writer => writer.WriteString("stopReason"u8, reason));
        }
        catch (Exception fault) when (fault is OperationCanceledException || (fault is FailureException && stop.IsCancellationRequested))
        {
            return new AcpAnswer(writer => writer.WriteString("stopReason"u8, "cancelled"u8));
        }
        catch (FailureException fault)
        {
            throw AgentWorkspace.ErrorOf(fault.Failure);
        }
        finally
        {
            lock (sync)
            {
                prompt = null;
            }

            Updates.ForgetTurns();
            stop.Dispose();
        }
    }

    /// <returns>The stop reason of the protocol.</returns>
    private async Task<string> AskAsync(Draft draft, CancellationToken cancellationToken)
    {
        Sent sent;
        Updates.IsSending = true;
        try
        {
            sent = await conversation.SendAsync(draft, mayWait: false, cancellationToken);
        }
        finally
        {
            Updates.IsSending = false;
        }

        if (sent.TurnId is not { } turn)
        {
            return "end_turn";
        }

        await using var canceled = cancellationToken.Register(() =>
            _ = conversation.StopAsync(isClosing ? StopCause.Closing : StopCause.User)
        );
        var end = await Updates.EndOfAsync(turn);
        SendUsage();
        return cancellationToken.IsCancellationRequested || end.Reason == StopReason.Stopped ? "cancelled"
            : end.Error is { Kind: FailureKind.RoundLimit } ? "max_turn_requests"
            : end.Error is { } failure ? throw new FailureException(failure)
            : AgentWire.StopReasonOf(end.Reason);
    }

    private void SendUsage()
    {
        var fill = conversation.Measure(0);
        if (fill.Window is { } window)
        {
            Updates.Send(AgentWire.Usage(Id, fill.Tokens, window, conversation.Summary.TotalCost));
        }
    }

    private static (string Mode, string? Provider, string? Model, string? Level) ShownOf(StoredChat chat) =>
        (SessionOptions.ModeOf(chat), chat.ProviderId, chat.Model, chat.Options.ReasoningLevel);
}
