using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Chats to files and back.</summary>
internal sealed class TransferServices(PlatformServices platform, StoreServices store)
{
    public ChatStore Chats => store.Chats;
    public ChatExport Export { get; } = new(store.Blobs, platform.Redactor);
    public ChatImport Import { get; } =
        new(
            new ImportedChats(platform.Paths, platform.Time),
            store.Blobs,
            platform.Redactor,
            Environment.GetEnvironmentVariable,
            PluePaths.UserFolder
        );
}
