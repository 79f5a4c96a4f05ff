using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>The result of a task for its parent and scripts. Stored with the task and valid until a message follows it.</summary>
/// <param name="Status">A constant of <see cref="TaskStates"/>.</param>
/// <param name="Outputs">The arguments of finish; null if there are none or they do not match the template's schema.</param>
/// <param name="Output">The last message, followed by a summary of the result if the result does not match the schema.</param>
/// <param name="FilesChanged">Paths relative to the workspace, with <c>/</c>, including changes by subtasks.</param>
/// <param name="Cost">USD including subtasks; null if a price is not known.</param>
/// <param name="ExecutionTimeMs">From the creation of the task to its end.</param>
/// <param name="Reason">Why the task did not succeed, or a note about its result, in one sentence.</param>
internal sealed record TaskResult(
    string Task,
    string Status,
    JsonElement? Outputs,
    string Output,
    IReadOnlyList<string> FilesChanged,
    decimal? Cost,
    long ExecutionTimeMs,
    string? Reason
)
{
    private const string After = "after";

    /// <summary>Gets where the changes are, if the task worked in its own git worktree: <c>branch plue/… in /…</c>; otherwise null.</summary>
    public string? Worktree { get; init; }

    /// <summary>Gets the result of a task that was deleted.</summary>
    public static TaskResult Deleted(string task) => new(task, TaskStates.Stopped, null, "", [], null, 0, "It was deleted.");

    /// <summary>Gets a JSON object with the names of docs/records.md.</summary>
    public string ToJson() => Json5Conversion.Of(ToJson5()).GetRawText();

    /// <param name="head">The id of the last message that the result covers.</param>
    internal JsonElement ToValue(string head) => Json5Conversion.Of(ToJson5().With(After, new Json5String(head)));

    /// <summary>Gets the stored result of a task; null if it has none or has continued since.</summary>
    internal static TaskResult? Of(StoredChat task)
    {
        if (
            TaskFields.Find(task, TaskFields.Result) is not { ValueKind: JsonValueKind.Object } value
            || Json5Conversion.ToJson5(value) is not Json5Object kept
        )
        {
            return null;
        }
        if (kept.GetString(After) != task.Tree.Head)
        {
            return null;
        }

        return new TaskResult(
            kept.GetString("task") ?? "",
            kept.GetString("status") ?? TaskStates.Failed,
            value.TryGetProperty("outputs", out var outputs) && outputs.ValueKind != JsonValueKind.Null ? outputs : null,
            kept.GetString("output") ?? "",
            kept.GetStrings("files_changed"),
            kept.GetNumber("cost") is { } cost ? (decimal)cost : null,
            (long)(kept.GetNumber("execution_time_ms") ?? 0),
            kept.GetString("reason")
        )
        {
            Worktree = kept.GetString("worktree"),
        };
    }

    internal Json5Object ToJson5()
    {
        List<(string, Json5Node)> fields =
        [
            ("task", new Json5String(Task)),
            ("status", new Json5String(Status)),
            ("outputs", Json5Conversion.ToJson5(Outputs) ?? new Json5Null()),
            ("output", new Json5String(Output)),
            ("files_changed", Json5Array.Of(FilesChanged)),
            ("cost", Cost is { } cost ? new Json5Number((double)cost) : new Json5Null()),
            ("execution_time_ms", new Json5Number(ExecutionTimeMs)),
        ];
        if (Worktree is { } worktree)
        {
            fields.Add(("worktree", new Json5String(worktree)));
        }
        if (Reason is { } reason)
        {
            fields.Add(("reason", new Json5String(reason)));
        }
        return Json5Object.Of(fields);
    }
}
