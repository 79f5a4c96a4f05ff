using System.Runtime.CompilerServices;
using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers.Connections;

public sealed class ProviderRegistryTests : IAsyncDisposable
{
    private static readonly Failure Down = new(FailureKind.Unreachable, "Nothing answers.");
    private readonly string home = Directory.CreateTempSubdirectory("plue-registry-").FullName;
    private readonly Clock clock = new();
    private readonly Vendor vendor = new();
    private readonly List<ProviderRegistry> opened = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var registry in opened)
        {
            await registry.DisposeAsync();
        }

        Directory.Delete(home, recursive: true);
    }

    [Fact]
    public void Only_the_file_that_changed_is_read_again()
    {
        for (var number = 0; number < 20; number++)
        {
            Write($"p{number:00}", "name: 'One', provider_type: 'ollama'", TimeSpan.FromMinutes(5));
        }

        var registry = Open();
        var before = registry.List();
        Write("p07", "name: 'Two', provider_type: 'ollama'", TimeSpan.FromMinutes(4));
        Write("p20", "name: 'New', provider_type: 'ollama'", TimeSpan.FromMinutes(4));
        File.Delete(Path.Combine(home, "providers", "p03.json5"));
        var after = registry.List().ToDictionary(provider => provider.Settings.Id);
        Assert.Equal("Two", after["p07"].Settings.Name);
        Assert.True(after.ContainsKey("p20") && !after.ContainsKey("p03"));
        Assert.All(
            before.Where(provider => provider.File is not null && provider.Settings.Id is not ("p03" or "p07")),
            provider => Assert.Same(provider, after[provider.Settings.Id])
        );
    }

    [Fact]
    public void A_file_that_changes_twice_within_a_tick_of_the_clock_is_read_twice()
    {
        Write("p", "name: 'One', provider_type: 'ollama'");
        var registry = Open();
        Assert.Equal("One", registry.Find("p")?.Settings.Name);
        var time = File.GetLastWriteTimeUtc(Path.Combine(home, "providers", "p.json5"));
        Write("p", "name: 'Two', provider_type: 'ollama'");
        File.SetLastWriteTimeUtc(Path.Combine(home, "providers", "p.json5"), time);
        Assert.Equal("Two", registry.Find("p")?.Settings.Name);
        Assert.Equal("Two", registry.List()[0].Settings.Name);
    }

    [Fact]
    public async Task Models_are_fetched_once_and_stay_for_an_hour_also_for_the_next_process()
    {
        Write("p", "provider_type: 'anthropic'");
        vendor.Models = ["claude-sonnet-4-6", "house-model"];
        var first = Open();
        var listing = await first.ModelsAsync("p", refresh: false, default);
        await first.DisposeAsync();
        Assert.Equal((clock.Now, null), (listing.FetchedAt, listing.Error));
        var sonnet = listing.Models[0];
        Assert.Equal((true, true, true), (sonnet.SupportsTools, sonnet.SupportsVision, sonnet.ContextLength > 100_000));
        Assert.NotNull(sonnet.Pricing);
        Assert.Null(listing.Models[1].Pricing);

        clock.Now += TimeSpan.FromMinutes(59);
        var next = Open();
        Assert.Equal(2, (await next.ModelsAsync("p", refresh: false, default)).Models.Count);
        Assert.Equal(1, vendor.Listed);
        Assert.Equal(2, next.StateOf(Find(next, "p")).ModelCount);
        await next.ModelsAsync("p", refresh: true, default);
        Assert.Equal(2, vendor.Listed);
    }

    [Fact]
    public async Task A_user_price_applies_to_listed_and_unlisted_models()
    {
        Write("p", "provider_type: 'anthropic', model_prices: {'claude-sonnet-4-6': {input: 1, output: 2}, own: {input: 3, output: 4}}");
        vendor.Models = ["claude-sonnet-4-6"];
        var registry = Open();
        var listing = await registry.ModelsAsync("p", refresh: false, default);
        Assert.Equal(new Price(1, 2, null, null), listing.Models[0].Pricing);
        Assert.Equal(new Price(3, 4, null, null), registry.PriceOf(Find(registry, "p"), "own"));
        Assert.Null(registry.PriceOf(Find(registry, "p"), "other"));
    }

    [Fact]
    public async Task Returns_a_stale_list_at_once_and_refreshes_it_once()
    {
        Write("p", "provider_type: 'anthropic'");
        vendor.Models = ["old"];
        var registry = Open();
        await registry.ModelsAsync("p", refresh: false, default);
        clock.Now += TimeSpan.FromHours(2);
        vendor.Models = ["old", "new"];
        vendor.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var changed = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        registry.Changed += id => changed.TrySetResult(id);
        for (var time = 0; time < 5; time++)
        {
            Assert.Single((await registry.ModelsAsync("p", refresh: false, default)).Models);
        }

        vendor.Hold.SetResult();
        Assert.Equal("p", await changed.Task.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(2, (await registry.ModelsAsync("p", refresh: false, default)).Models.Count);
        Assert.Equal(2, vendor.Listed);
    }

    [Fact]
    public async Task If_a_vendor_is_unreachable_the_stored_list_or_the_catalog_is_used_and_reported()
    {
        Write("p", "provider_type: 'anthropic'");
        var registry = Open();
        vendor.ListFailure = Down;
        var catalogs = await registry.ModelsAsync("p", refresh: false, default);
        Assert.Equal((null, Down), (catalogs.FetchedAt, catalogs.Error));
        Assert.Contains(catalogs.Models, model => model.Id == "claude-sonnet-4-6" && model.Pricing is not null);
        await registry.ModelsAsync("p", refresh: false, default);
        Assert.Equal(1, vendor.Listed);

        (vendor.ListFailure, vendor.Models) = (null, ["mine"]);
        Assert.Single((await registry.ModelsAsync("p", refresh: true, default)).Models);
        vendor.ListFailure = Down;
        var stored = await registry.ModelsAsync("p", refresh: true, default);
        Assert.Equal(("mine", Down), (Assert.Single(stored.Models).Id, stored.Error));
    }

    [Fact]
    public async Task A_new_provider_takes_nothing_over_in_silence()
    {
        var registry = Open();
        var first = registry.Configure(new ProviderChange(null, "Second by name", ProviderKinds.Ollama, null, null, null, false));
        Assert.Equal(first, await registry.DefaultIdAsync(default));
        registry.Configure(new ProviderChange(null, "A first by name", ProviderKinds.Ollama, null, null, null, false));
        Assert.Equal(first, await registry.DefaultIdAsync(default));
    }

    [Fact]
    public async Task A_key_that_was_put_right_lists_the_models_at_once()
    {
        Write("p", "provider_type: 'openai-compatible', endpoint: 'http://localhost:1/v1'");
        var registry = Open();
        vendor.ListFailure = new Failure(FailureKind.ProviderAuthFailed, "The key was refused.");
        Assert.Equal(FailureKind.ProviderAuthFailed, (await registry.ModelsAsync("p", refresh: false, default)).Error?.Kind);
        (vendor.ListFailure, vendor.Models) = (null, ["mine"]);
        Assert.Equal("mine", Assert.Single((await registry.ModelsAsync("p", refresh: false, default)).Models).Id);
    }

    [Fact]
    public async Task A_model_that_the_vendor_does_not_have_is_refused_with_the_nearest_name_and_without_asking()
    {
        Write("p", "provider_type: 'openai'");
        var registry = Open();
        Assert.Equal("gpt-5-mni", await registry.ResolveModelAsync(registry.Get("p"), "gpt-5-mni", default));
        vendor.Models = ["gpt-5-mini", "gpt-5-nano", "gpt-5", "o3-2025-04-16"];
        await registry.ModelsAsync("p", refresh: false, default);
        vendor.Hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refused = await Assert.ThrowsAsync<FailureException>(() => registry.ResolveModelAsync(registry.Get("p"), "gpt-5-mni", default));
        Assert.Equal(FailureKind.ModelNotFound, refused.Failure.Kind);
        Assert.Contains("Did you mean gpt-5-mini", refused.Message, StringComparison.Ordinal);
        Assert.Equal("o3", await registry.ResolveModelAsync(registry.Get("p"), "o3", default));
        vendor.Hold.SetResult();

        clock.Now += TimeSpan.FromHours(2);
        Assert.Equal("gpt-6", await registry.ResolveModelAsync(registry.Get("p"), "gpt-6", default));
    }

    [Theory]
    [InlineData("provider_type: 'azure', endpoint: 'https://x.openai.azure.com'")]
    [InlineData("provider_type: 'claude-code'")]
    [InlineData("provider_type: 'external', command: '/bin/x'")]
    [InlineData("provider_type: 'bedrock'")]
    public async Task A_kind_that_takes_any_name_is_asked_for_any_name(string file)
    {
        Write("p", file);
        vendor.Models = ["known"];
        var registry = Open();
        await registry.ModelsAsync("p", refresh: false, default);
        Assert.Equal("my-own", await registry.ResolveModelAsync(registry.Get("p"), "my-own", default));
    }

    [Fact]
    public async Task Known_model_capabilities_need_no_request_and_unknown_ones_stay_unknown()
    {
        Write("p", "provider_type: 'anthropic'");
        Write("local", "provider_type: 'openai-compatible', endpoint: 'http://localhost:1234/v1'");
        Write("plain", "provider_type: 'openai-compatible', endpoint: 'https://x.example/v1', supports_tools: false");
        var registry = Open();
        Assert.True(registry.ModelOf(Find(registry, "p"), "claude-sonnet-4-6")?.SupportsVision);
        Assert.Null(registry.ModelOf(Find(registry, "p"), "nobody-knows"));
        vendor.Models = ["m"];
        foreach (var id in new[] { "local", "plain" })
        {
            await registry.ModelsAsync(id, refresh: false, default);
        }

        Assert.Null(registry.ModelOf(Find(registry, "local"), "m")?.SupportsTools);
        Assert.False(registry.ModelOf(Find(registry, "plain"), "m")?.SupportsTools);
        Assert.Equal(2, vendor.Listed);
    }

    [Fact]
    public async Task The_default_names_refer_to_the_selection_of_the_user_and_to_no_other()
    {
        Write("one", "name: 'One', provider_type: 'anthropic'");
        Write("two", "name: 'Two', provider_type: 'openai'");
        var registry = Open();
        Assert.Equal("one", registry.Get(ProviderRegistry.DefaultLarge).Settings.Id);
        var small = registry.Get(ProviderRegistry.DefaultSmall);
        Assert.Equal(("one", "claude-haiku-4-5-20251001"), (small.Settings.Id, await registry.ResolveModelAsync(small, null, default)));

        registry.SetDefault(new ModelChoice("two", "gpt-5"), small: false);
        registry.SetDefault(new ModelChoice("one"), small: true);
        var large = await registry.GetAsync(ProviderRegistry.DefaultLarge, default);
        Assert.Equal(("two", "gpt-5"), (large.Settings.Id, await registry.ResolveModelAsync(large, null, default)));
        Assert.Equal("one", registry.Get(ProviderRegistry.DefaultSmall).Settings.Id);
        Assert.Equal(("Two", "One"), (registry.NameOf(ProviderRegistry.DefaultLarge), registry.NameOf(ProviderRegistry.DefaultSmall)));

        Write("two", "name: 'Two', provider_type: 'openai', enabled: false");
        Assert.Equal(
            FailureKind.ProviderDisabled,
            Assert.Throws<FailureException>(() => registry.Get(ProviderRegistry.DefaultLarge)).Failure.Kind
        );
        File.Delete(Path.Combine(home, "providers", "two.json5"));
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => registry.Get(ProviderRegistry.DefaultLarge)).Failure.Kind);
    }

    [Fact]
    public void A_name_reserved_for_the_default_is_rejected()
    {
        Write("default-small", "provider_type: 'ollama'");
        var registry = Open();
        Assert.Contains("Rename the file", registry.List()[0].Fault?.Message, StringComparison.Ordinal);
        Assert.Equal(
            "default-large-2",
            registry.Configure(new ProviderChange(null, "Default large", ProviderKinds.Ollama, null, null, null, false))
        );
        Assert.Equal(
            FailureKind.Conflict,
            Assert
                .Throws<FailureException>(() =>
                    registry.Configure(new ProviderChange("default-large", "X", ProviderKinds.Ollama, null, null, null, false))
                )
                .Failure.Kind
        );
    }

    [Fact]
    public async Task The_start_and_the_end_of_a_test_are_published()
    {
        Write("p", "provider_type: 'anthropic'");
        var registry = Open();
        List<(bool, ProviderHealth)> states = [];
        registry.Changed += id => states.Add((registry.IsTesting(id!), registry.StateOf(Find(registry, "p")).Health));
        vendor.CheckFailure = Down;
        Assert.Equal(Down, (await registry.TestAsync("p", default)).Failure);
        Assert.Equal([(true, ProviderHealth.Untested), (false, ProviderHealth.Error)], states);
    }

    [Fact]
    public async Task Switching_on_what_does_not_answer_leaves_it_off_with_the_reason()
    {
        Write("p", "provider_type: 'anthropic', enabled: false, // mine\n");
        var registry = Open();
        vendor.CheckFailure = Down;
        await registry.SetEnabledAsync("p", enabled: true, default);
        var state = registry.StateOf(Find(registry, "p"));
        Assert.Equal((false, true, Down), (Find(registry, "p").Enabled, state.HasFailedToEnable, state.Failure));
        vendor.CheckFailure = null;
        await registry.SetEnabledAsync("p", enabled: true, default);
        Assert.Equal((true, ProviderHealth.Connected), (Find(registry, "p").Enabled, registry.StateOf(Find(registry, "p")).Health));
        Assert.Contains("// mine", File.ReadAllText(Path.Combine(home, "providers", "p.json5")), StringComparison.Ordinal);
    }

    private static ProviderSettings Find(ProviderRegistry registry, string id) =>
        registry.Find(id)?.Settings ?? throw new InvalidOperationException($"There is no {id}.");

    private void Write(string id, string fields, TimeSpan? age = null)
    {
        InMemorySidecar.WriteProvider(home, id, $"{{ {fields} }}");
        if (age is { } old)
        {
            File.SetLastWriteTimeUtc(Path.Combine(home, "providers", id + ".json5"), DateTime.UtcNow - old);
        }
    }

    private ProviderRegistry Open()
    {
        var paths = new PluePaths(home);
        var catalog = new ProviderCatalog();
        var discovery = new Discovery(
            _ => Task.FromResult(new ClaudeCodeFinding(null, false, null, "", [])),
            (_, _) => Task.FromResult<Failure?>(Down),
            _ => null,
            catalog
        );
        var source = new ProviderCodices(paths, new TemplateCatalog(paths), catalog);
        var registry = new ProviderRegistry(
            source,
            vendor.Of,
            discovery,
            catalog,
            new ProviderStates(paths, clock, text => text, _ => { }),
            new ModelCache(paths, _ => { }),
            clock
        );
        opened.Add(registry);
        return registry;
    }

    /// <summary>The vendor behind all providers of these tests.</summary>
    private sealed class Vendor
    {
        private int listed;

        public IReadOnlyList<string> Models { get; set; } = [];
        public Failure? ListFailure { get; set; }
        public Failure? CheckFailure { get; set; }
        public TaskCompletionSource? Hold { get; set; }
        public int Listed => listed;

        public IProvider Of(ProviderSettings settings) => new Instance(this, settings);

        private sealed class Instance(Vendor vendor, ProviderSettings settings) : IProvider
        {
            public ProviderSettings Settings => settings;

            public async IAsyncEnumerable<ProviderEvent> StreamAsync(
                ProviderRequest request,
                [EnumeratorCancellation] CancellationToken cancellationToken
            )
            {
                await Task.CompletedTask;
                yield return new ProviderEvent.Finished(StopReason.EndTurn);
            }

            public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => Task.FromResult(vendor.CheckFailure);

            public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
            {
                Interlocked.Increment(ref vendor.listed);
                if (vendor.Hold is { } hold)
                {
                    await hold.Task.WaitAsync(cancellationToken);
                }
                if (vendor.ListFailure is { } failure)
                {
                    throw new FailureException(failure);
                }

                return [.. vendor.Models.Select(id => new ModelInfo { Id = id })];
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    /// <summary>A clock that advances only when moved; its timers use real time.</summary>
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
