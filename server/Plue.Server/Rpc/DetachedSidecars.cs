using System.IO.Pipes;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>
/// The sidecars of this home whose window has closed while they work. Each has a file with its folders, whose lock ends with the process, and a pipe on which
/// a window can connect.
/// </summary>
internal sealed class DetachedSidecars(PluePaths paths, ILogger logger)
{
    private const int MaxBytes = 256 * 1024;
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly string folder = Path.Combine(paths.Index, "detached");

    /// <summary>Makes this process available to a window with the same folders.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the folder is not writable.</exception>
    /// <exception cref="IOException">The file or the pipe cannot be created.</exception>
    public DetachedSidecar Add(WorkspaceFolders? folders)
    {
        DurableFile.CreatePrivateDirectory(folder);
        var id = Ids.New("sidecar");
        var file = Path.Combine(folder, $"{id}.json");
        var owner = JournalLock.Acquire(file, "sidecar");
        try
        {
            var entry = new DetachedEntry(PipeOf(id), Environment.ProcessId, Paths(folders));
            DurableFile.Replace(file, JsonSerializer.SerializeToUtf8Bytes(entry, DetachedContext.Default.DetachedEntry));
            return new DetachedSidecar(entry, file, owner, logger);
        }
        catch
        {
            owner.Dispose();
            throw;
        }
    }

    /// <summary>Connects to a sidecar that continues for exactly these folders.</summary>
    /// <returns>Null if there is none, or if it was started by another version of Plue.</returns>
    public async Task<Stream?> AttachAsync(WorkspaceFolders? folders, CancellationToken cancellationToken)
    {
        foreach (var entry in List().Where(entry => entry.Folders.SequenceEqual(Paths(folders), StringComparer.Ordinal)))
        {
            if (await ConnectAsync(entry, cancellationToken) is { } connection)
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>True if the home may have such a sidecar. Costs one system call.</summary>
    public bool MayExist => Directory.Exists(folder);

    /// <summary>Gets the sidecars that wait for a window. Files of terminated processes are deleted.</summary>
    public IReadOnlyList<DetachedEntry> List()
    {
        List<DetachedEntry> found = [];
        try
        {
            foreach (var file in MayExist ? Directory.EnumerateFiles(folder, "*.json") : [])
            {
                if (!JournalLock.IsHeld(file))
                {
                    File.Delete(file);
                }
                else if (RegularFile.Read(file, MaxBytes) is { } content)
                {
                    found.Add(JsonSerializer.Deserialize(content, DetachedContext.Default.DetachedEntry)!);
                }
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.LogWarning("The sidecars without a window could not be listed: {Reason}", fault.Message);
        }

        return found;
    }

    private async Task<Stream?> ConnectAsync(DetachedEntry entry, CancellationToken cancellationToken)
    {
        var pipe = new NamedPipeClientStream(".", entry.Pipe, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        time.CancelAfter(ConnectTimeout);
        try
        {
            await pipe.ConnectAsync(time.Token);
            if (await DetachedSidecar.GreetAsync(pipe, time.Token))
            {
                return pipe;
            }

            logger.LogInformation("Process {Process} continues for these folders with another version of Plue", entry.ProcessId);
        }
        catch (Exception fault)
            when (fault is IOException or UnauthorizedAccessException or TimeoutException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested
            )
        {
            logger.LogWarning(
                "Process {Process}, which continues for these folders, cannot be reached: {Reason}",
                entry.ProcessId,
                fault.Message
            );
        }

        await pipe.DisposeAsync();
        return null;
    }

    private static IReadOnlyList<string> Paths(WorkspaceFolders? folders) => [.. folders?.Paths ?? []];

    /// <summary>Gets the name of a pipe: on Unix the path of a socket, in the temporary folder if it would be too long for one.</summary>
    private string PipeOf(string id)
    {
        const int maxSocketPath = 100;
        if (OperatingSystem.IsWindows())
        {
            return $"plue-{id}";
        }

        var path = Path.Combine(folder, $"{id}.sock");
        return System.Text.Encoding.UTF8.GetByteCount(path) <= maxSocketPath ? path : Path.Combine(Path.GetTempPath(), $"plue-{id}.sock");
    }
}

/// <param name="Pipe">The path of a Unix socket, or the name of a pipe on Windows.</param>
/// <param name="Folders">The folders of its window, in order.</param>
internal sealed record DetachedEntry(string Pipe, int ProcessId, IReadOnlyList<string> Folders);

[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DetachedEntry))]
internal sealed partial class DetachedContext : JsonSerializerContext;
