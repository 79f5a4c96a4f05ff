using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Permissions;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Who is asked in a chat or task, and with what: provider, model, steering, stand-ins and the request itself, each held against the budgets.</summary>
/// <param name="now">The chat as it is now.</param>
internal sealed class Asking(ChatServices services, string codexId, Func<StoredChat> now, ChannelTools tools)
{
    /// <param name="Model">Null when the provider is asked for it later: it could not say it now, or rests, and others may answer instead.</param>
    /// <param name="Failure">Why it could not say it.</param>
    internal sealed record Prepared(IProvider Provider, string? Model, Steering Steering, IReadOnlyList<ModelChoice> StandIns, Failure? Failure = null);

    /// <summary>Ends what a model is told while only plans are made.</summary>
    internal const string PlanOnly = """
        # Only a plan is wanted

        Change nothing now: whatever writes, runs or sends is refused. Read what you need, then say what you would do, in which files and in which order, and what you are not sure of. The user decides whether it is done.
        """;

    /// <summary>What is asked in one round.</summary>
    /// <param name="ParentId">The message that the answer follows.</param>
    /// <param name="GoOn">True when the last answer is to be continued.</param>
    /// <param name="Notes">Which tools it has not, one sentence each.</param>
    /// <param name="Pinned">Read once for a turn, so that its rounds say the same.</param>
    internal sealed record Question(string ParentId, bool GoOn, Toolbox Tools, IReadOnlyList<string> Notes, PinnedFiles Pinned, string TurnId);

    /// <summary>Looks whether anybody can be asked.</summary>
    /// <exception cref="FailureException">MissingField: no provider was chosen. BudgetExceeded. Else why the provider or the steering cannot be used.</exception>
    public async Task<Prepared> PrepareAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        var chat = now();
        var provider = await services.Providers.GetAsync(choice.ProviderId ?? throw NoProvider(), cancellationToken);
        await CheckBudgetAsync(provider.Settings, cancellationToken);
        var steering = services.SteeringOf(chat);
        if (steering.Failure is { } unusable) { throw new FailureException(unusable); }
        if (tools.Mode == PermissionMode.PlanOnly) { steering = steering with { System = steering.System is { } system ? $"{system}\n\n{PlanOnly}" : PlanOnly }; }
        IReadOnlyList<ModelChoice> standIns =
            [.. (chat.Fallbacks is { Count: > 0 } own ? own : services.Fallbacks()).Where(other => other.ProviderId != provider.Settings.Id || (other.Model is { } model && model != choice.Model))];
        if (standIns.Count > 0 && services.Providers.Cooldowns.PausedUntil(provider.Settings) is not null) { return new Prepared(provider, null, steering, standIns); }

