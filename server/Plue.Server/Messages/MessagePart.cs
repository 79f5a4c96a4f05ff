namespace Plue.Server.Messages;

/// <summary>A closed set: every switch over it is complete.</summary>
public abstract record MessagePart
{
    private MessagePart() { }

    public sealed record Text(string Content) : MessagePart;

    /// <param name="Path">As the user named it.</param>
    /// <param name="Content">The text sent, or null when <paramref name="Blob"/> (a SHA-256) names it.</param>
    public sealed record File(string Path, string? Content, string? Blob = null, string? Language = null) : MessagePart;

    /// <param name="Parameters">A JSON object as the model wrote it.</param>
    public sealed record ToolUse(string ToolUseId, string ToolName, string Parameters) : MessagePart;

    public sealed record ToolResult(string ToolUseId, string? Result, string? Error) : MessagePart;

    /// <param name="Signature">Opaque; replayed unchanged to the vendor and model that made it, dropped for any other.</param>
    /// <param name="Opaque">A redacted block, likewise.</param>
    public sealed record Reasoning(string Content, string? Signature = null, string? Opaque = null) : MessagePart;
}
