using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>Publishes what another window writes to a chat as if it were written here. Used only in the conversation's loop.</summary>
internal sealed class Following(ITurnSink sink, StoredChat chat)
{
    private bool isChanged;
    private bool hasMissedUpdate;

    /// <summary>Gets a local id for a turn of another window; its real id is unknown here.</summary>
    public string? TurnId { get; private set; } = chat.Status == ChatStatus.Running ? NewTurn() : null;

    public void Begin() => (isChanged, hasMissedUpdate) = (false, false);

    public void Add(ChatUpdate update)
    {
        isChanged |= update is not ChatUpdate.TextAppended;
        switch (update)
        {
            case ChatUpdate.MessageStarted(var message):
                StartTurn();
                sink.Publish(new TurnEvent.MessageStarted(message));
                break;
            case ChatUpdate.TextAppended(var messageId, var part, false, var content):
                sink.Publish(new TurnEvent.TextDelta(messageId, part, content));
                break;
            case ChatUpdate.TextAppended(var messageId, var part, true, var content):
                sink.Publish(new TurnEvent.ReasoningDelta(messageId, part, content));
                break;
            case ChatUpdate.MessageCompleted(var message):
                sink.Publish(new TurnEvent.MessageFinished(message));
                if (!message.IsContinued)
                {
                    EndTurn(message);
                }
                break;
            case ChatUpdate.MessageAdded(var message):
                sink.Publish(new TurnEvent.MessageAdded(message));
                break;
            case ChatUpdate.Other:
                hasMissedUpdate = true;
                break;
        }
    }

    /// <param name="chat">The chat after the update.</param>
    /// <param name="isIdle">True if no turn of this window is running.</param>
    /// <returns>True if the chat's row may have changed.</returns>
    public bool End(StoredChat chat, bool isIdle)
    {
        if (hasMissedUpdate)
        {
            sink.Publish(new TurnEvent.BranchChanged(chat.Tree.Head));
            if (isIdle && chat.Status == ChatStatus.Running)
            {
                StartTurn();
            }
        }

        if (TurnId is not null && (chat.Status != ChatStatus.Running || !isIdle) && chat.Messages is [.., var last])
        {
            EndTurn(last);
        }
        return isChanged;
    }

    private void StartTurn()
    {
        if (TurnId is null)
        {
            sink.Publish(new TurnEvent.TurnStarted(TurnId = NewTurn()));
        }
    }

    private void EndTurn(Message answer)
    {
        if (TurnId is not { } turn)
        {
            return;
        }

        TurnId = null;
        sink.Publish(new TurnEvent.TurnFinished(turn, ReasonOf(answer.Status), answer.Error));
        sink.Idle();
    }

    private static StopReason ReasonOf(MessageStatus status) =>
        status switch
        {
            MessageStatus.Stopped or MessageStatus.Interrupted => StopReason.Stopped,
            MessageStatus.Failed => StopReason.Failed,
            _ => StopReason.EndTurn,
        };

    private static string NewTurn() => Ids.New("turn");
}
