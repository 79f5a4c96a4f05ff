using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Testing;

/// <summary>Records one turn as text: the script of the model, and what the log and the window receive, in order.</summary>
internal sealed class TurnTranscript : IMessageLog, ITurnSink
{
    private readonly List<string> lines = [];

    public Func<Message, Task> Store { get; init; } = _ => Task.CompletedTask;

    public static async Task CheckAsync(string script, string expected, bool stopAtHold = false, Func<Message, Task>? store = null) =>
        await CheckAsync([new ScriptedProvider(script)], expected, stopAtHold, store);

    /// <param name="providers">The selected provider and its fallbacks. Null is a provider that is not usable.</param>
    public static async Task<Message> CheckAsync(
        IReadOnlyList<ScriptedProvider?> providers,
        string expected,
        bool stopAtHold = false,
        Func<Message, Task>? store = null,
        string? inCooldown = null
    )
    {
        var transcript = new TurnTranscript { Store = store ?? (_ => Task.CompletedTask) };
        var message = await transcript.RunAsync(providers, stopAtHold, inCooldown);
        Assert.Equal(Lines(expected), transcript.lines.Select(line => line.Trim()));
        return message;
    }

    /// <summary>What was published and stored, in order.</summary>
    public IReadOnlyList<string> Said => lines;

    /// <summary>The requested providers and their outcomes.</summary>
    public IReadOnlyList<string> Responses { get; private set; } = [];

    /// <param name="inCooldown">The name of the provider in cooldown.</param>
    public async Task<Message> RunAsync(IReadOnlyList<ScriptedProvider?> providers, bool stopAtHold, string? inCooldown = null)
    {
        var requests = new ScriptedRequests(providers, inCooldown, new Price(1, 2, 0.1m, null));
        var turn = new RunningTurn("", TimeProvider.System);
        var running = new Turn(
            new TurnContext
            {
                CodexId = "codex://chats/chat_1",
                Turn = turn,
                Requests = requests,
                Log = this,
                Sink = this,
                Time = TimeProvider.System,
                Redactor = new Hunter2Mask(),
                Chosen = new ProviderInfo(providers[0]!.Settings.Id, "model"),
            }
        ).RunAsync();
        Responses = requests.Responses;
        if (stopAtHold)
        {
            await Task.WhenAny([running, .. providers.OfType<ScriptedProvider>().Select(provider => provider.Holding)]);
            await turn.CancelAsync(StopCause.User);
        }

        return (await running).Message;
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken)
    {
        await Store(message);
        lines.Add(
            $"stored {message.Status}: {string.Join(" | ", message.Parts.Select(Say))}{(message.Cost is { } cost ? $" ${cost.TotalCost:0.######}" : "")}"
        );
    }

    public ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void AppendPartial(string messageId, int partIndex, bool isReasoning, string text) => lines.Add($"partial {partIndex} {text}");

    public void ResetPartial(string messageId) => lines.Add("partial reset");

    public void Publish(TurnEvent turnEvent) =>
        lines.Add(
            turnEvent switch
            {
                TurnEvent.TextDelta delta => $"textDelta {delta.PartIndex} {delta.Text}",
                TurnEvent.FallbackUsed by =>
                    $"fallbackUsed {by.ProviderInfo.ProviderId}{(by.ProviderInfo.FallbackReason is { } why ? $": {why}" : "")}",
                TurnEvent.ReasoningDelta delta => $"reasoningDelta {delta.PartIndex} {delta.Text}",
                TurnEvent.ToolCallStarted call => $"toolCallStarted {call.PartIndex} {call.ToolName}",
                TurnEvent.ToolCallDelta call => $"toolCallDelta {call.PartIndex} {call.Text}",
                TurnEvent.ToolCallFinished call => $"toolCallFinished {call.Error ?? call.Result}",
                TurnEvent.Waiting waiting => $"waiting {waiting.For}",
                TurnEvent.Restarted restarted => $"restarted {restarted.Reason}",
                TurnEvent.MessageFinished finished => $"messageFinished {finished.Message.Status}",
                TurnEvent.TurnFinished finished =>
                    $"turnFinished {finished.Reason}{(finished.Error is { } error ? $" {error.Kind}: {error.Message}" : "")}",
                _ => char.ToLowerInvariant(turnEvent.GetType().Name[0]) + turnEvent.GetType().Name[1..],
            }
        );

    private static string Say(MessagePart part) =>
        part switch
        {
            MessagePart.Text text => text.Content,
            MessagePart.Reasoning reasoning => $"({reasoning.Content} {reasoning.Signature})",
            MessagePart.ToolUse use => $"{use.ToolName} {use.Parameters}",
            MessagePart.ToolResult result => $"= {result.Error ?? result.Result}",
            _ => part.ToString(),
        };

    private static IEnumerable<string> Lines(string text) =>
        text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private sealed class Hunter2Mask : ITextMask
    {
        public bool IsEmpty => false;

        public string Mask(string text) => text.Replace("hunter2", "***", StringComparison.Ordinal);

        public int StableLength(string text) => text.Length;
    }
}
