using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class SecretReferenceTests
{
    [Theory]
    [InlineData("vault://mine/api_key", "", "vault://mine/api_key")]
    [InlineData("env://MY_KEY", "", "env://MY_KEY")]
    [InlineData(" Bearer vault://mine/api_key ", "Bearer ", "vault://mine/api_key")]
    public void Finds_a_reference_alone_and_after_a_scheme(string text, string before, string reference) =>
        Assert.Equal((before, reference), SecretReference.FindIn(text));

    [Theory]
    [InlineData("")]
    [InlineData("sk-canary")]
    [InlineData("vault://mine/api_key and more")]
    [InlineData("Bearer\tvault://mine/api_key")]
    [InlineData("xvault://mine/api_key")]
    public void Anything_else_is_a_value(string text) => Assert.Null(SecretReference.FindIn(text));
}
