namespace Plue.Server.Reviews;

/// <summary>A line of a diff.</summary>
/// <param name="Sign">A space, <c>+</c> or <c>-</c>.</param>
/// <param name="Number">The line in the new version; 0 for a removed line.</param>
/// <param name="Text">Without the line break.</param>
internal readonly record struct DiffLine(char Sign, int Number, string Text);

/// <summary>A changed file with the lines that its diff shows.</summary>
/// <param name="Path">Relative to the reviewed folder, with <c>/</c>.</param>
/// <param name="Hunks">Empty for a binary or deleted file.</param>
internal sealed record ChangedFile(string Path, IReadOnlyList<IReadOnlyList<DiffLine>> Hunks)
{
    public bool IsDeleted { get; init; }
    public bool IsBinary { get; init; }

    /// <summary>Gets the shown lines of the new version by number.</summary>
    public IReadOnlyDictionary<int, string> NewLines { get; } =
        Hunks
            .SelectMany(hunk => hunk)
            .Where(line => line.Number > 0)
            .DistinctBy(line => line.Number)
            .ToDictionary(line => line.Number, line => line.Text);

    public int Length => Hunks.Sum(hunk => hunk.Sum(line => line.Text.Length + 10));
}

/// <summary>A changed file that was not reviewed, or not completely.</summary>
/// <param name="Reason">The end of a sentence that starts with the path.</param>
/// <param name="IsLimit">True if a limit or a failure prevented the review, false for a file that is never sent.</param>
internal sealed record StoredOmission(string Path, string Reason, bool IsLimit);

/// <summary>The changes to review, without the files that are not sent.</summary>
/// <param name="Folder">The real path of the folder that the paths are relative to.</param>
internal sealed record ReviewChanges(string Folder, IReadOnlyList<ChangedFile> Files, IReadOnlyList<StoredOmission> Omitted);
