using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.ClaudeCode;

/// <summary>Finds the CLI, builds its environment and starts it.</summary>
/// <param name="openFolders">The folders that never provide the program, trusted or not.</param>
internal sealed class ClaudeCodeStarter(
    ProviderSettings settings,
    ISecretSource secrets,
    IReadOnlyDictionary<string, string> environment,
    TimeProvider time,
    ILogger logger,
    Func<WorkspaceFolders?> openFolders
)
{
    private readonly ClaudeCodeLocator locator = new(settings.CliPath, environment);

    /// <exception cref="FailureException">The CLI is missing, cannot be started, or its key is not available.</exception>
    public async Task<ClaudeCodeProcess> StartAsync(ClaudeCodeLaunch launch, CancellationToken cancellationToken)
    {
        var (program, own) = await PrepareAsync(launch.ReadFolder, cancellationToken).ConfigureAwait(false);
        if (launch.ReadFolder is null)
        {
            DurableFile.CreatePrivateDirectory(launch.Directory);
        }

        try
        {
            var child = ChildProcess.Start(
                new ChildProcessStart
                {
                    Program = program.Path,
                    Arguments = [.. program.Prefix, .. launch.Arguments()],
                    Environment = own,
                    SecretNames = ClaudeCodeEnvironment.SecretNames,
                    WorkingDirectory = launch.Directory,
                }
            );
            logger.LogInformation(
                "Started Claude Code {Path} (process {Id}, session {Session}{Resumed}).",
                program.DisplayPath,
                child.Id,
                launch.SessionId,
                launch.Resumes ? ", resumed" : ""
            );
            return new ClaudeCodeProcess(child, launch, time, logger);
        }
        catch (IOException e)
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                $"Claude Code could not be started: {ClaudeCodeFailures.Plain(e.Message)}.",
                e
            );
        }
    }

    /// <param name="directory">A folder of Plue, in which the checks run.</param>
    public async Task<ClaudeCodeSignInState> CheckSignInAsync(string directory, CancellationToken cancellationToken)
    {
        var (program, own) = await PrepareAsync(null, cancellationToken).ConfigureAwait(false);
        DurableFile.CreatePrivateDirectory(directory);
        return await ClaudeCodeSignIn.CheckAsync(program, own, directory, cancellationToken).ConfigureAwait(false);
    }

    public Task<ClaudeCodeLocation> LocateAsync(CancellationToken cancellationToken) => locator.FindAsync(openFolders(), cancellationToken);

    private async Task<(ClaudeCodeProgram Program, Dictionary<string, string> Environment)> PrepareAsync(
        string? workspace,
        CancellationToken cancellationToken
    )
    {
        var location = await locator
            .FindAsync(openFolders() ?? (workspace is null ? null : WorkspaceFolders.Of(workspace)), cancellationToken)
            .ConfigureAwait(false);
        if (location.Program is not { } program)
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                $"Claude Code was not found. Install it, or set cli_path of {settings.Name} to its absolute path. {string.Join(' ', location.Tried)}"
            );
        }

        if (program.IsOnHost && (settings.ApiKeyRef is not null || settings.Endpoint is not null))
        {
            throw new FailureException(
                FailureKind.ProviderExecutableFailed,
                "A key or endpoint of Plue's cannot be passed to Claude Code outside the Flatpak. Sign in with `claude auth login` on the host and remove both from the provider."
            );
        }

        return (
            program,
            await ClaudeCodeEnvironment.BuildAsync(environment, settings, secrets, program.Path, cancellationToken).ConfigureAwait(false)
        );
    }
}
