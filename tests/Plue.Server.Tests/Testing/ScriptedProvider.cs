using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Testing;

/// <summary>A model that responds according to its script, line by line. <c>hold</c> waits for cancellation.</summary>
internal sealed class ScriptedProvider(string script, string id = "scripted", string name = "The script") : IProvider
{
    private readonly TaskCompletionSource holding = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ProviderSettings Settings { get; } =
        new()
        {
            Id = id,
            Name = name,
            Kind = "scripted",
            RetryPolicy = "none",
        };
    public List<ProviderRequest> Requests { get; } = [];

    /// <summary>Completes when the script reaches <c>hold</c>.</summary>
    public Task Holding => holding.Task;

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Requests.Add(request);
        var lastTool = ("", "");
        foreach (var line in script.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var colon = line.IndexOf(':');
            var (verb, rest) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..].Trim());
            switch (verb)
            {
                case "text":
                    yield return new ProviderEvent.TextDelta(rest);
                    break;
                case "reasoning":
                    yield return new ProviderEvent.ReasoningDelta(rest);
                    break;
                case "signature":
                    yield return new ProviderEvent.ReasoningFinished(rest);
                    break;
                case "waiting":
                    yield return new ProviderEvent.Waiting(rest);
                    break;
                case "call":
                    lastTool = ($"call_{Requests.Count}_{rest.Split(' ')[0]}", rest.Split(' ')[0]);
                    var arguments = rest[lastTool.Item2.Length..].Trim();
                    yield return new ProviderEvent.ToolCallStarted(lastTool.Item1, lastTool.Item2);
                    yield return new ProviderEvent.ToolCallDelta(lastTool.Item1, arguments);
                    yield return new ProviderEvent.ToolCallFinished(lastTool.Item1, lastTool.Item2, arguments);
                    break;
                case "result":
                    yield return new ProviderEvent.ToolResultReceived(lastTool.Item1, rest, null);
                    break;
                case "usage":
                    var numbers = rest.Split(' ').Select(long.Parse).ToArray();
                    yield return new ProviderEvent.UsageReported(
                        new Usage
                        {
                            InputTokens = numbers[0],
                            OutputTokens = numbers[1],
                            CachedReadTokens = numbers.ElementAtOrDefault(2),
                        }
                    );
                    break;
                case "window":
                    yield return new ProviderEvent.WindowsReported([new UsageWindow(rest, 0.9, DateTimeOffset.MaxValue)]);
                    break;
                case "restart":
                    yield return new ProviderEvent.Restarted(1, TimeSpan.FromSeconds(1), rest);
                    break;
                case "fail":
                    yield return new ProviderEvent.Failed(
                        new Failure(Enum.Parse<FailureKind>(rest.Split(' ')[0]), rest[(rest.IndexOf(' ') + 1)..])
                    );
                    break;
                case "throw":
                    throw new InvalidOperationException(rest);
                case "finish":
                    yield return new ProviderEvent.Finished(Enum.Parse<StopReason>(rest));
                    break;
                case "hold":
                    holding.TrySetResult();
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
                default:
                    throw new InvalidOperationException($"The script has no {verb}.");
            }
        }
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<Failure?>(null);

    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>([new ModelInfo { Id = "model" }]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
