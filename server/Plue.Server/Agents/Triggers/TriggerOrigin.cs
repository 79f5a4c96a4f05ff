using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;

namespace Plue.Server.Agents.Triggers;

/// <summary>Which run of which trigger created a task. Stored with the task.</summary>
/// <param name="Chain">The keys of the triggers that led to it, that of <paramref name="Key"/> last.</param>
internal sealed record TriggerOrigin(string Key, string Run, IReadOnlyList<string> Chain)
{
    public JsonElement ToValue() =>
        Json5Conversion.Of(
            Json5Object.Of(("trigger", new Json5String(Key)), ("run", new Json5String(Run)), ("chain", Json5Array.Of(Chain)))
        );

    /// <returns>Null if no trigger created the task.</returns>
    public static TriggerOrigin? Of(StoredChat task) =>
        TaskFields.Find(task, TaskFields.TriggerRun) is { } value
        && Json5Conversion.ToJson5(value) is Json5Object stored
        && (stored.GetString("trigger"), stored.GetString("run")) is ({ } key, { } run)
            ? new TriggerOrigin(key, run, stored.GetStrings("chain"))
            : null;
}
