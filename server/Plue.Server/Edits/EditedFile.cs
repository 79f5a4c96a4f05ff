namespace Plue.Server.Edits;

/// <summary>A text file that a call changed.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Before">Null if the call created it.</param>
/// <param name="After">Null if the call deleted it.</param>
internal sealed record EditedFile(string Path, string? Before, string? After);
