namespace Plue.Server.Messages;

/// <summary>Lines from 1, both included.</summary>
public sealed record LineRange(int Start, int End);

/// <summary>A closed set: every switch over it is complete.</summary>
public abstract record MessagePart
{
    private MessagePart() { }

    public sealed record Text(string Content) : MessagePart;

    /// <param name="Path">As the user named it.</param>
    /// <param name="Content">The text sent. Null for an image, and on disk for a text that <paramref name="Blob"/> holds.</param>
    /// <param name="Blob">The SHA-256 by which an image, or a text too long for the journal, is kept.</param>
    public sealed record File(string Path, string? Content, string? Blob = null, string? Language = null) : MessagePart
    {
        public string? MediaType { get; init; }

        /// <summary>Bytes of the whole file.</summary>
        public long? Size { get; init; }

        /// <summary>Only these lines were sent.</summary>
        public LineRange? Range { get; init; }

        /// <summary>The content is a summary of a large file.</summary>
        public bool IsSummary { get; init; }

        /// <summary>The text had unsaved changes in the editor when it was sent.</summary>
        public bool IsUnsaved { get; init; }

        /// <summary>The SHA-256 of the whole file as it lay on the disk, to notice that it changed; null for what has no file.</summary>
        public string? Hash { get; init; }

        /// <summary>When the file was last written before it was sent.</summary>
        public DateTimeOffset? ModifiedAt { get; init; }

        /// <summary>The skill whose text this is, as the user invoked it; null for a file.</summary>
        public InstructionSource? Skill { get; init; }

        /// <summary>An image's bytes, on its way to a provider; never stored.</summary>
        public ReadOnlyMemory<byte>? Data { get; init; }

        /// <summary>Sent at its current content with every question, and never stored.</summary>
        public bool IsPinned { get; init; }
        public bool IsImage => MediaType?.StartsWith("image/", StringComparison.Ordinal) == true;
    }

    /// <param name="Parameters">A JSON object as the model wrote it.</param>
    public sealed record ToolUse(string ToolUseId, string ToolName, string Parameters) : MessagePart;

    public sealed record ToolResult(string ToolUseId, string? Result, string? Error) : MessagePart
    {
        /// <summary>The files that the call changed; not sent to the model.</summary>
        public IReadOnlyList<FileChange> Changes { get; init; } = [];

        /// <summary>The user's answer to the approval; null without one.</summary>
        public ApprovalNote? Approval { get; init; }

        /// <summary>Instruction files that the result brought along, because the call touched files to which they apply; also those that were omitted.</summary>
        public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];

        /// <summary>How long the call ran, without what it waited for an approval; null when that is not known.</summary>
        public TimeSpan? RunTime { get; init; }
    }

    /// <param name="Signature">Opaque; replayed unchanged to the vendor and model that made it, dropped for any other.</param>
    /// <param name="Opaque">A redacted block, likewise.</param>
    public sealed record Reasoning(string Content, string? Signature = null, string? Opaque = null) : MessagePart;
}
