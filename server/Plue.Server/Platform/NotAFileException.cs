namespace Plue.Server.Platform;

/// <summary>A folder, pipe, socket or device is where a file is expected.</summary>
public sealed class NotAFileException(bool isFolder) : IOException(isFolder ? "It is a folder." : "It is not a regular file.")
{
    public bool IsFolder { get; } = isFolder;
}
