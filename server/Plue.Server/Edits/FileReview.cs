using System.Globalization;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Edits;

/// <summary>A pending change of an agent to consecutive lines.</summary>
/// <param name="OldStart">The first line, from 1; for an insertion, the line that it precedes.</param>
/// <param name="IsConflict">True if others have changed the same lines since.</param>
internal sealed record Hunk(string Id, int OldStart, int OldLines, int NewStart, int NewLines, bool IsConflict, string Text);

/// <summary>
/// The pending changes of one file, computed from its state before the agent (<see cref="Review.Base"/>), after the agent, and now. Later changes by others
/// count as neither side's. Only whole lines are exchanged, and their bytes are kept.
/// </summary>
internal sealed class FileReview
{
    private readonly Review review;
    private readonly ContentStore contents;
    private readonly FileState now;
    private readonly Encoding? form;
    private readonly List<DiffRegion> places = [];
    private readonly List<(Hunk Hunk, int Place)> hunks = [];

    private FileReview(Review review, FileState now, ContentStore contents)
    {
        (this.review, this.now, this.contents) = (review, now, contents);
        var states = new[] { review.Base, review.Left, now };
        if (states.Any(state => state.Kind is not (FileEntryKind.File or FileEntryKind.Absent) || !state.IsKept))
        {
            return;
        }

        var bytes = states.Select(state => state.Hash is { } hash ? contents.Read(hash) : []).ToArray();
        form = EncodingDetector.Detect(bytes);
        if (form is null)
        {
            return;
        }

        places = ThreeWayDiff.Compute(form.GetString(bytes[0]), form.GetString(bytes[1]), form.GetString(bytes[2]));
        hunks = HunksOf(places);
    }

    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="Messages.FailureException">NotFound: the earlier content is no longer stored.</exception>
    public static FileReview Of(Review review, FolderHandle folder, ContentStore contents) =>
        new(review, FileState.Keep(folder, review.Path, contents), contents);

    public Review Review => review;
    public IReadOnlyList<Hunk> Hunks => [.. hunks.Select(hunk => hunk.Hunk)];
    public bool IsBinary => form is null;
    public bool IsThere => now.Kind != FileEntryKind.Absent;

    /// <summary>True if there is a change to review.</summary>
    public bool IsPending => review.IsPending && (hunks.Count > 0 || (IsWhole && now != review.Base));

    /// <summary>True if the file can only be reviewed as a whole.</summary>
    private bool IsWhole => form is null || (hunks.Count == 0 && IsOnlyKind);

    /// <summary>True if only the existence or the permissions of the file differ.</summary>
    private bool IsOnlyKind =>
        places.TrueForAll(place => place.ChangedBy == RegionAuthor.None)
        && (review.Base.Kind != review.Left.Kind || review.Base.Mode != review.Left.Mode);

