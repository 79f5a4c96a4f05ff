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

namespace Plue.Server.Chat;

/// <summary>The services that the chats of this process use.</summary>
internal sealed class ChatServices(
    PlatformServices platform,
    CodexServices codices,
    ProviderServices providers,
    StoreServices store,
    EditServices edits,
    ToolServices tools,
    EditorWindow editor,
    IChatEvents events
) : IHookActions
{
    private ITaskSupervisor? tasks;
    private IBudget? taskBudget;

    public ChatStore Store => store.Chats;
    public ProviderRegistry Providers => providers.Registry;
    public Workspace Workspace => platform.Workspace;
    public TemplateCatalog Templates => codices.Templates;
    public SkillCatalog Skills => codices.Skills;
    public InstructionBuilder Instructions => codices.Instructions;
    public Attachments Attachments { get; } = new(store.Blobs, platform.Workspace, platform.ProtectedPaths, codices.Secrets, editor);
    public RequestFiles Files => new(Attachments);
    public EditServices Edits => edits;
    public EditorWindow Editor => editor;
    public UsageLedger Usage => store.Usage;
    public ToolRunner ToolRunner => tools.Runner;
    public HookServices Hooks => tools.Hooks;
    public McpForAgents McpForAgents => tools.McpForAgents;
    public IReadOnlyList<IToolSource> ToolSources => tools.Sources;

    /// <summary>Takes the vault's values out of a text.</summary>
    public ITextMask Redactor => platform.Redactor;
    public IChatEvents Events => events;
    public TimeProvider Time => platform.Time;
    public ILogger Logger { get; } = platform.CreateLogger("Chat");

    /// <summary>True if no user is available to answer.</summary>
    public bool IsUnattended { get; init; }

    /// <summary>Rules that hold for every chat and task of this process beside its own; null for none.</summary>
    public AgentPermissions? Policy { get; init; }

    /// <summary>Tools that the chats of this process have beside those of their template, as templates list them.</summary>
    public IReadOnlyList<string> MoreTools { get; init; } = [];

    public ITaskSupervisor Tasks => tasks ?? throw new InvalidOperationException("No task supervisor is registered.");

    public IBudget TaskBudget => taskBudget ?? throw new InvalidOperationException("No budget is registered.");

    /// <summary>The policy of the organization as it is now.</summary>
    public ManagedPolicy ManagedPolicy => ManagedPolicy.Read(platform.Paths);

    /// <summary>The settings as they are now.</summary>
    public UserConfig Config => codices.Config;

    /// <summary>What is taken out of questions and responses; null when the user wants them as they are.</summary>
    public ITextMask? Secrets => codices.Secrets.Current;

    /// <summary>The template in force; null for one that is not there, has errors, or belongs to a workspace that is not trusted.</summary>
    public Template? TemplateOf(string templateId) => Templates.Find(templateId);

    /// <summary>What the template of a chat asks of the model; a chat's own options count before it.</summary>
    public ChatOptions OptionsOf(string templateId) =>
        TemplateOf(templateId) is { } template ? ChatValues.OptionsOf(template.WithDefaults(Json5Object.Empty)) : ChatOptions.None;

    /// <summary>The text of a prompt by its name.</summary>
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

    /// <summary>A row of the tree changed; null means that it is gone.</summary>
    public void NotifyChanged(string codexId, ChatSummary? summary)
    {
        events.Changed(codexId, summary);
        tasks?.Changed(codexId, summary);
    }

    /// <summary>For fields that are stored.</summary>
    /// <exception cref="FailureException">PermissionDenied: the organization does not allow their permission mode.</exception>
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

    /// <summary>Holds what was spent against the limits of the settings.</summary>
    /// <param name="spentInChat">USD.</param>
    /// <param name="running">What a response under way has cost so far, in USD.</param>
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
