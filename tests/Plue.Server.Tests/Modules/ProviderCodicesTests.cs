using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Modules;

public class ProviderCodicesTests
{
    private readonly ProviderCodices codices;

    public ProviderCodicesTests()
    {
        var paths = new PluePaths(Directory.CreateTempSubdirectory("plue-codices-").FullName);
        codices = new ProviderCodices(paths, new TemplateCatalog(paths));
    }

    [Fact]
    public void Changing_a_provider_found_in_the_environment_keeps_its_key()
    {
        var found = new ProviderSettings
        {
            Id = "anthropic",
            Name = "Anthropic",
            Kind = ProviderKinds.Anthropic,
            Source = ProviderSource.Environment,
            ApiKeyRef = "env://ANTHROPIC_API_KEY",
        };
        codices.Configure(new ProviderChange("anthropic", "Anthropic", ProviderKinds.Anthropic, null, "claude-haiku", null, false), found);
        var provider = Assert.Single(codices.List());
        Assert.Null(provider.Fault);
        Assert.Equal("env://ANTHROPIC_API_KEY", provider.Settings.ApiKeyRef);
        Assert.Equal("claude-haiku", provider.Settings.Model);
    }

    [Fact]
    public void A_price_of_the_user_is_read_and_one_without_output_is_omitted()
    {
        codices.Configure(
            new ProviderChange(null, "Lab", ProviderKinds.OpenAiCompatible, "http://localhost:1234/v1", null, null, false)
            {
                Fields = new Dictionary<string, string?>
                {
                    ["model_prices"] = """{"own/model":{"input":0.5,"output":2},"half":{"input":1},"below":{"input":-1,"output":1}}""",
                },
            },
            null
        );
        var (model, price) = Assert.Single(Assert.Single(codices.List()).Settings.ModelPrices);
        Assert.Equal("own/model", model);
        Assert.Equal(new Price(0.5m, 2m, null, null), price);
    }

    [Fact]
    public void A_new_provider_keeps_its_key_in_the_vault_under_its_own_name()
    {
        var id = codices.Configure(
            new ProviderChange(null, "My gateway", ProviderKinds.OpenAiCompatible, "http://localhost:1234/v1", null, null, false),
            null
        );
        Assert.Equal("my-gateway", id);
        Assert.Equal("vault://my-gateway/api_key", Assert.Single(codices.List()).Settings.ApiKeyRef);
    }
}
