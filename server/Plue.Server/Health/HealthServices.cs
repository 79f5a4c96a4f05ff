using Plue.Server.Network;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Telemetry;
using Plue.Server.Tools;
using Plue.Server.Vault;
using Plue.Server.Worktrees;

namespace Plue.Server.Health;

/// <summary>The modules that are checked.</summary>
internal sealed record HealthServices(
    PlatformServices Platform,
    VaultServices Vault,
    ProviderServices Providers,
    StoreServices Store,
    PermissionServices Permissions,
    ToolServices Tools,
    TelemetryServices Telemetry,
    HostConnections Connections,
    WorktreeServices Worktrees
)
{
    public PluePaths Paths { get; init; } = Platform.Paths;
}
