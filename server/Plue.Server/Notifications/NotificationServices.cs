using Plue.Server.Agents;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Network;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Notifications;

/// <summary>Notifies the user of tasks that end, wait, or near their budget, also without a window. Off until the user sets a webhook.</summary>
internal sealed class NotificationServices : IAsyncDisposable
{
    private readonly Webhook webhook;
    private readonly TaskNotices notices;
    private readonly StoreServices store;

    public NotificationServices(
        PlatformServices platform,
        CodexServices codices,
        ProviderServices providers,
        StoreServices store,
        PermissionServices permissions,
        ISecretSource secrets,
        HostConnections connections
    )
    {
        this.store = store;
        webhook = new Webhook(
            () => NotificationSettings.Of(codices.Config),
            address => PolicyRefusals.Record(platform.Paths, platform.Time, connections.RefusalOf(address)),
            providers.OpenHttp,
            secrets,
            platform.Redactor.Mask,
            platform.Time,
            platform.CreateLogger("Notifications")
        );
        notices = new TaskNotices(permissions.Approvals, ParentOf, webhook.Add);
        notices.Begin();
    }

    /// <inheritdoc cref="TaskNotices.Ended"/>
    public void Ended(TaskRow task) => notices.Ended(task);

    /// <inheritdoc cref="TaskNotices.Changed"/>
    public void Changed(TaskRow task) => notices.Changed(task);

    public ValueTask DisposeAsync()
    {
        notices.Dispose();
        return webhook.DisposeAsync();
    }

    private string? ParentOf(string uri)
    {
        try
        {
            return store.Chats.Read(CodexUri.Parse(uri).Name) is { IsTask: true } task ? task.Text(StoredChat.SpawnedByField) : null;
        }
        catch (FailureException)
        {
            return null;
        }
    }
}
