using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>What an agent called finish with, for the question that it then worked on. Kept with the task.</summary>
/// <param name="Question">The message that it worked on.</param>
/// <param name="Outputs">As the agent gave it. Null in a task of an older version where it did not fit.</param>
/// <param name="Problem">What did not fit, a sentence.</param>
internal sealed record FinishResult(string Question, JsonElement? Outputs, string? Problem)
{
    /// <summary>Its own words of what it handed back, or else all of that.</summary>
    public string Summary =>
        Outputs switch
        {
            { ValueKind: JsonValueKind.Object } outputs
                when outputs.TryGetProperty("summary", out var summary) && summary.ValueKind == JsonValueKind.String =>
                summary.GetString()!,
            { } outputs => outputs.GetRawText(),
            null => "",
        };

    /// <summary>Null if it has not called finish since its last message.</summary>
    public static FinishResult? Of(StoredChat task)
    {
        if (
            TaskFields.Find(task, TaskFields.Handed) is not { ValueKind: JsonValueKind.Object } value
            || !value.TryGetProperty("question", out var question)
        )
        {
            return null;
        }
        if (question.GetString() is not { } asked || asked != QuestionOf(task))
        {
            return null;
        }

        return new FinishResult(
            asked,
            value.TryGetProperty("outputs", out var outputs) ? outputs : null,
            value.TryGetProperty("problem", out var problem) ? problem.GetString() : null
        );
    }

    public JsonElement ToValue()
    {
        List<(string, Json5Node)> fields = [("question", new Json5String(Question))];
        if (Outputs is { } outputs)
        {
            fields.Add(("outputs", Json5Conversion.ToJson5(outputs) ?? new Json5Null()));
        }
        if (Problem is { } problem)
        {
            fields.Add(("problem", new Json5String(problem)));
        }
        return Json5Conversion.Of(Json5Object.Of(fields));
    }

    /// <summary>The last message to it.</summary>
    public static string QuestionOf(StoredChat task) => task.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Id ?? "";
}
