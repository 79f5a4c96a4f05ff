using System.Diagnostics.CodeAnalysis;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Http;

/// <summary>
/// Turns one vendor's events into ours. One parser reads one answer. What it has read waits in a queue, because one event may mean several of ours.
/// After <see cref="IsOver"/> nothing more is read.
/// </summary>
internal abstract class WireParser(ProviderFailures failures, ProviderRequest request)
{
    private readonly Queue<ProviderEvent> ready = new();

    /// <summary>Deltas of one kind that came with one read of the body: they are one event, so that consumers do their work once.</summary>
    private readonly StringBuilder joined = new();
    private bool joinsReasoning;

    /// <summary>Calls whose arguments are not a JSON object. They wait for the end, because a token limit may have cut them.</summary>
    private readonly List<ProviderEvent.ToolCallFinished> broken = [];
    private char heldText;
    private char heldReasoning;
    private bool inReasoning;

    /// <summary>The last event, a <see cref="ProviderEvent.Finished"/> or a <see cref="ProviderEvent.Failed"/>, is in the queue or was taken.</summary>
    public bool IsOver { get; private set; }

    protected ProviderFailures Failures => failures;
    protected ProviderRequest Request => request;
    protected ToolCalls Calls { get; } = new(request);
    protected bool IsAccepted { get; private set; }

    protected bool HasBrokenCall => broken.Count > 0;

    /// <summary>The reason to stop when the vendor gives none, or one that says nothing about tool calls.</summary>
    protected StopReason DefaultReason => Calls.All.Count > 0 ? StopReason.ToolUse : StopReason.EndTurn;

    /// <summary>Takes what one read of the body brings.</summary>
    public async ValueTask ReadOnceAsync(EventReader events, ExchangeTimeout timeout)
    {
        var more = await events.FillAsync(timeout.Token).ConfigureAwait(false);
        if (more)
        {
            timeout.Renew();
        }
        while (!IsOver && events.TryRead(out var payload))
        {
            Read(payload.Span);
        }
        if (more || IsOver)
        {
            return;
        }
        if (events.TryReadLast(out var last))
        {
            Read(last.Span);
        }
        if (!IsOver && !TryEnd())
        {
            Fail(failures.Cut());
        }
    }

    /// <exception cref="System.Text.Json.JsonException">The event is not JSON.</exception>
    public abstract void Read(ReadOnlySpan<byte> payload);

    /// <summary>The body ended. An answer that has all but its last formality ends well; any other one was cut.</summary>
    /// <returns>False when it was cut.</returns>
    public virtual bool TryEnd() => false;

    public bool TryTake([NotNullWhen(true)] out ProviderEvent? next)
    {
        EndDelta();
        return ready.TryDequeue(out next);
    }

    protected void Emit(ProviderEvent next)
    {
        EndDelta();
        ready.Enqueue(next);
    }

    private void EmitDelta(bool isReasoning, string text)
    {
        if (joinsReasoning != isReasoning)
        {
            EndDelta();
        }

        joinsReasoning = isReasoning;
        joined.Append(text);
    }

    private void EndDelta()
    {
        if (joined.Length == 0)
        {
            return;
        }

        ready.Enqueue(
            joinsReasoning ? new ProviderEvent.ReasoningDelta(joined.ToString()) : new ProviderEvent.TextDelta(joined.ToString())
        );
        joined.Clear();
    }

    /// <summary>Publishes once that the vendor took the request.</summary>
    protected void Accept(string? model, string? requestId)
    {
        if (IsAccepted || (model ?? requestId) is null)
        {
            return;
        }
        IsAccepted = true;
        Emit(new ProviderEvent.Accepted(model, requestId));
    }

    protected void Text(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }
        EndReasoning(null);
        EmitDelta(isReasoning: false, Join(text, ref heldText));
    }

    protected void Reasoning(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return;
        }
        inReasoning = true;
        EmitDelta(isReasoning: true, Join(text, ref heldReasoning));
    }

    /// <summary>Does nothing when no reasoning is under way and there is nothing to keep of it.</summary>
    protected void EndReasoning(string? signature, string? opaque = null)
    {
        if (!inReasoning && signature is null && opaque is null)
        {
            return;
        }
        inReasoning = false;
        Emit(new ProviderEvent.ReasoningFinished(signature, opaque));
    }

    protected ToolCall Start(string? id, string name)
    {
        var call = Calls.Add(id, name);
        Emit(new ProviderEvent.ToolCallStarted(call.Id, call.Name));
        return call;
    }

    /// <summary>More of its arguments. Nothing is said of what is over the limit.</summary>
    protected void Append(ToolCall call, string? arguments)
    {
        if (string.IsNullOrEmpty(arguments))
        {
            return;
        }
        call.Append(arguments);
        if (!call.IsTooLong)
        {
            Emit(new ProviderEvent.ToolCallDelta(call.Id, arguments));
        }
    }

    /// <summary>The call is complete. One without a JSON object for its arguments waits for <see cref="FinishWithCalls"/>.</summary>
    protected void Finish(ToolCall call)
    {
        var finished = call.ToFinished();
        if (finished.Raw is null)
        {
            Emit(finished);
        }
        else
        {
            broken.Add(finished);
        }
    }

    /// <summary>Ends the response. Its broken calls go to the model as errors, unless the token limit cut them.</summary>
    protected void FinishWithCalls(StopReason reason)
    {
        if (reason != StopReason.MaxTokens)
        {
            broken.ForEach(Emit);
        }
        Finish(reason);
    }

    protected void Finish(StopReason reason)
    {
        EndReasoning(null);
        Emit(new ProviderEvent.Finished(reason));
        IsOver = true;
    }

    public void Fail(Failure failure)
    {
        if (IsOver)
        {
            return;
        }
        Emit(new ProviderEvent.Failed(failure));
        IsOver = true;
    }

    /// <summary>A pair of surrogates may come in two events: the first half waits for the second, and a half without the other becomes U+FFFD.</summary>
    private static string Join(string text, ref char held)
    {
        if (held == 0 && text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
        {
            return text;
        }
        if (held != 0)
        {
            text = held + text;
        }
        held = '\0';
        if (char.IsHighSurrogate(text[^1]))
        {
            held = text[^1];
            text = text[..^1];
        }

        if (text.Length == 0)
        {
            return text;
        }
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            whole.Append(rune.ToString());
        }
        return whole.ToString();
    }
}
