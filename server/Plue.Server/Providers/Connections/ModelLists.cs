using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Providers.Connections;

/// <summary>The models of one provider.</summary>
/// <param name="FetchedAt">When the list was requested from the vendor; null if it is the catalog's.</param>
/// <param name="Error">Why the vendor's list is not available; the models are then the stored list or the catalog's.</param>
internal sealed record ModelListing(IReadOnlyList<ModelInfo> Models, DateTimeOffset? FetchedAt, Failure? Error);

/// <summary>
/// The models of each provider: the vendor's list, cached for an hour, merged with the catalog. An expired list is returned at once while it is refreshed in
/// the background, once for all callers.
/// </summary>
/// <param name="fetched">Called with the size of each fetched list, from any thread.</param>
internal sealed partial class ModelLists(
    ProviderCatalog catalog,
    ModelCache cache,
    TimeProvider time,
    Action<ProviderSettings, int> fetched
) : IAsyncDisposable
{
    private const int MaxSuggestions = 3;
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <summary>Short, because users add and remove models of a local server.</summary>
    private static readonly TimeSpan LocalLifetime = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FetchLimit = TimeSpan.FromSeconds(30);

    /// <summary>Limits requests to a vendor that does not respond. Failures that the user can fix, such as a missing key, are not cached.</summary>
    private static readonly TimeSpan FailureLifetime = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource ending = new();
    private readonly ConditionalWeakTable<CatalogProvider, Dictionary<string, CatalogModel>> catalogModels = [];
    private readonly ConditionalWeakTable<StoredModels, HashSet<string>> listedNames = [];
    private readonly ConcurrentDictionary<string, RecentFailure> failures = new(StringComparer.Ordinal);
    private readonly Lock sync = new();
    private readonly Dictionary<string, (string Fingerprint, Task<ModelListing> Fetch)> fetching = new(StringComparer.Ordinal);

    /// <param name="refresh">True to request the list even if the stored one is fresh.</param>
    public async Task<ModelListing> ListAsync(IProvider provider, bool refresh, CancellationToken cancellationToken)
    {
        var settings = provider.Settings;
        var fingerprint = ProviderFingerprint.OfConnection(settings);
        var now = time.GetUtcNow();
        if (!refresh && cache.Find(settings.Id, fingerprint) is { } stored)
        {
            if (now - stored.FetchedAt >= Lifetime && RecentFailureOf(settings, fingerprint) is null)
            {
                _ = FetchAsync(provider, fingerprint);
            }
            return new ModelListing(Merged(settings, stored.Models), stored.FetchedAt, RecentFailureOf(settings, fingerprint)?.Failure);
        }

        if (!refresh && RecentFailureOf(settings, fingerprint) is { } recent)
        {
            return WithoutVendor(settings, fingerprint, recent.Failure);
        }

        return await FetchAsync(provider, fingerprint).WaitAsync(cancellationToken);
    }

    /// <summary>Returns the known data of a model without a request.</summary>
    public ModelInfo? Find(ProviderSettings settings, string model)
    {
        var listed = Stored(settings)?.Models.FirstOrDefault(candidate => candidate.Id == model);
        var known = CatalogModel(settings, model);
        return listed is null && known is null && !settings.ModelPrices.ContainsKey(model)
            ? null
            : Merged(settings, listed ?? new ModelInfo { Id = model }, known);
    }

    /// <summary>Returns the stored list, or the catalog's, without a request.</summary>
    public IReadOnlyList<ModelInfo> Known(ProviderSettings settings) =>
        WithoutVendor(settings, ProviderFingerprint.OfConnection(settings), null).Models;

    /// <summary>Returns whether the known models include this one; null if the list may be incomplete.</summary>
    public bool? Knows(ProviderSettings settings, string model) =>
        settings.Capabilities.ListsAllModels && Known(settings) is { Count: > 0 } known
            ? known.Any(candidate => string.Equals(Plain(candidate.Id), Plain(model), StringComparison.OrdinalIgnoreCase))
            : null;

    /// <returns>Null if the vendor was never requested.</returns>
    public StoredModels? Stored(ProviderSettings settings) => cache.Find(settings.Id, ProviderFingerprint.OfConnection(settings));

    /// <summary>Throws if a fresh and complete list does not contain the model, and refreshes it in the background for the next attempt.</summary>
    /// <exception cref="FailureException">ModelNotFound, with the nearest names.</exception>
    public void RefuseUnknown(IProvider provider, string model)
    {
        // A provider of one command has no stored list.
        if (provider.Settings.Source == ProviderSource.CommandLine || !IsMissing(provider.Settings, model))
        {
            return;
        }

        var settings = provider.Settings;
        var listed = Stored(settings)!.Models;
        _ = FetchAsync(provider, ProviderFingerprint.OfConnection(settings));
        var near = NearestName.FindMany(model, [.. listed.Select(candidate => candidate.Id)], MaxSuggestions);
        var hint = near.Count == 0 ? "Choose one that it lists." : $"Did you mean {Or(near)}?";
        throw new FailureException(FailureKind.ModelNotFound, $"{settings.Name} has no model named {model}. {hint}");
    }

    /// <summary>True if a fresh and complete list does not contain the model.</summary>
    public bool IsMissing(ProviderSettings settings, string model)
    {
        if (!settings.Capabilities.ListsAllModels || Stored(settings) is not { Models.Count: > 0 } stored)
        {
            return false;
        }

        var lifetime = IsLocal(settings) ? LocalLifetime : Lifetime;
        return time.GetUtcNow() - stored.FetchedAt < lifetime
            && !listedNames
                .GetValue(
                    stored,
                    static list =>
                        new(list.Models.SelectMany(listed => new[] { listed.Id, Plain(listed.Id) }), StringComparer.OrdinalIgnoreCase)
                )
                .Contains(Plain(model));
    }

    public CatalogProvider? CatalogOf(ProviderSettings settings) =>
        (settings.CatalogProvider ?? ProviderKinds.Find(settings.Kind)?.Catalog) is { } id ? catalog.Find(id) : null;

    public CatalogModel? CatalogModel(ProviderSettings settings, string model) =>
        CatalogOf(settings) is { } vendor ? ModelsOf(vendor).GetValueOrDefault(model) : null;

    public void Forget(string id)
    {
        failures.TryRemove(id, out _);
        cache.Remove(id);
    }

    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync();
        Task[] all;
        lock (sync)
        {
            all = [.. fetching.Values.Select(entry => entry.Fetch)];
        }

        // A failed request is reported to its caller, not here.
        await Task.WhenAll(all).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ending.Dispose();
    }

    private static bool IsLocal(ProviderSettings settings) =>
        (settings.Capabilities.IsLocal && settings.AuthType != AuthType.ApiKey) || settings.Address is { IsLoopback: true };

    /// <summary>Runs one request at a time for each provider; concurrent callers share the result.</summary>
    private Task<ModelListing> FetchAsync(IProvider provider, string fingerprint)
    {
        var id = provider.Settings.Id;
        lock (sync)
        {
            if (fetching.TryGetValue(id, out var running) && running.Fingerprint == fingerprint && !running.Fetch.IsCompleted)
            {
                return running.Fetch;
            }
            if (ending.IsCancellationRequested)
            {
                return Task.FromResult(WithoutVendor(provider.Settings, fingerprint, null));
            }

            var fetch = Task.Run(() => FetchNowAsync(provider, fingerprint));
            fetching[id] = (fingerprint, fetch);
            return fetch;
        }
    }

    private async Task<ModelListing> FetchNowAsync(IProvider provider, string fingerprint)
    {
        var settings = provider.Settings;
        using var limit = new CancellationTokenSource(FetchLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ending.Token);
        Failure failure;
        try
        {
            var listed = await provider.ListModelsAsync(either.Token);
            failures.TryRemove(settings.Id, out _);
            // For a vendor that lists nothing, such as one with deployments, the catalog is used.
            if (listed.Count == 0 && CatalogOf(settings) is { Models.Count: > 0 })
            {
                return WithoutVendor(settings, fingerprint, null);
            }

            var stored = cache.Store(settings.Id, fingerprint, time.GetUtcNow(), listed);
            fetched(settings, stored.Models.Count);
            return new ModelListing(Merged(settings, stored.Models), stored.FetchedAt, null);
        }
        catch (FailureException fault)
        {
            failure = fault.Failure;
        }
        catch (OperationCanceledException)
        {
            if (ending.IsCancellationRequested)
            {
                return WithoutVendor(settings, fingerprint, null);
            }

            failure = new Failure(
                FailureKind.Timeout,
                $"{settings.Name} did not list its models within {FetchLimit.TotalSeconds:0} seconds."
            );
        }

        if (failure.IsRetryable || failure.Kind == FailureKind.BadResponse)
        {
            failures[settings.Id] = new RecentFailure(fingerprint, time.GetUtcNow(), failure);
        }
        return WithoutVendor(settings, fingerprint, failure);
    }

    private ModelListing WithoutVendor(ProviderSettings settings, string fingerprint, Failure? failure) =>
        cache.Find(settings.Id, fingerprint) is { } stored
            ? new ModelListing(Merged(settings, stored.Models), stored.FetchedAt, failure)
            : new ModelListing(
                Merged(settings, [.. (CatalogOf(settings)?.Models ?? []).Select(model => new ModelInfo { Id = model.Id })]),
                null,
                failure
            );

    private RecentFailure? RecentFailureOf(ProviderSettings settings, string fingerprint) =>
        failures.TryGetValue(settings.Id, out var recent)
        && recent.Fingerprint == fingerprint
        && time.GetUtcNow() - recent.At < FailureLifetime
            ? recent
            : null;

    private IReadOnlyList<ModelInfo> Merged(ProviderSettings settings, IReadOnlyList<ModelInfo> listed)
    {
        var known = CatalogOf(settings) is { } vendor ? ModelsOf(vendor) : null;
        return [.. listed.Select(model => Merged(settings, model, known?.GetValueOrDefault(model.Id)))];
    }

    /// <summary>The vendor's data takes precedence, except for the user's prices. Tool support: the vendor's list, then the provider's file, then true for
    /// hosted and unknown for local models.</summary>
    private static ModelInfo Merged(ProviderSettings settings, ModelInfo listed, CatalogModel? known) =>
        listed with
        {
            Name = listed.Name ?? (known?.Name is { Length: > 0 } name ? name : null),
            ContextLength = listed.ContextLength ?? Positive(known?.ContextWindow),
            MaxOutput = listed.MaxOutput ?? known?.MaxOutput,
            SupportsTools =
                listed.SupportsTools
                ?? (
                    !settings.SupportsTools ? false
                    : IsLocal(settings) ? null
                    : true
                ),
            SupportsVision = listed.SupportsVision ?? known?.SupportsAttachments,
            CanReason = listed.CanReason ?? known?.CanReason,
            ReasoningLevels = listed.ReasoningLevels ?? known?.ReasoningLevels,
            DefaultReasoningLevel = listed.DefaultReasoningLevel ?? (known?.DefaultReasoningEffort is { Length: > 0 } level ? level : null),
            Pricing = settings.ModelPrices.GetValueOrDefault(listed.Id) ?? listed.Pricing ?? known?.Price,
        };

    private static long? Positive(long? number) => number > 0 ? number : null;

    private Dictionary<string, CatalogModel> ModelsOf(CatalogProvider vendor) =>
        catalogModels.GetValue(
            vendor,
            static of => of.Models.DistinctBy(model => model.Id).ToDictionary(model => model.Id, StringComparer.Ordinal)
        );

    private static string Or(IReadOnlyList<string> names) =>
        names is [var only] ? only : $"{string.Join(", ", names.SkipLast(1))} or {names[^1]}";

    /// <summary>Returns the name without a date, folder (Gemini), tag (Ollama) or variant (OpenRouter): vendors accept it but list the full name.</summary>
    private static string Plain(string model) =>
        DateOrVariant().Replace(model.StartsWith("models/", StringComparison.Ordinal) ? model["models/".Length..] : model, "");

    [GeneratedRegex(
        @"(?:-\d{8}|-\d{4}-\d{2}-\d{2}|-latest|:latest|:free|:nitro|:floor|:online|:exacto|:extended|:thinking)+$",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex DateOrVariant();

    private sealed record RecentFailure(string Fingerprint, DateTimeOffset At, Failure Failure);
}
