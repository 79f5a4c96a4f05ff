using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Health;

/// <summary>The services that the checks use; bound in Composition and created on demand.</summary>
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
    public required Func<CancellationToken, Task<(string Address, Failure? Failure)>> PingOllama { get; init; }
    public required Func<Sandbox> Sandbox { get; init; }
    public required Func<McpServers> Servers { get; init; }
    public required Func<string, string> Mask { get; init; }
}
