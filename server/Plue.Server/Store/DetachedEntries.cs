using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>The files of the sidecars of this home that continue without a window, one for each. The lock of a file ends with its process.</summary>
internal sealed class DetachedEntries(PluePaths paths, ILogger logger)
{
    private const int MaxBytes = 256 * 1024;

    public string Folder { get; } = Path.Combine(paths.Index, "detached");

    /// <summary>True if the home may have such a sidecar. Costs one system call.</summary>
    public bool MayExist => Directory.Exists(Folder);

    /// <summary>Adds a file for this process.</summary>
    /// <returns>The file, and its lock.</returns>
    /// <exception cref="FailureException">StoreReadOnly: the folder is not writable.</exception>
    /// <exception cref="IOException">The file cannot be created.</exception>
    public (string File, JournalLock Owner) Add(string id, DetachedEntry entry)
    {
        DurableFile.CreatePrivateDirectory(Folder);
        var file = Path.Combine(Folder, $"{id}.json");
        var owner = JournalLock.Acquire(file, "sidecar");
        try
        {
            DurableFile.Replace(file, JsonSerializer.SerializeToUtf8Bytes(entry, DetachedContext.Default.DetachedEntry));
            return (file, owner);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <summary>Gets the sidecars without a window. Files of terminated processes are deleted.</summary>
    public IReadOnlyList<DetachedEntry> List()
    {
        List<DetachedEntry> found = [];
        try
        {
            foreach (var file in MayExist ? Directory.EnumerateFiles(Folder, "*.json") : [])
            {
                if (!JournalLock.IsHeld(file))
                {
                    File.Delete(file);
                }
                else if (
                    RegularFile.Read(file, MaxBytes) is { } content
                    && JsonSerializer.Deserialize(content, DetachedContext.Default.DetachedEntry) is { } entry
                )
                {
                    found.Add(entry);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.LogWarning("The sidecars without a window could not be listed: {Reason}", fault.Message);
        }

        return found;
    }
}

/// <param name="Pipe">The path of a Unix socket, or the name of a pipe on Windows.</param>
/// <param name="Folders">The folders of its window, in order.</param>
internal sealed record DetachedEntry(string Pipe, int ProcessId, IReadOnlyList<string> Folders);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DetachedEntry))]
internal sealed partial class DetachedContext : JsonSerializerContext;
