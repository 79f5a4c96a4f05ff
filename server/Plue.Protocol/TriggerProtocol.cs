using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <summary>All triggers with what they ran.</summary>
/// <param name="AreEnabled">False if the user turned all of them off.</param>
/// <param name="Triggers">By title.</param>
public sealed record TriggerListResult(bool AreEnabled, IReadOnlyList<TriggerView> Triggers);

public sealed record TriggerView
{
    public required string Uri { get; init; }
    public required string Title { get; init; }
    public required TriggerKind On { get; init; }

    /// <summary>What of the kind, as the user wrote it: patterns, an expression, a threshold. Empty if the item has an error.</summary>
    public required string Detail { get; init; }
    public required string TemplateName { get; init; }

    /// <summary>True if it is on, whatever the setting for all triggers is.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>True if its file belongs to the workspace. It is on only after the user turned it on, until its file changes.</summary>
    public required bool IsOfWorkspace { get; init; }

    /// <summary>Why it cannot run, in one sentence.</summary>
    public string? Problem { get; init; }

    /// <summary>When it is due next.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>The cost of today's runs in USD. A run that has not ended counts with its limit.</summary>
    public required decimal UsdToday { get; init; }
    public required decimal UsdPerDay { get; init; }
    public required int RunsToday { get; init; }
    public required int RunsPerDay { get; init; }

    /// <summary>Newest first.</summary>
    public required IReadOnlyList<TriggerRunView> Runs { get; init; }
}

[JsonConverter(typeof(CamelCaseEnumConverter<TriggerKind>))]
public enum TriggerKind
{
    Schedule,
    Saved,
    Git,
    Problems,
    Ended,

    /// <summary>The item has an error.</summary>
    Unknown,
}

public sealed record TriggerRunView
{
    public required string Id { get; init; }
    public required DateTimeOffset Time { get; init; }

    /// <summary>Why it ran, in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Why nothing ran, in one sentence.</summary>
    public string? NotRun { get; init; }

    /// <summary>The number of events in a row that did not run for the same reason.</summary>
    public required int Times { get; init; }

    /// <summary>The task; null if nothing ran, and after it was deleted.</summary>
    public TaskView? Task { get; init; }

    /// <summary>The cost in USD; null if it is not known.</summary>
    public decimal? Cost { get; init; }
}

/// <param name="Uri">Null for all triggers.</param>
public sealed record TriggerSetEnabledParams(string? Uri, bool IsEnabled);

public sealed record TriggerUriParams(string Uri);

/// <param name="Paths">Absolute paths of files that the user saved.</param>
public sealed record TriggerSavedParams(IReadOnlyList<string> Paths);

/// <param name="Root">The absolute path of the repository.</param>
/// <param name="Branch">The current branch; null if none is checked out.</param>
/// <param name="Commit">The current commit.</param>
/// <param name="Conflicts">Files with conflicts, relative to the repository.</param>
public sealed record TriggerGitParams(
    string Root,
    TriggerGitChange Change,
    string? Branch,
    string? Commit,
    IReadOnlyList<string> Conflicts
);

[JsonConverter(typeof(CamelCaseEnumConverter<TriggerGitChange>))]
public enum TriggerGitChange
{
    Commit,
    Branch,
    Conflict,
}

/// <param name="Folder">The path of a workspace folder.</param>
/// <param name="Errors">The number of errors in its files.</param>
public sealed record TriggerProblemsParams(string Folder, int Errors, int Warnings);

/// <summary>What the editor has to report now.</summary>
public sealed record TriggerChangedParams(bool Saves, bool Git, bool Problems);
