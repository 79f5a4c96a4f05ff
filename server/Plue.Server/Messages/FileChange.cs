namespace Plue.Server.Messages;

/// <summary>A change that a tool call made to a file.</summary>
/// <param name="Path">Relative to the workspace, with <c>/</c>.</param>
/// <param name="Added">The number of added lines.</param>
/// <param name="Removed">The number of removed lines.</param>
public sealed record FileChange(string Path, int Added, int Removed);
