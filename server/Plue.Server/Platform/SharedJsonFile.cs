using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plue.Server.Messages;

namespace Plue.Server.Platform;

/// <summary>A small JSON file in Plue's folder, outside all workspaces, that several processes change. Thread-safe.</summary>
/// <param name="empty">The content of a file that does not exist or cannot be read: it approves nothing.</param>
/// <param name="subject">What is saved, for error messages: <c>The approval</c>.</param>
internal sealed class SharedJsonFile<T>(string path, JsonTypeInfo<T> type, T empty, string subject)
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    public T Read()
    {
        try
        {
            using var content = RegularFile.OpenRead(path);
            return JsonSerializer.Deserialize(content, type) ?? empty;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return empty;
        }
    }

    /// <exception cref="FailureException">StoreReadOnly; nothing was changed.</exception>
    public void Change(Func<T, T> change)
    {
        try
        {
            // Other windows change it, too.
            using var turn = FileLock.Acquire(path + ".lock", LockTimeout);
            DurableFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(change(Read()), type));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"{subject} was not saved ({fault.Message.TrimEnd('.')}). Make {Path.GetDirectoryName(path)} writable, then try again.",
                fault
            );
        }
    }
}
