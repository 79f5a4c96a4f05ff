using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Platform;

namespace Plue.Server.Rpc;

/// <summary>initialize to exit, and the two ways in which the editor can vanish.</summary>
internal sealed class LifecycleHandlers(RpcServer server, Workspace workspace, CancellationTokenSource stop, ILogger logger)
{
    private static readonly TimeSpan ParentPoll = TimeSpan.FromSeconds(2);

    /// <summary>Whether <c>shutdown</c> came before the end; decides the exit code, as LSP has it.</summary>
    public bool WasShutDown { get; private set; }

    /// <summary>Whether the editor supports dynamic registration.</summary>
    public bool TakesRegistrations { get; private set; }

    /// <summary>The editor is ready, or the workspace was trusted: more files may have to be registered.</summary>
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

    /// <summary>A killed editor does not close a pipe that one of its child processes still holds open.</summary>
    private void WatchParent(int processId) =>
        _ = Task.Run(async () =>
        {
            try
            {
                using var parent = Process.GetProcessById(processId);
                // A periodic timer that is cancelled looks up the names of its stack trace, which costs more than a whole start.
                while (!parent.HasExited)
                {
                    await Task.Delay(ParentPoll, stop.Token);
                }
            }
            catch (ArgumentException)
            { /* It was gone before we looked. */
            }
            catch (OperationCanceledException)
            {
                return;
            }

            logger.LogInformation("The editor (process {Parent}) has ended", processId);
            await stop.CancelAsync();
        });
}
