namespace Plue.Server.Tools;

/// <summary>A version of a file that was read.</summary>
/// <param name="Content">The bytes of the file, or those that saving the editor's text would write.</param>
/// <param name="Unsaved">The text in the editor; null if there are no unsaved changes.</param>
internal sealed record FileVersion(byte[] Content, string? Unsaved);
