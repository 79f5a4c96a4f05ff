using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Catalog;
using Plue.Server.Providers;
using Plue.Server.Tests.Json5;

namespace Plue.Server.Tests.Catalog;

public class CatalogReaderTests
{
    [Fact]
    public void All_shipped_vendors_are_there_and_without_errors()
    {
        var entries = new ProviderCatalog().List().Entries;
        Assert.Equal(44, entries.Count);
        Assert.All(
            entries,
            entry =>
            {
                Assert.Empty(CatalogReader.Read(entry.Document, CatalogHome.Types).Faults.Select(fault => $"{entry.Id}: {fault}"));
                Assert.Equal(entry.Id, entry.Provider.Id);
                Assert.NotEmpty(entry.Provider.Name);
                CatalogTypes.KindOf(entry.Id, entry.Provider.Type, out var isKnown);
                Assert.True(isKnown);
            }
        );
    }

    [Fact]
    public void Every_field_of_the_format_is_read()
    {
        var provider = CatalogReader
            .Read(
                CatalogHome.Json(
                    """
                    {"name":"Acme","id":"acme","type":"openai","api_key":"$ACME_API_KEY","api_endpoint":"https://api.acme.example/v1","default_large_model_id":"big","default_small_model_id":"small",
                     "default_headers":{"X-Title":"Plue"},
                     "models":[
                      {"id":"big","name":"Big","cost_per_1m_in":1.25,"cost_per_1m_out":10,"cost_per_1m_in_cached":1.5,"cost_per_1m_out_cached":0.125,"context_window":400000,"default_max_tokens":128000,
                       "can_reason":true,"reasoning_levels":["low","high"],"default_reasoning_effort":"high","supports_attachments":true,
                       "options":{"temperature":0.5,"top_p":0.9,"top_k":40,"frequency_penalty":0.1,"presence_penalty":-0.1,"provider_options":{"a":[1,2]}}},
                      {"id":"small","name":"Small","has_reasoning_efforts":true,"reasoning_effort":"medium"}]}
                    """
                )
            )
            .Provider;
        Assert.NotNull(provider);
        Assert.Equal(
            ("acme", "Acme", "openai", "$ACME_API_KEY", "https://api.acme.example/v1"),
            (provider.Id, provider.Name, provider.Type, provider.ApiKey, provider.ApiEndpoint)
        );
        Assert.Equal(
            ("big", "small", "Plue"),
            (provider.DefaultLargeModelId, provider.DefaultSmallModelId, provider.DefaultHeaders["x-title"])
        );
        var big = provider.Models[0];
        Assert.Equal(new Server.Messages.Price(1.25m, 10m, 0.125m, 1.5m), big.Price);
        Assert.Equal(
            (400_000, 128_000L, true, "high", true),
            (big.ContextWindow, big.MaxOutput, big.CanReason, big.DefaultReasoningEffort, big.SupportsAttachments)
        );
        Assert.Equal(["low", "high"], big.ReasoningLevels);
        Assert.Equal(
            new CatalogOptions
            {
                Temperature = 0.5m,
                TopP = 0.9m,
                TopK = 40,
                FrequencyPenalty = 0.1m,
                PresencePenalty = -0.1m,
                ProviderOptions = """{"a":[1,2]}""",
            },
            big.Options
        );
        Assert.Equal("medium", provider.Models[1].DefaultReasoningEffort);
        Assert.Null(provider.Models[1].Price);
        Assert.Null(provider.Models[1].MaxOutput);
    }

