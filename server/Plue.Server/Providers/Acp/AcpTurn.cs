using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Acp;

/// <summary>Turns what an agent sends for one response into events.</summary>
/// <param name="host">Null if no tool may run.</param>
/// <param name="folder">The folder of the session.</param>
/// <param name="contextTokens">An estimate of what the model reads first.</param>
/// <param name="costBefore">USD of the session before this response; null if the agent does not report it.</param>
internal sealed class AcpTurn(IAgentHost? host, AcpFailures failures, string folder, long contextTokens, decimal? costBefore)
{
    /// <summary>Events that wait for a slow reader. Then the agent waits.</summary>
    private const int MaxWaiting = 256;
    private const int MaxSteps = 50;
    private const int MaxStepLength = 300;
    private const int MaxNoticeLength = 2000;

    private readonly Channel<AcpEvent> incoming = Channel.CreateBounded<AcpEvent>(
        new BoundedChannelOptions(MaxWaiting) { SingleReader = true }
    );
    private readonly CancellationTokenSource over = new();
    private readonly Dictionary<string, AcpToolCall> calls = new(StringComparer.Ordinal); // by the agent's id
    private readonly Dictionary<string, AcpToolCall> byToolUse = new(StringComparer.Ordinal);
    private readonly StringBuilder answer = new();
    private string? messageId;
    private string? plan;
    private bool isReasoning;
    private bool isAfterTools = true;
    private long context = contextTokens;
    private long input;
    private long output;
    private decimal? cost;
    private Usage? reported;
    private volatile AcpToolCall? last;
    private int questions;

    public IAgentHost? Host => host;
    public bool HasEnded { get; private set; }

    /// <summary>True if the response has ended for Plue and the agent still works on it.</summary>
    public bool NeedsCancel { get; private set; }

    /// <summary>Canceled when the response is over.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>The text of the response as its reader has it.</summary>
    public string Answer => answer.ToString();

    /// <summary>How often the model was probably called.</summary>
    public int Rounds { get; private set; }

    /// <summary>The agent waits for the user.</summary>
    public bool IsAsking => Volatile.Read(ref questions) > 0;

    private Usage Used =>
        reported
        ?? new Usage
        {
            InputTokens = input,
            OutputTokens = output,
            IsEstimated = true,
        };

    private decimal? VendorCost => (cost ?? costBefore) is { } now ? Math.Max(0, now - (costBefore ?? 0)) : null;

    /// <summary>Dropped once the response is over.</summary>
    public async ValueTask AddAsync(AcpEvent next)
    {
        try
        {
            await incoming.Writer.WriteAsync(next).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        { /* The reader has ended. */
        }
    }

    public void Close()
    {
        incoming.Writer.TryComplete();
        if (!over.IsCancellationRequested)
        {
            over.Cancel();
        }
    }

    /// <summary>Takes in a request for permission, so that its call is shown first.</summary>
    public async Task<AgentCall> PermissionAsync(JsonElement toolCall, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref questions);
        var call = new TaskCompletionSource<AgentCall>(TaskCreationOptions.RunContinuationsAsynchronously);
        await AddAsync(new AcpEvent.Permission(toolCall, call)).ConfigureAwait(false);
        return await WaitAsync(call.Task, cancellationToken).ConfigureAwait(false);
    }

    public void Answered(string toolUseId, ToolPermission permission)
    {
        Interlocked.Decrement(ref questions);
        lock (byToolUse)
        {
            if (!permission.IsAllowed && byToolUse.TryGetValue(toolUseId, out var call))
            {
                call.Denied = permission.Reason ?? "The call was denied.";
            }
        }
    }

