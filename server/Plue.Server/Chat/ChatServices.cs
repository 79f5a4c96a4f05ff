using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Editor;
using Plue.Server.Edits;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Tools.Hooks;
using Plue.Server.Tools.Mcp;
using Plue.Server.Worktrees;

namespace Plue.Server.Chat;

internal sealed class ChatServices(
    PlatformServices platform,
    CodexServices codices,
    ProviderServices providers,
    StoreServices store,
    EditServices edits,
    ToolServices tools,
    EditorWindow editor,
    WorktreeServices worktrees,
    IChatEvents events
) : IHookActions
{
    private ITaskSupervisor? tasks;
    private IBudget? taskBudget;

    public ChatStore Store => store.Chats;
    public ChatFolders Folders => store.Folders;
    public ProviderRegistry Providers => providers.Registry;

    /// <summary>Gets the folders of the window. A chat or task may work elsewhere: <see cref="ChatState.Workspace"/>.</summary>
    public Workspace Workspace => platform.Workspace;
    public TemplateCatalog Templates => codices.Templates;
    public SkillCatalog Skills => codices.Skills;
    public InstructionBuilder Instructions => codices.Instructions;
    public Attachments Attachments { get; } = new(store.Blobs, platform.Workspace, platform.ProtectedPaths, codices.Secrets, editor);
    public RequestFiles Files => new(Attachments);
    public EditServices Edits => edits;
    public EditorWindow Editor => editor;
    public WorktreeServices Worktrees => worktrees;
    public UsageLedger Usage => store.Usage;
    public ToolRunner ToolRunner => tools.Runner;
    public HookServices Hooks => tools.Hooks;
    public McpForAgents McpForAgents => tools.McpForAgents;
    public IReadOnlyList<IToolSource> ToolSources => tools.Sources;

    /// <summary>Masks stored secrets in a text.</summary>
    public ITextMask Redactor => platform.Redactor;
    public IChatEvents Events => events;
    public TimeProvider Time => platform.Time;
    public ILogger Logger { get; } = platform.CreateLogger("Chat");

    /// <summary>True if no user is available to answer questions.</summary>
    public bool IsUnattended { get; init; }

    /// <summary>Gets additional rules for all chats and tasks of this process; null for none.</summary>
    public AgentPermissions? Policy { get; init; }

    /// <summary>Gets additional tools for all chats of this process, in the syntax of templates.</summary>
    public IReadOnlyList<string> MoreTools { get; init; } = [];

    /// <summary>Gets the way to processes of this home that work on other chats.</summary>
    public SharedCommands Commands { get; } = new(platform.Paths, platform.CreateLogger("Commands"));

    public ITaskSupervisor Tasks => tasks ?? throw new InvalidOperationException("No task supervisor is registered.");

    public IBudget TaskBudget => taskBudget ?? throw new InvalidOperationException("No budget is registered.");

    /// <summary>Gets the current policy of the organization.</summary>
    public ManagedPolicy ManagedPolicy => ManagedPolicy.Read(platform.Paths);

    public UserConfig Config => codices.Config;

    /// <summary>Gets the mask for questions and responses; null if the user disabled it.</summary>
    public ITextMask? Secrets => codices.Secrets.Current;

    /// <summary>Gets the active template; null if it is missing, invalid, or part of an untrusted workspace.</summary>
    public Template? TemplateOf(string templateId) => Templates.Find(templateId);

    /// <summary>Gets the model options of a template. The chat's own options override them.</summary>
    public ChatOptions OptionsOf(string templateId) =>
        TemplateOf(templateId) is { } template ? ChatValues.OptionsOf(template.WithDefaults(Json5Object.Empty)) : ChatOptions.None;

    public string PromptOf(string name) => codices.Prompts.Get($"codex://prompts/{name}.md").Text;

    /// <summary>Sets the task supervisor, which is created after the conversations because it needs them.</summary>
    public void Supervise(ITaskSupervisor supervisor, IBudget budget) => (tasks, taskBudget) = (supervisor, budget);

    Task<string> IHookActions.SpawnForHookAsync(
        string templateId,
        Json5Object values,
        string spawnedBy,
        int depth,
        CancellationToken cancellationToken
    ) => Tasks.SpawnForHookAsync(templateId, values, spawnedBy, depth, cancellationToken);

    void IHookActions.Notify(string message, string uri) => events.Notify(message, uri);

    /// <summary>Publishes a changed row of the tree; null if it was removed.</summary>
    public void NotifyChanged(string codexId, ChatSummary? summary)
    {
        events.Changed(codexId, summary);
        if (summary is not { Archived: false })
        {
            EndCommands(codexId);
        }
        tasks?.Changed(codexId, summary);
    }

    /// <summary>Ends the background commands of a chat or task that has ended, except those that the user keeps. Does not wait.</summary>
    public void EndCommands(string codexId) => _ = tools.Background.EndAsync(codexId);

    /// <summary>Rejects a permission mode that the organization does not allow.</summary>
    /// <exception cref="FailureException">PermissionDenied.</exception>
    public void RefuseMode(ChatFields fields)
    {
        if (
            fields.Values?.GetValueOrDefault(PermissionModes.Field) is { ValueKind: JsonValueKind.String } mode
            && PermissionModes.Find(mode.GetString()) is { } named
            && ManagedPolicy.RefusalOfMode(PermissionModes.NameOf(named)) is { } refusal
        )
        {
            throw PolicyRefusals.Refuse(platform.Paths, platform.Time, refusal);
        }
    }

    /// <summary>Checks the spending against the limits of the settings.</summary>
    /// <param name="spentInChat">In USD.</param>
    /// <param name="running">The cost of the running response so far, in USD.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public async Task CheckBudgetAsync(ProviderSettings settings, decimal spentInChat, decimal running, CancellationToken cancellationToken)
    {
        if (settings.IsFree)
        {
            return;
        }

        await Budget.Of(Config).CheckAsync(spentInChat + running, async () => await Usage.SpentTodayAsync(cancellationToken) + running);
    }
}
