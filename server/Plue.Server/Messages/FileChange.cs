namespace Plue.Server.Messages;

/// <summary>What a call made of a file.</summary>
/// <param name="Path">From the workspace, with <c>/</c>.</param>
/// <param name="Added">Lines.</param>
/// <param name="Removed">Lines.</param>
public sealed record FileChange(string Path, int Added, int Removed);
