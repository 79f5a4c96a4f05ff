using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>Creates the services for the journals of chats and tasks.</summary>
internal sealed class StoreServices : IAsyncDisposable
{
    /// <param name="providerName">The name of a provider by its id.</param>
    public StoreServices(PlatformServices platform, Func<string, string> providerName)
    {
        Blobs = new Blobs(platform.Paths);
        Chats = new ChatStore(platform.Paths, platform.Time, platform.CreateLogger("Store"));
        Folders = new ChatFolders(platform.Paths, platform.CreateLogger("Store"));
        Search = new ChatSearch(Chats, platform.CreateLogger("Search"));
        Usage = new UsageLedger(
            platform.Paths,
            since => Chats.Responses(since, providerName),
            providerName,
            platform.Time,
            platform.CreateLogger("Usage")
        );
    }

    public Blobs Blobs { get; }
    public ChatStore Chats { get; }
    public ChatFolders Folders { get; }
    public ChatSearch Search { get; }
    public UsageLedger Usage { get; }

    public ValueTask DisposeAsync() => Usage.DisposeAsync();
}
