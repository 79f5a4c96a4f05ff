using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Export and import of chats, and import from other programs.</summary>
internal sealed class TransferServices
{
    public TransferServices(PlatformServices platform, StoreServices store)
    {
        Chats = store.Chats;
        Programs = new ProgramFolders(Environment.GetEnvironmentVariable, platform.Paths.SharedFolder ?? PluePaths.UserFolder);
        Export = new ChatExport(store.Blobs, platform.Redactor);
        Import = new ChatImport(new ImportedChats(platform.Paths, platform.Time), store.Blobs, platform.Redactor, Programs);
    }

    public ChatStore Chats { get; }
    public ProgramFolders Programs { get; }
    public ChatExport Export { get; }
    public ChatImport Import { get; }
}
