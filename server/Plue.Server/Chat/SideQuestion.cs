using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Chat;

/// <summary>A question of Plue's own beside the conversation: for a title, for a summary. It costs like any other, and may not go over a limit.</summary>
/// <param name="checkBudget">Throws BudgetExceeded where this provider may not be paid any more.</param>
public sealed class SideQuestion(ProviderRegistry providers, TimeProvider time, Func<ProviderSettings, CancellationToken, Task> checkBudget, Func<ITextMask?> secrets)
{
    private const int LongestAnswer = 64 * 1024;

    /// <summary>The whole answer, secrets taken out.</summary>
    /// <exception cref="FailureException">Whatever kept the model from answering; Timeout after <paramref name="patience"/>; BadResponse for an empty answer.</exception>
    public async Task<SideAnswer> AskAsync(SideRequest asked, TimeSpan patience, CancellationToken cancellationToken)
    {
        var provider = await providers.GetAsync(asked.Who.ProviderId, cancellationToken);
        await checkBudget(provider.Settings, cancellationToken);
        using var limit = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var model = await providers.ResolveModelAsync(provider, asked.Who.Model, either.Token);
            var answerer = new Answerer(provider, RequestOf(asked, model, time.GetUtcNow()), name => providers.PriceOf(provider.Settings, name));
            return await HearAsync(answerer, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new FailureException(FailureKind.Timeout, $"{provider.Settings.Name} did not finish within {patience.TotalSeconds:0} seconds.");
        }
    }

    private async Task<SideAnswer> HearAsync(Answerer answerer, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        Usage? usage = null;
        decimal? vendorCost = null;
        var info = new ProviderInfo(answerer.Provider.Settings.Id, answerer.Request.Model);
        await foreach (var next in Retry.StreamAsync(answerer.Provider, answerer.Request, time, cancellationToken))
        {
            switch (next)
            {
                case ProviderEvent.TextDelta(var delta) when text.Length < LongestAnswer: text.Append(delta); break;
                case ProviderEvent.UsageReported(var reported, var cost): (usage, vendorCost) = (reported, cost); break;
                case ProviderEvent.Accepted(var model, var requestId): info = info with { ModelId = model ?? info.ModelId, RequestId = requestId }; break;
                case ProviderEvent.Restarted: text.Clear(); break;
                case ProviderEvent.Failed(var failure): throw new FailureException(failure);
            }
        }

        var said = text.ToString().Trim();
        if (said.Length == 0) { throw new FailureException(FailureKind.BadResponse, $"{answerer.Provider.Settings.Name} gave an empty answer."); }

        return new SideAnswer(secrets()?.Mask(said) ?? said, usage, answerer.CostOf(info.ModelId, usage, vendorCost), info);
    }

    private static ProviderRequest RequestOf(SideRequest asked, string model, DateTimeOffset now) => new()
    {
        // Not the chat's own address: a provider with a process for each chat must not take this for a part of it.
        CodexId = $"{asked.CodexId}/{asked.Purpose}",
        Model = model,
        System = asked.System,
        MaxTokens = asked.MaxTokens,
        Messages =
        [
            new Message
            {
                Id = $"{asked.Purpose}_question",
                CodexId = asked.CodexId,
                Role = MessageRole.User,
                CreatedAt = now,
                UpdatedAt = now,
                Parts = [new MessagePart.Text(asked.Text)],
            },
        ],
    };
}

/// <param name="Purpose">One word: <c>title</c>, <c>summary</c>.</param>
public sealed record SideRequest(string CodexId, string Purpose, ModelChoice Who, string System, string Text, int MaxTokens);

public sealed record SideAnswer(string Text, Usage? Usage, Cost? Cost, ProviderInfo ProviderInfo);
