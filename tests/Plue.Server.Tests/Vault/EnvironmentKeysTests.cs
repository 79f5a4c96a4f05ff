using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public class EnvironmentKeysTests
{
    private readonly Redactor redactor = new();
    private readonly EnvironmentKeys keys;

    public EnvironmentKeysTests() =>
        keys = new EnvironmentKeys(
            name =>
                name switch
                {
                    "ANTHROPIC_API_KEY" => "sk-canary-env\n",
                    "OPENAI_API_KEY" => " ",
                    "MY_KEY" => "sk-canary-mine",
                    _ => null,
                },
            redactor
        );

    [Fact]
    public void A_key_goes_to_its_vendor_and_is_masked_from_then_on()
    {
        Assert.Equal("sk-canary-env", keys.Get("env://ANTHROPIC_API_KEY", VaultHome.Anthropic));
        Assert.Equal("header: ***", redactor.Mask("header: sk-canary-env"));
    }

    [Theory]
    [InlineData("env://ANTHROPIC_API_KEY", "https://evil.example")]
    [InlineData("env://ANTHROPIC_API_KEY", "http://api.anthropic.com")]
    [InlineData("env://ANTHROPIC_API_KEY", "https://api.anthropic.com.evil.example")]
    [InlineData("env://MY_KEY", "https://api.anthropic.com")]
    [InlineData("env://PATH", "https://api.anthropic.com")]
    [InlineData("env://", "https://api.anthropic.com")]
    [InlineData("vault://a/b", "https://api.anthropic.com")]
    public void A_key_goes_nowhere_else(string reference, string origin)
    {
        var exception = Assert.Throws<FailureException>(() => keys.Get(reference, new Uri(origin)));
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, exception.Failure.Kind);
        Assert.DoesNotContain("canary", exception.ToString());
    }

    [Fact]
    public void The_command_line_may_name_one_more_origin_for_a_variable()
    {
        keys.Bind("MY_KEY", "http://localhost:8080/v1");
        Assert.Equal("sk-canary-mine", keys.Get("env://MY_KEY", new Uri("http://localhost:8080/v1/models")));
        Assert.Throws<FailureException>(() => keys.Get("env://MY_KEY", new Uri("http://localhost:8081/v1")));
    }

    [Fact]
    public void A_variable_that_holds_nothing_is_not_a_key()
    {
        Assert.Equal(
            FailureKind.NotFound,
            Assert.Throws<FailureException>(() => keys.Get("env://OPENAI_API_KEY", new Uri("https://api.openai.com"))).Failure.Kind
        );
    }
}
