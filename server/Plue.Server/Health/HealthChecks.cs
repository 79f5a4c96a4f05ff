using Plue.Server.Platform;

namespace Plue.Server.Health;

/// <summary>The checks in display order.</summary>
internal sealed class HealthChecks(HealthServices services)
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan OnlineTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The timeout per provider; shorter than the total, so that an unresponsive provider is only one row.</summary>
    public TimeSpan ProviderTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Why the vault could not be unlocked for this check; null if that was not tried.</summary>
    public string? NotOpened { get; init; }

    /// <param name="online">True to request the models of each enabled provider.</param>
    /// <exception cref="OperationCanceledException">The caller canceled.</exception>
    public Task<HealthReport> RunAsync(bool online, CancellationToken cancellationToken)
    {
        var (disk, vault, machine, providers) = (
            new DiskChecks(services),
            new VaultChecks(services, NotOpened),
            new MachineChecks(services),
            new ProviderChecks(services, online ? ProviderTimeout : null)
        );
        return HealthCheck.RunAsync(
            [
                HealthCheck.Create("Sidecar", isNeeded: true, MachineChecks.Sidecar),
                HealthCheck.Create("Policy", isNeeded: true, disk.Policy),
                HealthCheck.Create("Data folder", isNeeded: true, disk.Folder),
                HealthCheck.Create("Chats", isNeeded: true, disk.Chats),
                HealthCheck.Create("Background work", isNeeded: false, disk.BackgroundWork),
                HealthCheck.Create("Settings", isNeeded: false, disk.Settings),
                new("Vault", IsNeeded: true, vault.VaultAsync),
                new("Providers", IsNeeded: true, providers.AllAsync),
                HealthCheck.Create("Catalog", isNeeded: false, () => CatalogChecks.All(services.Providers.Catalogs.Catalog)),
                new("Claude Code", IsNeeded: false, machine.ClaudeCodeAsync),
                new("Ollama", IsNeeded: false, machine.OllamaAsync),
                HealthCheck.Create("MCP servers", isNeeded: false, machine.Servers),
                new("Sandbox", IsNeeded: false, machine.SandboxAsync),
                HealthCheck.Create("Search", isNeeded: false, MachineChecks.Ripgrep),
                new("Git", IsNeeded: false, MachineChecks.GitAsync),
                new("Worktrees", IsNeeded: false, new WorktreeChecks(services.Worktrees).AllAsync),
                HealthCheck.Create("Folder", isNeeded: false, machine.OpenFolder),
                HealthCheck.Create("Telemetry", isNeeded: false, machine.Telemetry),
                HealthCheck.Create("Notifications", isNeeded: false, machine.Notifications),
                HealthCheck.Create("Network", isNeeded: false, machine.Network),
                HealthCheck.Create("Safety", isNeeded: false, disk.Security),
            ],
            online ? OnlineTimeout : CheckTimeout,
            services.Platform.Redactor.Mask,
            PluePaths.UserFolder,
            cancellationToken
        );
    }
}
