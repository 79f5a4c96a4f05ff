using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Builds the requests of a turn in a chat or task: provider, model, instructions, context, tools and files, checked against the budgets.</summary>
internal sealed class TurnRequests : ITurnRequests
{
    /// <summary>Appended to the instructions in plan mode.</summary>
    internal const string PlanOnly = """
        # Only a plan is wanted

        Change nothing now: whatever writes, runs or sends is refused. Read what you need, then say what you would do, in which files and in which order, and what you are not sure of. If you have the tool write_plan, write the plan with it in place of a text. The user decides whether it is done.
        """;

    /// <summary>Appended to the instructions in read-only mode.</summary>
    internal const string ReadOnly = """
        # Only an answer is wanted

        You can read files, but not change or run anything now. If the user asks for a change, explain what you would change, and say that the mode *Agent* of the composer allows it.
        """;

    private readonly ChatState state;
    private readonly ChatServices services;
    private readonly IProvider provider;
    private readonly bool isContinuation;
    private readonly PinnedFiles pinned;
    private string? model; // null until the provider has reported it, or while it is in cooldown and others may respond
    private Failure? failure; // why the model could not be determined
    private IReadOnlyList<string> notes = []; // one sentence for each missing tool

    private TurnRequests(
        ChatState state,
        IProvider provider,
        Instructions instructions,
        ModelChoice chosen,
        IReadOnlyList<ModelChoice> fallbacks,
        bool isContinuation
    )
    {
        (this.state, services, this.provider, Instructions, Chosen, this.isContinuation) = (
            state,
            state.Services,
            provider,
            instructions,
            chosen,
            isContinuation
        );
        pinned = services.Files.Pinned(state.Chat.ContextFiles);
        Candidates =
        [
            new Candidate(provider.Settings.Name, chosen),
            .. fallbacks.Select(choice => new Candidate(services.Providers.NameOf(choice.ProviderId), choice)),
        ];
    }

    public Instructions Instructions { get; }

    /// <summary>Gets the user's choice. A null model uses the provider's default.</summary>
    public ModelChoice Chosen { get; }

    public IReadOnlyList<Candidate> Candidates { get; }

    /// <summary>Gets the provider and, if known, the model.</summary>
    public ProviderInfo Info => new(provider.Settings.Id, model ?? Chosen.Model);

    /// <summary>Checks whether a provider is available before anything is stored. Not called in the loop.</summary>
    /// <param name="isContinuation">True to continue the last response.</param>
    /// <exception cref="FailureException">
    /// MissingField: no provider was chosen. BudgetExceeded. Otherwise why the provider or the instructions cannot be used.
    /// </exception>
    public static async Task<TurnRequests> PlanAsync(
        ChatState state,
        (string? ProviderId, string? Model) choice,
        bool isContinuation,
        CancellationToken cancellationToken
    )
    {
        var (chat, services) = (state.Chat, state.Services);
        var chosenProvider = await services.Providers.GetAsync(choice.ProviderId ?? throw NoProvider(), cancellationToken);
        await services.CheckBudgetAsync(chosenProvider.Settings, chat.TotalCost ?? 0, 0, cancellationToken);
        await state.PrepareWorkspaceAsync(cancellationToken);
        var instructions = state.Instructions.Build(chat);
        if (instructions.Failure is { } unusable)
        {
            throw new FailureException(unusable);
        }
        var ofMode = state.Tools.Mode switch
        {
            PermissionMode.PlanOnly => PlanOnly,
            PermissionMode.ReadOnly => ReadOnly,
            _ => null,
        };
        if (ofMode is not null)
        {
            instructions = instructions with { System = instructions.System is { } system ? $"{system}\n\n{ofMode}" : ofMode };
        }

        if (chosenProvider.Capabilities.OwnSkills)
        {
            instructions = instructions.WithoutSkills;
        }

        IReadOnlyList<ModelChoice> fallbacks =
        [
            .. (chat.Fallbacks is { Count: > 0 } own ? own : services.Config.Fallbacks).Where(other =>
                other.ProviderId != chosenProvider.Settings.Id || (other.Model is { } model && model != choice.Model)
            ),
        ];
        var requests = new TurnRequests(
            state,
            chosenProvider,
            instructions,
            new ModelChoice(choice.ProviderId, choice.Model),
            fallbacks,
            isContinuation
        );
        if (fallbacks.Count > 0 && services.Providers.Cooldowns.PausedUntil(chosenProvider.Settings) is not null)
        {
            return requests;
        }

        try
        {
            requests.model = await services.Providers.ResolveModelAsync(chosenProvider, choice.Model, cancellationToken);
        }
        catch (FailureException fault) when (fallbacks.Count > 0 && FallbackChain.CanFallBack(fault.Failure))
        {
            requests.failure = fault.Failure;
        }

        return requests;
    }

