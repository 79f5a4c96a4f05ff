using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <summary>A file, a selection or an image that a user wants to send.</summary>
/// <param name="Path">As the user named it: relative to the workspace, or absolute. Null for what has only a <paramref name="Blob"/>.</param>
/// <param name="Blob">Of an image that was stored before.</param>
/// <param name="Name">Shown for what has no path.</param>
/// <param name="Range">Only these lines.</param>
/// <param name="Mode">How a file over the limit is sent; without it such a file is asked about.</param>
/// <param name="AllowOutside">The user was asked: the file may lie outside the workspace.</param>
public sealed record Attachment(
    string? Path,
    string? Blob = null,
    string? Name = null,
    LineRange? Range = null,
    AttachmentMode? Mode = null,
    bool AllowOutside = false
);

/// <summary><c>Summary</c>: the beginning, the outline and the end.</summary>
public enum AttachmentMode
{
    Whole,
    Summary,
}

public enum AttachmentKind
{
    Text,
    Image,
    Binary,
}

/// <summary>What has to be answered before a file is sent.</summary>
public enum AttachmentQuestion
{
    OutsideWorkspace,
    TooLarge,
}

/// <summary>A file as it would be sent now.</summary>
public sealed record AttachedFile
{
    /// <summary>As it is named to the model: relative to the workspace, with <c>/</c>, where it lies inside.</summary>
    public required string Path { get; init; }
    public string Name => Path[(Path.LastIndexOfAny(['/', '\\']) + 1)..];
    public AttachmentKind Kind { get; init; }
    public string? Language { get; init; }
    public string? MediaType { get; init; }
    public string? Blob { get; init; }

    /// <summary>The lines that are sent, within the file.</summary>
    public LineRange? Range { get; init; }
    public AttachmentMode? Mode { get; init; }

    /// <summary>Bytes of the whole file; null when there is no such file.</summary>
    public long? Size { get; init; }

    /// <summary>Of the whole file.</summary>
    public int? Lines { get; init; }

    /// <summary>Of what is sent, estimated.</summary>
    public long? Tokens { get; init; }
    public IReadOnlyList<AttachmentQuestion> Questions { get; init; } = [];

    /// <summary>Why it cannot be sent at all, as a sentence; null when it can.</summary>
    public string? Problem
    {
        get;
        init => field = value is null ? null : HiddenCharacters.VisibleLine(value);
    }

    /// <summary>What the user should know though it is sent; null when there is nothing.</summary>
    public string? Note
    {
        get;
        init => field = value is null ? null : HiddenCharacters.VisibleLine(value);
    }
}
