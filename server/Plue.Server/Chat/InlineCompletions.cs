using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>
/// Completes code at the cursor. Only the cost is stored, as a separate kind in the ledger. One request runs at a time; the next one stops it. Thread-safe.
/// </summary>
internal sealed class InlineCompletions(ChatServices services, CompletionExclusions exclusions)
{
    /// <summary>The maximum number of characters before the cursor that are sent.</summary>
    private const int MaxPrefix = 16_000;
    private const int MaxSuffix = 8_000;
    private const int MaxLineTokens = 64;
    private const int MaxBlockTokens = 256;
    private const int MaxLength = 8_000;

    /// <summary>Used to estimate the cost of stopped requests, which the vendor does not report.</summary>
    private const int CharactersPerToken = 4;

    private static readonly TimeSpan HostedTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Longer, because the server may have to load the model first.</summary>
    private static readonly TimeSpan LocalTimeout = TimeSpan.FromSeconds(60);

    /// <summary>The interval after which the spending of other windows is read again.</summary>
    private static readonly TimeSpan SpendingAge = TimeSpan.FromMinutes(1);

    /// <summary>End tokens that some servers do not remove.</summary>
    private static readonly string[] EndMarks =
    [
        "<|endoftext|>",
        "<|fim_",
        "<|file_sep|>",
        "<fim_",
        "<EOT>",
        "</s>",
        "<｜end▁of▁sentence｜>",
    ];

    private readonly Lock sync = new();
    private CancellationTokenSource? running;
    private Spending? spending;

    private TimeProvider Time => services.Time;

    /// <exception cref="FailureException">The failure of the model; Untrusted; BudgetExceeded.</exception>
    public async Task<InlineCompletion> CompleteAsync(CompletionPosition at, CancellationToken cancellationToken)
    {
        if (services.Workspace is { OpenFolder: not null, TrustedFolder: null })
        {
            throw new FailureException(
                FailureKind.Untrusted,
                "Code completions are off in this folder because it is not trusted. Trust it to send its code to a model."
            );
        }
        if (exclusions.ReasonFor(at.Path, at.Prefix) is { } reason)
        {
            return new InlineCompletion(null, reason, await SpentAsync(cancellationToken));
        }

        var provider = await ProviderOfAsync(at.ProviderId, cancellationToken);
        services.Providers.RefuseModel(provider.Settings, at.Model);
        await CheckLimitsAsync(provider.Settings, cancellationToken);
        var secrets = services.Secrets;
        string Masked(string text) => secrets?.Mask(text) ?? text;
        var request = new InlineCompletionRequest(
            at.Model,
            Masked(at.Prefix.Length > MaxPrefix ? at.Prefix[^MaxPrefix..] : at.Prefix),
            // With an empty suffix, some servers respond as in a chat.
            at.Suffix.Length == 0
                ? "\n"
                : Masked(at.Suffix.Length > MaxSuffix ? at.Suffix[..MaxSuffix] : at.Suffix),
            at.IsMultiline ? MaxBlockTokens : MaxLineTokens,
            // A block ends at a blank line.
            [at.IsMultiline ? "\n\n" : "\n"]
        );

        using var stop = StopPrevious(cancellationToken);
        using var limit = new CancellationTokenSource(TimeoutOf(provider.Settings), Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, limit.Token);
        try
        {
            return new InlineCompletion(await ReceiveAsync(provider, request, either.Token), null, await SpentAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A newer request replaced this one.
            return limit.IsCancellationRequested
                ? throw new FailureException(
                    FailureKind.Timeout,
                    $"{provider.Settings.Name} did not complete the code within {DurationText.Of(TimeoutOf(provider.Settings))}."
                )
                : new InlineCompletion(null, null, await SpentAsync(cancellationToken));
        }
        finally
        {
            Interlocked.CompareExchange(ref running, null, stop);
        }
    }

    /// <summary>Lists the completion models of the enabled providers. A provider that cannot be queried has a failure.</summary>
    public async Task<IReadOnlyList<CompletionModelListing>> ListAsync(CancellationToken cancellationToken)
    {
        var providers = services.Providers.SwitchedOn().Where(settings => settings.Capabilities.InlineCompletions).ToList();
        var listings = await Task.WhenAll(providers.Select(settings => ListAsync(settings, cancellationToken)));
        return [.. listings.OfType<CompletionModelListing>()];
    }

    private async Task<CompletionModelListing?> ListAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (
            await services.Providers.GetAsync(settings.Id, cancellationToken)
            is not IInlineCompletionProvider { Capabilities.InlineCompletions: true } provider
        )
        {
            return null;
        }

        try
        {
            var models = await provider.ListCompletionModelsAsync(cancellationToken);
            return new CompletionModelListing(settings, [.. models.Select(model => (model, PriceOf(settings, model.Id)))], null);
        }
        catch (FailureException failed)
        {
            return new CompletionModelListing(settings, [], failed.Failure);
        }
    }

