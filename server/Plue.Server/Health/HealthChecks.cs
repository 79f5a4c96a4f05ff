using Plue.Server.Platform;

namespace Plue.Server.Health;

/// <summary>What is looked at, in the order in which it is shown.</summary>
internal sealed class HealthChecks(HealthServices services)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan OnlinePatience = TimeSpan.FromSeconds(20);

    /// <summary>With each provider; shorter than with all of them, so that one that is silent is one row.</summary>
    public TimeSpan ProviderPatience { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Why the vault could not be opened for this look; null where that was not tried.</summary>
    public string? NotOpened { get; init; }

    /// <param name="online">Asks each provider that is switched on for its models.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public Task<HealthReport> RunAsync(bool online, CancellationToken cancellationToken)
    {
        var (disk, vault, machine, providers) = (new DiskChecks(services), new VaultChecks(services, NotOpened), new MachineChecks(services), new ProviderChecks(services, online ? ProviderPatience : null));
        return HealthCheck.RunAsync(
            [
                HealthCheck.Of("Sidecar", isNeeded: true, machine.Sidecar),
                HealthCheck.Of("Data folder", isNeeded: true, disk.Folder),
                HealthCheck.Of("Chats", isNeeded: true, disk.Chats),
                HealthCheck.Of("Settings", isNeeded: false, disk.Settings),
                new("Vault", IsNeeded: true, vault.VaultAsync),
                new("Providers", IsNeeded: true, providers.AllAsync),
                new("Claude Code", IsNeeded: false, machine.ClaudeCodeAsync),
                new("Ollama", IsNeeded: false, machine.OllamaAsync),
                HealthCheck.Of("MCP servers", isNeeded: false, machine.Servers),
                new("Sandbox", IsNeeded: false, machine.SandboxAsync),
                HealthCheck.Of("Search", isNeeded: false, MachineChecks.Ripgrep),
                new("Git", IsNeeded: false, machine.GitAsync),
                HealthCheck.Of("Folder", isNeeded: false, machine.OpenFolder),
                HealthCheck.Of("Safety", isNeeded: false, disk.Safety),
            ],
            online ? OnlinePatience : Patience, services.Platform.Redactor.Mask, PluePaths.UserFolder, cancellationToken);
    }
}
