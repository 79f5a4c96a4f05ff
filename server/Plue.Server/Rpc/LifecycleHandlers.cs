using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>The LSP lifecycle from initialize to exit, and the two ways in which the editor can disappear.</summary>
internal sealed class LifecycleHandlers(RpcServer server, Workspace workspace, Continuation continuation, ILogger logger)
{
    private static readonly TimeSpan ParentPoll = TimeSpan.FromSeconds(2);

    private volatile CancellationTokenSource connection = new();

    /// <summary>True if <c>shutdown</c> was received before the end; determines the exit code, as LSP requires.</summary>
    public bool WasShutDown { get; private set; }

    /// <summary>True if the editor supports dynamic registration.</summary>
    public bool TakesRegistrations { get; private set; }

    /// <summary>Raised when the editor is ready or the workspace was trusted: more files may have to be registered.</summary>
    public event Action? FilesChanged;

    /// <summary>Begins a connection.</summary>
    /// <param name="stop">Also ends it.</param>
    /// <returns>Canceled when the editor sent <c>exit</c> or its process ended.</returns>
    public CancellationToken Begin(CancellationToken stop)
    {
        (WasShutDown, continuation.IsWanted) = (false, false);
        connection = CancellationTokenSource.CreateLinkedTokenSource(stop);
        return connection.Token;
    }

    public void Register()
    {
        server.Map(
            Methods.Initialize,
            (parameters, _) =>
            {
                if (parameters.InitializationOptions is { } options)
                {
                    workspace.Open(FoldersOf(options), options.Trusted);
                }
                continuation.IsWanted = parameters.InitializationOptions?.KeepsRunning == true;
                if (parameters.ProcessId is { } parent)
                {
                    WatchParent(parent, connection);
                }
                TakesRegistrations = parameters.Capabilities?.TextDocument?.Synchronization?.DynamicRegistration ?? false;
                server.IsInitialized = true;
                return Task.FromResult(
                    new InitializeResult(
                        TakesRegistrations ? new ServerCapabilities() : LanguageRegistrations.Capabilities,
                        new ServerInfo("plue", PlatformServices.Version)
                    )
                );
            }
        );
        server.Map(
            Methods.Initialized,
            (_, _) =>
            {
                _ = Task.Run(
                    () =>
                    {
                        if (ChildProcess.EndOrphans() is > 0 and var ended)
                        {
                            logger.LogWarning("Ended {Count} programs that a killed sidecar had left running", ended);
                        }
                    },
                    CancellationToken.None
                );
                FilesChanged?.Invoke();
                return Task.CompletedTask;
            }
        );
        server.Map(
            Methods.WorkspaceTrust,
            (parameters, _) =>
            {
                workspace.SetTrusted(parameters.Trusted);
                FilesChanged?.Invoke();
                return Task.CompletedTask;
            }
        );
        server.Map(
            Methods.WorkspaceFolders,
            (parameters, _) =>
            {
                workspace.Change(FoldersOf(parameters.Folders));
                FilesChanged?.Invoke();
                return Task.CompletedTask;
            }
        );
        server.Map(
            Methods.Shutdown,
            async (_, _) =>
            {
                WasShutDown = true;
                if (continuation.Prepare())
                {
                    await server.TryNotifyAsync(Methods.WorkspaceContinues, new Empty());
                }
                return new Empty();
            }
        );
        server.Map(
            Methods.WorkspaceKeepRunning,
            (parameters, _) =>
            {
                continuation.IsWanted = parameters.KeepsRunning;
                return Task.CompletedTask;
            }
        );
        server.Map(Methods.Exit, (_, _) => connection.CancelAsync());
    }

    internal static bool IsAbsolute(string path) => Path.IsPathFullyQualified(path) && !path.Contains('\0');

    /// <exception cref="RpcErrors.InvalidParamsException">A folder is not an absolute path, or two have the same name.</exception>
    public static WorkspaceFolders? FoldersOf(PlueOptions options) =>
        options.WorkspaceFolder is { } folder && !IsAbsolute(folder)
            ? throw new RpcErrors.InvalidParamsException(
                "The parameter \"$.initializationOptions.workspaceFolder\" must be an absolute path."
            )
        : options.WorkspaceFolders is { Count: > 0 } several ? FoldersOf(several)
        : options.WorkspaceFolder is { } only ? WorkspaceFolders.Of(only)
        : null;

    private static WorkspaceFolders? FoldersOf(IReadOnlyList<WorkspaceFolderView> folders)
    {
        var areValid =
            folders.All(one =>
                IsAbsolute(one.Path) && one.Name is { Length: > 0 } and not "." and not ".." && one.Name.IndexOfAny(['/', '\\', '\0']) < 0
            )
            && folders.DistinctBy(one => one.Name, StringComparer.Ordinal).Count() == folders.Count;
        return !areValid
                ? throw new RpcErrors.InvalidParamsException(
                    "Workspace folders must have absolute paths, and unique names without slashes."
                )
            : folders is [var only] ? WorkspaceFolders.Of(only.Path)
            : WorkspaceFolders.Of([.. folders.Select(one => new WorkspaceFolder(one.Name, one.Path))]);
    }

    /// <summary>Detects the end of a killed editor whose pipe stays open because one of its child processes holds it.</summary>
    private void WatchParent(int processId, CancellationTokenSource watched) =>
        _ = Task.Run(async () =>
        {
            try
            {
                using var parent = Process.GetProcessById(processId);
                // Task.Delay, because canceling a periodic timer resolves a stack trace, which takes longer than a whole start.
                while (!parent.HasExited)
                {
                    await Task.Delay(ParentPoll, watched.Token);
                }
            }
            catch (ArgumentException)
            { /* The process has already exited. */
            }
            catch (OperationCanceledException)
            {
                return;
            }

            logger.LogInformation("The editor (process {Parent}) has ended", processId);
            await watched.CancelAsync();
        });
}
