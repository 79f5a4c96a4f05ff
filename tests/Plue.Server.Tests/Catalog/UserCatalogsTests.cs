using System.Text.Json;
using Plue.Server.Catalog;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Catalog;

public sealed class UserCatalogsTests : IDisposable
{
    private readonly CatalogHome home = new();

    public void Dispose() => home.Dispose();

    [Fact]
    public void A_saved_catalog_is_in_force_and_keeps_every_field_value_for_value()
    {
        var document = CatalogHome.Json(
            """
            {"future":{"deep":[1.50,"é\u0000",null,12345678901234567890123]},"id":"acme","name":"Acme","type":"openai-compat","models":[{"tier":1e-7,"id":"m","name":"M","cost_per_1m_in":1.10,"extra":[{}]}],"zzz":true}
            """
        );
        Assert.Equal("Acme", home.Own.Save(document, null).Provider.Name);
        Assert.Equal(Flat(document), Flat(home.Open().Get("acme")!.Document));
        Assert.Equal(1.10m, home.Open().Find("acme")?.Models[0].CostPer1mIn);

        var copy = Path.Combine(home.Paths.Home, "copy.json");
        home.Own.Export(["acme"], copy);
        home.Own.Delete("acme");
        home.Own.Import(copy, replace: false);
        Assert.Equal(Flat(document), Flat(home.Open().Get("acme")!.Document));
    }

