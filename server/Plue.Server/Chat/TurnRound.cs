using System.Collections.Concurrent;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>One round of a turn: the streaming message, and how the provider ended it. Changed only in the conversation's loop.</summary>
internal sealed class TurnRound(LiveMessage live, TimeProvider time, WaitClock clock)
{
    private readonly long began = time.GetTimestamp();
    private readonly TimeSpan waitedBefore = clock.Waited;
    private ProviderCall? call;
    private TimeSpan requested;
    private TimeSpan? firstPiece;
    private decimal? toolCost;

    public LiveMessage Live => live;

    public StopReason? Reason { get; private set; }

    public Failure? Error { get; private set; }

    public Usage? Usage { get; private set; }

    public ProviderSettings? Settings => call?.Provider.Settings;

    /// <summary>True if a program calls its model itself, several times in one response.</summary>
    public bool IsOfProgram => call?.Request is { ToolHost: not null } or { AgentHost: not null };

    /// <summary>Gets the calls that Plue ran for a program that calls its model itself, by id. Thread-safe.</summary>
    public ConcurrentDictionary<string, ToolCallResult> RunForProgram { get; } = new(StringComparer.Ordinal);

    /// <summary>True if the model waits for tool results. Some vendors report a normal end although there are complete calls.</summary>
    public bool WantsTools =>
        call?.Request is { ToolHost: null, Tools.Count: > 0 } && Reason is StopReason.ToolUse or StopReason.EndTurn && live.Calls.Count > 0;

    /// <summary>Starts a request to a provider and resets what an earlier provider reported.</summary>
    public void Begin(ProviderCall next)
    {
        (call, requested, firstPiece) = (next, time.GetElapsedTime(began), null);
        (Reason, Error, Usage, VendorCost) = (null, null, null, null);
    }

    public void End(StopReason reason) => Reason = reason;

    public void Fail(Failure failure) => (Reason, Error) = (StopReason.Failed, failure);

    public void Stop(StopCause cause)
    {
        if (cause.Failure is { } failure)
        {
            Fail(failure);
        }
        else
        {
            (Reason, Error) = (StopReason.Stopped, null);
        }
    }

    public void Report(Usage usage, decimal? vendorCost) => (Usage, VendorCost) = (usage, vendorCost);

    /// <summary>Adds the cost of a call, in USD.</summary>
    public void AddToolCost(decimal? usd) => toolCost = usd is { } cost ? (toolCost ?? 0) + cost : toolCost;

    public void MarkRetry(DateTimeOffset at) => requested = time.GetElapsedTime(began) + (at - time.GetUtcNow());

    public void MarkFirstContent()
    {
        if (firstPiece is null && time.GetElapsedTime(began) - requested is var waited)
        {
            firstPiece = waited > TimeSpan.Zero ? waited : TimeSpan.Zero;
        }
    }

    /// <summary>
    /// Creates the message in its current state. The time to the first token is measured from the last request, the duration from the start of the round,
    /// without waits.
    /// </summary>
    public Message ToMessage(MessageStatus status, Failure? error = null) => ToMessage(status, error, Usage);

    /// <summary>Creates the message as it is when the request is sent: its usage is the estimate of what the model reads.</summary>
    public Message ToRequested() =>
        ToMessage(
            MessageStatus.Streaming,
            null,
            call?.Request is { } request
                ? new Usage
                {
                    InputTokens = TokenEstimate.Of(request.System ?? "") + request.Messages.Sum(TokenEstimate.Of),
                    IsEstimated = true,
                }
                : null
        );

    private Message ToMessage(MessageStatus status, Failure? error, Usage? usage) =>
        live.ToMessage(
            status,
            time.GetUtcNow(),
            error,
            usage,
            CostWithTools(call?.CostOf(live.ProviderInfo?.ModelId, usage, VendorCost)),
            new Timing(firstPiece, time.GetElapsedTime(began) - (clock.Waited - waitedBefore))
        );

    private Cost? CostWithTools(Cost? response) =>
        toolCost is not { } more ? response
        : response is null ? new Cost(0, 0, 0, more, "catalog")
        : response with { TotalCost = response.TotalCost + more };

    private decimal? VendorCost { get; set; }
}
