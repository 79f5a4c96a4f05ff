using Plue.Server.Catalog;

namespace Plue.Server.Tests.Catalog;

public sealed class ProviderCatalogTests : IDisposable
{
    private readonly CatalogHome home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public void A_users_file_overrides_the_shipped_one_until_it_is_deleted()
    {
        Assert.Equal("Groq", home.Catalog.Find("groq")?.Name);
        home.Write("groq", CatalogHome.Acme("groq"));
        Assert.Equal("Acme", home.Catalog.Find("groq")?.Name);
        var entry = home.Catalog.Get("groq");
        Assert.Equal((CatalogLayer.User, true, home.FileOf("groq")), (entry?.Layer, entry?.OverridesShipped, entry?.File));
        Assert.Equal(44, home.Catalog.List().Entries.Count);

        File.Delete(home.FileOf("groq"));
        Assert.Equal("Groq", home.Catalog.Find("groq")?.Name);
        Assert.Equal(CatalogLayer.Shipped, home.Catalog.Get("groq")?.Layer);
    }

    [Fact]
    public void At_least_41_vendors_ship_and_those_without_a_price_list_list_their_own_models()
    {
        var entries = home.Catalog.List().Entries;
        Assert.True(entries.Count >= 41, $"{entries.Count} vendors");
        var unlisted = entries.Where(entry => entry.Provider.Models.Count == 0).ToList();
        Assert.Contains(unlisted, entry => entry.Id == "mistral");
        Assert.All(
            unlisted,
            entry =>
            {
                Assert.True(entry.Provider.Endpoint is { } address && (address.Scheme == "https" || address.IsLoopback), entry.Id);
                Assert.True(entry.Provider.KeyVariable is { Length: > 0 } || entry.Provider.Endpoint!.IsLoopback, entry.Id);
            }
        );
        var keys = entries.Select(entry => entry.Provider.KeyVariable).OfType<string>().ToLookup(key => key, StringComparer.Ordinal);
        Assert.All(unlisted.Select(entry => entry.Provider.KeyVariable).OfType<string>(), key => Assert.Single(keys[key]));
    }

    [Fact]
    public void A_change_on_the_disk_is_noticed_at_the_next_call()
    {
        home.Write("acme", CatalogHome.Acme());
        Assert.Equal(1, home.Catalog.Find("acme")?.Models[0].CostPer1mIn);
        home.Write("acme", CatalogHome.Acme(price: 22.5m));
        Assert.Equal(22.5m, home.Catalog.Find("acme")?.Models[0].CostPer1mIn);
        Assert.Contains("acme", home.Catalog.Ids);
        File.Delete(home.FileOf("acme"));
        Assert.Null(home.Catalog.Find("acme"));
        Assert.DoesNotContain("acme", home.Catalog.Ids);
    }

    [Fact]
    public void Nothing_is_read_again_while_nothing_changed()
    {
        home.Write("acme", CatalogHome.Acme());
        Assert.Same(home.Catalog.Find("acme"), home.Catalog.Find("acme"));
        Assert.Same(home.Catalog.Find("groq"), home.Catalog.Find("groq"));
    }

