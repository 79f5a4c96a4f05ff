using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Edits;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>What the chats of this process work with.</summary>
internal sealed class ChatServices : IHookActions
{
    private ITaskSupervisor? tasks;
    private IBudget? taskBudget;

    public required PluePaths Paths { get; init; }
    public required ChatStore Store { get; init; }
    public required ProviderRegistry Providers { get; init; }
    public required Workspace Workspace { get; init; }
    public required TemplateCatalog Templates { get; init; }
    public required Prompts Prompts { get; init; }
    public required InstructionBuilder Steering { get; init; }
    public required RequestFiles Files { get; init; }
    public required EditServices Edits { get; init; }
    public required UsageLedger Usage { get; init; }
    public required ToolRunner ToolRunner { get; init; }
    /// <summary>In the order in which a model is told of their tools.</summary>
    public required IReadOnlyList<IToolSource> ToolSources { get; init; }
    /// <summary>Takes the vault's values out of a text.</summary>
    public required ITextMask Redactor { get; init; }
    public required IChatEvents Events { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Logger { get; init; }
    /// <summary>Nobody is there to be asked.</summary>
    public bool IsUnattended { get; init; }
    /// <summary>Rules that hold for every chat and task of this process beside its own; null for none.</summary>
    public AgentPermissions? Policy { get; init; }

    public ITaskSupervisor Tasks => tasks ?? throw new InvalidOperationException("Nobody looks after tasks yet.");

    public IBudget TaskBudget => taskBudget ?? throw new InvalidOperationException("Nobody looks after budgets yet.");

    /// <summary>The settings as they are now.</summary>
    public UserConfig Config => UserConfig.Read(Paths);

    /// <summary>What is taken out of questions and responses; null when the user wants them as they are.</summary>
    public ITextMask? Secrets => UserConfig.Read(Paths).Values.GetBoolean(UserConfig.MaskSecretsKey) == false ? null : Redactor;

    /// <summary>The template in force; null for one that is not there, has mistakes, or belongs to a workspace that is not trusted.</summary>
    public Template? TemplateOf(string templateId) => Templates.Find(templateId);

    /// <summary>What the model is told besides the messages of a chat, as the files are now.</summary>
    public Instructions SteeringOf(StoredChat chat)
    {
        var steering = Steering.Build(chat.TemplateId, ChatValues.Own(chat), () => ChatValues.PromptValues(chat));
        return steering.System is { } system && Secrets is { } mask ? steering with { System = mask.Mask(system) } : steering;
    }

    /// <summary>What the template of a chat asks of the model; a chat's own options count before it.</summary>
    public ChatOptions OptionsOf(string templateId) => TemplateOf(templateId) is { } template ? ChatValues.OptionsOf(template.WithDefaults(Json5Object.Empty)) : ChatOptions.None;

    /// <summary>The text of a prompt by its name.</summary>
    public string PromptOf(string name) => Prompts.Get($"codex://prompts/{name}.md").Text;

    /// <summary>Whoever looks after tasks is made of the conversations, and so comes after them.</summary>
    public void Supervise(ITaskSupervisor supervisor, IBudget budget) => (tasks, taskBudget) = (supervisor, budget);

    Task<string> IHookActions.SpawnForHookAsync(string templateId, Json5Object values, string spawnedBy, int depth, CancellationToken cancellationToken) =>
        Tasks.SpawnForHookAsync(templateId, values, spawnedBy, depth, cancellationToken);

    void IHookActions.Notify(string message, string uri) => Events.Notify(message, uri);

    /// <summary>A row of the tree changed; null means that it is gone.</summary>
    public void NotifyChanged(string codexId, ChatSummary? summary)
    {
        Events.Changed(codexId, summary);
        tasks?.Changed(codexId);
    }

    /// <summary>Holds what was spent against the limits of the settings.</summary>
    /// <param name="spentInChat">USD.</param>
    /// <param name="running">What a response under way has cost so far, in USD.</param>
    /// <exception cref="FailureException">BudgetExceeded.</exception>
    public async Task CheckBudgetAsync(ProviderSettings settings, decimal spentInChat, decimal running, CancellationToken cancellationToken)
    {
        if (settings.IsFree) { return; }

        await Budget.Of(Config).CheckAsync(spentInChat + running, async () => await Usage.SpentTodayAsync(cancellationToken) + running);
    }
}
