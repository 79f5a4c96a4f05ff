using System.Collections.Concurrent;
using Plue.Server.Catalog;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>
/// The providers that a chat can use: those of the user, those found on this machine, and the tour. Instances live as long as their settings are unchanged;
/// their states are shared across processes.
/// </summary>
internal sealed class ProviderRegistry : IPriceList, IAsyncDisposable
{
    /// <summary>A reserved name for the user's default, valid wherever a provider is named.</summary>
    public const string DefaultLarge = "default-large";
    public const string DefaultSmall = "default-small";

    private static readonly TimeSpan TestLimit = TimeSpan.FromSeconds(60);

    private readonly IProviderSource source;
    private readonly Func<ProviderSettings, IProvider> build;
    private readonly Discovery discovery;
    private readonly ProviderStates states;
    private readonly ModelLists models;
    private readonly UsageWindows windows;
    private readonly TimeProvider time;
    private readonly Func<ProviderRules> readRules;
    private readonly Action<string>? refused;
    private readonly Lock building = new();
    private readonly Dictionary<string, IProvider> built = new(StringComparer.Ordinal);
    private readonly List<IProvider> replaced = [];
    private readonly ConcurrentDictionary<string, int> testing = new(StringComparer.Ordinal);
    private int disposed;

    /// <param name="build">Creates a provider.</param>
    /// <param name="readRules">Reads what is allowed now.</param>
    /// <param name="refused">Called with the sentence when a provider or model that is not allowed is used.</param>
    public ProviderRegistry(
        IProviderSource source,
        Func<ProviderSettings, IProvider> build,
        Discovery discovery,
        ProviderCatalog catalog,
        ProviderStates states,
        ModelCache cache,
        TimeProvider time,
        Func<ProviderRules>? readRules = null,
        Action<string>? refused = null
    )
    {
        this.refused = refused;
        this.readRules = readRules ?? (() => ProviderRules.None);
        (this.source, this.build, this.discovery, this.states, this.time) = (source, build, discovery, states, time);
        Cooldowns = new ProviderCooldowns(time);
        windows = new UsageWindows(time);
        models = new ModelLists(
            catalog,
            cache,
            time,
            (settings, count) =>
            {
                states.Listed(settings, count);
                Changed?.Invoke(settings.Id);
            }
        );
    }

    public static bool IsReserved(string id) => id is DefaultLarge or DefaultSmall;

    /// <summary>Raised when the displayed state of a provider changes; null means all. Raised on any thread.</summary>
    public event Action<string?>? Changed;

    /// <summary>Why the user's providers cannot be read; null if they can be.</summary>
    public string? FolderProblem => source.FolderProblem;

    /// <summary>The pauses of providers that failed repeatedly.</summary>
    public ProviderCooldowns Cooldowns { get; }

    /// <summary>Returns all providers, the user's first; they hide found ones with the same id.</summary>
    public IReadOnlyList<ConfiguredProvider> List()
    {
        states.Refresh();
        var own = source.List();
        var ids = own.Select(provider => provider.Settings.Id).ToHashSet(StringComparer.Ordinal);
        return
        [
            .. own,
            .. discovery.Found.Where(settings => !ids.Contains(settings.Id)).Select(settings => new ConfiguredProvider(settings, null)),
        ];
    }

    /// <summary>Returns the providers that are enabled, allowed, and have valid files.</summary>
    public IEnumerable<ProviderSettings> SwitchedOn()
    {
        var rules = Rules;
        return List().Where(provider => IsUsable(provider, rules)).Select(provider => provider.Settings);
    }

    /// <summary>What the organization and the user allow now.</summary>
    public ProviderRules Rules => readRules();

    /// <summary>Checks models that are not chosen by <see cref="ResolveModelAsync"/>.</summary>
    /// <exception cref="FailureException">PermissionDenied: the organization does not allow the provider or the model.</exception>
    public void RefuseModel(ProviderSettings settings, string? model)
    {
        if (Rules.RefusalOf(settings, model) is { } refusal)
        {
            refused?.Invoke(refusal);
            throw new FailureException(FailureKind.PermissionDenied, refusal);
        }
    }

    /// <returns>Null if no provider has this id, and for <see cref="DefaultLarge"/> and <see cref="DefaultSmall"/>.</returns>
    public ConfiguredProvider? Find(string id)
    {
        states.Refresh();
        return source.Find(id)
            ?? (discovery.Found.FirstOrDefault(settings => settings.Id == id) is { } found ? new ConfiguredProvider(found, null) : null);
    }

