using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Who is asked in a chat or task, and with what: provider, model, steering, stand-ins and the request itself, each held against the budgets.</summary>
/// <param name="now">The chat as it is now.</param>
internal sealed class Asking(ChatServices services, string codexId, Func<StoredChat> now)
{
    /// <param name="Model">Null when the provider is asked for it later: it could not say it now, or rests, and others may answer instead.</param>
    /// <param name="Failure">Why it could not say it.</param>
    internal sealed record Prepared(IProvider Provider, string? Model, Steering Steering, IReadOnlyList<ModelChoice> StandIns, Failure? Failure = null);

    /// <summary>Looks whether anybody can be asked.</summary>
    /// <exception cref="FailureException">MissingField: no provider was chosen. BudgetExceeded. Else why the provider or the steering cannot be used.</exception>
    public async Task<Prepared> PrepareAsync((string? ProviderId, string? Model) choice, CancellationToken cancellationToken)
    {
        var chat = now();
        var provider = await services.Providers.GetAsync(choice.ProviderId ?? throw NoProvider(), cancellationToken);
        await CheckBudgetAsync(provider.Settings, cancellationToken);
        var steering = services.SteeringOf(chat);
        if (steering.Failure is { } unusable) { throw new FailureException(unusable); }
        IReadOnlyList<ModelChoice> standIns =
            [.. (chat.Fallbacks is { Count: > 0 } own ? own : services.Fallbacks()).Where(other => other.ProviderId != provider.Settings.Id || (other.Model is { } model && model != choice.Model))];
        if (standIns.Count > 0 && services.Providers.Rest.RestingUntil(provider.Settings) is not null) { return new Prepared(provider, null, steering, standIns); }

        try
        {
            return new Prepared(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken), steering, standIns);
        }
        catch (FailureException fault) when (standIns.Count > 0 && Answerers.CanHelp(fault.Failure))
        {
            return new Prepared(provider, null, steering, standIns, fault.Failure);
        }
    }

    /// <summary>The chosen provider and those that stand in for it.</summary>
    /// <param name="chosenModel">As the user chose it; null leaves it to the provider.</param>
    /// <param name="parentId">The message that the answer follows.</param>
    /// <param name="goOn">True when the last answer is to be continued.</param>
    public Answerers AnswerersOf(Prepared prepared, string? chosenModel, Func<string> parentId, bool goOn)
    {
        Answerer Ask(IProvider provider, string model) => Request(provider, model, prepared.Steering, parentId(), goOn);
        return new Answerers(Chosen(prepared, chosenModel, Ask), [.. prepared.StandIns.Select(choice => StandIn(choice, Ask))], services.Logger);
    }

    /// <summary>How asking a provider went.</summary>
    /// <param name="failure">Null when it answered.</param>
    public void Heard(ProviderSettings settings, Failure? failure)
    {
        services.Providers.Rest.Heard(settings, failure);
        services.Answered(settings, failure);
    }

    /// <summary>How long the budget of a task lets it work on; null where nothing bounds it.</summary>
    public TimeSpan? TimeLeft => Budget is { } budget ? TaskBudget.TimeLeft(budget, now()) : null;

    public static FailureException NoProvider() => new(FailureKind.MissingField, "This chat has no provider. Choose one.");

    private AgentBudget? Budget => now() is { IsTask: true } task && services.TemplateOf(task.TemplateId) is { } template
        ? AgentSpec.Of(ChannelFields.Values(task with { Tree = MessageTree.Empty }, template)).Budget
        : null;

    private async Task CheckBudgetAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (settings.IsFree) { return; }

        await services.Budget().CheckAsync(now().TotalCost ?? 0, () => services.Usage.SpentTodayAsync(cancellationToken));
    }

    private Candidate Chosen(Prepared prepared, string? model, Func<IProvider, string, Answerer> ask) => new(
        prepared.Provider.Settings.Name,
        async cancellationToken =>
        {
            if (prepared.Failure is { } failure) { throw new FailureException(failure); }
            return ask(prepared.Provider, prepared.Model ?? await services.Providers.ResolveModelAsync(prepared.Provider, model, cancellationToken));
        },
        () => services.Providers.Rest.Sentence(prepared.Provider.Settings));

    private Candidate StandIn(ModelChoice choice, Func<IProvider, string, Answerer> ask) => new(
        services.Providers.NameOf(choice.ProviderId),
        async cancellationToken =>
        {
            var provider = await services.Providers.GetAsync(choice.ProviderId, cancellationToken);
            await CheckBudgetAsync(provider.Settings, cancellationToken);
            return ask(provider, await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken));
        },
        () => services.Providers.Find(choice.ProviderId) is { } known ? services.Providers.Rest.Sentence(known.Settings) : null);

    private Answerer Request(IProvider provider, string model, Steering steering, string parentId, bool goOn)
    {
        var chat = now();
        var options = chat.Options.Over(services.OptionsOf(chat.TemplateId));
        var request = ContextBuilder.Build(codexId, chat.Tree.PathTo(parentId), provider.Settings, model, steering.System, services.Workspace.TrustedFolder, goOn, options);
        var (filled, notCarried) = services.Files.Fill(request, chat.ContextFiles, provider, services.Providers.ModelOf(provider.Settings, model));
        if (Budget is { } budget) { TaskBudget.Check(budget, chat, filled, provider.Settings.IsFree ? null : services.Providers.PriceOf(provider.Settings, model)); }

        return new Answerer(provider, filled, name => services.Providers.PriceOf(provider.Settings, name)) { NotCarried = notCarried };
    }
}