        try
        {
            return new Prepared(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken), steering, standIns);
        }
        catch (FailureException fault) when (standIns.Count > 0 && Answerers.CanHelp(fault.Failure))
        {
            return new Prepared(provider, null, steering, standIns, fault.Failure);
        }
    }

    /// <summary>The chosen provider and those that stand in for it, for one round.</summary>
    /// <param name="chosenModel">As the user chose it; null leaves it to the provider.</param>
    public Answerers AnswerersOf(Prepared prepared, string? chosenModel, Question question)
    {
        Answerer Ask(IProvider provider, string model) => Request(provider, model, prepared.Steering, question);
        return new Answerers(Chosen(prepared, chosenModel, Ask), [.. prepared.StandIns.Select(choice => StandIn(choice, Ask))], services.Logger);
    }

    /// <summary>How asking a provider went.</summary>
    /// <param name="failure">Null when it answered.</param>
    public void Heard(ProviderSettings settings, Failure? failure)
    {
        services.Providers.Cooldowns.Report(settings, failure);
        services.Answered(settings, failure);
    }

    /// <summary>How long the budget of a task lets it work on; null where nothing bounds it.</summary>
    public TimeSpan? TimeLeft => Budget is { } budget ? TaskBudget.TimeLeft(budget, now()) : null;

    /// <summary>How often the model is asked in one turn before the user is asked. The budget of a task says it for the task.</summary>
    public int MostRounds => Budget is { Rounds: not null } ? int.MaxValue : now().IsTask ? Rounds.MostOfTask : Rounds.Most;

    public static FailureException NoProvider() => new(FailureKind.MissingField, "This chat has no provider. Choose one.");

    private AgentBudget? Budget => now().IsTask ? tools.Spec.Budget : null;

    private Task CheckBudgetAsync(ProviderSettings settings, CancellationToken cancellationToken) => CheckBudgetAsync(settings, 0, cancellationToken);

    /// <param name="underWay">What the answer that is being given has cost so far, in USD.</param>
    private async Task CheckBudgetAsync(ProviderSettings settings, decimal underWay, CancellationToken cancellationToken)
    {
        if (settings.IsFree) { return; }

        await services.Budget().CheckAsync((now().TotalCost ?? 0) + underWay, async () => await services.Usage.SpentTodayAsync(cancellationToken) + underWay);
    }

    private Candidate Chosen(Prepared prepared, string? model, Func<IProvider, string, Answerer> ask) => new(
        prepared.Provider.Settings.Name,
        async cancellationToken =>
        {
            if (prepared.Failure is { } failure) { throw new FailureException(failure); }
            await CheckBudgetAsync(prepared.Provider.Settings, cancellationToken);
            return ask(prepared.Provider, prepared.Model ?? await services.Providers.ResolveModelAsync(prepared.Provider, model, cancellationToken));
        },
        () => services.Providers.Cooldowns.Describe(prepared.Provider.Settings));

    private Candidate StandIn(ModelChoice choice, Func<IProvider, string, Answerer> ask) => new(
        services.Providers.NameOf(choice.ProviderId),
        async cancellationToken =>
        {
            var provider = await services.Providers.GetAsync(choice.ProviderId, cancellationToken);
            await CheckBudgetAsync(provider.Settings, cancellationToken);
            return ask(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken));
        },
        () => services.Providers.Find(choice.ProviderId) is { } known ? services.Providers.Cooldowns.Describe(known.Settings) : null);

    /// <summary>Holds what an answer under way has used against the budgets, as the next request would be. For a program that runs its own rounds.</summary>
    private async Task<Failure?> WhyNotOnAsync(ProviderSettings settings, string model, Usage usage, int rounds)
    {
        var chat = now();
        var cost = settings.IsFree ? 0 : services.Providers.PriceOf(settings, model)?.CostOf(usage).TotalCost;
        try
        {
            if (Budget is { } budget) { TaskBudget.CheckUnderWay(budget, chat, usage, rounds, cost); }
            services.CheckUnderWay?.Invoke(chat, usage, rounds, cost);
            await CheckBudgetAsync(settings, cost ?? 0, CancellationToken.None);
            return rounds < Rounds.Most ? null : Rounds.TooMany(Rounds.Most);
        }
        catch (FailureException over) { return over.Failure; }
    }

    private Answerer Request(IProvider provider, string model, Steering steering, Question question)
    {
        var chat = now();
        var options = chat.Options.Over(services.OptionsOf(chat.TemplateId));
        var request = ContextBuilder.Build(codexId, chat.Tree.PathTo(question.ParentId), provider.Settings, model, steering.System, services.Workspace.TrustedFolder, question.GoOn, options);
        var known = services.Providers.ModelOf(provider.Settings, model);
        var can = provider.Capabilities;
        var takesTools = known?.SupportsTools != false && can.Tools;
        if (takesTools) { request = request with { Tools = question.Tools.Declarations }; }
        if (can.OwnToolLoop)
        {
            var own = tools.Spec.AvailableTools.Where(ToolHost.OwnTools.Contains).ToList();
            var ours = new Toolbox([.. question.Tools.Tools.Where(tool => !own.Contains(tool.Name))]);
            var secrets = services.Secrets();
            var host = new ToolHost(
                services.ToolRunner, ours, id => tools.ContextOf(question.TurnId, id),
                (usage, rounds) => WhyNotOnAsync(provider.Settings, model, usage, rounds), text => secrets?.Mask(text) ?? text);
            request = request with { ToolHost = host, OwnTools = own, Tools = ours.Declarations };
        }

        var (filled, notCarried) = services.Files.Fill(request, question.Pinned, provider, known);
        notCarried = [.. notCarried, .. question.Notes, .. takesTools || question.Tools.Tools.Count == 0 || can.IsDemo ? (IEnumerable<string>)[] : [$"It had no tools: {model} takes none."]];
        var price = provider.Settings.IsFree ? null : services.Providers.PriceOf(provider.Settings, model);
        if (Budget is { } budget) { TaskBudget.Check(budget, chat, filled, price); }
        services.CheckSpending?.Invoke(chat, filled, price);

        return new Answerer(provider, filled, name => services.Providers.PriceOf(provider.Settings, name)) { NotCarried = notCarried };
    }
}