    public static FailureException NoProvider() => new(FailureKind.MissingField, "This chat has no provider. Choose one.");

    public async Task<Toolbox> PrepareAsync(RunningTurn turn, CancellationToken cancellationToken)
    {
        var path = state.Chat.Tree.PathTo(turn.ParentId);
        if (await state.Context.CompactIfNeededAsync(path, provider.Settings, model, cancellationToken) is { } summary)
        {
            turn.ParentId = summary.Id;
        }

        (var tools, notes) = await Task.Run(() => state.Tools.FindAsync(cancellationToken), cancellationToken);
        return tools;
    }

    public string? CooldownReason(Candidate candidate) =>
        candidate == Candidates[0] ? services.Providers.Cooldowns.Describe(provider.Settings)
        : services.Providers.Find(candidate.Choice.ProviderId) is { } known ? services.Providers.Cooldowns.Describe(known.Settings)
        : null;

    public async Task<ProviderCall> BuildAsync(Candidate candidate, RunningTurn turn, Toolbox tools, CancellationToken cancellationToken)
    {
        var isChosen = candidate == Candidates[0];
        if (isChosen && failure is { } known)
        {
            throw new FailureException(known);
        }

        var asked = isChosen ? provider : await services.Providers.GetAsync(candidate.Choice.ProviderId, cancellationToken);
        await services.CheckBudgetAsync(asked.Settings, state.Chat.TotalCost ?? 0, 0, cancellationToken);
        var modelId =
            isChosen && model is not null
                ? model
                : await services.Providers.ResolveModelAsync(asked, candidate.Choice.Model, cancellationToken);
        if (
            state.Tools.UsesOwnSettings(asked.Settings)
            && await state.Tools.OwnSettingsRefusalAsync(asked.Settings, cancellationToken) is { } why
        )
        {
            throw new FailureException(FailureKind.PermissionDenied, why);
        }

        await pinned.LoadAsync(cancellationToken);
        return Build(asked, modelId, turn, tools);
    }

    public void Responded(ProviderSettings settings, Failure? failure)
    {
        services.Providers.Cooldowns.Report(settings, failure);
        services.Providers.Answered(settings, failure);
    }

    public void WindowsReported(ProviderSettings settings, IReadOnlyList<UsageWindow> windows) =>
        services.Providers.ReportWindows(settings, windows);

    private async Task<Failure?> CheckRoundLimitsAsync(
        ProviderSettings settings,
        string modelId,
        Usage usage,
        int rounds,
        decimal? vendorCost
    )
    {
        var chat = state.Chat;
        var cost = settings.IsFree ? 0 : vendorCost ?? services.Providers.PriceOf(settings, modelId)?.CostOf(usage).TotalCost;
        try
        {
            if (state.Tools.Budget is { } budget)
            {
                TaskBudget.CheckDuringResponse(budget, chat, usage, rounds, cost);
            }
            services.TaskBudget.CheckRunning(chat, usage, rounds, cost);
            await services.CheckBudgetAsync(settings, chat.TotalCost ?? 0, cost ?? 0, CancellationToken.None);
            return rounds < ToolRounds.MaxRounds ? null : ToolRounds.TooMany(ToolRounds.MaxRounds);
        }
        catch (FailureException over)
        {
            return over.Failure;
        }
    }

