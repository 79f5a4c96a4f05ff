using System.Text.Json.Serialization;

namespace Plue.Protocol;

/// <summary>A file, a selection or an image to be sent with a message.</summary>
/// <param name="Path">As the user named it: relative to the workspace, or absolute. Null for what has only a <paramref name="Blob"/>.</param>
/// <param name="Blob">The result of attachment/store, for pasted and scaled images.</param>
/// <param name="Name">Shown for attachments without a path.</param>
/// <param name="Range">Only these lines.</param>
/// <param name="Mode">The way to send a file over the limit; without it, such a file is rejected.</param>
/// <param name="AllowOutside">True if the user confirmed that the file may be outside the workspace.</param>
public sealed record Attachment(
    string? Path,
    string? Blob,
    string? Name,
    string? MediaType,
    LineRange? Range,
    AttachmentMode? Mode,
    bool? AllowOutside
);

/// <summary>Lines from 1, both included.</summary>
public sealed record LineRange(int Start, int End);

/// <summary><c>whole</c>: the complete file, although it is large. <c>summary</c>: its beginning, outline and end.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AttachmentMode>))]
public enum AttachmentMode
{
    Whole,
    Summary,
}

[JsonConverter(typeof(CamelCaseEnumConverter<AttachmentKind>))]
public enum AttachmentKind
{
    Text,
    Image,
    Binary,
}

/// <summary>A question that must be answered before a file is sent.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AttachmentQuestion>))]
public enum AttachmentQuestion
{
    OutsideWorkspace,
    TooLarge,
}

public sealed record AttachmentInspectParams(string Path, LineRange? Range, AttachmentMode? Mode);

/// <summary>A file as it would be sent now.</summary>
public sealed record AttachmentView
{
    /// <summary>The name for the model: relative to the workspace if the file is in it.</summary>
    public required string Path { get; init; }
    public required string Name { get; init; }
    public required AttachmentKind Kind { get; init; }
    public string? Language { get; init; }
    public string? MediaType { get; init; }
    public string? Blob { get; init; }
    public LineRange? Range { get; init; }
    public AttachmentMode? Mode { get; init; }

    /// <summary>The size in bytes; null if the file does not exist.</summary>
    public long? Size { get; init; }
    public int? Lines { get; init; }

    /// <summary>The estimated tokens.</summary>
    public long? Tokens { get; init; }
    public required IReadOnlyList<AttachmentQuestion> Questions { get; init; }

    /// <summary>Why it cannot be sent; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>A note about a file that is sent: it is not text, it is truncated, or keys in it are masked. Null without a note.</summary>
    public string? Note { get; init; }
}

/// <param name="Data">Base64.</param>
public sealed record AttachmentStoreParams(string Name, string MediaType, string Data);

/// <param name="Blob">The blob of the part or attachment.</param>
public sealed record AttachmentReadParams(string Blob);

/// <param name="Data">Base64.</param>
public sealed record AttachmentReadResult(string MediaType, string Data);

/// <param name="Url">Of a web page.</param>
public sealed record AttachmentFetchParams(string Url);

/// <param name="Text">Markdown, after a line with its origin.</param>
public sealed record AttachmentFetchResult(string Text);
