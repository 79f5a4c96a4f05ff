namespace Plue.Server.Edits;

/// <summary>A change of one file by one tool call.</summary>
internal sealed record TurnEdit(EditRecord By, string Path, FileState Before, FileState After)
{
    public bool IsUndone { get; set; }
}

/// <summary>The pending changes of an agent to one file: from <see cref="Base"/> to <see cref="Left"/>.</summary>
internal sealed record Review(string Workspace, string Codex, string Path)
{
    /// <summary>The state before the agent's changes, plus accepted ones.</summary>
    public FileState Base { get; set; } = FileState.Absent;

    /// <summary>The state that the agent left, minus rejected changes.</summary>
    public FileState Left { get; set; } = FileState.Absent;
    public FileState First { get; set; } = FileState.Absent;
    public bool WasAccepted { get; set; }
    public bool WasRejected { get; set; }
    public SortedSet<string> Tools { get; } = new(StringComparer.Ordinal);
    public bool IsPending => Base != Left;
}

/// <summary>The current state of the edit journal, folded from its records.</summary>
internal sealed class EditHistory
{
    private readonly List<EditRecord> records = [];
    private readonly Dictionary<string, EditRecord> open = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Workspace, string Codex, string Path), Review> reviews = [];
    private readonly List<TurnEdit> edits = [];

    public IReadOnlyCollection<EditRecord> Open => open.Values;
    public IReadOnlyCollection<Review> Reviews => reviews.Values;

    /// <summary>Gets the edits, oldest first.</summary>
    public IReadOnlyList<TurnEdit> Edits => edits;
    public DateTimeOffset Oldest => records.Count == 0 ? DateTimeOffset.MaxValue : records[0].Time ?? DateTimeOffset.MinValue;

    public Review? ReviewOf(string workspace, string codex, string path) => reviews.GetValueOrDefault((workspace, codex, path));

    public void Take(EditRecord record)
    {
        if (record.Type == EditRecord.Head)
        {
            return;
        }

        records.Add(record);
        if (record.Type == EditRecord.Begun)
        {
            open[record.Scope] = record;
            return;
        }

        if (record.Type == EditRecord.Ended)
        {
            open.Remove(record.Scope);
        }
        foreach (var file in record.Files)
        {
            Take(record, file);
        }
    }

    private void Take(EditRecord record, FileRecord file)
    {
        var key = (record.Workspace, record.Codex, file.Path);
        if (!reviews.TryGetValue(key, out var review))
        {
            reviews[key] = review = new Review(key.Workspace, key.Codex, key.Path) { First = file.Before ?? FileState.Absent };
        }

        if (record.Type == EditRecord.Ended)
        {
            if (!review.IsPending)
            {
                (review.First, review.WasAccepted, review.WasRejected) = (file.Before ?? FileState.Absent, false, false);
            }
            edits.Add(new TurnEdit(record, file.Path, file.Before ?? FileState.Absent, file.After ?? FileState.Absent));
            review.Tools.Add(record.Tool);
        }

        (review.Base, review.Left) = (file.Base ?? FileState.Absent, file.Left ?? FileState.Absent);
        review.WasAccepted |= record.Type == EditRecord.Accepted;
        review.WasRejected |= record.Type == EditRecord.Rejected;
        if (record.Type is not (EditRecord.Undone or EditRecord.Redone))
        {
            return;
        }

        foreach (
            var edit in edits.Where(edit =>
                edit.Path == file.Path
                && edit.By.Codex == record.Codex
                && edit.By.Turn == record.Turn
                && edit.By.Workspace == record.Workspace
            )
        )
        {
            edit.IsUndone = record.Type == EditRecord.Undone;
        }
    }

    /// <summary>Gets the last record that undid this turn's changes of the file; null if they were redone since.</summary>
    public FileRecord? UndoOf(string workspace, string codex, string turn, string path)
    {
        var last = records.FindLast(record =>
            record.Type is EditRecord.Undone or EditRecord.Redone
            && record.Workspace == workspace
            && record.Codex == codex
            && record.Turn == turn
            && record.Files.Any(file => file.Path == path)
        );
        return last is { Type: EditRecord.Undone } ? last.Files.First(file => file.Path == path) : null;
    }

    /// <summary>True if the file has changed only by the user's decisions since the agent's last change.</summary>
    public bool MatchesDecisions(TurnEdit last, FileState now)
    {
        var at = last.After;
        foreach (var record in records.SkipWhile(record => !ReferenceEquals(record, last.By)).Skip(1))
        {
            if (
                record.Workspace != last.By.Workspace
                || record.Files.FirstOrDefault(file => file.Path == last.Path) is not { } file
                || record.Type == EditRecord.Begun
            )
            {
                continue;
            }
            if (record.Type is not (EditRecord.Accepted or EditRecord.Rejected) || record.Codex != last.By.Codex || file.Before != at)
            {
                return false;
            }

            at = file.After ?? FileState.Absent;
        }

        return at == now;
    }

    /// <summary>Gets the records after a time and those of edits in progress.</summary>
    public RetainedHistory After(DateTimeOffset time) =>
        new([.. records.Where(record => record.Time >= time || (record.Type == EditRecord.Begun && open.ContainsKey(record.Scope)))]);

    internal sealed class RetainedHistory(IReadOnlyList<EditRecord> records)
    {
        public IReadOnlyList<EditRecord> Records => records;

        public IReadOnlySet<string> Needed { get; } =
            records
                .SelectMany(record => record.Files)
                .SelectMany(file => new[] { file.Before, file.After, file.Base, file.Left, file.BaseBefore, file.LeftBefore, file.OnDisk })
                .Select(state => state?.Hash)
                .OfType<string>()
                .ToHashSet(StringComparer.Ordinal);

        /// <summary>Removes the oldest tenth of the records.</summary>
        public RetainedHistory WithoutOldest() => new([.. records.Skip(Math.Max(1, records.Count / 10))]);
    }
}