    /// <summary>Shows a question of the agent to the user.</summary>
    /// <returns>The values of the form, a JSON object, or an empty text for an address; null if it was declined.</returns>
    public async Task<string?> AskAsync(IAgentHost user, JsonElement asked, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref questions);
        try
        {
            var shown = new TaskCompletionSource<AcpCard>(TaskCreationOptions.RunContinuationsAsynchronously);
            await AddAsync(new AcpEvent.Question(asked.Text("toolCallId"), asked.Text("message") ?? "", shown)).ConfigureAwait(false);
            var card = await WaitAsync(shown.Task, cancellationToken).ConfigureAwait(false);
            var values = await user.AskAsync(card.ToolUseId, asked, cancellationToken).ConfigureAwait(false);
            if (card.IsOwn)
            {
                var result = values switch
                {
                    null => "The user did not answer.",
                    "" => "The user opened the address.",
                    _ => $"The user answered: {values}",
                };
                await AddAsync(new AcpEvent.CardEnded(card.ToolUseId, result, null)).ConfigureAwait(false);
            }

            return values;
        }
        finally
        {
            Interlocked.Decrement(ref questions);
        }
    }

    public async Task<AcpCard> CardAsync(string kind, string? path, string? command, CancellationToken cancellationToken)
    {
        var card = new TaskCompletionSource<AcpCard>(TaskCreationOptions.RunContinuationsAsynchronously);
        await AddAsync(new AcpEvent.Card(kind, path, command, card)).ConfigureAwait(false);
        return await WaitAsync(card.Task, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The call that an access of the agent probably belongs to; null for none.</summary>
    public string? OpenCallFor(string kind, string path) => last is { IsOver: false } call && call.Kind == kind ? call.ToolUseId : null;

    /// <summary>Reads until there is something to report.</summary>
    /// <param name="idleLimit">The timeout without output of the agent.</param>
    public async Task ReadAsync(List<ProviderEvent> events, TimeSpan idleLimit, TimeProvider time, CancellationToken cancellationToken)
    {
        while (events.Count == 0 && !HasEnded)
        {
            if (!incoming.Reader.TryRead(out var next))
            {
                var waiting = incoming.Reader.WaitToReadAsync(cancellationToken).AsTask();
                try
                {
                    if (!await waiting.WaitAsync(idleLimit, time, cancellationToken).ConfigureAwait(false))
                    {
                        Fail(new Failure(FailureKind.CutStream, "The response of the agent ended before it was complete."), events);
                    }
                }
                catch (TimeoutException)
                {
                    if (!IsAsking)
                    {
                        Break(failures.TooSlow("send anything", idleLimit), events);
                    }
                }

                continue;
            }

            await AcceptAsync(next, events, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the response with a failure that the agent did not send.</summary>
    public void Fail(Failure failure, List<ProviderEvent> events)
    {
        if (!HasEnded)
        {
            End(events);
            events.Add(new ProviderEvent.Failed(failure));
        }
    }

    private void Break(Failure failure, List<ProviderEvent> events)
    {
        NeedsCancel = true;
        Fail(failure, events);
    }

    private async Task AcceptAsync(AcpEvent next, List<ProviderEvent> events, CancellationToken cancellationToken)
    {
        switch (next)
        {
            case AcpEvent.Update(var update):
                await AcceptAsync(update, events, cancellationToken).ConfigureAwait(false);
                break;
            case AcpEvent.Metered(var tokens, var usd):
                (context, cost) = (tokens ?? context, usd ?? cost);
                break;
            case AcpEvent.Permission(var toolCall, var asked):
                var call = CallOf(toolCall);
                call.Take(toolCall);
                Show(call, events);
                asked.TrySetResult(call.ToCall());
                break;
            case AcpEvent.Card(var kind, var path, var command, var card):
                card.TrySetResult(CardFor(kind, path, command, events));
                break;
            case AcpEvent.Question(var callId, var message, var shown):
                if (callId is not null && calls.TryGetValue(callId, out var asking) && !asking.IsOver)
                {
                    Show(asking, events);
                    shown.TrySetResult(new AcpCard(asking.ToolUseId, IsOwn: false));
                }
                else
                {
                    shown.TrySetResult(MakeCard("ask_user", "question", message, events));
                }

                break;
            case AcpEvent.CardEnded(var id, var result, var error):
                events.Add(new ProviderEvent.ToolResultReceived(id, result, error));
                break;
            case AcpEvent.Ended(var result):
                EndWith(result, events);
                break;
            case AcpEvent.Failed(var failure):
                Fail(failure, events);
                break;
        }
    }

    private async Task AcceptAsync(JsonElement update, List<ProviderEvent> events, CancellationToken cancellationToken)
    {
        switch (update.Text("sessionUpdate"))
        {
            case "agent_message_chunk" when update.Field("content") is { } block && AcpWire.TextOf(block) is { Length: > 0 } text:
                BeginRound();
                CloseReasoning(events);
                var id = update.Text("messageId");
                if (id is not null && messageId is not null && id != messageId && answer.Length > 0 && answer[^1] != '\n')
                {
                    EmitText("\n\n", events);
                }

                messageId = id ?? messageId;
                EmitText(text, events);
                break;
            case "agent_thought_chunk" when update.Field("content") is { } block && AcpWire.TextOf(block) is { Length: > 0 } thought:
                BeginRound();
                isReasoning = true;
                output += TokenEstimate.Of(thought);
                events.Add(new ProviderEvent.ReasoningDelta(thought));
                break;
            case "tool_call" or "tool_call_update":
                await AcceptCallAsync(update, events, cancellationToken).ConfigureAwait(false);
                break;
            case "plan":
                AcceptPlan(update, events);
                break;
            case "notice" when update.Text("title") is { Length: > 0 } title:
                AcceptNotice(title, update, events);
                break;
        }
    }

    private async Task AcceptCallAsync(JsonElement update, List<ProviderEvent> events, CancellationToken cancellationToken)
    {
        BeginRound();
        var call = CallOf(update);
        if (call.IsOver)
        {
            return;
        }

        var more = call.Take(update);
        if (call.IsReady || call.HasEnded)
        {
            Show(call, events);
        }

        if (more is { Length: > 0 } && !call.HasEnded)
        {
            host?.Report(call.ToolUseId, more);
        }

        if (!call.HasEnded)
        {
            return;
        }

        if (call.MayChange && host is not null)
        {
            await host.RecordAsync(call.ToolUseId, call.Kind == "execute" ? [] : call.Paths, cancellationToken).ConfigureAwait(false);
        }

        Close(call, events);
        isAfterTools = true;
        events.Add(new ProviderEvent.UsageReported(Used, VendorCost));
        if (host is not null && await host.CheckRoundLimitsAsync(Used, Rounds, VendorCost).ConfigureAwait(false) is { } failure)
        {
            Break(failure, events);
        }
    }

    private void Close(AcpToolCall call, List<ProviderEvent> events)
    {
        call.IsOver = true;
        var result = call.Result();
        context += TokenEstimate.Of(result);
        events.Add(new ProviderEvent.ToolCallFinished(call.ToolUseId, call.ToolName, call.Parameters()));
        events.Add(
            call.HasFailed || call.Denied is not null
                ? new ProviderEvent.ToolResultReceived(
                    call.ToolUseId,
                    null,
                    call.Denied ?? (result.Length > 0 ? result : "The call failed.")
                )
                : new ProviderEvent.ToolResultReceived(call.ToolUseId, result, null)
        );
    }

    /// <summary>Steps become those of the list that Plue's own tool <c>todo</c> keeps.</summary>
    private void AcceptPlan(JsonElement update, List<ProviderEvent> events)
    {
        var steps = update.Items("entries").Take(MaxSteps).ToList();
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("steps"u8);
            foreach (var step in steps)
            {
                var text = step.Text("content") ?? "";
                writer.WriteStartObject();
                writer.WriteString("text"u8, text.Length > MaxStepLength ? text[..MaxStepLength] : text);
                writer.WriteString(
                    "state"u8,
                    step.Text("status") switch
                    {
                        "completed" => "done"u8,
                        "in_progress" => "active"u8,
                        _ => "open"u8,
                    }
                );
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        var next = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        if (next == plan)
        {
            return;
        }

        plan = next;
        CloseReasoning(events);
        var id = Ids.New("call");
        events.Add(new ProviderEvent.ToolCallStarted(id, "todo"));
        events.Add(new ProviderEvent.ToolCallDelta(id, next));
        events.Add(new ProviderEvent.ToolCallFinished(id, "todo", next));
        events.Add(
            new ProviderEvent.ToolResultReceived(
                id,
                $"{steps.Count(step => step.Text("status") == "completed")} of {steps.Count} steps are done.",
                null
            )
        );
    }

    /// <summary>A warning is part of the response, as for an agent whose client shows no notices. Other information is a status before the text.</summary>
    private void AcceptNotice(string title, JsonElement update, List<ProviderEvent> events)
    {
        var notice = $"{title.TrimEnd('.')}. {update.Text("description")}".Trim();
        notice = notice.Length > MaxNoticeLength ? notice[..MaxNoticeLength] + "…" : notice;
        if (update.Text("severity") is "warning" or "error")
        {
            CloseReasoning(events);
            EmitText($"{(answer.Length > 0 ? "\n\n" : "")}> {notice.ReplaceLineEndings("\n> ")}\n\n", events);
        }
        else if (answer.Length == 0)
        {
            events.Add(new ProviderEvent.Waiting(notice.ReplaceLineEndings(" ")));
        }
    }

    private AcpCard CardFor(string kind, string? path, string? command, List<ProviderEvent> events)
    {
        if (last is { IsOver: false } open && open.Kind == kind)
        {
            Show(open, events);
            return new AcpCard(open.ToolUseId, IsOwn: false);
        }

        return command is null
            ? MakeCard("write", "path", Path.GetRelativePath(folder, path ?? folder), events)
            : MakeCard("bash", "command", command, events);
    }

    private AcpCard MakeCard(string name, string parameter, string value, List<ProviderEvent> events)
    {
        CloseReasoning(events);
        var id = Ids.New("call");
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString(parameter, value);
            writer.WriteEndObject();
        }

        var parameters = Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        events.Add(new ProviderEvent.ToolCallStarted(id, name));
        events.Add(new ProviderEvent.ToolCallDelta(id, parameters));
        events.Add(new ProviderEvent.ToolCallFinished(id, name, parameters));
        return new AcpCard(id, IsOwn: true);
    }

    private AcpToolCall CallOf(JsonElement update)
    {
        var id = update.Text("toolCallId") ?? "";
        if (!calls.TryGetValue(id, out var call))
        {
            calls[id] = call = new AcpToolCall(Ids.New("call"), folder);
            lock (byToolUse)
            {
                byToolUse[call.ToolUseId] = call;
            }
        }

        last = call.IsOver ? last : call;
        return call;
    }

    private void Show(AcpToolCall call, List<ProviderEvent> events)
    {
        if (call.IsShown)
        {
            return;
        }

        call.IsShown = true;
        CloseReasoning(events);
        var parameters = call.Parameters();
        output += TokenEstimate.Of(parameters);
        events.Add(new ProviderEvent.ToolCallStarted(call.ToolUseId, call.ToolName));
        events.Add(new ProviderEvent.ToolCallDelta(call.ToolUseId, parameters));
        // A call that is stored before it ends has its parameters.
        events.Add(new ProviderEvent.ToolCallFinished(call.ToolUseId, call.ToolName, parameters));
    }

    private void EndWith(JsonElement result, List<ProviderEvent> events)
    {
        reported = AcpWire.UsageOf(result);
        var reason = result.Text("stopReason");
        if (reason == "max_turn_requests")
        {
            Fail(failures.Limit(), events);
            return;
        }

        End(events);
        events.Add(
            new ProviderEvent.Finished(
                reason switch
                {
                    "max_tokens" => StopReason.MaxTokens,
                    "refusal" => StopReason.Refusal,
                    _ => StopReason.EndTurn,
                }
            )
        );
    }

    private void End(List<ProviderEvent> events)
    {
        HasEnded = true;
        CloseReasoning(events);
        foreach (var call in calls.Values.Where(call => call is { IsShown: true, IsOver: false }))
        {
            call.Denied ??= "The agent reported no result.";
            Close(call, events);
        }

        if (Used.TotalTokens > 0 || VendorCost > 0)
        {
            events.Add(new ProviderEvent.UsageReported(Used, VendorCost));
        }
    }

    /// <summary>The model was probably called again: it reads the whole context.</summary>
    private void BeginRound()
    {
        if (isAfterTools)
        {
            isAfterTools = false;
            Rounds++;
            input += context;
        }
    }

    private void EmitText(string text, List<ProviderEvent> events)
    {
        answer.Append(text);
        output += TokenEstimate.Of(text);
        events.Add(new ProviderEvent.TextDelta(text));
    }

    private void CloseReasoning(List<ProviderEvent> events)
    {
        if (isReasoning)
        {
            events.Add(new ProviderEvent.ReasoningFinished(null));
        }

        isReasoning = false;
    }

    private async Task<T> WaitAsync<T>(Task<T> answered, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, over.Token);
        return await answered.WaitAsync(either.Token).ConfigureAwait(false);
    }
}