    private ProviderCall Build(IProvider asked, string modelId, RunningTurn turn, Toolbox tools)
    {
        var chat = state.Chat;
        var options = chat.Options.Over(services.OptionsOf(chat.TemplateId));
        var request = ContextBuilder.Build(
            state.CodexId,
            chat.Tree.PathTo(turn.ParentId),
            asked.Settings,
            modelId,
            Instructions.System,
            state.Workspace.TrustedFolder,
            isContinuation,
            options,
            turn.AddedContext
        );
        request = request with
        {
            OtherDirectories = [.. (state.Workspace.TrustedFolders?.Paths ?? []).Skip(1)],
            UsesOwnSettings = state.Tools.UsesOwnSettings(asked.Settings),
        };
        var known = services.Providers.ModelOf(asked.Settings, modelId);
        var can = asked.Capabilities;
        var takesTools = known?.SupportsTools != false && can.Tools;
        if (takesTools)
        {
            request = request with { Tools = tools.Declarations };
            if (!can.OwnSkills && tools.Find(ToolNames.Skill) is not null)
            {
                request = request with { System = Instructions.SystemWithSkills };
            }
        }
        if (can.OwnToolLoop)
        {
            var own = state.Tools.Spec.AvailableTools.Where(ToolHost.OwnTools.Contains).ToList();
            var ours = new Toolbox([
                .. tools.Tools.Where(tool => !own.Contains(tool.Name) && !(can.OwnSkills && tool.Name == ToolNames.Skill)),
            ]);
            request = request with
            {
                ToolHost = new ToolHost(
                    services.ToolRunner,
                    ours,
                    services.Editor,
                    new ProgramTurn(this, asked.Settings, modelId, turn.Id)
                ),
                OwnTools = own,
                Tools = ours.Declarations,
            };
        }

        if (can.IsAgent)
        {
            request = request with
            {
                AgentHost = AgentHost(asked.Settings, modelId, turn, tools),
                SessionOptions = state.Tools.SessionOptions,
            };
        }

        var (filled, omitted) = services.Files.Fill(request, pinned, asked, known);
        omitted =
        [
            .. omitted,
            .. notes,
            .. takesTools || tools.Tools.Count == 0 || can.IsDemo
                ? (IEnumerable<string>)[]
                : [$"No tools were sent: {modelId} does not support them."],
        ];
        var price = asked.Settings.IsFree ? null : services.Providers.PriceOf(asked.Settings, modelId);
        if (state.Tools.Budget is { } budget)
        {
            TaskBudget.Check(budget, chat, filled, price);
        }
        services.TaskBudget.Reserve(chat, filled, price);

        return new ProviderCall(asked, filled, services.Providers) { Omitted = omitted };
    }

    private AgentHost AgentHost(ProviderSettings settings, string modelId, RunningTurn turn, Toolbox tools) =>
        new(services.ToolRunner, services.Edits.Log, tools, services.Editor, new ProgramTurn(this, settings, modelId, turn.Id))
        {
            Mode = state.Tools.Mode switch
            {
                PermissionMode.EditFreely => AgentMode.Edit,
                PermissionMode.PlanOnly => AgentMode.Plan,
                PermissionMode.ReadOnly => AgentMode.Read,
                _ => AgentMode.Ask,
            },
            Channel = state.Tools,
            MayChangeFiles = state.Tools.Spec.AvailableTools.Any(tool => tool is "write" or "edit" or "bash"),
        };

    private sealed class ProgramTurn(TurnRequests requests, ProviderSettings settings, string modelId, string turnId) : IProgramTurn
    {
        public ITextMask? Secrets { get; } = requests.services.Secrets;

        public ToolContext ContextOf(string toolUseId) => requests.state.Tools.ContextOf(turnId, toolUseId);

        public Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds, decimal? vendorCost = null) =>
            requests.CheckRoundLimitsAsync(settings, modelId, usage, rounds, vendorCost);

        public void SkillsLoaded(IReadOnlyList<InstructionSource> sources) => requests.state.Tools.SkillsLoaded(sources);
    }
}
