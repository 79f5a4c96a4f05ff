using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

internal enum SpanKind
{
    Model,
    Tool,
}

/// <param name="End">Null while it runs.</param>
internal sealed record TaskSpan(SpanKind Kind, string Name, DateTimeOffset Start, DateTimeOffset? End, decimal? Usd);

internal enum StepState
{
    Open,
    Active,
    Done,
}

internal sealed record TaskStep(string Text, StepState State);

internal static class TaskTimeline
{
    private const string TodoTool = "todo";

    /// <summary>Gets the spans of model requests and tool calls, oldest first.</summary>
    public static IReadOnlyList<TaskSpan> Of(StoredChat task) => Of(task.Messages, task.Model ?? "");

    internal static IReadOnlyList<TaskSpan> Of(IReadOnlyList<Message> messages, string model)
    {
        List<TaskSpan> spans = [];
        foreach (var answer in messages.Where(message => message is { Role: MessageRole.Assistant, IsHidden: false, IsOwn: true }))
        {
            var isOver = answer.Status != MessageStatus.Streaming;
            var answered =
                answer.Timing is { } timing ? answer.CreatedAt + timing.Duration
                : isOver ? answer.UpdatedAt
                : (DateTimeOffset?)null;
            spans.Add(
                new TaskSpan(SpanKind.Model, answer.ProviderInfo?.ModelId ?? model, answer.CreatedAt, answered, answer.Cost?.TotalCost)
            );
            var calls = answer.Parts.OfType<MessagePart.ToolUse>().Select(call => call.ToolName).Distinct(StringComparer.Ordinal).ToList();
            if (calls.Count == 0 || answered is not { } began)
            {
                continue;
            }

            var ended = answer.UpdatedAt > began ? answer.UpdatedAt : began;
            spans.Add(
                new TaskSpan(
                    SpanKind.Tool,
                    string.Join(", ", calls),
                    isOver ? StartOf(answer, began, ended) : began,
                    isOver ? ended : null,
                    null
                )
            );
        }

        return spans;
    }

    /// <summary>Gets the start of a tool span without the time that calls waited for approvals.</summary>
    private static DateTimeOffset StartOf(Message answer, DateTimeOffset began, DateTimeOffset ended)
    {
        var results = answer.Parts.OfType<MessagePart.ToolResult>().ToList();
        if (results.All(result => result.Approval is null) || results.Any(result => result is { RunTime: null, Error: null }))
        {
            return began;
        }

        var start = ended - TimeSpan.FromTicks(results.Sum(result => result.RunTime?.Ticks ?? 0));
        return start > began ? start : began;
    }

    /// <summary>Gets the steps of the last todo call.</summary>
    public static IReadOnlyList<TaskStep> PlanOf(StoredChat task)
    {
        var last = task
            .Messages.SelectMany(message => message.Parts.OfType<MessagePart.ToolUse>())
            .LastOrDefault(call => call.ToolName == TodoTool);
        if (last is null)
        {
            return [];
        }

        try
        {
            using var parameters = JsonDocument.Parse(last.Parameters.Length == 0 ? "{}" : last.Parameters);
            return
                parameters.RootElement.ValueKind == JsonValueKind.Object
                && parameters.RootElement.TryGetProperty("steps", out var items)
                && items.ValueKind == JsonValueKind.Array
                ?
                [
                    .. items
                        .EnumerateArray()
                        .Where(item => item.ValueKind == JsonValueKind.Object)
                        .Select(item => new TaskStep(Text(item, "text"), StateOf(Text(item, "state")))),
                ]
                : [];
        }
        catch (JsonException)
        {
            return []; // truncated while it streams
        }
    }

    private static string Text(JsonElement item, string name) =>
        item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    private static StepState StateOf(string text) =>
        text switch
        {
            "active" => StepState.Active,
            "done" => StepState.Done,
            _ => StepState.Open,
        };
}
