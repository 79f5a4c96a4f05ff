using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public sealed class EnvFileTests
{
    [Theory]
    [InlineData("GROQ_API_KEY=gsk_1", "GROQ_API_KEY", "gsk_1")]
    [InlineData("\uFEFFexport GROQ_API_KEY = gsk_1 # mine", "GROQ_API_KEY", "gsk_1")]
    [InlineData("A=\"sk-a # b\" # c", "A", "sk-a # b")]
    [InlineData("A='sk-$HOME'", "A", "sk-$HOME")]
    [InlineData("A=one\r\nA=two\r\n", "A", "two")]
    [InlineData("A=sk-a=b#c", "A", "sk-a=b#c")]
    [InlineData("A=\"open", "A", "\"open")]
    public void Assignments_are_read_without_expansion(string text, string name, string value) =>
        Assert.Equal([KeyValuePair.Create(name, value)], EnvFile.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("# A=1")]
    [InlineData("A=")]
    [InlineData("A=''")]
    [InlineData("1A=1")]
    [InlineData("A B=1")]
    [InlineData("A=1\nA=")]
    public void Lines_without_assignment_are_skipped(string text) => Assert.Empty(EnvFile.Parse(text));

    [Fact]
    public void Any_text_can_be_read() =>
        Check.QuickThrowOnFailure(
            Prop.ForAll<string?>(text => EnvFile.Parse(text ?? "").All(entry => entry.Key.Length > 0 && entry.Value.Length > 0))
        );

    [Fact]
    public void A_file_that_is_missing_huge_or_no_text_is_refused_with_a_sentence()
    {
        using var home = new VaultHome();
        var path = Path.Combine(home.Directory, ".env");
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => EnvFile.Read(path)).Failure.Kind);
        File.WriteAllBytes(path, [0x41, 0x3D, 0xC3, 0x28]);
        Assert.Equal(FailureKind.BadRequest, Assert.Throws<FailureException>(() => EnvFile.Read(path)).Failure.Kind);
        File.WriteAllBytes(path, new byte[(1024 * 1024) + 1]);
        Assert.Equal(FailureKind.BadRequest, Assert.Throws<FailureException>(() => EnvFile.Read(path)).Failure.Kind);
    }

    [Theory]
    [InlineData("GROQ_API_KEY", "vault://groq/api_key", "https://api.groq.com")]
    [InlineData("MY_HOUSE_TOKEN", "vault://my-house-token/my_house_token", null)]
    [InlineData("_", "vault://env/value", null)]
    public void The_name_of_a_vendor_determines_the_allowed_origins_of_its_key(string name, string reference, string? origin)
    {
        var suggestion = EnvSuggestion.Of(name);
        Assert.Equal((reference, origin), (suggestion.Reference, suggestion.Origins.SingleOrDefault()));
    }
}
