using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;

namespace Plue.Server.Tests.Providers.Connections;

public sealed class ModelCacheTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-models-").FullName);
    private readonly List<string> log = [];

    [Fact]
    public void Reads_a_stored_list_in_the_next_process()
    {
        var model = new ModelInfo
        {
            Id = "m",
            Name = "M",
            Description = "One",
            ContextLength = 8192,
            MaxOutput = 4096,
            SupportsTools = true,
            SupportsVision = false,
            CanReason = true,
            ReasoningLevels = ["low", "high"],
            DefaultReasoningLevel = "low",
            Pricing = new Price(1.25m, 10m, 0.125m, null),
        };
        Open().Store("vendor", "print", Noon, [model]);
        var stored = Open().Find("vendor", "print");
        Assert.Equal(Noon, stored?.FetchedAt);
        var read = Assert.Single(stored?.Models ?? []);
        Assert.Equal(["low", "high"], read.ReasoningLevels);
        Assert.Equal(model with { ReasoningLevels = null }, read with { ReasoningLevels = null });
    }

    [Fact]
    public void Ignores_the_list_of_another_connection()
    {
        Open().Store("vendor", "print", Noon, [new ModelInfo { Id = "m" }]);
        Assert.Null(Open().Find("vendor", "another"));
        Assert.Null(Open().Find("other", "print"));
    }

    [Fact]
    public void Reads_lists_fetched_by_another_process()
    {
        var cache = Open();
        Assert.Null(cache.Find("vendor", "print"));
        Open().Store("vendor", "print", Noon, [new ModelInfo { Id = "m" }]);
        Assert.Single(cache.Find("vendor", "print")?.Models ?? []);
        Open().Remove("vendor");
        Assert.Null(cache.Find("vendor", "print"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("""{"format":2,"fingerprint":"print","models":[{"id":"m"}]}""")]
    [InlineData("""{"format":1,"fingerprint":"print","models":[{"id":7}]}""")]
    public void A_damaged_file_counts_as_none(string text)
    {
        Directory.CreateDirectory(Path.Combine(paths.Index, "models"));
        File.AppendAllText(Path.Combine(paths.Index, "models", "vendor.json"), text);
        Assert.Null(Open().Find("vendor", "print"));
    }

    [Fact]
    public void Truncates_an_endless_list()
    {
        var models = Enumerable
            .Range(0, 20_000)
            .Select(number => new ModelInfo { Id = $"m{number}", Description = new string('x', 10_000) })
            .Prepend(new ModelInfo { Id = new string('y', 5_000) })
            .Prepend(new ModelInfo { Id = "m0" });
        var kept = Open().Store("vendor", "print", Noon, [.. models]);
        Assert.Equal(ModelCache.MaxModels, kept.Models.Count);
        Assert.All(kept.Models, model => Assert.True(model.Id.Length < 10 && !(model.Description?.Length > 501)));
        Assert.Equal(ModelCache.MaxModels, Open().Find("vendor", "print")?.Models.Count);
        Assert.Empty(log);
    }

    [Theory]
    [InlineData("../vendor")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("Ü")]
    public void Keeps_lists_in_memory_for_ids_that_are_not_file_names(string id)
    {
        var cache = Open();
        cache.Store(id, "print", Noon, [new ModelInfo { Id = "m" }]);
        Assert.NotNull(cache.Find(id, "print"));
        Assert.Empty(Directory.EnumerateFiles(paths.Home, "*", SearchOption.AllDirectories));
    }

    private ModelCache Open() => new(paths, log.Add);
}
