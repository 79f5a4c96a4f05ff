using System.Security.Cryptography;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Chat;

/// <summary>The tools of one chat or task, and the rights that apply to their calls.</summary>
internal sealed class ChannelTools(ChatState state)
{
    private const int MaxAncestors = 64;
    private readonly ChatServices services = state.Services;
    private readonly string codexId = state.CodexId;
    private readonly SeenFiles seen = new();
    private IReadOnlyList<WorkspaceFolder> lastFolders = [];
    private readonly LoadedSkills loaded = new(state.Services.Skills);
    private readonly FileInstructions instructions = new(
        paths => state.Instructions.For(paths),
        () =>
            (
                state.Chat.Tree.Head,
                SentHistory
                    .Of(state.Chat.Messages)
                    .SelectMany(message => message.Parts.OfType<MessagePart.ToolResult>())
                    .SelectMany(result => result.Instructions)
            )
    );

    public HookSession Hooks { get; } =
        new(state.Services.Hooks, state.CodexId)
        {
            OfTemplate = () =>
                state.Template is { } template
                    ? [.. template.Hooks.Select(hook => CommandHook.From(hook, $"the template {template.Id}")).OfType<CommandHook>()]
                    : [],
            Folders = () => state.Workspace.TrustedFolders?.Resolved(),
            Titles = () => [.. state.Tools.Rights().Reverse().Select(one => one.Title)],
            IsUnattended = state.Services.IsUnattended,
            HasOwnHooks = () => CapabilitiesOf(state).OwnHooks,
        };

    private static ProviderCapabilities CapabilitiesOf(ChatState state) =>
        state.Chat.ProviderId is { } id && state.Services.Providers.Find(id) is { } provider
            ? provider.Settings.Capabilities
            : ProviderCapabilities.Default;

    /// <summary>Gets the agent settings from the template and the chat's own values.</summary>
    public AgentSpec Spec => SpecOf(state.Chat);

    /// <summary>Gets the user's choices for the agent's session, by option ID.</summary>
    public IReadOnlyDictionary<string, string> SessionOptions => ValuesOf(state.Chat).GetStringMap("session_options");

    /// <summary>Gets the MCP servers that are passed to the agent.</summary>
    public Task<AgentServers> AgentServersAsync(CancellationToken cancellationToken) =>
        state.Workspace.TrustedFolder is { } folder
            ? services.McpForAgents.FindAsync(Spec.AvailableTools, Rights(), folder, cancellationToken)
            : Task.FromResult(AgentServers.None);

    /// <summary>Gets the budget of a task; null for a chat.</summary>
    public AgentBudget? Budget => state.Chat.IsTask ? Spec.Budget : null;

    /// <summary>Gets the remaining working time of a task; null if it has no time limit.</summary>
    public TimeSpan? TimeLeft => Budget is { } budget ? TaskBudget.TimeLeft(budget, state.Chat) : null;

    /// <summary>Gets the number of model requests per turn after which the user is asked. A rounds limit in the budget of a task replaces it.</summary>
    public int MaxRounds =>
        Budget is { Rounds: not null } ? int.MaxValue
        : state.Chat.IsTask ? ToolRounds.MaxTaskRounds
        : ToolRounds.MaxRounds;

    public PermissionMode Mode => Rights()[0].Mode;

    /// <summary>Gets the available tools, in a stable order.</summary>
    /// <returns>The tools, and one sentence for each listed tool that is unavailable.</returns>
    public async Task<(Toolbox Tools, IReadOnlyList<string> Notes)> FindAsync(CancellationToken cancellationToken)
    {
        var chat = state.Chat;
        var isReadOnly = Mode == PermissionMode.ReadOnly;
        var names = isReadOnly ? [.. SpecOf(chat).AvailableTools.Where(IsForReading)] : SpecOf(chat).AvailableTools;
        List<string> notes = [];
        List<ITool> tools = [];
        notes.AddRange(RemovedFolders());
        if (state.Workspace.TrustedFolder is null)
        {
            var folderless = names.Where(name => ToolNames.Find(name) is not { NeedsFolder: true }).ToList();
            if (folderless.Count < names.Count && services.ToolSources.Count > 0 && (chat.IsTask || state.Workspace.OpenFolder is not null))
            {
                notes.Add(
                    state.Workspace.OpenFolder is null
                        ? "Tools for files and commands were not sent: no folder is open."
                        : "Tools for files and commands were not sent: this folder is not trusted."
                );
            }

            names = folderless;
        }

        foreach (var source in services.ToolSources)
        {
            tools.AddRange(await source.FindAsync(names, notes, cancellationToken));
        }

        if (names.Contains(WebSearchTool.ToolName) && await WebSearchAsync(cancellationToken) is { } search)
        {
            tools.Add(search);
        }

        // Agents work on files, so a subtask needs a folder.
        if (chat.IsTask || state.Workspace.TrustedFolder is not null)
        {
            tools.AddRange(
                services
                    .Tasks.ToolsFor(chat)
                    .Where(tool =>
                        (!isReadOnly || IsForReading(tool.Declaration.Name))
                        && (tool.Name != ToolNames.WritePlan || Mode == PermissionMode.PlanOnly)
                    )
            );
        }

        var policy = services.ManagedPolicy;
        foreach (var refused in tools.Where(tool => policy.RefusalOfTool(tool.Name) is not null).ToList())
        {
            notes.Add(policy.RefusalOfTool(refused.Name)!);
            tools.Remove(refused);
        }

        return (
            tools.Count == 0 ? Toolbox.Empty : ToolboxOf([.. tools.DistinctBy(tool => tool.Declaration.Name, StringComparer.Ordinal)]),
            notes
        );
    }

