using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>Sends a request outside of the conversation, such as for a title or summary. Its cost counts like any other, and limits apply.</summary>
internal sealed class SideQuestion(ChatServices services) : ISideModel
{
    private const int MaxResponseLength = 64 * 1024;

    public Task<SideAnswer> AskAsync(SideRequest request, TimeSpan timeout, CancellationToken cancellationToken) =>
        AskAsync(request, timeout, static (_, _) => { }, cancellationToken);

    /// <param name="check">Called before the request is sent; throws to prevent it.</param>
    public async Task<SideAnswer> AskAsync(
        SideRequest request,
        TimeSpan timeout,
        Action<IProvider, ProviderRequest> check,
        CancellationToken cancellationToken
    )
    {
        var (providers, time) = (services.Providers, services.Time);
        var provider = await providers.GetAsync(request.Model.ProviderId, cancellationToken);
        await services.CheckBudgetAsync(provider.Settings, 0, 0, cancellationToken);
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var model = await providers.ResolveModelAsync(provider, request.Model.Model, either.Token);
            var built = RequestOf(request, model, time.GetUtcNow());
            check(provider, built);
            return await ReceiveAsync(new ProviderCall(provider, built, providers), either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(
                FailureKind.Timeout,
                $"{provider.Settings.Name} did not finish within {timeout.TotalSeconds:0} seconds."
            );
        }
    }

    private async Task<SideAnswer> ReceiveAsync(ProviderCall call, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        Usage? usage = null;
        decimal? vendorCost = null;
        var info = new ProviderInfo(call.Provider.Settings.Id, call.Request.Model);
        await foreach (var next in Retry.StreamAsync(call.Provider, call.Request, services.Time, cancellationToken))
        {
            switch (next)
            {
                case ProviderEvent.TextDelta(var delta) when text.Length < MaxResponseLength:
                    text.Append(delta);
                    break;
                case ProviderEvent.UsageReported(var reported, var cost):
                    (usage, vendorCost) = (reported, cost);
                    break;
                case ProviderEvent.Accepted(var model, var requestId):
                    info = info with { ModelId = model ?? info.ModelId, RequestId = requestId };
                    break;
                case ProviderEvent.Restarted:
                    text.Clear();
                    break;
                case ProviderEvent.Failed(var failure):
                    throw new FailureException(failure);
            }
        }

        var response = text.ToString().Trim();
        if (response.Length == 0)
        {
            throw new FailureException(FailureKind.BadResponse, $"{call.Provider.Settings.Name} returned an empty response.");
        }

        return new SideAnswer(services.Secrets?.Mask(response) ?? response, usage, call.CostOf(info.ModelId, usage, vendorCost), info);
    }

    private static ProviderRequest RequestOf(SideRequest asked, string model, DateTimeOffset now) =>
        new()
        {
            // The chat's own address is not used: a provider with one process per chat would treat the request as part of it.
            CodexId = $"{asked.CodexId}/{asked.Purpose}",
            Model = model,
            System = asked.System,
            MaxTokens = asked.MaxTokens,
            Messages =
            [
                .. asked
                    .Before.Append((Role: MessageRole.User, asked.Text))
                    .Select(
                        (message, at) =>
                            new Message
                            {
                                Id = at == asked.Before.Count ? $"{asked.Purpose}_question" : $"{asked.Purpose}_before_{at}",
                                CodexId = asked.CodexId,
                                Role = message.Role,
                                CreatedAt = now,
                                UpdatedAt = now,
                                Parts = [new MessagePart.Text(message.Text)],
                            }
                    ),
            ],
        };
}

/// <param name="Purpose">One word, such as <c>title</c> or <c>summary</c>.</param>
internal sealed record SideRequest(string CodexId, string Purpose, ModelChoice Model, string System, string Text, int MaxTokens)
{
    /// <summary>Gets the messages before the text, oldest first.</summary>
    public IReadOnlyList<(MessageRole Role, string Text)> Before { get; init; } = [];
}

internal sealed record SideAnswer(string Text, Usage? Usage, Cost? Cost, ProviderInfo ProviderInfo)
{
    /// <summary>Creates the message that stores its cost in the chat.</summary>
    public Message ToHiddenMessage(string codexId, DateTimeOffset now) =>
        new()
        {
            Id = Ids.New("msg"),
            CodexId = codexId,
            ParentId = "",
            Role = MessageRole.Assistant,
            CreatedAt = now,
            UpdatedAt = now,
            Parts = [new MessagePart.Text(Text)],
            Usage = Usage,
            Cost = Cost,
            ProviderInfo = ProviderInfo,
            IsHidden = true,
        };
}
