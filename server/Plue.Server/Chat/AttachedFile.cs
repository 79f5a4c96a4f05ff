using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Chat;

/// <summary>A file, selection or image that the user wants to send.</summary>
/// <param name="Path">As entered by the user: absolute or relative to the workspace. Null if there is only a <paramref name="Blob"/>.</param>
/// <param name="Blob">The id of an image that was stored before.</param>
/// <param name="Name">The display name if there is no path.</param>
/// <param name="Range">Limits the attachment to these lines.</param>
/// <param name="Mode">How a file over the size limit is sent; null asks the user.</param>
/// <param name="AllowOutside">True if the user allowed a file outside of the workspace.</param>
internal sealed record Attachment(
    string? Path,
    string? Blob = null,
    string? Name = null,
    LineRange? Range = null,
    AttachmentMode? Mode = null,
    bool AllowOutside = false
);

/// <summary><c>Summary</c> sends the beginning, the outline and the end.</summary>
internal enum AttachmentMode
{
    Whole,
    Summary,
}

internal enum AttachmentKind
{
    Text,
    Image,
    Binary,
}

/// <summary>A question that the user has to answer before a file is sent.</summary>
internal enum AttachmentQuestion
{
    OutsideWorkspace,
    TooLarge,
}

/// <summary>A preview of a file as it would be sent now.</summary>
internal sealed record AttachedFile
{
    /// <summary>Gets the path shown to the model: relative to the workspace, with <c>/</c>, if the file is inside.</summary>
    public required string Path { get; init; }
    public string Name => Path[(Path.LastIndexOfAny(['/', '\\']) + 1)..];
    public AttachmentKind Kind { get; init; }
    public string? Language { get; init; }
    public string? MediaType { get; init; }
    public string? Blob { get; init; }

    /// <summary>Gets the lines of the file that are sent; null for all.</summary>
    public LineRange? Range { get; init; }
    public AttachmentMode? Mode { get; init; }

    /// <summary>Gets the size of the whole file in bytes; null if it does not exist.</summary>
    public long? Size { get; init; }

    /// <summary>Gets the number of lines of the whole file.</summary>
    public int? Lines { get; init; }

    /// <summary>Gets the estimated number of tokens to send.</summary>
    public long? Tokens { get; init; }
    public IReadOnlyList<AttachmentQuestion> Questions { get; init; } = [];

    /// <summary>Gets why the file cannot be sent, as a sentence; null if it can.</summary>
    public string? Problem
    {
        get;
        init => field = value is null ? null : HiddenCharacters.VisibleLine(value);
    }

    /// <summary>Gets a note for the user about a file that can be sent; null if there is none.</summary>
    public string? Note
    {
        get;
        init => field = value is null ? null : HiddenCharacters.VisibleLine(value);
    }
}