    /// <returns>Null if the vendor of the chat cannot search the web.</returns>
    private async Task<WebSearchTool?> WebSearchAsync(CancellationToken cancellationToken)
    {
        try
        {
            return
                state.Chat.ProviderId is { } id
                && await services.Providers.GetAsync(id, cancellationToken) is IWebSearchProvider { Capabilities.WebSearch: true } provider
                ? new WebSearchTool(state, provider, services.PromptOf($"tool-{WebSearchTool.ToolName}"))
                : null;
        }
        catch (FailureException)
        {
            // The turn reports why the provider cannot be used.
            return null;
        }
    }

    /// <summary>Replaces the definitions of server tools by a search tool if they exceed the limit. Tools that the model has found stay.</summary>
    private Toolbox ToolboxOf(List<ITool> tools)
    {
        List<ITool> ofServers = [.. tools.Where(tool => ToolNames.IsServerTool(tool.Name))];
        var limit = services.Config.Number(UserConfig.ServerToolTokensKey) ?? double.MaxValue;
        // A program with its own tool loop gets the list only once.
        return ofServers.Sum(tool => ToolSearchTool.TokensOf(tool.Declaration)) <= limit || CapabilitiesOf(state).OwnToolLoop
            ? new Toolbox(tools)
            : new Toolbox([.. tools.Except(ofServers), new ToolSearchTool(ofServers)], ofServers).WithFound(
                FoundTools.In(SentHistory.Of(state.Chat.Messages))
            );
    }

    /// <summary>Gets one sentence for each folder that was removed from the workspace since the last turn.</summary>
    private IEnumerable<string> RemovedFolders()
    {
        var (before, now) = (lastFolders, state.Workspace.TrustedFolders?.All ?? []);
        lastFolders = now;
        return before
            .Where(folder => now.All(other => other.Path != folder.Path))
            .Select(folder => $"The folder {folder.Name} was removed from the workspace, so its files are no longer available.");
    }

    public ToolContext ContextOf(string turnId, string toolUseId) =>
        new()
        {
            CodexId = codexId,
            TurnId = turnId,
            ToolUseId = toolUseId,
            Folders = state.Workspace.TrustedFolders?.Resolved(),
            Rights = Rights,
            Seen = seen,
            Instructions = instructions,
            Sampling = new ServerSampling(state),
            Hooks = Hooks,
        };

    /// <summary>True if a program uses its own settings here. Its hooks change files, so it does not in a mode without changes.</summary>
    public bool UsesOwnSettings(ProviderSettings provider) =>
        provider is { UsesOwnSettings: true, Capabilities.OwnSettings: not null }
        && state.Workspace.TrustedFolder is not null
        && Mode is not (PermissionMode.PlanOnly or PermissionMode.ReadOnly);

    /// <summary>Asks in each folder whether a program may use its own settings, and again when the folder's settings change.</summary>
    /// <returns>Why it may not, as a sentence; null if it may.</returns>
    public async Task<string?> OwnSettingsRefusalAsync(ProviderSettings provider, CancellationToken cancellationToken)
    {
        var (program, command, files) = provider.Capabilities.OwnSettings!;
        if (provider.ApiKeyRef is not null)
        {
            return $"{provider.Name} cannot use {program}'s own settings with a key of the vault, because the hooks and servers in them would receive it. Remove `own_settings`, or sign in to {program} in place of `api_key_ref`.";
        }

        string identity;
        try
        {
            identity = OwnSettingsHash(files);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"The settings of {program} in this folder could not be read: {fault.Message.TrimEnd('.')}.";
        }

        var settings = new CommandHook("own settings", HookTrigger.SessionStart, $"{command} # {identity}")
        {
            Source = program,
            ClaudeEvent = "own settings",
            NeedsApproval = true,
        };
        // Its servers start without Plue: a list of allowed servers cannot hold.
        var refusal =
            services.ManagedPolicy.RefusalOfServer($"of {program}'s own settings", null, command.Split(' '), static () => null)
            ?? await Hooks.WhyNotAsync(
                settings,
                $"The provider {provider.Name} lets {program} use its own skills, slash commands, hooks, agents, and MCP servers. Its hooks and servers run outside Plue's sandbox, without asking. You are asked again when the settings of this folder change.",
                cancellationToken
            );
        return refusal is null ? null : $"{program} may not use its own settings in this folder. {refusal}";
    }