    [Theory]
    // Errors.
    [InlineData("""{"models":[]}""", "models", true)]
    [InlineData("""{"models":null}""", "models", true)]
    [InlineData("""{"models":7}""", "models", true)]
    [InlineData("""{"models":[{"id":"a","name":"A"},{"id":"a","name":"B"}]}""", "models[1].id", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","cost_per_1m_out":-0.01}]}""", "models[0].cost_per_1m_out", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","cost_per_1m_in":1e28}]}""", "models[0].cost_per_1m_in", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","cost_per_1m_in":1e400}]}""", "models[0].cost_per_1m_in", true)]
    [InlineData("""{"default_large_model_id":"b"}""", "default_large_model_id", false)]
    [InlineData("""{"default_small_model_id":"b"}""", "default_small_model_id", false)]
    [InlineData("""{"id":""}""", "id", true)]
    [InlineData("""{"id":null}""", "id", true)]
    [InlineData("""{"id":7}""", "id", true)]
    [InlineData("""{"id":"../vault"}""", "id", true)]
    [InlineData("""{"id":"nul"}""", "id", true)]
    [InlineData("""{"name":""}""", "name", true)]
    [InlineData("""{"type":[]}""", "type", true)]
    [InlineData("""{"models":[7]}""", "models[0]", true)]
    [InlineData("""{"models":[{"name":"A"}]}""", "models[0].id", true)]
    [InlineData("""{"models":[{"id":"a"}]}""", "models[0].name", true)]
    [InlineData("""{"models":[{"id":"a","name":"A"},{"id":"","name":"B"}]}""", "models[1].id", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","context_window":"8k"}]}""", "models[0].context_window", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","context_window":1.5}]}""", "models[0].context_window", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","context_window":-1}]}""", "models[0].context_window", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","can_reason":"yes"}]}""", "models[0].can_reason", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","reasoning_levels":["low",1]}]}""", "models[0].reasoning_levels", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","options":{"top_k":"many"}}]}""", "models[0].options.top_k", true)]
    [InlineData("""{"models":[{"id":"a","name":"A","id":"b"}]}""", "models[0].id", true)]
    [InlineData("""{"api_key":"sk-canary"}""", "api_key", true)]
    [InlineData("""{"api_endpoint":"acme.example"}""", "api_endpoint", true)]
    [InlineData("""{"api_endpoint":"https://me:canary@acme.example"}""", "api_endpoint", true)]
    [InlineData("""{"default_headers":{"X":1}}""", "default_headers.X", true)]
    [InlineData("""{"default_headers":{"Authorization":"Bearer canary"}}""", "default_headers.Authorization", true)]
    [InlineData("""{"default_headers":{"X":"a\nb"}}""", "default_headers.X", true)]
    // Warnings.
    [InlineData("""{"models":[{"id":"a","name":"A","cost_per_1m_in":1000.01}]}""", "models[0].cost_per_1m_in", false)]
    [InlineData("""{"models":[{"id":"a","name":"A","context_window":1023}]}""", "models[0].context_window", false)]
    [InlineData(
        """{"models":[{"id":"a","name":"A","context_window":8000,"default_max_tokens":8000}]}""",
        "models[0].default_max_tokens",
        false
    )]
    [InlineData("""{"type":"telepathy"}""", "type", false)]
    [InlineData("""{"type":""}""", "type", false)]
    [InlineData("""{"api_endpoint":"http://acme.example"}""", "api_endpoint", false)]
    public void A_fault_is_reported_once_with_the_path_to_its_field(string changes, string path, bool isError)
    {
        var fault = Assert.Single(CatalogReader.Read(With(changes), CatalogHome.Types).Faults);
        Assert.Equal((path, isError), (fault.Path, fault.IsError));
        Assert.EndsWith(".", fault.Message);
        Assert.DoesNotContain("canary", fault.ToString());
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"models":[{"id":"","name":""}]}""")]
    [InlineData("""{"models":[{"id":"a","name":"A","cost_per_1m_in":1000,"context_window":1024,"default_max_tokens":1023}]}""")]
    [InlineData("""{"models":[{"id":"a","name":"A","context_window":2e5}]}""")]
    [InlineData("""{"api_key":"","api_endpoint":"$ACME_ENDPOINT"}""")]
    [InlineData("""{"api_endpoint":"http://localhost:1234/v1"}""")]
    [InlineData("""{"something_new":{"a":[null]},"models":[{"id":"a","name":"A","new_too":1}]}""")]
    public void Reports_no_faults_for_a_valid_catalog(string changes) =>
        Assert.Empty(CatalogReader.Read(With(changes), CatalogHome.Types).Faults);

    [Fact]
    public void A_usual_model_that_is_not_listed_gives_way_to_the_first() =>
        Assert.Equal("a", CatalogReader.Read(With("""{"default_large_model_id":"gone"}""")).Provider?.DefaultLargeModelId);

    [Fact]
    public void An_answer_never_takes_the_room_of_the_prompt()
    {
        var model = CatalogReader
            .Read(With("""{"models":[{"id":"a","name":"A","context_window":8000,"default_max_tokens":9000}]}"""))
            .Provider?.Models[0];
        Assert.Equal(4000, model?.MaxOutput);
    }

    [Theory]
    [InlineData("7")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"id":"\ud800"}""")]
    [InlineData("""{"a":{"\ud800":1}}""")]
    public void Reports_one_error_for_an_invalid_document(string json)
    {
        var reading = CatalogReader.Read(CatalogHome.Json(json));
        Assert.Null(reading.Provider);
        Assert.True(Assert.Single(reading.Faults).IsError);
        Assert.True(CatalogReader.Read(default).HasErrors);
    }

    [Fact]
    public void Any_JSON_is_read_or_reported_and_never_thrown() =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(500),
            Prop.ForAll(
                JsonTexts.Arbitrary,
                json =>
                {
                    var reading = CatalogReader.Read(CatalogHome.Json(json), CatalogHome.Types);
                    Assert.True(reading.HasErrors);
                    Assert.All(reading.Faults, fault => Assert.NotEmpty(fault.Message));
                }
            )
        );

    [Fact]
    public void A_catalog_with_any_value_in_any_field_is_read_or_reported_and_never_thrown()
    {
        string[] fields =
        [
            "id",
            "name",
            "type",
            "api_key",
            "api_endpoint",
            "default_large_model_id",
            "default_headers",
            "models",
            "options",
            "provider_options",
            "cost_per_1m_in",
            "context_window",
            "default_max_tokens",
            "reasoning_levels",
            "can_reason",
            "\\ud83d",
        ];
        string[] values =
        [
            "null",
            "true",
            "-1",
            "1e999",
            "0.5",
            "9223372036854775807",
            "\"\"",
            "\"m\"",
            "\"$A\"",
            "\"\\ud800\"",
            "\"http://[\"",
            "[]",
            "{}",
            "[[]]",
            "[{}]",
            "[{\"id\":\"m\",\"name\":\"M\"}]",
            "[\"low\"]",
            "{\"a\":\"\\u0000\"}",
        ];
        var member = Gen.Elements(fields).Zip(Gen.Elements(values), (field, value) => $"\"{field}\":{value}");
        var model = member.ListOf().Select(members => $"{{{string.Join(',', members)}}}");
        var provider = member
            .ListOf()
            .Zip(
                model.ListOf(),
                (members, models) => $"{{\"models\":[{string.Join(',', models)}]{string.Concat(members.Select(text => $",{text}"))}}}"
            );
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(2_000),
            Prop.ForAll(
                provider.ToArbitrary(),
                json =>
                {
                    var document = CatalogHome.Json(json);
                    var reading = CatalogReader.Read(document, CatalogHome.Types);
                    Assert.True(reading.Provider is not null || reading.HasErrors);
                    foreach (var listed in reading.Provider?.Models ?? [])
                    {
                        _ = (listed.Price, listed.MaxOutput);
                    }
                    if (!reading.HasErrors)
                    {
                        Assert.Equal(json, Compact(CatalogFile.Text(document)));
                    }
                }
            )
        );
    }

    private static string Compact(byte[] text)
    {
        var value = JsonElement.Parse(text);
        using var stream = new MemoryStream();
        using (
            var writer = new Utf8JsonWriter(
                stream,
                new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }
            )
        )
        {
            value.WriteTo(writer);
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Returns a valid catalog with changed fields; null removes a field.</summary>
    private static JsonElement With(string changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["id"] = "\"acme\"",
            ["name"] = "\"Acme\"",
            ["type"] = "\"openai\"",
            ["api_endpoint"] = "\"https://acme.example\"",
            ["models"] = """[{"id":"a","name":"A"}]""",
        };
        foreach (var member in CatalogHome.Json(changes).EnumerateObject())
        {
            fields[member.Name] = member.Value.GetRawText();
        }
        return CatalogHome.Json(
            $"{{{string.Join(',', fields.Where(field => field.Value != "null").Select(field => $"\"{field.Key}\":{field.Value}"))}}}"
        );
    }
}
