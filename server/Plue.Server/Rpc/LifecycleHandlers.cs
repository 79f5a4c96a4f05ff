using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>The LSP lifecycle from initialize to exit, and the two ways in which the editor can disappear.</summary>
internal sealed class LifecycleHandlers(RpcServer server, Workspace workspace, CancellationTokenSource stop, ILogger logger)
{
    private static readonly TimeSpan ParentPoll = TimeSpan.FromSeconds(2);

    /// <summary>True if <c>shutdown</c> was received before the end; determines the exit code, as LSP requires.</summary>
    public bool WasShutDown { get; private set; }

    /// <summary>True if the editor supports dynamic registration.</summary>
    public bool TakesRegistrations { get; private set; }

    /// <summary>Raised when the editor is ready or the workspace was trusted: more files may have to be registered.</summary>
    public event Action? FilesChanged;

    public void Register()
    {
        server.Map(
            Methods.Initialize,
            (parameters, _) =>
            {
                if (parameters.InitializationOptions?.WorkspaceFolder is { } folder && !IsAbsolute(folder))
                {
                    throw new RpcErrors.InvalidParamsException(
                        "The parameter \"$.initializationOptions.workspaceFolder\" must be an absolute path."
                    );
                }

                if (parameters.InitializationOptions is { WorkspaceFolders: { Count: > 0 } several })
                {
                    workspace.Open(FoldersOf(several), parameters.InitializationOptions.Trusted);
                }
                else if (parameters.InitializationOptions is { } options)
                {
                    workspace.Open(options.WorkspaceFolder, options.Trusted);
                }
                if (parameters.ProcessId is { } parent)
                {
                    WatchParent(parent);
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
            (_, _) =>
            {
                WasShutDown = true;
                return Task.FromResult(new Empty());
            }
        );
        server.Map(Methods.Exit, (_, _) => stop.CancelAsync());
    }

    internal static bool IsAbsolute(string path) => Path.IsPathFullyQualified(path) && !path.Contains('\0');

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
    private void WatchParent(int processId) =>
        _ = Task.Run(async () =>
        {
            try
            {
                using var parent = Process.GetProcessById(processId);
                // Task.Delay, because canceling a periodic timer resolves a stack trace, which takes longer than a whole start.
                while (!parent.HasExited)
                {
                    await Task.Delay(ParentPoll, stop.Token);
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
            await stop.CancelAsync();
        });
}