    [Fact]
    public void A_catalog_with_errors_is_refused_and_nothing_changes()
    {
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme()), null);
        var before = File.ReadAllText(home.FileOf("acme"));
        var failure = Assert
            .Throws<FailureException>(() =>
                home.Own.Save(
                    CatalogHome.Json(
                        """{"id":"acme","name":"Acme","type":"openai","models":[{"id":"m","name":"M","cost_per_1m_in":-1}]}"""
                    ),
                    null
                )
            )
            .Failure;
        Assert.Equal(FailureKind.BadRequest, failure.Kind);
        Assert.Contains("models[0].cost_per_1m_in", failure.Message);
        Assert.Equal(before, File.ReadAllText(home.FileOf("acme")));
        Assert.Throws<FailureException>(() => home.Own.Save(default, null));
        Assert.Empty(home.Own.Backups());
    }

    [Fact]
    public void A_catalog_that_moves_a_provider_in_use_to_another_origin_needs_to_be_allowed()
    {
        home.Environment["GROQ_API_KEY"] = "canary-key";
        var moved = Groq("https://evil.example/openai/v1");
        var file = home.Put(
            "moved.json",
            $"[{Groq("https://api.groq.com/v2")},{CatalogHome.Acme()}]".Replace(
                "https://api.groq.com/v2",
                "https://evil.example/v1",
                StringComparison.Ordinal
            )
        );
        foreach (
            var change in new Action[] { () => home.Own.Save(CatalogHome.Json(moved), null), () => home.Own.Import(file, replace: true) }
        )
        {
            var failure = Assert.Throws<FailureException>(change).Failure;
            Assert.Equal(FailureKind.OriginChange, failure.Kind);
            Assert.Contains(
                "Groq with the key in GROQ_API_KEY uses https://api.groq.com now and would use https://evil.example.",
                failure.Message,
                StringComparison.Ordinal
            );
            Assert.DoesNotContain("canary-key", failure.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(home.Paths.Catalog) && Directory.EnumerateFiles(home.Paths.Catalog).Any());
        }

        home.Own.Save(CatalogHome.Json(moved), null, allowOriginChange: true);
        Assert.Equal("https://evil.example/openai/v1", home.Open().Find("groq")!.ApiEndpoint);

        // Deleting, restoring and renaming each return to the shipped catalog, which changes the origin again.
        Assert.Equal(FailureKind.OriginChange, Assert.Throws<FailureException>(() => home.Own.Delete("groq")).Failure.Kind);
        Assert.Equal(
            FailureKind.OriginChange,
            Assert
                .Throws<FailureException>(() =>
                    home.Own.Save(CatalogHome.Json(moved.Replace("\"groq\"", "\"mine\"", StringComparison.Ordinal)), "groq")
                )
                .Failure.Kind
        );
        Assert.NotNull(home.Own.Delete("groq", allowOriginChange: true));
        var backup = home.Own.Backups()[0].Id;
        Assert.Equal(FailureKind.OriginChange, Assert.Throws<FailureException>(() => home.Own.Restore(backup)).Failure.Kind);
        Assert.Equal("https://api.groq.com/openai/v1", home.Open().Find("groq")!.ApiEndpoint);
        home.Own.Restore(backup, allowOriginChange: true);
        Assert.Equal("https://evil.example/openai/v1", home.Open().Find("groq")!.ApiEndpoint);
    }

    [Fact]
    public void A_catalog_that_keeps_the_origin_or_that_no_provider_uses_is_saved_without_a_question()
    {
        home.Own.Save(CatalogHome.Json(Groq("https://evil.example/v1")), null);
        home.Own.Delete("groq");
        home.Environment["GROQ_API_KEY"] = "canary-key";
        home.Own.Save(CatalogHome.Json(Groq("https://api.groq.com/openai/v2")), null);
        home.Own.Import(home.Put("evil.json", Groq("https://evil.example/v1")), replace: false);
        Assert.Equal("https://api.groq.com/openai/v2", home.Open().Find("groq")!.ApiEndpoint);
    }

    [Fact]
    public void A_lookalike_host_is_shown_in_its_ASCII_form()
    {
        home.Environment["GROQ_API_KEY"] = "canary-key";
        var failure = Assert
            .Throws<FailureException>(() => home.Own.Save(CatalogHome.Json(Groq("https://api.gr\u043Eq.com/openai/v1")), null))
            .Failure;
        Assert.Contains("https://api.xn--grq-", failure.Message, StringComparison.Ordinal);
    }

    private static string Groq(string endpoint) =>
        $$"""{"id":"groq","name":"Groq","type":"openai-compat","api_key":"$GROQ_API_KEY","api_endpoint":"{{endpoint}}","models":[{"id":"m","name":"M"}]}""";

    [Fact]
    public void Warnings_do_not_keep_a_catalog_from_being_saved() =>
        Assert.Equal(
            "type",
            Assert
                .Single(
                    home.Own.Save(
                        CatalogHome.Json(CatalogHome.Acme().Replace("openai-compat", "telepathy", StringComparison.Ordinal)),
                        null
                    ).Faults
                )
                .Path
        );

    [Fact]
    public void A_renamed_catalog_has_one_file_and_its_old_one_can_be_restored()
    {
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme()), null);
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme("emca")), "acme");
        Assert.Null(home.Catalog.Find("acme"));
        Assert.NotNull(home.Catalog.Find("emca"));
        Assert.Equal("acme", Assert.Single(home.Own.Backups()).CatalogId);

        home.Own.Save(CatalogHome.Json(CatalogHome.Acme("other")), null);
        Assert.Equal(FailureKind.Conflict, Failing(() => home.Own.Save(CatalogHome.Json(CatalogHome.Acme("other")), "emca")).Kind);
        Assert.Equal(FailureKind.Conflict, Failing(() => home.Own.Save(CatalogHome.Json(CatalogHome.Acme("groq")), "emca")).Kind);
        Assert.Equal(FailureKind.PermissionDenied, Failing(() => home.Own.Save(CatalogHome.Json(CatalogHome.Acme("mine")), "groq")).Kind);
        Assert.Equal(FailureKind.NotFound, Failing(() => home.Own.Save(CatalogHome.Json(CatalogHome.Acme("mine")), "nobody")).Kind);
        Assert.NotNull(home.Catalog.Find("emca"));
    }

    [Fact]
    public void A_shipped_catalog_cannot_be_deleted_and_comes_back_from_behind_an_override()
    {
        var failure = Failing(() => home.Own.Delete("groq"));
        Assert.Equal(FailureKind.PermissionDenied, failure.Kind);
        Assert.Contains("to override it", failure.Message);
        Assert.Equal(FailureKind.NotFound, Failing(() => home.Own.Delete("nobody")).Kind);
        Assert.Equal(FailureKind.NotFound, Failing(() => home.Own.Delete("../vault")).Kind);

        home.Own.Save(CatalogHome.Json(CatalogHome.Acme("groq")), null);
        Assert.Equal("Groq", home.Own.Delete("groq")?.Provider.Name);
        home.Write("groq", "broken");
        Assert.Equal("Groq", home.Own.Delete("groq")?.Provider.Name);
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme()), null);
        Assert.Null(home.Own.Delete("acme"));
    }

    [Fact]
    public void The_last_ten_versions_of_each_catalog_are_kept_and_can_be_restored()
    {
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme("other")), null);
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme("other", 2)), null);
        for (var price = 1; price <= 15; price++)
        {
            home.Own.Save(CatalogHome.Json(CatalogHome.Acme(price: price)), null);
        }
        // Saving the same content is not a change.
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme(price: 15)), null);

        var versions = home.Own.Backups().Where(version => version.CatalogId == "acme").ToList();
        Assert.Equal(
            Enumerable.Range(5, 10).Reverse(),
            versions.Select(version => (int)UserCatalogs.ReadVersion(version)!.Models[0].CostPer1mIn)
        );
        Assert.Single(home.Own.Backups(), version => version.CatalogId == "other");

        Assert.Equal(5, home.Own.Restore(versions[^1].Id).Provider.Models[0].CostPer1mIn);
        Assert.Equal(5, home.Open().Find("acme")?.Models[0].CostPer1mIn);
        // The replaced version is kept, too.
        Assert.Equal(15, UserCatalogs.ReadVersion(home.Own.Backups()[0])?.Models[0].CostPer1mIn);
        Assert.Equal(10, home.Own.Backups().Count(version => version.CatalogId == "acme"));
    }

    [Fact]
    public void A_deleted_catalog_and_a_broken_one_that_was_replaced_are_in_the_backups()
    {
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme()), null);
        home.Own.Delete("acme");
        home.Own.Restore(Assert.Single(home.Own.Backups()).Id);
        Assert.NotNull(home.Catalog.Find("acme"));

        home.Write("acme", "{ by hand");
        home.Own.Save(CatalogHome.Json(CatalogHome.Acme()), null);
        var broken = home.Own.Backups()[0];
        Assert.Equal("{ by hand", File.ReadAllText(broken.Path));
        var failure = Failing(() => home.Own.Restore(broken.Id));
        Assert.Equal(FailureKind.BadRequest, failure.Kind);
        Assert.Contains(broken.Path, failure.Message);
        Assert.NotNull(home.Catalog.Find("acme"));
        Assert.Equal(FailureKind.NotFound, Failing(() => home.Own.Restore("../../vault")).Kind);
    }

    [Fact]
    public void An_import_accepts_valid_entries_and_reports_why_others_are_skipped()
    {
        var path = home.Put(
            "all.json",
            $$"""[{{CatalogHome.Acme()}},{{CatalogHome.Acme()}},{{CatalogHome.Acme("groq")}},7,{"id":"bad","name":"Bad","type":"openai","models":[]}]"""
        );
        var result = home.Own.Import(path, replace: false);
        Assert.Equal(["acme"], result.Imported);
        Assert.Equal(["acme", "groq", "[3]", "bad"], result.Skipped.Select(item => item.Id));
        Assert.Contains("twice", result.Skipped[0].Reason);
        Assert.Contains("already", result.Skipped[1].Reason);
        Assert.Contains("models", result.Skipped[3].Reason);
        Assert.Equal("Groq", home.Catalog.Find("groq")?.Name);

        Assert.Equal(["acme", "groq"], home.Own.Import(path, replace: true).Imported);
        Assert.Equal("Acme", home.Catalog.Find("groq")?.Name);
    }

    [Fact]
    public void A_catalog_whose_default_model_is_missing_is_imported_with_a_warning()
    {
        var path = home.Put(
            "no-default.json",
            """{"id":"lab","name":"Lab","type":"openai-compat","default_large_model_id":"gone","models":[{"id":"one","name":"One"}]}"""
        );
        Assert.Equal(["lab"], home.Own.Import(path, replace: false).Imported);
        var entry = home.Catalog.Get("lab");
        Assert.Equal("one", entry?.Provider.DefaultLargeModelId);
        Assert.Equal("default_large_model_id", Assert.Single(entry!.Faults).Path);
    }

    [Theory]
    [InlineData("none.json", null, FailureKind.NotFound)]
    [InlineData("text.json", "Hello", FailureKind.BadRequest)]
    [InlineData("number.json", "7", FailureKind.BadRequest)]
    public void A_file_that_holds_no_catalog_is_not_imported(string name, string? content, FailureKind kind)
    {
        if (content is not null)
        {
            home.Put(name, content);
        }
        Assert.Equal(kind, Failing(() => home.Own.Import(Path.Combine(home.Paths.Home, name), replace: false)).Kind);
        Assert.Equal(FailureKind.BadRequest, Failing(() => home.Own.Import(name, replace: false)).Kind);
    }

    [Fact]
    public void An_import_beyond_the_limits_takes_nothing()
    {
        var many = home.Put("many.json", $"[{string.Join(',', Enumerable.Repeat("{}", 1_001))}]");
        var deep = home.Put("deep.json", $$"""[{"id":"a","models":[{{string.Join(',', Enumerable.Repeat("{}", 20_001))}}]}]""");
        var large = home.Put("large.json", $"[\"{new string('x', 16 * 1024 * 1024)}\"]");
        foreach (var path in new[] { many, deep, large })
        {
            Failing(() => home.Own.Import(path, replace: false));
        }
        Assert.False(Directory.Exists(home.Paths.Catalog));
    }

    [Fact]
    public void One_exported_catalog_is_an_object_and_several_are_an_array()
    {
        var path = Path.Combine(home.Paths.Home, "out.json");
        home.Own.Export(["groq", "groq"], path);
        Assert.Equal("groq", JsonElement.Parse(File.ReadAllBytes(path)).GetProperty("id").GetString());
        home.Own.Export(["groq", "xai"], path);
        Assert.Equal(
            ["groq", "xai"],
            JsonElement.Parse(File.ReadAllBytes(path)).EnumerateArray().Select(item => item.GetProperty("id").GetString())
        );

        Assert.Equal(FailureKind.NotFound, Failing(() => home.Own.Export(["groq", "nobody"], path)).Kind);
        Assert.Equal(FailureKind.BadRequest, Failing(() => home.Own.Export([], path)).Kind);
        Assert.Equal(FailureKind.BadRequest, Failing(() => home.Own.Export(["groq"], "out.json")).Kind);
        Assert.Equal(FailureKind.BadRequest, Failing(() => home.Own.Export(["groq"], home.Paths.Home)).Kind);
        Assert.Equal(
            FailureKind.BadRequest,
            Failing(() => home.Own.Export(["groq"], Path.Combine(home.Paths.Home, "none", "out.json"))).Kind
        );
        Assert.Equal(2, JsonElement.Parse(File.ReadAllBytes(path)).GetArrayLength());
    }

    [Fact]
    public void The_starting_points_can_be_saved_as_they_are()
    {
        Assert.Equal(3, CatalogStart.All.Count);
        Assert.All(CatalogStart.All, start => Assert.Empty(home.Own.Save(start.Document, null).Faults));
    }

    private static Failure Failing(Action act) => Assert.Throws<FailureException>(act).Failure;

    /// <summary>Gets all values with their paths in document order; numbers keep their spelling.</summary>
    private static List<string> Flat(JsonElement value, string path = "") =>
        value.ValueKind switch
        {
            JsonValueKind.Object => [.. value.EnumerateObject().SelectMany(member => Flat(member.Value, $"{path}.{member.Name}"))],
            JsonValueKind.Array =>
            [
                $"{path}[{value.GetArrayLength()}]",
                .. value.EnumerateArray().SelectMany((item, index) => Flat(item, $"{path}[{index}]")),
            ],
            JsonValueKind.String => [$"{path}=\"{value.GetString()}\""],
            _ => [$"{path}={value.GetRawText()}"],
        };
}
