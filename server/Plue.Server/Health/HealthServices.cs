using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Health;

/// <summary>What the checks look at; bound in Composition. Nothing of it is made before a check asks.</summary>
internal sealed record HealthServices
{
    public required string Version { get; init; }
    public required PluePaths Paths { get; init; }
    public required Workspace Workspace { get; init; }
    /// <summary>The user's own folder; an empty text where the system knows none.</summary>
    public required string UserFolder { get; init; }
    public required Lazy<ChatStore> Chats { get; init; }
    public required StoredRules Rules { get; init; }
    public required Lazy<Vault.Vault> Vault { get; init; }
    public required ProviderRegistry Providers { get; init; }
    public required Func<CancellationToken, ValueTask<Func<string, bool>>> Credentials { get; init; }
    public required Func<CancellationToken, Task<ClaudeCodeFinding>> FindClaudeCode { get; init; }
    public required Func<CancellationToken, Task<(string Address, Failure? Failure)>> AskOllama { get; init; }
    public required Func<Sandbox> Sandbox { get; init; }
    public required Func<McpServers> Servers { get; init; }
    public required Func<string, string> Mask { get; init; }

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan OnlinePatience = TimeSpan.FromSeconds(15);

    /// <param name="online">Asks each provider that is switched on for its models.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for it any more.</exception>
    public Task<HealthReport> CheckAsync(bool online, CancellationToken cancellationToken)
    {
        var (disk, machine, providers) = (new DiskChecks(this), new MachineChecks(this), new ProviderChecks(this, online));
        return HealthCheck.RunAsync(
            [
                HealthCheck.Of("Sidecar", isNeeded: true, machine.Sidecar),
                HealthCheck.Of("Data folder", isNeeded: true, disk.Folder),
                HealthCheck.Of("Chats", isNeeded: true, disk.Chats),
                HealthCheck.Of("Settings", isNeeded: false, disk.Settings),
                new("Vault", IsNeeded: true, VaultCheck),
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
            online ? OnlinePatience : Patience, Mask, UserFolder, cancellationToken);
    }

    private async Task<IReadOnlyList<HealthRow>> VaultCheck(CancellationToken cancellationToken)
    {
        const string name = "Vault";
        var status = await Vault.Value.StatusAsync(cancellationToken);
        if (status.Problem is { } problem) { return [HealthRow.Failed(name, problem) with { IsNeeded = true, Advice = $"Bring {Paths.Vault} back from a backup, or move it away and store the keys again." }]; }

        var keychain = await Vault.Value.KeychainAnswersAsync(cancellationToken);
        var machine = keychain ? "This machine's keychain answers." : "This machine has no keychain that answers.";
        if (!status.Exists)
        {
            return [HealthRow.Ok(name, $"There is no vault yet: it is made with the first key{(keychain ? "" : ", and asks for a passphrase")}. {machine}")];
        }

        var ways = string.Join(", ", status.Ways);
        return [status.Locked
            ? HealthRow.Warning(name, $"The vault is locked. It opens by: {ways}. {machine}") with { Advice = "Unlock it to use the keys in it.", Fix = new HealthFix(HealthAction.UnlockVault) }
            : HealthRow.Ok(name, $"The vault is open. It opens by: {ways}. {machine}")];
    }
}
