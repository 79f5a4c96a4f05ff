using System.Text;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Chat;

namespace Plue.Server.Rpc;

/// <summary>
/// Sends the events of one chat to the window: the first delta at once, then merged to at most one notification a frame. Endings are never
/// merged or dropped. A window that does not read costs it deltas, which shows as a gap in the numbers, never memory here.
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

    /// <summary>The number of the last event so far. What is published later has a higher one. Called in the chat's loop.</summary>
    public long Seal()
    {
        lock (sync)
        {
            if (held is [.., var last])
            {
                last.IsSealed = true;
            }
            // Who begins here has not seen that gap; the next one has to show again.
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
                // The window is slower than the model: it has to ask for the chat again.
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

    /// <summary>One number that no notification will have, however much is dropped in a row.</summary>
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

    /// <summary>One event that cannot be sent takes no other with it.</summary>
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
