namespace Plue.Server.Tools;

/// <summary>A file as it was read.</summary>
/// <param name="Content">The bytes that it has, or would have if the editor saved it.</param>
/// <param name="Unsaved">The text in the editor; null if it has no unsaved changes.</param>
internal sealed record FileVersion(byte[] Content, string? Unsaved);
