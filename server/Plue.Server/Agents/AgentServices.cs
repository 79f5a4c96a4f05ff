using Microsoft.Extensions.Logging;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <param name="changed">Called with each changed row of the tree; null if the task was deleted.</param>
internal sealed class AgentServices(
    PlatformServices platform,
    PermissionServices permissions,
    CodexServices codices,
    ChatServices chat,
    Conversations conversations,
    Action<string, TaskRow?> changed
)
{
    public Conversations Conversations => conversations;
    public ChatServices Chat => chat;
    public CodexServices Codices => codices;
    public ProviderRegistry Providers => chat.Providers;
    public TemplateCatalog Templates => chat.Templates;
    public Approvals Approvals => permissions.Approvals;
    public PluePaths Paths => platform.Paths;
    public Workspace Workspace => platform.Workspace;
    public TimeProvider Time => platform.Time;
    public ILogger Logger { get; } = platform.CreateLogger("Agents");
    public Action<string, TaskRow?> Changed => changed;

    /// <summary>Gets the action for a task whose turn ended in this process and that does not continue by itself.</summary>
    public Action<TaskRow> Ended { get; init; } = _ => { };
}
