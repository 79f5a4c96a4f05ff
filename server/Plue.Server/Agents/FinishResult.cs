using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>The arguments of the last finish call, stored with the task.</summary>
/// <param name="Question">The id of the message that the agent worked on.</param>
/// <param name="Outputs">The arguments as the agent passed them. Null in a task of an older version if they did not match the schema.</param>
/// <param name="Problem">What does not match the schema, in one sentence.</param>
internal sealed record FinishResult(string Question, JsonElement? Outputs, string? Problem)
{
    /// <summary>Gets the <c>summary</c> field of the result, or the whole result if it has none.</summary>
    public string Summary =>
        Outputs switch
        {
            { ValueKind: JsonValueKind.Object } outputs
                when outputs.TryGetProperty("summary", out var summary) && summary.ValueKind == JsonValueKind.String =>
                summary.GetString()!,
            { } outputs => outputs.GetRawText(),
            null => "",
        };

    /// <summary>Gets the result; null if the agent has not called finish since the last message to it.</summary>
    public static FinishResult? Of(StoredChat task)
    {
        if (
            TaskFields.Find(task, TaskFields.SubmittedResult) is not { ValueKind: JsonValueKind.Object } value
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

    public static string QuestionOf(StoredChat task) => task.Messages.LastOrDefault(message => message.Role == MessageRole.User)?.Id ?? "";
}