    /// <param name="id">A provider id, or <see cref="DefaultLarge"/> or <see cref="DefaultSmall"/>, which set <see cref="ProviderSettings.Model"/>.</param>
    /// <exception cref="FailureException">NotFound or ProviderDisabled; another provider is never used instead.</exception>
    public IProvider Get(string id) => IsReserved(id) ? Chosen(id, KnownDefaultId()) : Built(id, Usable(id));

    /// <summary>Like <see cref="Get"/>, but runs the discovery first if the user did not configure the provider.</summary>
    public async Task<IProvider> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (IsReserved(id))
        {
            return Chosen(id, await DefaultIdAsync(cancellationToken));
        }
        if (Find(id) is null)
        {
            await discovery.RunAsync(again: false, cancellationToken);
        }
        return Get(id);
    }

    /// <summary>Creates or changes a provider. Setting a found provider as the default does not create a file for it.</summary>
    public string Configure(ProviderChange change)
    {
        var from = change.Id is { } given ? Find(given)?.Settings : null;
        if (
            from is not null
            && change.OnlyMakesDefault
            && (from.Source != ProviderSource.File || (change.Name == from.Name && change.Kind == from.Kind))
        )
        {
            if (change.MakeDefault)
            {
                SetDefault(new ModelChoice(from.Id), small: false);
            }
            if (change.MakeDefaultSmall)
            {
                SetDefault(new ModelChoice(from.Id), small: true);
            }
            return from.Id;
        }

        var before = source.DefaultLarge is null && (change.Id is null || source.Find(change.Id) is null) ? KnownDefaultId() : null;
        var id = source.Configure(change, from);
        if (before is not null && !change.MakeDefault)
        {
            KeepDefault(before, id);
        }
        // Each provider's view shows whether it is the default.
        Changed?.Invoke(change.MakeDefault || change.MakeDefaultSmall ? null : id);
        return id;
    }

    /// <summary>Sets the default for new chats or the background model.</summary>
    public void SetDefault(ModelChoice choice, bool small)
    {
        source.SetDefault(choice, small);
        Changed?.Invoke(null);
    }

    /// <summary>Enables or disables a provider. It is tested first; after a failure, it stays disabled and its state contains the reason.</summary>
    /// <exception cref="FailureException">NotFound, also for an invalid file.</exception>
    public async Task SetEnabledAsync(string id, bool enabled, CancellationToken cancellationToken)
    {
        if (Find(id) is null)
        {
            await discovery.RunAsync(again: false, cancellationToken);
        }
        var settings = Readable(id).Settings;
        if (!enabled)
        {
            states.SwitchedOff(settings);
            if (settings.Enabled)
            {
                Switch(settings, on: false);
            }
            Changed?.Invoke(id);
            return;
        }

        var failure = await CheckAsync(Built(id, settings with { Enabled = true }), cancellationToken);
        states.Tested(settings, failure, staysDisabled: failure is not null && !settings.Enabled);
        if (failure is null && !settings.Enabled)
        {
            Switch(settings, on: true);
        }
        Changed?.Invoke(id);
    }

    /// <summary>Moves the provider's file to the trash and deletes its state.</summary>
    public void Delete(string id)
    {
        if (source.Find(id) is null && Find(id) is { } found)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"{found.Settings.Name} was found on this machine and has no file that could be deleted. Switch it off instead."
            );
        }

        source.Delete(id);
        states.Forget(id);
        models.Forget(id);
        Changed?.Invoke(null);
    }

    /// <summary>Moves the state of a renamed provider; its models are requested again.</summary>
    public void Renamed(string id, string newId)
    {
        states.Rename(id, newId);
        models.Forget(id);
        Changed?.Invoke(null);
    }

    public string NameOf(string id) => IsReserved(id) ? NameOfChoice(id) : Find(id)?.Settings.Name ?? id;

    /// <summary>Returns the user's default, or the first provider that was found on this machine.</summary>
    public async Task<string> DefaultIdAsync(CancellationToken cancellationToken)
    {
        if (ChosenDefaultId() is { } chosen)
        {
            return chosen;
        }

        var result = await discovery.RunAsync(again: false, cancellationToken);
        return AllowedDefaultId(result.DefaultId);
    }

    /// <summary>Returns the provider of the background model: the user's choice, or the default for new chats.</summary>
    public async Task<string> DefaultSmallIdAsync(CancellationToken cancellationToken) =>
        Choice(DefaultSmall)?.ProviderId is { } chosen && !IsReserved(chosen) ? chosen : await DefaultIdAsync(cancellationToken);

    /// <summary>Returns the model of a chat: its own, the provider's, the catalog's, or the first in the provider's list.</summary>
    /// <exception cref="FailureException">ModelNotFound: the vendor lacks the model; the message suggests others. MissingField: no model is known.</exception>
    public async Task<string> ResolveModelAsync(IProvider provider, string? chosen, CancellationToken cancellationToken)
    {
        var settings = provider.Settings;
        if ((chosen is { Length: > 0 } ? chosen : settings.Model) is { Length: > 0 } model)
        {
            RefuseModel(settings, model);
            models.RefuseUnknown(provider, model);
            return model;
        }

        if (DefaultModel(settings) is { } usual && Rules.RefusalOf(settings, usual) is null)
        {
            return usual;
        }

        var listing = Allowed(settings, await models.ListAsync(provider, refresh: false, cancellationToken));
        if (listing.Models is [var first, ..])
        {
            return first.Id;
        }
        if (listing.Error is { } failure)
        {
            throw new FailureException(failure);
        }

        throw new FailureException(FailureKind.MissingField, $"{settings.Name} offers no model. {ModelAdvice(settings)}");
    }

    /// <summary>Like <see cref="ResolveModelAsync"/> without a request; null if the vendor's list is needed.</summary>
    public string? KnownModel(ProviderSettings settings, string? chosen) =>
        (chosen is { Length: > 0 } ? chosen : settings.Model) is { Length: > 0 } model ? model
        : DefaultModel(settings) is { } usual && Rules.RefusalOf(settings, usual) is null ? usual
        : Allowed(settings, models.Stored(settings)?.Models ?? []).FirstOrDefault()?.Id;

    /// <returns>Null if the price is unknown.</returns>
    public Price? PriceOf(ProviderSettings settings, string model) => models.Find(settings, model)?.Pricing;

    /// <summary>Returns the known data of a model without a request; null if unknown.</summary>
    public ModelInfo? ModelOf(ProviderSettings settings, string modelId) => models.Find(settings, modelId);

    /// <summary>Returns the cached models without a request.</summary>
    public IReadOnlyList<ModelInfo> KnownModels(ProviderSettings settings) => [.. Allowed(settings, models.Known(settings))];

    /// <summary>Returns whether the cached models include this one; null if the list may be incomplete.</summary>
    public bool? KnowsModel(ProviderSettings settings, string modelId) => models.Knows(settings, modelId);

    /// <summary>Returns the models of a provider, merged with the catalog.</summary>
    /// <param name="refresh">True to request the list even if the stored one is fresh.</param>
    /// <exception cref="FailureException">NotFound, ProviderDisabled. A failed request is part of the listing.</exception>
    public async Task<ModelListing> ModelsAsync(string id, bool refresh, CancellationToken cancellationToken)
    {
        var provider = await GetAsync(id, cancellationToken);
        return Allowed(provider.Settings, await models.ListAsync(provider, refresh, cancellationToken));
    }

    public ProviderState StateOf(ProviderSettings settings) => states.Of(settings);

    public bool IsTesting(string id) => testing.ContainsKey(id);

    public ProviderReferences ReferencesTo(string id) => source.ReferencesTo(id);

    /// <returns>The file's fields as a JSON object without secrets; null for a provider without a file.</returns>
    public string? RedactedConfiguration(string id) => source.RedactedConfiguration(id);

    /// <summary>Tests a provider and stores the result until its settings change.</summary>
    /// <exception cref="FailureException">NotFound, ProviderDisabled.</exception>
    public async Task<ProviderTest> TestAsync(string id, CancellationToken cancellationToken)
    {
        var provider = await GetAsync(id, cancellationToken);
        var failure = await CheckAsync(provider, cancellationToken);
        states.Tested(provider.Settings, failure);
        if (failure is null)
        {
            Cooldowns.Report(provider.Settings, null);
        }
        Changed?.Invoke(provider.Settings.Id);
        return new ProviderTest(provider.Settings, time.GetUtcNow(), failure);
    }

    /// <summary>Stores the limits that a subscription reported with a response.</summary>
    public void ReportWindows(ProviderSettings settings, IReadOnlyList<UsageWindow> reported)
    {
        windows.Report(settings, reported);
        Changed?.Invoke(settings.Id);
    }

    public IReadOnlyList<UsageWindow> WindowsOf(ProviderSettings settings) => windows.Of(settings);

    /// <summary>Records the outcome of a response, which counts like a test. Does not block or throw.</summary>
    /// <param name="failure">Null for a complete response.</param>
    public void Answered(ProviderSettings settings, Failure? failure)
    {
        if (settings.Source == ProviderSource.CommandLine)
        {
            return;
        }
        if (states.Answered(settings, failure))
        {
            Changed?.Invoke(settings.Id);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await models.DisposeAsync();
        IProvider[] all;
        lock (building)
        {
            all = [.. built.Values, .. replaced];
        }

        foreach (var provider in all)
        {
            await provider.DisposeAsync();
        }
        await states.DisposeAsync();
    }

    private ConfiguredProvider Readable(string id)
    {
        var entry =
            Find(id)
            ?? throw new FailureException(FailureKind.NotFound, $"The provider {id} no longer exists. Choose another one for this chat.");
        return entry.Fault is { } fault
            ? throw new FailureException(FailureKind.NotFound, $"The provider {id} cannot be read: {fault}")
            : entry;
    }

    private ProviderSettings Usable(string id)
    {
        var settings = Readable(id).Settings;
        return settings.Enabled
            ? settings
            : throw new FailureException(
                FailureKind.ProviderDisabled,
                $"{settings.Name} is switched off. Switch it on, or choose another provider."
            );
    }

    private void Switch(ProviderSettings settings, bool on) =>
        source.Configure(new ProviderChange(settings.Id, settings.Name, settings.Kind, null, null, on, MakeDefault: false), settings);

    private async Task<Failure?> CheckAsync(IProvider provider, CancellationToken cancellationToken)
    {
        var id = provider.Settings.Id;
        testing.AddOrUpdate(id, 1, (_, count) => count + 1);
        Changed?.Invoke(id);
        var isOver = false;
        try
        {
            using var limit = new CancellationTokenSource(TestLimit, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            var failure = await provider.CheckAsync(either.Token);
            isOver = true;
            return failure;
        }
        catch (FailureException fault)
        {
            isOver = true;
            return fault.Failure;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            isOver = true;
            return new Failure(FailureKind.Timeout, $"{provider.Settings.Name} did not respond within {TestLimit.TotalSeconds:0} seconds.");
        }
        finally
        {
            if (testing.AddOrUpdate(id, 0, (_, count) => count - 1) <= 0)
            {
                testing.TryRemove(new(id, 0));
            }
            // Callers that wait for the result report it themselves.
            if (!isOver)
            {
                Changed?.Invoke(id);
            }
        }
    }

    /// <summary>Returns the provider and model of a new chat: the user's default, or the found provider.</summary>
    public async Task<ModelChoice> DefaultChoiceAsync(CancellationToken cancellationToken)
    {
        var id = await DefaultIdAsync(cancellationToken);
        return Choice(DefaultLarge) is { } chosen && chosen.ProviderId == id ? chosen : new ModelChoice(id);
    }

    private ModelChoice? Choice(string reserved) =>
        reserved == DefaultSmall ? source.DefaultSmall
        : source.DefaultLarge is { } large && !IsReserved(large.ProviderId) ? large
        : null;

    private string? ChosenDefaultId()
    {
        if (Choice(DefaultLarge)?.ProviderId is { } chosen && Find(chosen) is { Settings.Enabled: true })
        {
            return chosen;
        }

        var rules = Rules;
        return source.List().FirstOrDefault(provider => IsUsable(provider, rules))?.Settings.Id;
    }

    /// <summary>Stores the previous default before a new provider is added, so that the default does not change silently. Only the tour is replaced.</summary>
    private void KeepDefault(string before, string created)
    {
        try
        {
            source.SetDefault(
                new ModelChoice(discovery.Found.Any(settings => settings.Id == before && settings.Capabilities.IsDemo) ? created : before),
                small: false
            );
        }
        catch (FailureException)
        {
            // Invalid settings are not changed and report the problem themselves; the provider was created.
        }
    }

    private string KnownDefaultId() => ChosenDefaultId() ?? AllowedDefaultId(discovery.Known?.DefaultId ?? discovery.Found[0].Id);

    /// <summary>Returns the found provider, or the first that the organization allows; if none is allowed, the found one, whose use then fails.</summary>
    private string AllowedDefaultId(string id)
    {
        var rules = Rules;
        return discovery.Found.FirstOrDefault(settings => settings.Id == id) is { } found && rules.RefusalOf(found) is not null
            ? discovery.Found.FirstOrDefault(settings => rules.RefusalOf(settings) is null)?.Id ?? id
            : id;
    }

    private static bool IsUsable(ConfiguredProvider provider, ProviderRules rules) =>
        provider.Settings.Enabled && provider.Fault is null && rules.RefusalOf(provider.Settings) is null;

    /// <summary>Returns the provider of a default. A provider that the user selected is never replaced by another.</summary>
    private IProvider Chosen(string reserved, string defaultId)
    {
        var small = reserved == DefaultSmall;
        var choice = Choice(reserved);
        if (small && choice is { ProviderId: var named } && IsReserved(named))
        {
            choice = choice with { ProviderId = Choice(DefaultLarge)?.ProviderId ?? defaultId };
        }
        if (choice is not null)
        {
            return WithModel(reserved, Usable(choice.ProviderId), choice.Model);
        }
        if (!small)
        {
            return Built(defaultId, Usable(defaultId));
        }

        var settings = Usable(Choice(DefaultLarge)?.ProviderId ?? defaultId);
        return WithModel(
            reserved,
            settings,
            models.CatalogOf(settings)?.DefaultSmallModelId is { Length: > 0 } usual && !models.IsMissing(settings, usual) ? usual : null
        );
    }

    private IProvider WithModel(string reserved, ProviderSettings settings, string? model) =>
        model is null || model == settings.Model ? Built(settings.Id, settings) : Built(reserved, settings with { Model = model });

    private string NameOfChoice(string reserved)
    {
        var id = Choice(reserved)?.ProviderId is { } chosen && !IsReserved(chosen) ? chosen : KnownDefaultId();
        return Find(id)?.Settings.Name ?? id;
    }

    private ModelListing Allowed(ProviderSettings settings, ModelListing listing) =>
        listing with
        {
            Models = [.. Allowed(settings, listing.Models)],
        };

    private IEnumerable<ModelInfo> Allowed(ProviderSettings settings, IEnumerable<ModelInfo> listed)
    {
        var rules = Rules;
        return listed.Where(model => rules.RefusalOf(settings, model.Id) is null);
    }

    private IProvider Built(string key, ProviderSettings settings)
    {
        RefuseModel(settings, null);
        lock (building)
        {
            var existing = built.GetValueOrDefault(key);
            if (existing?.Settings.HasSameValuesAs(settings) == true)
            {
                return existing;
            }

            var provider = build(settings);
            // The old instance may still be streaming, so it is disposed when this process ends.
            if (existing is not null)
            {
                replaced.Add(existing);
            }
            return built[key] = provider;
        }
    }

    /// <summary>Returns the default model; null if the vendor must be requested.</summary>
    private string? DefaultModel(ProviderSettings settings) =>
        ProviderKinds.Find(settings.Kind)?.DefaultModel
        ?? (models.CatalogOf(settings)?.DefaultLargeModelId is { Length: > 0 } usual && !models.IsMissing(settings, usual) ? usual : null);

    private static string ModelAdvice(ProviderSettings settings) =>
        settings.Kind == ProviderKinds.Ollama
            ? "Get one with `ollama pull qwen3`, then try again."
            : "Name one in the provider's settings.";
}

/// <param name="Fault">Why the user's file is invalid; null if it is valid.</param>
internal sealed record ConfiguredProvider(ProviderSettings Settings, ProviderFault? Fault)
{
    public string? Description { get; init; }

    /// <summary>The file's path; null for a provider without a file.</summary>
    public string? File { get; init; }
}

/// <param name="HoldsSecret">True if the file contains a literal key.</param>
internal sealed record ProviderFault(string Path, int Line, int Column, string Message, bool HoldsSecret)
{
    public override string ToString() => $"{System.IO.Path.GetFileName(Path)}:{Line}:{Column} {Message}";
}

/// <param name="Failure">Null if the test succeeded.</param>
internal sealed record ProviderTest(ProviderSettings Settings, DateTimeOffset At, Failure? Failure);
