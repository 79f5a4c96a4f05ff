namespace Plue.Server.Messages;

/// <summary>A range of one-based lines, both inclusive.</summary>
public sealed record LineRange(int Start, int End);

/// <summary>A part of a message. The set of types is closed.</summary>
public abstract record MessagePart
{
    private MessagePart() { }

    public sealed record Text(string Content) : MessagePart;

    /// <param name="Path">The path as the user wrote it.</param>
    /// <param name="Content">The sent text. Null for an image, and in the journal for a text stored in <paramref name="Blob"/>.</param>
    /// <param name="Blob">The SHA-256 of an image, or of a text that is too long for the journal.</param>
    public sealed record File(string Path, string? Content, string? Blob = null, string? Language = null) : MessagePart
    {
        public string? MediaType { get; init; }

        /// <summary>The size of the whole file in bytes.</summary>
        public long? Size { get; init; }

        /// <summary>The lines that were sent; null for the whole file.</summary>
        public LineRange? Range { get; init; }

        /// <summary>True if the content is a summary of a large file.</summary>
        public bool IsSummary { get; init; }

        /// <summary>True if the text had unsaved changes in the editor when it was sent.</summary>
        public bool IsUnsaved { get; init; }

        /// <summary>The SHA-256 of the whole file on disk, used to detect changes; null without a file.</summary>
        public string? Hash { get; init; }

        /// <summary>The timestamp of the file when it was sent.</summary>
        public DateTimeOffset? ModifiedAt { get; init; }

        /// <summary>The skill that the user invoked and whose text this is; null for a file.</summary>
        public InstructionSource? Skill { get; init; }

        /// <summary>The bytes of an image for a request; never stored.</summary>
        public ReadOnlyMemory<byte>? Data { get; init; }

        /// <summary>True for a pinned file: sent with its current content in every request, and never stored.</summary>
        public bool IsPinned { get; init; }
        public bool IsImage => MediaType?.StartsWith("image/", StringComparison.Ordinal) == true;
    }

    /// <param name="Parameters">A JSON object as the model wrote it.</param>
    public sealed record ToolUse(string ToolUseId, string ToolName, string Parameters) : MessagePart;

    public sealed record ToolResult(string ToolUseId, string? Result, string? Error) : MessagePart
    {
        /// <summary>The files that the call changed; not sent to the model.</summary>
        public IReadOnlyList<FileChange> Changes { get; init; } = [];

        /// <summary>The user's decision; null if no approval was needed.</summary>
        public ApprovalNote? Approval { get; init; }

        /// <summary>Instruction files that were added to the result because the call touched files to which they apply, including omitted ones.</summary>
        public IReadOnlyList<InstructionSource> Instructions { get; init; } = [];

        /// <summary>The run time of the call without the wait for approval; null if unknown.</summary>
        public TimeSpan? RunTime { get; init; }
    }

    /// <param name="Signature">Opaque data; sent unchanged to the vendor and model that created it, and omitted for others.</param>
    /// <param name="Opaque">A redacted block; sent like the signature.</param>
    public sealed record Reasoning(string Content, string? Signature = null, string? Opaque = null) : MessagePart;
}
