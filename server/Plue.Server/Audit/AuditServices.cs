using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Audit;

/// <summary>The audit export for organizations.</summary>
internal sealed class AuditServices(PlatformServices platform, StoreServices store)
{
    public AuditExport Export { get; } =
        new(
            platform.Paths,
            store.Chats,
            store.Usage,
            new StoredRules(platform.Paths, platform.Time),
            new ImportRuns(platform.Paths, platform.Time),
            platform.Redactor.Mask,
            platform.Time
        );
}
