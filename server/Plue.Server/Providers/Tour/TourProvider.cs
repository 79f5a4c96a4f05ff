using System.Runtime.CompilerServices;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Tour;

/// <summary>Replays recorded chats for new users. Needs no key, network or model, and says so.</summary>
internal sealed class TourProvider : IProvider
{
    public const string ModelId = "recording";

    private static readonly TimeSpan NaturalPace = TimeSpan.FromMilliseconds(25);

    private readonly TimeProvider time;
    private readonly TimeSpan pace;

    /// <param name="pace">The delay between deltas; null for about the speed of a model. Zero for none.</param>
    public TourProvider(ProviderSettings settings, TimeProvider time, TimeSpan? pace = null)
    {
        Settings = settings;
        this.time = time;
        this.pace = pace ?? NaturalPace;
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var question = request.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Text ?? "";
        yield return new ProviderEvent.Accepted(ModelId, null);
        var calls = 0;
        foreach (var step in Recording.For(question).Steps)
        {
            foreach (var next in EventsOf(step, $"tour_{request.Messages.Count}_{calls}"))
            {
                if (pace > TimeSpan.Zero)
                {
                    await Task.Delay(pace, time, cancellationToken).ConfigureAwait(false);
                }
                cancellationToken.ThrowIfCancellationRequested();
                yield return next;
            }

            if (step.Tool is not null)
            {
                calls++;
            }
        }

        yield return new ProviderEvent.Finished(StopReason.EndTurn);
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<Failure?>(null);

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>([
            new ModelInfo
            {
                Id = ModelId,
                Name = "Recorded chats",
                Description = "These chats are recordings, so no model responds.",
            },
        ]);

    private static IEnumerable<ProviderEvent> EventsOf(RecordingStep step, string callId)
    {
        foreach (var piece in Pieces(step.Reasoning))
        {
            yield return new ProviderEvent.ReasoningDelta(piece);
        }
        if (step.Reasoning is not null)
        {
            yield return new ProviderEvent.ReasoningFinished(null);
        }
        foreach (var piece in Pieces(step.Text))
        {
            yield return new ProviderEvent.TextDelta(piece);
        }
        if (step.Usage is { } usage)
        {
            yield return new ProviderEvent.UsageReported(usage);
        }
        if (step.Tool is not { } tool)
        {
            yield break;
        }
        yield return new ProviderEvent.ToolCallStarted(callId, tool);
        foreach (var piece in Pieces(step.Parameters))
        {
            yield return new ProviderEvent.ToolCallDelta(callId, piece);
        }
        yield return new ProviderEvent.ToolCallFinished(callId, tool, step.Parameters ?? "{}");
        yield return new ProviderEvent.ToolResultReceived(callId, step.Result, null);
    }

    /// <summary>Splits a text into deltas of one or two words.</summary>
    private static IEnumerable<string> Pieces(string? text)
    {
        const int Least = 6;
        var start = 0;
        for (var at = 1; text is not null && at <= text.Length; at++)
        {
            if (at < text.Length && (at - start < Least || !char.IsWhiteSpace(text[at])))
            {
                continue;
            }
            yield return text[start..at];
            start = at;
        }
    }
}
