using System.IO.Pipes;
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
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(2);

    private readonly DetachedEntries entries = new(paths, logger);

    /// <inheritdoc cref="DetachedEntries.MayExist"/>
    public bool MayExist => entries.MayExist;

    /// <summary>Makes this process available to a window with the same folders.</summary>
    /// <exception cref="FailureException">StoreReadOnly: the folder is not writable.</exception>
    /// <exception cref="IOException">The file or the pipe cannot be created.</exception>
    public DetachedSidecar Add(WorkspaceFolders? folders)
    {
        var id = Ids.New("sidecar");
        var entry = new DetachedEntry(PipeOf(id), Environment.ProcessId, Paths(folders));
        var (file, owner) = entries.Add(id, entry);
        return new DetachedSidecar(entry, file, owner, logger);
    }

    /// <summary>Connects to a sidecar that continues for exactly these folders.</summary>
    /// <returns>Null if there is none, or if it was started by another version of Plue.</returns>
    public async Task<Stream?> AttachAsync(WorkspaceFolders? folders, CancellationToken cancellationToken)
    {
        foreach (var entry in entries.List().Where(entry => entry.Folders.SequenceEqual(Paths(folders), StringComparer.Ordinal)))
        {
            if (await ConnectAsync(entry, cancellationToken) is { } connection)
            {
                return connection;
            }
        }

        return null;
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

        var path = Path.Combine(entries.Folder, $"{id}.sock");
        return System.Text.Encoding.UTF8.GetByteCount(path) <= maxSocketPath ? path : Path.Combine(Path.GetTempPath(), $"plue-{id}.sock");
    }
}
