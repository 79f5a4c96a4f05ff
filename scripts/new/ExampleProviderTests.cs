using Plue.Server.Providers;
using Plue.Server.Providers.Example;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tests.Providers;

/// <summary>Runs the provider contract against a local server that responds like the vendor.</summary>
public class ExampleProviderTests : ChatCompletionsContract
{
    protected override string Kind => "example";

    protected override IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http) =>
        new ExampleProvider(settings, secrets, http, TimeProvider.System);

    [Fact]
    public async Task The_question_reaches_the_vendor_in_its_own_form()
    {
        await AskAsync(Stream().Send(TextAnswer));
        Assert.Equal("/v1/chat/completions", Endpoint.Requests[^1].Target);
    }
}