    [Theory]
    [InlineData("{\n  \"id\": groq }", "line 2, column 9")]
    [InlineData("", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("{}", "id")]
    [InlineData("\"\\ud800\"", "Unicode")]
    [InlineData("""{"id":"other","name":"O","type":"openai","models":[{"id":"m","name":"M"}]}""", "same name")]
    public void A_broken_file_is_reported_and_the_shipped_catalog_stays_in_force(string text, string said)
    {
        home.Write("groq", text);
        Assert.Equal("Groq", home.Catalog.Find("groq")?.Name);
        var listing = home.Catalog.List();
        Assert.Equal(44, listing.Entries.Count);
        Assert.Contains("groq.json", listing.Problem);
        var entry = Assert.Single(listing.Entries, entry => entry.Id == "groq");
        Assert.True(entry is { HasErrors: true, IsEffective: true, Layer: CatalogLayer.User, OverridesShipped: true });
        Assert.Contains(entry.Faults, fault => fault.ToString().Contains(said, StringComparison.Ordinal));
    }

    [Fact]
    public void A_broken_file_of_a_vendor_that_does_not_ship_is_listed_and_cannot_be_used()
    {
        home.Write("acme", """{"id":"acme","name":"Acme","type":"openai","models":[]}""");
        Assert.Null(home.Catalog.Find("acme"));
        var entry = home.Catalog.Get("acme");
        Assert.True(entry is { HasErrors: true, IsEffective: false, OverridesShipped: false, Provider.Name: "Acme" });
        Assert.Equal("models", entry.Faults[0].Path);
    }

    [Fact]
    public void A_folder_or_a_file_that_cannot_be_read_hides_nothing()
    {
        home.Put(home.Paths.Catalog, "not a folder");
        Assert.Equal(44, home.Catalog.List().Entries.Count);
        File.Delete(home.Paths.Catalog);

        Directory.CreateDirectory(home.FileOf("groq"));
        Assert.Equal("Groq", home.Catalog.Find("groq")?.Name);
        home.Write("My Stuff", CatalogHome.Acme());
        home.Write(".acme", CatalogHome.Acme());
        var listing = home.Catalog.List();
        Assert.Equal(44, listing.Entries.Count);
        Assert.Contains("My Stuff.json", listing.Problem);
        Assert.DoesNotContain(".acme", listing.Problem);
    }

    [Fact]
    public void A_link_is_followed_and_a_change_behind_it_is_noticed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links needs a privilege there.");
        var target = home.Put("dotfiles/acme.json", CatalogHome.Acme());
        Directory.CreateDirectory(home.Paths.Catalog);
        File.CreateSymbolicLink(home.FileOf("acme"), target);
        Assert.Equal(1, home.Catalog.Find("acme")?.Models[0].CostPer1mIn);
        home.Put("dotfiles/acme.json", CatalogHome.Acme(price: 33));
        Assert.Equal(33, home.Catalog.Find("acme")?.Models[0].CostPer1mIn);
        File.Delete(target);
        Assert.Null(home.Catalog.Find("acme"));
        Assert.Contains("acme.json", home.Catalog.List().Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("../vault")]
    [InlineData("a/b")]
    [InlineData("GROQ")]
    [InlineData("nul")]
    public void An_id_never_leaves_the_folder(string id)
    {
        home.Put("vault.json", CatalogHome.Acme());
        Assert.Null(home.Catalog.Get(id));
        Assert.Null(home.Catalog.Find(id));
    }

    [Fact]
    public void A_file_beyond_16_MiB_is_not_read()
    {
        home.Write("acme", $$"""{"id":"acme","x":"{{new string('x', 16 * 1024 * 1024)}}"}""");
        Assert.Contains("16 MiB", home.Catalog.List().Problem);
    }

    [Fact]
    public async Task Many_threads_may_ask_while_files_change()
    {
        home.Write("acme", CatalogHome.Acme());
        using var stop = new CancellationTokenSource();
        var asking = Enumerable
            .Range(0, 4)
            .Select(_ =>
                Task.Run(
                    () =>
                    {
                        while (!stop.IsCancellationRequested)
                        {
                            Assert.Contains(
                                home.Catalog.Find("acme")?.Models[0].CostPer1mIn ?? -1,
                                Enumerable.Range(1, 20).Select(price => (decimal)price)
                            );
                        }
                    },
                    TestContext.Current.CancellationToken
                )
            )
            .ToList();
        for (var price = 2; price <= 20; price++)
        {
            home.Own.Save(CatalogHome.Json(CatalogHome.Acme(price: price)), null);
        }
        await stop.CancelAsync();
        await Task.WhenAll(asking);
    }
}
