using System.Text.Json;
using Microsoft.Extensions.Logging;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>What a chat needs from the rest of the house; bound in Composition.</summary>
public sealed class ChatServices
{
    public required ChatStore Store { get; init; }
    public required ProviderRegistry Providers { get; init; }
    public required Workspace Workspace { get; init; }
    /// <summary>What a request carries beside the text of the chat.</summary>
    public required RequestFiles Files { get; init; }
    public required TimeProvider Time { get; init; }
    public required ILogger Logger { get; init; }
    /// <summary>Takes the vault's values out of a text.</summary>
    public required Func<string, string> Mask { get; init; }
    /// <summary>What is taken out of questions and answers; null when the user wants them as they are.</summary>
    public required Func<ITextMask?> Secrets { get; init; }
    /// <summary>The template in force; null for one that is not there, has mistakes, or belongs to a workspace that is not trusted.</summary>
    public required Func<string, Template?> TemplateOf { get; init; }
    /// <summary>Whether the first is the second template or descends from it.</summary>
    public required Func<string, string, bool> IsTemplate { get; init; }
    /// <summary>A hook has something to say about the codex of an address.</summary>
    public required Action<string, string> Notify { get; init; }
    /// <summary>What the model is told besides the messages of a chat, as the files are now.</summary>
    public required Func<StoredChat, Steering> SteeringOf { get; init; }
    /// <summary>What the template of a chat asks of the model; a chat's own options count before it.</summary>
    public required Func<string, ChatOptions> OptionsOf { get; init; }
    /// <summary>Who stands in where a chat does not say it.</summary>
    public required Func<IReadOnlyList<ModelChoice>> Fallbacks { get; init; }
    /// <summary>Whom small jobs are given to; null where the user chose nobody.</summary>
    public required Func<ModelChoice?> SmallModel { get; init; }
    /// <summary>The text of a prompt by its name.</summary>
    public required Func<string, string> PromptOf { get; init; }
    /// <summary>What the user wants to spend, as the settings say it now.</summary>
    public required Func<Budget> Budget { get; init; }
    public required UsageLedger Usage { get; init; }
    /// <summary>Where a model's calls are carried out.</summary>
    public required ToolRunner ToolRunner { get; init; }
    /// <summary>Where tools come from, in the order in which a model is told of them.</summary>
    public IReadOnlyList<IToolSource> ToolSources { get; init; } = [];
    /// <summary>Tools that only this chat or task has: to hand its work over, to have a part of it done.</summary>
    public Func<StoredChat, IReadOnlyList<ITool>> ToolsFor { get; init; } = static _ => [];
    /// <summary>Nobody is there to be asked for a chat or task of this address.</summary>
    public Func<string, bool> IsUnattended { get; init; } = static _ => false;
    /// <summary>Holds a request of a chat or task against what whoever it works for may still spend, before it is sent; null where nothing is held. Throws BudgetExceeded.</summary>
    public Action<StoredChat, ProviderRequest, Price?>? CheckSpending { get; init; }
    /// <summary>The same for an answer under way whose program runs its own rounds: what it used so far, its rounds, and its cost where a price is known.</summary>
    public Action<StoredChat, Usage, int, decimal?>? CheckUnderWay { get; init; }
    /// <summary>A chat or task called <c>finish</c>: its address, and what it hands back. Called when its turn has ended, before what follows it.</summary>
    public Func<string, JsonElement, Task>? HandedBack { get; init; }
    /// <summary>A turn of a task has ended, with this last message; true when it goes on by itself, so that nothing else follows yet.</summary>
    public Func<Conversation, Message, CancellationToken, Task<bool>>? Worked { get; init; }
    /// <summary>Whether it takes more than its last answer to say that a task is done: until <see cref="Worked"/> has looked it counts as running.</summary>
    public Func<StoredChat, bool> IsJudged { get; init; } = static _ => false;
    /// <summary>Why the model of a chat or task was chosen for it; null where nothing was to be chosen.</summary>
    public Func<StoredChat, RoutingNote?>? RoutingOf { get; init; }
    /// <summary>Rules that hold for every chat and task of this process beside its own; null for none.</summary>
    public AgentPermissions? Policy { get; init; }
    /// <summary>Starts the task that a hook asks for: its template, its values, the address of who asks, the depth of what follows. Null makes it as it stands.</summary>
    public Func<string, Json5Object, string, int, CancellationToken, Task<string>>? SpawnForHook { get; init; }
    /// <summary>Takes back what these turns of a codex made of files, or brings it back; one sentence for each file that is left as it is. Null where files are not kept.</summary>
    public Func<string, IReadOnlyList<string>, bool, CancellationToken, Task<IReadOnlyList<string>>>? MoveEdits { get; init; }
    /// <summary>How asking a provider went; null when it answered.</summary>
    public required Action<ProviderSettings, Failure?> Answered { get; init; }
    /// <summary>Where the events of a chat go.</summary>
    public required Func<string, ITurnSink> SinkFor { get; init; }
    /// <summary>A row of the tree changed; null means that it is gone.</summary>
    public required Action<string, ChatSummary?> Changed { get; init; }
}