    /// <summary>Gets why the changes cannot be fully undone; null if they can.</summary>
    public string? Conflict
    {
        get
        {
            if (!IsPending)
            {
                return null;
            }
            if (IsWhole)
            {
                return now == review.Left && review.Base.IsKept
                    ? null
                    : $"{review.Path} was changed by others since, so the edit cannot be undone.";
            }

            var lines = hunks.Where(hunk => hunk.Hunk.IsConflict).Select(hunk => hunk.Hunk.NewStart).ToList();
            return lines.Count == 0 ? null
                : now.Kind == FileEntryKind.Absent ? $"{review.Path} was deleted by others since, so it is not restored."
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{review.Path} was changed by others in the same place since (line {string.Join(", ", lines.Take(5))}), so that change cannot be undone."
                );
        }
    }

    /// <summary>Gets the text without pending changes, for the left side of a diff; null for a new or binary file.</summary>
    public string? Before
    {
        get
        {
            if (form is null || (review.Base.Kind == FileEntryKind.Absent && places.TrueForAll(place => place.Before.Length == 0)))
            {
                return null;
            }

            return string.Concat(places.Select(place => place.Before)).TrimStart('\uFEFF');
        }
    }

    public (int Added, int Removed) Size =>
        form is null ? (0, 0) : (hunks.Sum(hunk => hunk.Hunk.NewLines), hunks.Sum(hunk => hunk.Hunk.OldLines));

    /// <param name="hunkId">Null for the entire file.</param>
    /// <returns>Null if the hunk no longer exists.</returns>
    public FileRecord? Accept(string? hunkId)
    {
        if (hunkId is null)
        {
            return new FileRecord(review.Path, now, now, now, now);
        }
        if (hunks.FindIndex(hunk => hunk.Hunk.Id == hunkId) is not (>= 0 and var at))
        {
            return null;
        }

        var chosen = hunks[at].Place;
        return Decided(
            (place, index) => index == chosen ? place.Now : place.Before,
            (place, index) => index == chosen || place.ChangedBy == RegionAuthor.Others ? place.Now : place.Left,
            now
        );
    }

    /// <summary>Reverts the agent's changes in the current file, except where others changed the same lines.</summary>
    /// <param name="hunkId">Null for the entire file.</param>
    /// <param name="refused">Why something was not reverted, in one sentence.</param>
    /// <returns>Null if nothing was changed.</returns>
    /// <exception cref="IOException">The file was not changed.</exception>
    public FileRecord? Reject(string? hunkId, FolderHandle folder, out string? refused)
    {
        refused = null;
        if (IsWhole)
        {
            refused = Conflict;
            if (refused is not null)
            {
                return null;
            }

            Put(folder, review.Base);
            return new FileRecord(review.Path, now, review.Base, review.Base, review.Base);
        }

        var chosen = hunks.Where(hunk => hunkId is null || hunk.Hunk.Id == hunkId).ToList();
        if (chosen.Exists(hunk => hunk.Hunk.IsConflict))
        {
            refused = Conflict;
        }

        var back = chosen.Where(hunk => !hunk.Hunk.IsConflict).Select(hunk => hunk.Place).ToHashSet();
        if (back.Count == 0)
        {
            return null;
        }

        var text = string.Concat(places.Select((place, index) => back.Contains(index) ? place.Before : place.Now));
        var isAll = hunkId is null && refused is null;
        var mode =
            now.Kind == FileEntryKind.File && !(isAll && review.Base.Kind == FileEntryKind.File && now.Mode == review.Left.Mode) ? now.Mode
            : review.Base.Kind == FileEntryKind.File ? review.Base.Mode
            : review.Left.Mode;
        var after = text.Length == 0 && review.Base.Kind == FileEntryKind.Absent ? FileState.Absent : Keep(text, mode);
        Put(folder, after);
        return Decided(
            (place, _) => place.Before,
            (place, index) =>
                back.Contains(index) ? place.Before
                : place.ChangedBy == RegionAuthor.Others ? place.Now
                : place.Left,
            after
        ) with
        {
            Before = now,
        };
    }

    /// <summary>Gets the pending changes after a tool changed the file.</summary>
    public static FileRecord Add(Review? review, string path, FileState before, FileState after, ContentStore contents)
    {
        if (review is null or { IsPending: false })
        {
            return new FileRecord(path, before, after, before, after);
        }
        if (review.Left == before)
        {
            return new FileRecord(path, before, after, review.Base, after);
        }

        // Changes by others in between count as reviewed.
        var since = new FileReview(review, before, contents);
        if (since.form is null)
        {
            return new FileRecord(path, before, after, before, after);
        }

        var text = string.Concat(since.places.Select(place => place.ChangedBy == RegionAuthor.Both ? place.Now : place.Before));
        return new FileRecord(
            path,
            before,
            after,
            text.Length == 0 && review.Base.Kind == FileEntryKind.Absent ? FileState.Absent : since.Keep(text, before.Mode),
            after
        );
    }

    /// <summary>Gets the pending changes after the agent's own change was undone, as if it had never been made.</summary>
    public static FileRecord Undo(Review review, FileState from, FileState to, ContentStore contents)
    {
        var record = new FileRecord(review.Path, from, to, to, to) { BaseBefore = review.Base, LeftBefore = review.Left };
        if (!review.IsPending)
        {
            return record;
        }

        var since = new FileReview(review, to, contents);
        if (since.form is null)
        {
            return record with { Base = review.Base == to || !review.Base.IsKept ? to : review.Base };
        }

        var text = string.Concat(since.places.Select(place => place.Before));
        return record with
        {
            Base =
                text.Length == 0 && review.Base.Kind == FileEntryKind.Absent
                    ? FileState.Absent
                    : since.Keep(text, review.Base.Kind == FileEntryKind.File ? review.Base.Mode : to.Mode),
        };
    }

    public static (int Added, int Removed) Count(FileState before, FileState after, ContentStore contents)
    {
        var whole = new FileReview(new Review("", "", "") { Base = before, Left = after }, after, contents);
        return whole.Size;
    }

    private FileRecord Decided(Func<DiffRegion, int, string> before, Func<DiffRegion, int, string> left, FileState after)
    {
        var (text, leftText) = (string.Concat(places.Select(before)), string.Concat(places.Select(left)));
        var newBase =
            text.Length == 0 && review.Base.Kind == FileEntryKind.Absent ? FileState.Absent
            : text.Length == 0 && after.Kind == FileEntryKind.Absent ? FileState.Absent
            : Keep(text, review.Base.Kind == FileEntryKind.File ? review.Base.Mode : review.Left.Mode);
        var newLeft =
            leftText.Length == 0 && (after.Kind == FileEntryKind.Absent || review.Left.Kind == FileEntryKind.Absent)
                ? FileState.Absent
                : Keep(leftText, review.Left.Kind == FileEntryKind.File ? review.Left.Mode : after.Mode);
        // If no pending line is left, permissions are decided only with the whole file.
        return new FileRecord(review.Path, now, after, newBase, newLeft);
    }

    private FileState Keep(string text, int mode) => new(FileEntryKind.File, contents.Put(form!.GetBytes(text)), mode);

    /// <exception cref="IOException">Another process changed the file concurrently; it was not changed.</exception>
    private void Put(FolderHandle folder, FileState state)
    {
        contents.Sync();
        if (FileState.Keep(folder, review.Path, contents) != now)
        {
            throw new IOException($"Another process is changing {review.Path}. Try again.");
        }

        state.Restore(folder, review.Path, contents);
    }

    private static List<(Hunk Hunk, int Place)> HunksOf(List<DiffRegion> all)
    {
        List<(Hunk Hunk, int Place)> found = [];
        Dictionary<string, int> same = new(StringComparer.Ordinal);
        var (oldLine, newLine) = (1, 1);
        for (var i = 0; i < all.Count; i++)
        {
            var place = all[i];
            var (before, after) = (UnifiedDiff.Lines(place.Before), UnifiedDiff.Lines(place.Now));
            if (place.ChangedBy is RegionAuthor.Agent or RegionAuthor.Both)
            {
                var around =
                    $"{(i > 0 ? UnifiedDiff.Lines(all[i - 1].Now)[^1..].FirstOrDefault() : "")}\0{string.Concat(before)}\0{string.Concat(after)}";
                var key = Blobs.IdOf(Encoding.UTF8.GetBytes(around))[..16];
                same[key] = same.GetValueOrDefault(key) + 1;
                var text = string.Concat(before.Select(line => Shown('-', line)).Concat(after.Select(line => Shown('+', line))));
                found.Add(
                    (
                        new Hunk(
                            string.Create(CultureInfo.InvariantCulture, $"{key}.{same[key]}"),
                            oldLine,
                            before.Count,
                            newLine,
                            after.Count,
                            place.ChangedBy == RegionAuthor.Both,
                            text
                        ),
                        i
                    )
                );
            }

            (oldLine, newLine) = (oldLine + before.Count, newLine + after.Count);
        }

        return found;
    }

    private static string Shown(char sign, string line) => line.EndsWith('\n') ? sign + line : sign + line + "\n";
}
