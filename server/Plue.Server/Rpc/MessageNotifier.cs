using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Chat;

namespace Plue.Server.Rpc;

/// <summary>
/// Sends the events of one chat to the extension: the first delta at once, then at most one notification per frame with merged deltas. End events are never
/// merged or dropped. If the extension does not read, deltas are dropped, which it sees as a gap in the sequence numbers.
/// </summary>
internal sealed class MessageNotifier(
    string codexId,
    RpcServer server,
    Func<string, string> providerName,
    TimeProvider time,
    ILogger logger
) : ITurnSink
{
    private static readonly TimeSpan Frame = TimeSpan.FromMilliseconds(16);
    private const int MaxHeldCharacters = 1024 * 1024;

    private sealed class Entry
    {
        public required long Seq { get; init; }
        public required TurnEvent First { get; init; }
        public StringBuilder? More { get; set; }
        public bool IsSealed { get; set; }
    }

    private readonly Lock sync = new();
    private List<Entry> held = [];
    private int heldCharacters;
    private long lastSeq;
    private bool isBehindGap;
    private bool isSending;

    /// <summary>Returns the sequence number of the last event; later events have higher numbers. Called in the chat's loop.</summary>
    public long Seal()
    {
        lock (sync)
        {
            if (held is [.., var last])
            {
                last.IsSealed = true;
            }
            // A new subscriber has not seen the gap, so the next one must be visible again.
            isBehindGap = false;
            return lastSeq;
        }
    }

    public void Publish(TurnEvent turnEvent)
    {
        lock (sync)
        {
            var text = TextOf(turnEvent);
            if (text is not null && heldCharacters + text.Length > MaxHeldCharacters)
            {
                // The extension is slower than the model and must reload the chat.
                LeaveGap();
                return;
            }

            isBehindGap = false;
            heldCharacters += text?.Length ?? 0;
            if (text is not null && held is [.., { IsSealed: false } last] && IsSameTarget(last.First, turnEvent))
            {
                (last.More ??= new StringBuilder(TextOf(last.First))).Append(text);
            }
            else
            {
                held.Add(new Entry { Seq = ++lastSeq, First = turnEvent });
            }

            if (isSending)
            {
                return;
            }
            isSending = true;
        }

        _ = Task.Run(SendAsync);
    }

    public void Skip()
    {
        lock (sync)
        {
            LeaveGap();
        }
    }

    /// <summary>Skips one sequence number, no matter how many consecutive events are dropped.</summary>
    private void LeaveGap()
    {
        if (isBehindGap)
        {
            return;
        }

        if (held is [.., var last])
        {
            last.IsSealed = true;
        }
        (isBehindGap, lastSeq) = (true, lastSeq + 1);
    }

    private async Task SendAsync()
    {
        while (true)
        {
            List<Entry> batch;
            lock (sync)
            {
                if (held.Count == 0)
                {
                    isSending = false;
                    return;
                }
                (batch, held, heldCharacters) = (held, [], 0);
            }

            foreach (var entry in batch)
            {
                await SendAsync(entry);
            }

            if (batch.TrueForAll(entry => TextOf(entry.First) is not null))
            {
                await Task.Delay(Frame, time);
            }
        }
    }

    /// <summary>Sends one entry; a failure does not affect other entries.</summary>
    private async Task SendAsync(Entry entry)
    {
        try
        {
            var turnEvent = entry.More is { } more ? WithText(entry.First, more.ToString()) : entry.First;
            var parameters = new MessageEventParams(codexId, entry.Seq, ToProtocol.Event(turnEvent, providerName));
            await server.NotifyAsync(Methods.MessageEvent, parameters, CancellationToken.None);
        }
        catch (IOException fault)
        {
            logger.LogDebug("The window has closed: {Reason}", fault.Message);
        }
        catch (Exception fault)
        {
            logger.LogError(fault, "An event of {Chat} could not be sent", codexId);
        }
    }

    private static string? TextOf(TurnEvent turnEvent) =>
        turnEvent switch
        {
            TurnEvent.TextDelta delta => delta.Text,
            TurnEvent.ReasoningDelta delta => delta.Text,
            TurnEvent.ToolCallDelta delta => delta.Text,
            _ => null,
        };

    private static bool IsSameTarget(TurnEvent first, TurnEvent next) =>
        (first, next) switch
        {
            (TurnEvent.TextDelta a, TurnEvent.TextDelta b) => a.PartIndex == b.PartIndex && a.MessageId == b.MessageId,
            (TurnEvent.ReasoningDelta a, TurnEvent.ReasoningDelta b) => a.PartIndex == b.PartIndex && a.MessageId == b.MessageId,
            (TurnEvent.ToolCallDelta a, TurnEvent.ToolCallDelta b) => a.PartIndex == b.PartIndex && a.MessageId == b.MessageId,
            _ => false,
        };

    private static TurnEvent WithText(TurnEvent first, string text) =>
        first switch
        {
            TurnEvent.TextDelta delta => delta with { Text = text },
            TurnEvent.ReasoningDelta delta => delta with { Text = text },
            TurnEvent.ToolCallDelta delta => delta with { Text = text },
            _ => first,
        };
}
