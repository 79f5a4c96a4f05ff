using System.Collections.Concurrent;
using Plue.Server.Catalog;
using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>
/// The providers a chat can use: the user's own, those found on this machine, and the tour. Instances live as long as their settings stay
/// the same; what was tested is remembered for this process.
/// </summary>
/// <param name="build">Makes the provider of a kind.</param>
public sealed class ProviderRegistry(
    IProviderSource source,
    Func<ProviderSettings, IProvider> build,
    Discovery discovery,
    ProviderCatalog catalog,
    TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ModelsAreGoodFor = TimeSpan.FromHours(1);

    private readonly Lock building = new();
    private readonly Dictionary<string, IProvider> built = new(StringComparer.Ordinal);
    private readonly List<IProvider> replaced = [];
    private readonly ConcurrentDictionary<string, ProviderTest> tests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, FirstModel> firstModels = new(StringComparer.Ordinal);

    /// <summary>The user's own first; a found one with the same id is hidden behind it.</summary>
    public IReadOnlyList<ConfiguredProvider> List()
    {
        var own = source.List();
        var found = discovery.Found.Where(settings => !own.Any(provider => provider.Settings.Id == settings.Id));
        return [.. own, .. found.Select(settings => new ConfiguredProvider(settings, null))];
    }

    /// <exception cref="FailureException">NotFound or ProviderDisabled: never another provider in its place.</exception>
    public IProvider Get(string id)
    {
        var entry = List().FirstOrDefault(provider => provider.Settings.Id == id)
            ?? throw new FailureException(FailureKind.NotFound, $"The provider {id} is no longer there. Choose another one for this chat.");
        if (entry.Fault is { } fault) { throw new FailureException(FailureKind.NotFound, $"The provider {id} cannot be read: {fault}"); }
        if (!entry.Settings.Enabled) { throw new FailureException(FailureKind.ProviderDisabled, $"{entry.Settings.Name} is switched off. Switch it on, or choose another provider."); }

        return Built(entry.Settings);
    }

    /// <summary>Creates or changes one. Only choosing a found provider as the default writes no file for it.</summary>
    public string Configure(ProviderChange change) => source.Configure(change, List().FirstOrDefault(provider => provider.Settings.Id == change.Id)?.Settings);

    public void Delete(string id) => source.Delete(id);

    public string NameOf(string id) => List().FirstOrDefault(provider => provider.Settings.Id == id)?.Settings.Name ?? id;

    /// <summary>The user's choice; without one, the first that was found on this machine.</summary>
    public async Task<string> DefaultIdAsync(CancellationToken cancellationToken)
    {
        if (source.DefaultId is { } chosen && List().Any(provider => provider.Settings.Id == chosen && provider.Settings.Enabled)) { return chosen; }
        if (source.List().FirstOrDefault(provider => provider.Settings.Enabled && provider.Fault is null) is { } own) { return own.Settings.Id; }

        return (await discovery.RunAsync(again: false, cancellationToken)).DefaultId;
    }

    /// <summary>The model a chat gets: its own choice, the provider's, the catalog's, or the first that the provider lists.</summary>
    /// <exception cref="FailureException">MissingField when none is known.</exception>
    public async Task<string> ResolveModelAsync(IProvider provider, string? chosen, CancellationToken cancellationToken)
    {
        var settings = provider.Settings;
        if ((chosen ?? settings.Model) is { Length: > 0 } model) { return model; }
        if (settings.Kind == ProviderKinds.Tour) { return "recording"; }
        if (settings.Kind == ProviderKinds.ClaudeCode) { return "default"; }
        if (CatalogOf(settings)?.DefaultLargeModelId is { Length: > 0 } usual) { return usual; }
        var now = time.GetUtcNow();
        if (firstModels.TryGetValue(settings.Id, out var known) && known.Settings.SaysTheSameAs(settings) && now - known.At < ModelsAreGoodFor) { return known.Model; }

        var models = await provider.ListModelsAsync(cancellationToken);
        if (models.Count == 0) { throw new FailureException(FailureKind.MissingField, $"{settings.Name} offers no model. {HowToGetOne(settings)}"); }

        firstModels[settings.Id] = new FirstModel(settings, models[0].Id, now);
        return models[0].Id;
    }

    /// <returns>Null where the price is not known.</returns>
    public Price? PriceOf(ProviderSettings settings, string model) =>
        CatalogOf(settings)?.Models.FirstOrDefault(candidate => candidate.Id == model)?.Price;

    public ProviderTest? LastTest(ProviderSettings settings) =>
        tests.TryGetValue(settings.Id, out var test) && test.Settings.SaysTheSameAs(settings) ? test : null;

    /// <summary>Asks the provider whether it works, and remembers the answer until its settings change.</summary>
    public async Task<ProviderTest> TestAsync(string id, CancellationToken cancellationToken)
    {
        var provider = Get(id);
        Failure? failure;
        try
        {
            failure = await provider.CheckAsync(cancellationToken);
        }
        catch (FailureException fault)
        {
            failure = fault.Failure;
        }

        return tests[id] = new ProviderTest(provider.Settings, time.GetUtcNow(), failure);
    }

    /// <summary>Lists the models, with what the catalog knows about each.</summary>
    public async Task<IReadOnlyList<ModelInfo>> ModelsAsync(string id, CancellationToken cancellationToken)
    {
        var provider = Get(id);
        var vendor = CatalogOf(provider.Settings);
        var listed = await provider.ListModelsAsync(cancellationToken);
        return [.. listed.Select(model => vendor?.Models.FirstOrDefault(known => known.Id == model.Id) is { } known
            ? model with
            {
                Name = model.Name ?? known.Name,
                ContextLength = model.ContextLength ?? (known.ContextWindow > 0 ? known.ContextWindow : null),
                Pricing = model.Pricing ?? known.Price,
            }
            : model)];
    }

    public async ValueTask DisposeAsync()
    {
        IProvider[] all;
        lock (building) { all = [.. built.Values, .. replaced]; }

        foreach (var provider in all) { await provider.DisposeAsync(); }
    }

    private IProvider Built(ProviderSettings settings)
    {
        lock (building)
        {
            var existing = built.GetValueOrDefault(settings.Id);
            if (existing?.Settings.SaysTheSameAs(settings) == true) { return existing; }

            // The old instance may still be answering: it ends with this process.
            if (existing is not null) { replaced.Add(existing); }
            return built[settings.Id] = build(settings);
        }
    }

    private sealed record FirstModel(ProviderSettings Settings, string Model, DateTimeOffset At);

    private CatalogProvider? CatalogOf(ProviderSettings settings) => settings.CatalogProvider is { } id ? catalog.Find(id)
        : settings.Kind == ProviderKinds.Anthropic ? catalog.Find("anthropic")
        : null;

    private static string HowToGetOne(ProviderSettings settings) => settings.Kind == ProviderKinds.Ollama
        ? "Get one with `ollama pull qwen3`, then try again."
        : "Name one in the provider's settings.";
}

/// <param name="Fault">Why the user's file cannot be used, with its position; null when it can.</param>
public sealed record ConfiguredProvider(ProviderSettings Settings, string? Fault);

/// <param name="Failure">Null when it works.</param>
public sealed record ProviderTest(ProviderSettings Settings, DateTimeOffset At, Failure? Failure);
