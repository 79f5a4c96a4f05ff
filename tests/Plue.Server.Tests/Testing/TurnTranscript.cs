using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Tests.Testing;

/// <summary>One turn as text: what the model does goes in, what the log and the window see comes out, in order.</summary>
internal sealed class TurnTranscript : IMessageLog, ITurnSink
{
    private readonly List<string> lines = [];

    public Func<Message, Task> Store { get; init; } = _ => Task.CompletedTask;

    public static async Task CheckAsync(string script, string expected, bool stopAtHold = false, Func<Message, Task>? store = null)
    {
        var transcript = new TurnTranscript { Store = store ?? (_ => Task.CompletedTask) };
        await transcript.RunAsync(new ScriptedProvider(script), stopAtHold);
        Assert.Equal(Lines(expected), transcript.lines.Select(line => line.Trim()));
    }

    public async Task<Message> RunAsync(ScriptedProvider provider, bool stopAtHold)
    {
        using var stop = new CancellationTokenSource();
        var turn = new Turn(provider, this, this, new Lock(), TimeProvider.System, text => text.Replace("hunter2", "***", StringComparison.Ordinal));
        var request = new ProviderRequest { CodexId = "codex://chats/chat_1", Model = "model", Messages = [] };
        var running = turn.RunAsync(request, _ => new Price(1, 2, 0.1m, null), stop.Token);
        if (stopAtHold)
        {
            await provider.Holding;
            await stop.CancelAsync();
        }

        return await running;
    }

    public async ValueTask AppendAsync(Message message, CancellationToken cancellationToken)
    {
        await Store(message);
        lines.Add($"stored {message.Status}: {string.Join(" | ", message.Parts.Select(Say))}{(message.Cost is { } cost ? $" ${cost.TotalCost:0.######}" : "")}");
    }

    public ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void AppendPartial(string messageId, int partIndex, bool isReasoning, string text) => lines.Add($"partial {partIndex} {text}");

    public void ResetPartial(string messageId) => lines.Add("partial reset");

    public void Publish(TurnEvent turnEvent) => lines.Add(turnEvent switch
    {
        TurnEvent.TextDelta delta => $"textDelta {delta.PartIndex} {delta.Text}",
        TurnEvent.ReasoningDelta delta => $"reasoningDelta {delta.PartIndex} {delta.Text}",
        TurnEvent.ToolCallStarted call => $"toolCallStarted {call.PartIndex} {call.ToolName}",
        TurnEvent.ToolCallDelta call => $"toolCallDelta {call.PartIndex} {call.Text}",
        TurnEvent.ToolCallFinished call => $"toolCallFinished {call.Error ?? call.Result}",
        TurnEvent.Waiting waiting => $"waiting {waiting.For}",
        TurnEvent.Restarted restarted => $"restarted {restarted.Why}",
        TurnEvent.MessageFinished finished => $"messageFinished {finished.Message.Status}",
        TurnEvent.TurnFinished finished => $"turnFinished {finished.Reason}{(finished.Error is { } error ? $" {error.Kind}: {error.Message}" : "")}",
        _ => char.ToLowerInvariant(turnEvent.GetType().Name[0]) + turnEvent.GetType().Name[1..],
    });

    private static string Say(MessagePart part) => part switch
    {
        MessagePart.Text text => text.Content,
        MessagePart.Reasoning reasoning => $"({reasoning.Content} {reasoning.Signature})",
        MessagePart.ToolUse use => $"{use.ToolName} {use.Parameters}",
        MessagePart.ToolResult result => $"= {result.Error ?? result.Result}",
        _ => part.ToString(),
    };

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