    /// <summary>Identifies what the trusted folders would run.</summary>
    private string OwnSettingsHash(IReadOnlyList<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (
            var file in (state.Workspace.TrustedFolders?.Paths ?? [])
                .SelectMany(folder => files.Select(name => Path.Combine(folder, name)))
                .Where(File.Exists)
        )
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file));
            hash.AppendData(RegularFile.Read(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    /// <summary>Records skills loaded by a program with its own tool loop, in a response that is not stored yet.</summary>
    public void SkillsLoaded(IReadOnlyList<InstructionSource> sources) => loaded.Add(state.Chat.Messages, sources);

    /// <summary>Gets the current rights of the task and of all its parents.</summary>
    public IReadOnlyList<Rights> Rights()
    {
        List<(Rights Rights, PermissionMode? Mode)> chain = [];
        HashSet<string> known = new(StringComparer.Ordinal);
        for (var (id, chat) = (codexId, (StoredChat?)state.Chat); chat is not null && known.Add(id) && chain.Count < MaxAncestors; )
        {
            chain.Add((RightsOf(id, chat), PermissionModes.Find(ValuesOf(chat).GetString(PermissionModes.Field))));
            if (!chat.IsTask || chat.Text(StoredChat.SpawnedByField) is not { } above)
            {
                break;
            }

            (id, chat) = (above, state.Chats.Find(above));
        }

        // A task without its own mode uses the mode of its parent.
        var mode = PermissionMode.Ask;
        var rights = new Rights[chain.Count];
        var policy = services.ManagedPolicy;
        for (var at = chain.Count - 1; at >= 0; at--)
        {
            mode = PermissionModes.Find(policy.NarrowMode(PermissionModes.NameOf(chain[at].Mode ?? mode)))!.Value;
            rights[at] = chain[at].Rights with { Mode = mode };
        }

        return [.. rights, .. loaded.Restrict(rights[0], state.Chat.Messages)];
    }

    /// <summary>
    /// True for tools that are available in read-only mode. Web requests and server tools are included, because they require approval. Tools of VS Code are
    /// not, because they could change files or run commands.
    /// </summary>
    private static bool IsForReading(string name) =>
        name is "fetch" or WebSearchTool.ToolName || (ToolNames.Find(name) is not { MayChange: true } && !ToolNames.IsVsCodeTool(name));

    private Rights RightsOf(string id, StoredChat chat)
    {
        var spec = SpecOf(chat);
        return new Rights
        {
            CodexId = id,
            Title = chat.Title,
            Tools = spec.AvailableTools,
            Permissions = services.Policy is { } policy
                ? new AgentPermissions(
                    [.. spec.Permissions.Allow, .. policy.Allow],
                    [.. spec.Permissions.Ask, .. policy.Ask],
                    [.. spec.Permissions.Deny, .. policy.Deny]
                )
                : spec.Permissions,
            Folders = state.Workspace.TrustedFolders?.Resolved(),
            IsUnattended = services.IsUnattended,
        };
    }

    /// <summary>Gets the agent settings, including the server tools selected for all chats and the tools of this window or client.</summary>
    private AgentSpec SpecOf(StoredChat chat)
    {
        var spec = AgentSpec.Of(ValuesOf(chat));
        IEnumerable<string> tools = spec.AvailableTools;
        if (spec.AvailableTools.Contains(ToolNames.AllSelected))
        {
            tools = tools
                .Where(name => name != ToolNames.AllSelected)
                .Concat(services.Config.Texts(UserConfig.ChatServerToolsKey).Where(ToolNames.IsServerTool));
        }
        List<string> all = [.. tools.Concat(chat.IsTask ? [] : services.MoreTools)];
        if (all.Contains("bash"))
        {
            all.Add(ToolNames.BashProcess);
        }
        return spec with { AvailableTools = [.. all.Distinct(StringComparer.Ordinal)] };
    }

    private Json5Object ValuesOf(StoredChat chat) =>
        services.TemplateOf(chat.TemplateId) is { } template
            ? ChannelFields.Values(chat with { Tree = MessageTree.Empty }, template)
            : Json5Object.Empty;
}