    private Price? PriceOf(ProviderSettings settings, string model) =>
        settings.IsFree ? new Price(0, 0, null, null) : services.Providers.PriceOf(settings, model);

    private async Task<IInlineCompletionProvider> ProviderOfAsync(string id, CancellationToken cancellationToken)
    {
        var provider = await services.Providers.GetAsync(id, cancellationToken);
        return provider is IInlineCompletionProvider { Capabilities.InlineCompletions: true } completes
            ? completes
            : throw new FailureException(
                FailureKind.BadRequest,
                $"{provider.Settings.Name} cannot complete code. Choose another completion model."
            );
    }

    private async Task CheckLimitsAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        if (services.Providers.Cooldowns.PausedUntil(settings) is { } until)
        {
            throw new FailureException(
                new Failure(
                    FailureKind.RateLimited,
                    services.Providers.Cooldowns.Describe(settings) ?? $"{settings.Name} is in cooldown.",
                    until - Time.GetUtcNow()
                )
            );
        }
        if (!settings.IsFree)
        {
            var spent = await SpendingAsync(cancellationToken);
            await Budget.Of(services.Config).CheckCompletionsAsync(spent.Completions, spent.All);
        }
    }

    private async Task<string> ReceiveAsync(
        IInlineCompletionProvider provider,
        InlineCompletionRequest request,
        CancellationToken cancellationToken
    )
    {
        var begun = Time.GetTimestamp();
        var text = new StringBuilder();
        Usage? usage = null;
        decimal? vendorCost = null;
        string? model = null;
        Failure? failure = null;
        var isComplete = false;
        try
        {
            await foreach (var next in provider.CompleteAsync(request, cancellationToken))
            {
                switch (next)
                {
                    case ProviderEvent.TextDelta(var delta):
                        text.Append(delta);
                        break;
                    case ProviderEvent.UsageReported(var reported, var cost):
                        (usage, vendorCost) = (reported, cost);
                        break;
                    case ProviderEvent.Accepted(var named, _):
                        model = named;
                        break;
                    case ProviderEvent.Failed(var failed):
                        failure = failed;
                        break;
                    case ProviderEvent.Finished:
                        isComplete = true;
                        break;
                }

                // For servers that ignore the stop sequences.
                if (text.Length > MaxLength || EndOf(text.ToString(), request) is not null)
                {
                    break;
                }
            }
        }
        finally
        {
            if (failure is null || text.Length > 0)
            {
                Record(new ProviderCall(provider, request.ToProviderRequest(), services.Providers), request, model, text.Length);
            }
        }

        if (failure is not null)
        {
            throw new FailureException(failure);
        }

        var whole = text.ToString();
        return EndOf(whole, request) is { } end ? whole[..end] : whole;

        void Record(ProviderCall call, InlineCompletionRequest sent, string? named, int received)
        {
            // A stopped request is billed, but the vendor reports no usage for it.
            var counted =
                usage
                ?? new Usage
                {
                    InputTokens = (sent.Prefix.Length + sent.Suffix.Length) / CharactersPerToken,
                    OutputTokens = received / CharactersPerToken,
                };
            var cost = call.CostOf(named, counted, vendorCost);
            services.Usage.Collect(
                new UsageEntry
                {
                    Time = Time.GetUtcNow(),
                    Id = Ids.New("completion"),
                    ChatId = UsageEntry.Completions,
                    Template = UsageEntry.Completions,
                    ProviderId = call.Provider.Settings.Id,
                    ProviderName = call.Provider.Settings.Name,
                    Model = named ?? sent.Model,
                    Usage = counted,
                    Cost = cost?.TotalCost,
                    PriceSource = usage is null && cost is { PriceSource: "catalog" } ? "estimate" : cost?.PriceSource,
                    DurationMs = Time.GetElapsedTime(begun).TotalMilliseconds,
                    Status = EnumNames<MessageStatus>.Of(isComplete ? MessageStatus.Complete : MessageStatus.Stopped),
                }
            );
            lock (sync)
            {
                if (spending is { } known && cost is not null)
                {
                    spending = known with { Completions = known.Completions + cost.TotalCost, All = known.All + cost.TotalCost };
                }
            }
        }
    }

    /// <summary>Gets the index of the first stop sequence or end token; null if there is none.</summary>
    private static int? EndOf(string text, InlineCompletionRequest request)
    {
        int? end = null;
        foreach (var mark in request.StopSequences.Concat(EndMarks))
        {
            // A completion can start with line breaks.
            var from = mark[0] == '\n' ? text.Length - text.AsSpan().TrimStart('\n').Length : 0;
            if (text.IndexOf(mark, from, StringComparison.Ordinal) is >= 0 and var found && !(found >= end))
            {
                end = found;
            }
        }

        return end;
    }

    private CancellationTokenSource StopPrevious(CancellationToken cancellationToken)
    {
        var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var previous = Interlocked.Exchange(ref running, stop);
        try
        {
            _ = previous?.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The previous request has just ended.
        }

        return stop;
    }

    private static TimeSpan TimeoutOf(ProviderSettings settings)
    {
        var isLocal = settings.Capabilities.IsLocal || settings.Address is { IsAbsoluteUri: true, IsLoopback: true };
        var limit = isLocal ? LocalTimeout : HostedTimeout;
        return settings.Timeout is { } own && own < limit ? own : limit;
    }

    private async Task<decimal> SpentAsync(CancellationToken cancellationToken) => (await SpendingAsync(cancellationToken)).Completions;

    private async Task<Spending> SpendingAsync(CancellationToken cancellationToken)
    {
        var now = Time.GetLocalNow();
        lock (sync)
        {
            if (spending is { } known && known.ReadAt.Date == now.Date && now - known.ReadAt < SpendingAge)
            {
                return known;
            }
        }

        var today = await services.Usage.TodayAsync(cancellationToken);
        var read = new Spending(
            now,
            today.Where(entry => entry.IsCompletion).Sum(entry => entry.Cost ?? 0),
            today.Sum(entry => entry.Cost ?? 0)
        );
        lock (sync)
        {
            return (spending = read).Value;
        }
    }

    /// <summary>Today's cost in USD.</summary>
    private readonly record struct Spending(DateTimeOffset ReadAt, decimal Completions, decimal All);
}

/// <param name="Path">The absolute path of the document; null if it has no file.</param>
/// <param name="IsMultiline">True if the completion can have several lines.</param>
internal sealed record CompletionPosition(string ProviderId, string Model, string Prefix, string Suffix, string? Path, bool IsMultiline);

/// <param name="Text">Can be empty; null if nothing was sent or a newer request replaced this one.</param>
/// <param name="Excluded">Why the document is not sent, as a sentence; null if it was.</param>
/// <param name="SpentToday">The cost of today's completions, in USD.</param>
internal sealed record InlineCompletion(string? Text, string? Excluded, decimal SpentToday);

internal sealed record CompletionModelListing(
    ProviderSettings Provider,
    IReadOnlyList<(CompletionModel Model, Price? Price)> Models,
    Failure? Failure
);
