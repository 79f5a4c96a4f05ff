using System.Text.Json.Serialization;

namespace Plue.Server.Store;

/// <summary>A line of a document's trail.</summary>
/// <param name="Number">Starts at 1 and increases by one with each line.</param>
/// <param name="Kind">A constant of <see cref="VersionKind"/>.</param>
/// <param name="What">One short sentence for people.</param>
/// <param name="Hash">SHA-256 of the file in lower-case hex digits; null if the document was deleted.</param>
/// <param name="Content">The file as UTF-8; null if it is a <paramref name="Blob"/> or is not stored because it contained a key.</param>
/// <param name="Blob">The name of a file in the blob folder of the trails.</param>
/// <param name="Of">The version that undo or redo restored.</param>
/// <param name="Action">The hook action as in the template: <c>notify</c>.</param>
/// <param name="Error">The failure of the hook as one sentence; absent if it succeeded.</param>
internal sealed record StoredVersion(
    long Number,
    string Kind,
    string Author,
    string What,
    string? Hash,
    string? Content,
    string? Blob,
    long? Of,
    string? Action = null,
    string? Error = null
) : StoredRecord
{
    public static ReadOnlySpan<byte> TypeName => "version"u8;

    [JsonPropertyOrder(-1)]
    public override string Type => "version";
}

internal static class VersionKind
{
    public const string Created = "created";
    public const string Changed = "changed";
    public const string Undo = "undo";
    public const string Redo = "redo";
    public const string Deleted = "deleted";
    public const string Restored = "restored";

    /// <summary>An effect of a hook without a new version of the content, or its failure.</summary>
    public const string Hook = "hook";
}

/// <summary>One version of a document, without its content.</summary>
/// <param name="Hash">Null if the document was deleted.</param>
/// <param name="HasContent">True if the content can be restored.</param>
internal sealed record DocumentVersion(
    long Number,
    DateTimeOffset Time,
    string Kind,
    string Author,
    string Summary,
    string? Hash,
    bool HasContent
);

/// <summary>The versions of a document, oldest first, and the targets of undo and redo. Nothing is ever removed.</summary>
internal sealed class VersionTrail
{
    public static readonly VersionTrail Empty = new();

    private const int MaxFailures = 20;

    private readonly List<DocumentVersion> versions = [];

    /// <summary>The versions that undo visits, without those that a later change cut off.</summary>
    private readonly List<DocumentVersion> branch = [];

    // Oldest first.
    private readonly List<HookFailure> hookFailures = [];
    private int position = -1;

    public IReadOnlyList<DocumentVersion> Versions => versions;

    /// <summary>The number of the newest content version; 0 before the first.</summary>
    public long Number { get; private set; }

    /// <summary>Hooks that failed since the last change that was not by a hook, newest first.</summary>
    public IReadOnlyList<HookFailure> HookFailures => [.. hookFailures.AsEnumerable().Reverse().Take(MaxFailures)];

    /// <summary>Null before the first version and while the document is deleted.</summary>
    public string? Hash { get; private set; }

    public long? UndoTo => position <= 0 ? null : Nearest(position - 1, -1);

    public long? RedoTo => Nearest(position + 1, 1);

    public void Take(StoredVersion version, DateTimeOffset time)
    {
        var taken = new DocumentVersion(
            version.Number,
            time,
            version.Kind,
            version.Author,
            version.What,
            version.Hash,
            version.Content is not null || version.Blob is not null
        );
        versions.Add(taken);
        if (version.Kind == VersionKind.Hook)
        {
            if (version is { Action: { } action, Error: { } error })
            {
                hookFailures.Add(new HookFailure(time, action, error));
            }
            return;
        }

        Number = version.Number;
        if (version.Author != ChangedBy.Hook)
        {
            hookFailures.Clear();
        }
        switch (version.Kind)
        {
            case VersionKind.Undo or VersionKind.Redo when branch.FindIndex(other => other.Number == version.Of) is var found and >= 0:
                position = found;
                break;
            case VersionKind.Deleted or VersionKind.Restored:
                break;
            default:
                if (version.Kind == VersionKind.Created)
                {
                    position = -1;
                }
                branch.RemoveRange(position + 1, branch.Count - position - 1);
                branch.Add(taken);
                position++;
                break;
        }

        Hash = version.Hash;
    }

    private long? Nearest(int from, int step)
    {
        for (var i = from; i >= 0 && i < branch.Count; i += step)
        {
            if (branch[i].HasContent)
            {
                return branch[i].Number;
            }
        }

        return null;
    }
}
