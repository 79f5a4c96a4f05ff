using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Agents.Triggers;

/// <summary>Something that can start a task.</summary>
/// <param name="Id">The same for each process that reports the event, so that it starts one task.</param>
internal abstract record TriggerEvent(string Id)
{
    private const int MaxListed = 50;

    /// <summary>Gets why the task starts, in one sentence.</summary>
    public abstract string Reason { get; }

    /// <summary>Gets the details for the agent, as lines; empty if the reason says all.</summary>
    public virtual IReadOnlyList<string> Details => [];

    /// <summary>Gets the workspace folder where it happened; null if it happened in none.</summary>
    public virtual string? Folder => null;

    /// <summary>Gets how long after a run of a trigger the event can be an effect of that run.</summary>
    public virtual TimeSpan EffectTime => TimeSpan.Zero;

    /// <summary>Gets the triggers that led to it, by their keys.</summary>
    public virtual IReadOnlyList<string> Chain => [];

    /// <param name="Due">When it was due.</param>
    /// <param name="Count">The number of times that it was due since it was last checked.</param>
    /// <param name="IsMissed">True if Plue was not running then.</param>
    internal sealed record Scheduled(DateTimeOffset Due, TimeZoneInfo Zone, int Count, bool IsMissed)
        : TriggerEvent($"schedule {Due.UtcDateTime:O}")
    {
        private string At =>
            string.Create(CultureInfo.InvariantCulture, $"{TimeZoneInfo.ConvertTime(Due, Zone):yyyy-MM-dd 'at' HH:mm} ({Zone.Id})");

        public override string Reason =>
            !IsMissed ? $"It was due on {At}."
            : Count == 1 ? $"It was due on {At}, while Plue was not running."
            : $"It was due {Count} times while Plue was not running, the last time on {At}.";
    }

    /// <param name="Path">An absolute path.</param>
    /// <param name="Relative">Relative to the workspace folder, with <c>/</c>.</param>
    internal sealed record SavedFile(string Path, string Relative, DateTime Modified);

    /// <param name="Files">At least one.</param>
    internal sealed record FileSaved(string InFolder, IReadOnlyList<SavedFile> Files)
        : TriggerEvent($"saved {Files[^1].Path} {Files[^1].Modified.Ticks}")
    {
        public override string Reason =>
            Files.Count == 1
                ? $"{Shown(Files[0])} was saved."
                : $"{Shown(Files[0])} and {Plural.Of(Files.Count - 1, "other file")} were saved.";

        public override IReadOnlyList<string> Details => Files.Count == 1 ? [] : [.. Files.Take(MaxListed).Select(Shown)];
        public override string Folder => InFolder;
        public override TimeSpan EffectTime => TimeSpan.FromSeconds(2);

        private static string Shown(SavedFile file) => HiddenCharacters.VisibleLine(file.Relative);
    }

    /// <param name="Branch">The current branch; null if none is checked out.</param>
    /// <param name="Commit">The current commit.</param>
    /// <param name="Conflicts">The files with conflicts, relative to the repository.</param>
    internal sealed record GitChanged(
        string Id,
        GitChange Change,
        string InFolder,
        string? Branch,
        string? Commit,
        IReadOnlyList<string> Conflicts
    ) : TriggerEvent(Id)
    {
        private const int ShortCommit = 10;

        private string BranchName => Branch is null ? "no branch" : $"the branch {HiddenCharacters.VisibleLine(Branch)}";

        public override string Reason =>
            Change switch
            {
                GitChange.Commit => $"There is a new commit on {BranchName}: {Commit?[..Math.Min(ShortCommit, Commit.Length)]}.",
                GitChange.Branch =>
                    $"{(Branch is null ? "A commit without a branch" : $"The branch {HiddenCharacters.VisibleLine(Branch)}")} was checked out.",
                _ => $"{Plural.Of(Conflicts.Count, "file")} {(Conflicts.Count == 1 ? "has" : "have")} merge conflicts.",
            };

        public override IReadOnlyList<string> Details => [.. Conflicts.Take(MaxListed).Select(HiddenCharacters.VisibleLine)];
        public override string Folder => InFolder;
        public override TimeSpan EffectTime => TimeSpan.FromSeconds(10);
    }

    internal sealed record ProblemsChanged(string InFolder, int Errors, int Warnings, DateTimeOffset At)
        : TriggerEvent($"problems {InFolder} {At.UtcDateTime:yyyy-MM-ddTHH:mm}")
    {
        public override string Reason =>
            Warnings == 0 ? $"The editor shows {Plural.Of(Errors, "error")}."
            : Errors == 0 ? $"The editor shows {Plural.Of(Warnings, "warning")}."
            : $"The editor shows {Plural.Of(Errors, "error")} and {Plural.Of(Warnings, "warning")}.";

        public override string Folder => InFolder;
        public override TimeSpan EffectTime => TimeSpan.FromSeconds(10);
    }

    /// <param name="Status">A constant of <see cref="TaskStates"/>.</param>
    /// <param name="Triggers">The triggers that led to the task.</param>
    internal sealed record TaskEnded(
        string Uri,
        string Title,
        string Template,
        string Status,
        DateTimeOffset At,
        IReadOnlyList<string> Triggers
    ) : TriggerEvent($"ended {Uri} {At.UtcTicks}")
    {
        public override string Reason =>
            $"The task \"{HiddenCharacters.VisibleLine(Title)}\" {Status switch {
                TaskStates.Done => "is done",
                TaskStates.Failed => "failed",
                TaskStates.OverBudget => "reached its budget",
                _ => "was stopped",
            }}.";

        public override IReadOnlyList<string> Details => [Uri];
        public override IReadOnlyList<string> Chain => Triggers;
    }

    internal sealed record Requested(string RequestId) : TriggerEvent(RequestId)
    {
        public override string Reason => "You ran it.";
    }
}

/// <summary>A change of a git repository.</summary>
internal enum GitChange
{
    Commit,
    Branch,
    Conflict,
}
