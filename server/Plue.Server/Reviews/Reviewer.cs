using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Reviews;

/// <param name="Done">The number of finished requests.</param>
/// <param name="Total">The number of requests known so far.</param>
/// <param name="IsChecking">True while the second model checks the findings.</param>
internal sealed record ReviewProgress(int Done, int Total, bool IsChecking);

/// <param name="Reviewer">Null for the model of new chats.</param>
/// <param name="Budget">In USD; null for the limit of the settings.</param>
internal sealed record ReviewOptions(ModelChoice? Reviewer = null, decimal? Budget = null);

/// <summary>
/// Has a model look for problems in changes, and a second model refute what it found. Each request gets the files of a group; nothing else is sent, and no tools are used.
/// </summary>
internal sealed class Reviewer(ChatServices services, ChangeSource source, ReviewRecords records)
{
    private const int MaxRequests = 40;
    private const int MaxReviewTokens = 16_000;
    private const int MaxCheckTokens = 4_000;
    private const int MaxChecks = 4;
    private static readonly TimeSpan ReviewTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromMinutes(2);

    /// <param name="progress">Called from any thread.</param>
    /// <returns>The stored review; one without files if there is nothing to review, which is not stored.</returns>
    /// <exception cref="FailureException">The changes cannot be read, or the first request failed. Costs of earlier requests are in the ledger.</exception>
    public async Task<StoredReview> ReviewAsync(
        string folder,
        ReviewTarget target,
        ReviewOptions options,
        Action<ReviewProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var changes = await source.ReadAsync(folder, target, cancellationToken);
        var reviewer = options.Reviewer ?? await services.Providers.DefaultChoiceAsync(cancellationToken);
        var limit = options.Budget ?? (decimal?)services.Config.Number(Codices.UserConfig.BudgetPerReviewKey);
        var run = new Run(ReviewIds.New(services.Time), reviewer, new ReviewBudget(limit));
        if (changes.Files.Count == 0)
        {
            return Result(run, changes, target, "", [], []);
        }

        await RefuseOwnToolsAsync(reviewer, cancellationToken);
        var second = await SecondAsync(reviewer, cancellationToken);
        var (found, omitted) = await FindAsync(run, changes, progress, cancellationToken);
        var findings = await CheckAsync(run, second, found, progress, cancellationToken);
        return records.Add(Result(run, changes, target, Name(second), findings, omitted));
    }

    private async Task<(List<StoredFinding> Found, List<StoredOmission> Omitted)> FindAsync(
        Run run,
        ReviewChanges changes,
        Action<ReviewProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var groups = ReviewPrompt.Groups(changes.Files);
        var instructions = services.PromptOf(ReviewPrompt.Name);
        List<StoredFinding> found = [];
        List<StoredOmission> omitted = [];
        var (answered, unreadable) = (0, 0);
        string? ended = null;
        for (var at = 0; at < groups.Count; at++)
        {
            progress(new ReviewProgress(at, groups.Count, IsChecking: false));
            ended ??= at == MaxRequests ? $"is beyond the first {MaxRequests} requests of a review" : null;
            if (ended is not null)
            {
                omitted.AddRange(groups[at].Select(file => new StoredOmission(file.Path, ended, IsLimit: true)));
                continue;
            }

            try
            {
                var text = ReviewPrompt.Of(groups[at], at == 0 ? changes.Omitted : []);
                var request = new SideRequest(run.CodexId, "review", run.Reviewer, instructions, Masked(text), MaxReviewTokens);
                var answer = await AskAsync(run, request, ReviewTimeout, cancellationToken);
                if (answer is null)
                {
                    ended = "was not reviewed because the budget of the review was reached";
                    at--;
                    continue;
                }

                answered++;
                if (ReviewAnswer.Read(answer, groups[at], before => Masked(before) != before) is { } read)
                {
                    found.AddRange(read.Findings);
                    run.Dropped += read.Dropped;
                }
                else
                {
                    unreadable++;
                    omitted.AddRange(
                        groups[at]
                            .Select(file => new StoredOmission(
                                file.Path,
                                "was not reviewed because the response was not in the required format",
                                IsLimit: true
                            ))
                    );
                }
            }
            catch (FailureException fault) when (answered > 0)
            {
                // What was found so far is kept.
                ended = $"was not reviewed: {fault.Message}";
                at--;
            }
        }

        if (answered > 0 && answered == unreadable)
        {
            throw new FailureException(
                FailureKind.BadResponse,
                $"{Name(run.Reviewer)} did not respond in the required format, so nothing was reviewed. Try another model."
            );
        }

        return (found, omitted);
    }

