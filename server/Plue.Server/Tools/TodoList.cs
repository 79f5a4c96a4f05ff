using System.Text;
using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Tools;

internal enum TodoState
{
    Open,
    Active,
    Done,
}

internal sealed record TodoStep(string Text, TodoState State);

internal sealed record TodoList(IReadOnlyList<TodoStep> Steps)
{
    public const string ToolName = "todo";
    private const int MaxSteps = 50;
    private const int MaxTextLength = 300;

    /// <summary>Gets the list of the last call that was not refused; null if there is none.</summary>
    /// <param name="messages">In order.</param>
    public static TodoList? Of(IEnumerable<Message> messages)
    {
        TodoList? last = null;
        foreach (var message in messages)
        {
            var failed = message
                .Parts.OfType<MessagePart.ToolResult>()
                .Where(result => result.Error is not null)
                .Select(result => result.ToolUseId)
                .ToHashSet(StringComparer.Ordinal);
            foreach (
                var call in message
                    .Parts.OfType<MessagePart.ToolUse>()
                    .Where(call => call.ToolName == ToolName && !failed.Contains(call.ToolUseId))
            )
            {
                last = TryOf(call.Parameters) ?? last;
            }
        }

        return last;
    }

    /// <exception cref="ToolFailureException">The parameters are not a list of steps.</exception>
    public static TodoList Of(JsonElement parameters)
    {
        var steps = new ToolParameters(parameters, "steps").List("steps");
        return steps.Count <= MaxSteps
            ? new TodoList([.. steps.Select(StepOf)])
            : throw new ToolFailureException($"The list has {steps.Count} steps; the maximum is {MaxSteps}. Combine small steps.");
    }

    /// <summary>Gets one line per step.</summary>
    public override string ToString() =>
        Steps
            .Aggregate(
                new StringBuilder(),
                (text, step) =>
                    text.Append(
                            step.State switch
                            {
                                TodoState.Done => "[x] ",
                                TodoState.Active => "[>] ",
                                _ => "[ ] ",
                            }
                        )
                        .Append(step.Text)
                        .Append('\n')
            )
            .ToString();

    private static TodoStep StepOf(JsonElement step)
    {
        if (step.ValueKind != JsonValueKind.Object)
        {
            throw new ToolFailureException("Each item of `steps` must be an object with `text` and `state`.");
        }

        var given = new ToolParameters(step, "text", "state");
        var text = given.Text("text").ReplaceLineEndings(" ").Trim();
        if (text.Length is 0 or > MaxTextLength)
        {
            throw new ToolFailureException($"The `text` of a step must have 1 to {MaxTextLength} characters.");
        }

        return new TodoStep(
            text,
            given.Text("state") switch
            {
                "open" => TodoState.Open,
                "active" => TodoState.Active,
                "done" => TodoState.Done,
                _ => throw new ToolFailureException("The `state` of a step must be `open`, `active` or `done`."),
            }
        );
    }

    private static TodoList? TryOf(string parameters)
    {
        try
        {
            using var document = JsonDocument.Parse(parameters);
            return document.RootElement.ValueKind == JsonValueKind.Object ? Of(document.RootElement) : null;
        }
        catch (Exception fault) when (fault is JsonException or ToolFailureException)
        {
            return null;
        }
    }
}
