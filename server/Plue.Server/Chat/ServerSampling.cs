using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>
/// Provides a chat's MCP servers with a model: the background model if one is set, otherwise the chat's. The response is stored in the chat as a hidden
/// message, because it counts for the budgets of the chat and its parent tasks.
/// </summary>
internal sealed class ServerSampling(ChatState state) : ISamplingModel
{
    private static readonly TimeSpan SamplingTimeout = TimeSpan.FromMinutes(2);
    private readonly ChatServices services = state.Services;

    public async Task<SamplingOffer> OfferAsync(SamplingRequest request, CancellationToken cancellationToken)
    {
        var chat = state.Chat;
        if (
            (services.Config.DefaultSmall ?? (chat.ProviderId is { } id ? new ModelChoice(id, chat.Model) : null)) is not { } choice
            || services.Providers.Find(choice.ProviderId)?.Settings.Capabilities is { OwnHistory: true } or { OwnToolLoop: true }
        )
        {
            throw new FailureException(
                FailureKind.BadRequest,
                "This chat has no model that a server can ask. Choose a background model in the settings."
            );
        }

        var provider = await services.Providers.GetAsync(choice.ProviderId, cancellationToken);
        await services.CheckBudgetAsync(provider.Settings, chat.TotalCost ?? 0, 0, cancellationToken);
        var model = await services.Providers.ResolveModelAsync(provider, choice.Model, cancellationToken);
        var tokens = TokenEstimate.Of(request.System) + request.Messages.Sum(message => TokenEstimate.Of(message.Text));
        decimal? cost =
            provider.Settings.IsFree ? 0
            : services.Providers.PriceOf(provider.Settings, model) is { } price
                ? ((tokens * price.InputPerMillion) + (request.MaxTokens * price.OutputPerMillion)) / 1_000_000m
            : null;
        return new SamplingOffer(new ModelChoice(choice.ProviderId, model), provider.Settings.Name, model, cost);
    }

    public async Task<SamplingResponse> AskAsync(SamplingRequest request, SamplingOffer offer, CancellationToken cancellationToken)
    {
        // The last message of a server may be of the assistant, but vendors require one of the user.
        var isQuestion = request.Messages[^1].IsUser;
        var last = isQuestion ? request.Messages[^1].Text : "Continue.";
        var before = request.Messages.Take(request.Messages.Count - (isQuestion ? 1 : 0)).Select(Pair).ToList();
        var response = await new SideQuestion(services).AskAsync(
            new SideRequest(state.CodexId, "sampling", offer.Choice, request.System, last, request.MaxTokens) { Before = before },
            SamplingTimeout,
            Reserve,
            cancellationToken
        );
        await StoreAsync(response);
        return new SamplingResponse(response.Text, response.ProviderInfo.ModelId ?? offer.Model);
    }

    private void Reserve(IProvider provider, ProviderRequest request)
    {
        var chat = state.Chat;
        var price = provider.Settings.IsFree ? null : services.Providers.PriceOf(provider.Settings, request.Model);
        if (state.Tools.Budget is { } budget)
        {
            TaskBudget.Check(budget, chat, request, price);
        }
        services.TaskBudget.Reserve(chat, request, price);
    }

    private async Task StoreAsync(SideAnswer response)
    {
        await state.Loop.Enter();
        var (chat, message) = (state.Chat, response.ToHiddenMessage(state.CodexId, services.Time.GetUtcNow()));
        await state.Writer().AppendAsync(message, CancellationToken.None);
        services.Usage.Add(message, chat.Id, chat.TemplateId);
        state.NotifyChanged();
    }

    private static (MessageRole, string) Pair(SamplingText message) =>
        (message.IsUser ? MessageRole.User : MessageRole.Assistant, message.Text);
}