    private async Task<IReadOnlyList<StoredFinding>> CheckAsync(
        Run run,
        ModelChoice second,
        IReadOnlyList<StoredFinding> found,
        Action<ReviewProgress> progress,
        CancellationToken cancellationToken
    )
    {
        var instructions = services.PromptOf(ReviewPrompt.RefuteName);
        var findings = found.ToArray();
        var done = 0;
        await Parallel.ForAsync(
            0,
            findings.Length,
            new ParallelOptions { MaxDegreeOfParallelism = MaxChecks, CancellationToken = cancellationToken },
            async (at, stop) =>
            {
                findings[at] = await CheckAsync(run, second, findings[at], instructions, stop);
                progress(new ReviewProgress(Interlocked.Increment(ref done), findings.Length, IsChecking: true));
            }
        );
        return findings;
    }

    /// <summary>A finding that could not be checked is shown as such.</summary>
    private async Task<StoredFinding> CheckAsync(
        Run run,
        ModelChoice second,
        StoredFinding finding,
        string instructions,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var request = new SideRequest(run.CodexId, "check", second, instructions, Masked(ReviewPrompt.Of(finding)), MaxCheckTokens);
            return
                await AskAsync(run, request, CheckTimeout, cancellationToken) is { } answer
                && ReviewAnswer.ReadRefutation(answer) is var (stands, reason)
                ? finding with
                {
                    IsChecked = true,
                    CheckReason = reason,
                    State = stands ? FindingState.Open : FindingState.Refuted,
                }
                : finding;
        }
        catch (FailureException)
        {
            return finding; // Shown as not checked.
        }
    }

    /// <returns>Null if the budget does not allow the request.</returns>
    private async Task<string?> AskAsync(Run run, SideRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var provider = await services.Providers.GetAsync(request.Model.ProviderId, cancellationToken);
        var model = await services.Providers.ResolveModelAsync(provider, request.Model.Model, cancellationToken);
        var tokens = (int)Math.Min(services.Providers.ModelOf(provider.Settings, model)?.MaxOutput ?? request.MaxTokens, request.MaxTokens);
        var cost = MostOf(provider.Settings, model, request.System + request.Text, tokens);
        if (!run.Budget.TryReserve(cost))
        {
            return null;
        }

        try
        {
            var begun = services.Time.GetTimestamp();
            var answer = await new SideQuestion(services).AskAsync(request with { MaxTokens = tokens }, timeout, cancellationToken);
            run.Budget.Settle(cost, answer.Cost?.TotalCost);
            Record(run, answer, provider.Settings.Name, services.Time.GetElapsedTime(begun));
            return answer.Text;
        }
        catch
        {
            run.Budget.Release(cost);
            throw;
        }
    }

    private decimal? MostOf(ProviderSettings settings, string model, string text, int tokens) =>
        settings.IsFree ? 0
        : services.Providers.PriceOf(settings, model) is { } price
            ? ((TokenEstimate.Of(text) * price.InputPerMillion) + (tokens * price.OutputPerMillion)) / 1_000_000m
        : null;

    private void Record(Run run, SideAnswer answer, string providerName, TimeSpan duration) =>
        services.Usage.Add(
            new UsageEntry
            {
                Time = services.Time.GetUtcNow(),
                Id = Ids.New(run.Id),
                ChatId = UsageEntry.Reviews,
                Template = UsageEntry.Reviews,
                ProviderId = answer.ProviderInfo.ProviderId,
                ProviderName = providerName,
                Model = answer.ProviderInfo.ModelId ?? "",
                Usage = answer.Usage,
                Cost = answer.Cost?.TotalCost,
                PriceSource = answer.Cost?.PriceSource,
                DurationMs = duration.TotalMilliseconds,
                Status = EnumNames<MessageStatus>.Of(MessageStatus.Complete),
            }
        );

    /// <summary>Rejects a program that runs its own tools: the changes are not trusted, and it could follow instructions in them.</summary>
    private async Task RefuseOwnToolsAsync(ModelChoice choice, CancellationToken cancellationToken)
    {
        var provider = await services.Providers.GetAsync(choice.ProviderId, cancellationToken);
        if (!IsUsable(provider))
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{provider.Settings.Name} runs its own tools or is a demo, so it cannot review changes. Choose another model."
            );
        }
    }

    /// <summary>Gets the model of the settings, the background model, the small model of the same provider, or the reviewer itself.</summary>
    private async Task<ModelChoice> SecondAsync(ModelChoice reviewer, CancellationToken cancellationToken)
    {
        var config = services.Config;
        if (config.ReviewCheck is { } chosen)
        {
            await RefuseOwnToolsAsync(chosen, cancellationToken);
            return chosen;
        }
        if (config.DefaultSmall is null && reviewer.ProviderId != await services.Providers.DefaultIdAsync(cancellationToken))
        {
            return reviewer;
        }

        try
        {
            var small = config.DefaultSmall ?? new ModelChoice(Providers.Connections.ProviderRegistry.DefaultSmall);
            var provider = await services.Providers.GetAsync(small.ProviderId, cancellationToken);
            var model = await services.Providers.ResolveModelAsync(provider, small.Model, cancellationToken);
            return IsUsable(provider) ? small with { Model = model } : reviewer;
        }
        catch (FailureException)
        {
            return reviewer; // A background model that cannot be used must not prevent the review.
        }
    }

    private static bool IsUsable(IProvider provider) =>
        provider.Settings.Capabilities is { OwnToolLoop: false, OwnHistory: false, IsDemo: false };

    private StoredReview Result(
        Run run,
        ReviewChanges changes,
        ReviewTarget target,
        string second,
        IReadOnlyList<StoredFinding> findings,
        IReadOnlyList<StoredOmission> omitted
    ) =>
        new(
            StoredReview.CurrentFormat,
            run.Id,
            services.Time.GetUtcNow(),
            changes.Folder,
            target.Source,
            target.Range,
            target.PullRequest,
            run.Reviewer.ProviderId,
            Name(run.Reviewer),
            second,
            changes.Files.Count - omitted.Count,
            run.Budget.Spent,
            run.Budget.HasUnknownCost,
            run.Dropped,
            [
                .. findings
                    .OrderByDescending(finding => finding.Severity)
                    .ThenBy(finding => finding.File, StringComparer.Ordinal)
                    .ThenBy(finding => finding.Line),
            ],
            [.. changes.Omitted, .. omitted]
        )
        {
            IsOverBudget = run.Budget.IsReached,
        };

    private string Name(ModelChoice choice)
    {
        var name = services.Providers.NameOf(choice.ProviderId);
        return choice.Model is { } model ? $"{name} ({model})" : name;
    }

    private string Masked(string text) => services.Secrets?.Mask(text) ?? text;

    private sealed record Run(string Id, ModelChoice Reviewer, ReviewBudget Budget)
    {
        public string CodexId => $"codex://chats/{Id}";
        public int Dropped { get; set; }
    }
}
