namespace Plue.Server.Platform;

/// <summary>Thrown if a folder, pipe, socket or device is in place of a file.</summary>
internal sealed class NotAFileException(bool isFolder) : IOException(isFolder ? "It is a folder." : "It is not a regular file.")
{
    public bool IsFolder { get; } = isFolder;
}
