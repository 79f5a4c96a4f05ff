namespace Plue.Server.Agents.Triggers;

/// <summary>A trigger with what became of its runs.</summary>
/// <param name="IsEnabled">True if it is on, whatever the setting for all triggers is.</param>
/// <param name="Problem">Why it cannot run, in one sentence; null if it can.</param>
/// <param name="Next">When it is due next; null if it is off or has no schedule.</param>
/// <param name="Runs">Newest first, each with its task if that exists.</param>
internal sealed record TriggerState(
    Trigger Trigger,
    bool IsEnabled,
    string? Problem,
    DateTimeOffset? Next,
    TriggerDay Today,
    IReadOnlyList<(StoredTriggerRun Run, TaskRow? Task)> Runs
);

/// <summary>What the editor has to report for the triggers that are on.</summary>
internal sealed record TriggerNeeds(bool Saves, bool Git, bool Problems);
