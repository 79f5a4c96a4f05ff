using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Agents;

/// <summary>What came of a task, as its parent and scripts get it. Kept with the task, and true as long as nothing was said after it.</summary>
/// <param name="Status">A constant of <see cref="TaskStates"/>.</param>
/// <param name="Outputs">What it handed back; null when it had nothing to hand back, or when that does not fit what its template asks for.</param>
/// <param name="Output">The last that it said, with the summary of what it handed back where that does not fit.</param>
/// <param name="FilesChanged">From the workspace, with <c>/</c>; of everything under it too.</param>
/// <param name="Cost">USD of it and everything under it; null while a price is not known.</param>
/// <param name="ExecutionTimeMs">From its making to its end.</param>
/// <param name="Reason">Why it did not end well, or what is to be known though it is done, one sentence.</param>
public sealed record TaskResult(
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

    /// <summary>One JSON object, with the names of docs/records.md.</summary>
    public string ToJson() => Json5Conversion.Of(Fields()).GetRawText();

    /// <param name="head">The last message that it takes into account.</param>
    internal JsonElement ToValue(string head) => Json5Conversion.Of(Fields().With(After, new Json5String(head)));

    /// <summary>The one that is kept with a task; null while it has none, or has gone on since.</summary>
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
        );
    }

    private Json5Object Fields()
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
        if (Reason is { } reason)
        {
            fields.Add(("reason", new Json5String(reason)));
        }
        return Json5Object.Of(fields);
    }
}
