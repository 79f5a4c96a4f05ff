using Plue.Server.Messages;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Vault;

public sealed class OriginTests : IDisposable
{
    private readonly VaultHome home = new();

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData("https://api.openai.com", "https://api.openai.com/v1/chat/completions?x=1#y", true)]
    [InlineData("https://api.openai.com", "HTTPS://API.OpenAI.com/v1", true)]
    [InlineData("https://api.openai.com", "https://api.openai.com:443/", true)]
    [InlineData("https://api.openai.com:443", "https://api.openai.com", true)]
    [InlineData("http://localhost:80/v1", "http://LOCALHOST", true)]
    [InlineData("https://bücher.example", "https://xn--bcher-kva.example/a", true)]
    [InlineData("https://xn--bcher-kva.example", "https://BÜCHER.example/a", true)]
    [InlineData("http://127.0.0.1:8080", "http://127.1:8080", true)]
    [InlineData("http://[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/v1", true)]
    [InlineData("https://api.openai.com", "http://api.openai.com", false)]
    [InlineData("https://api.openai.com", "http://api.openai.com:443", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com:8443", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com.", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com.evil.example", false)]
    [InlineData("https://api.openai.com", "https://evil-api.openai.com", false)]
    [InlineData("https://api.openai.com", "https://evil.api.openai.com", false)]
    [InlineData("https://api.openai.com", "https://openai.com", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com@evil.example/", false)]
    [InlineData("https://api.openai.com", "https://user:pass@api.openai.com/", false)]
    [InlineData("https://api.openai.com", "https://evil.example/https://api.openai.com", false)]
    [InlineData("https://api.openai.com", "https://evil.example\\@api.openai.com", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com\\.evil.example", false)]
    [InlineData("https://api.openai.com", "https://аpi.openai.com", false)]
    [InlineData("https://api.openai.com", "https://api.openai.com%2eevil.example", false)]
    [InlineData("https://api.openai.com", "ftp://api.openai.com", false)]
    [InlineData("https://api.openai.com", "wss://api.openai.com", false)]
    [InlineData("http://localhost:11434", "http://127.0.0.1:11434", false)]
    [InlineData("http://[::1]:8080", "http://127.0.0.1:8080", false)]
    public async Task A_secret_goes_to_its_own_origin_and_to_no_other(string stored, string target, bool isAllowed)
    {
        await using var vault = home.Open();
        await vault.CreateAsync(VaultHome.Editor, default);
        await vault.StoreAsync("vault://a/b", "the secret", [stored], default);
        if (!Uri.TryCreate(target, UriKind.Absolute, out var url))
        {
            Assert.False(isAllowed);
            return;
        }

        if (isAllowed)
        {
            Assert.Equal("the secret", await vault.GetAsync("vault://a/b", url, default));
            return;
        }

        var exception = await Assert.ThrowsAsync<FailureException>(() => vault.GetAsync("vault://a/b", url, default).AsTask());
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, exception.Failure.Kind);
        Assert.DoesNotContain("pass@", exception.Message);
    }

    [Theory]
    [InlineData("api.openai.com")]
    [InlineData("https://")]
    [InlineData("https://a.example.")]
    [InlineData("https://user@a.example")]
    [InlineData("/v1")]
    [InlineData("*")]
    [InlineData("")]
    [InlineData("ftp://a.example")]
    [InlineData("wss://a.example")]
    [InlineData("exec://0123")]
    [InlineData("exec://0123456789abcdef0123456789abcdef.fedcba9876543210fedcba987654321")]
    [InlineData("exec://0123456789abcdef0123456789abcdef0fedcba9876543210fedcba9876543210")]
    [InlineData("exec://0123456789abcdef0123456789abcdef.fedcba9876543210fedcba987654321g")]
    [InlineData("exec://zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz.zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    public void Rejects_ambiguous_origins_for_keys(string url)
    {
        var refused = Assert.Throws<FailureException>(() => Origin.Parse(url));
        Assert.Equal(FailureKind.BadRequest, refused.Failure.Kind);
        Assert.Contains("Enter one like https://api.example.com", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://api.example.com:443/v1?x=1", "https://api.example.com")]
    [InlineData("http://localhost:80", "http://localhost")]
    [InlineData("http://api.example.com:443", "http://api.example.com:443")]
    [InlineData("https://api.example.com:80", "https://api.example.com:80")]
    [InlineData("http://[0:0::1]:8080", "http://[::1]:8080")]
    [InlineData("https://BÜCHER.example", "https://xn--bcher-kva.example")]
    [InlineData(
        "exec://0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210",
        "exec://0123456789abcdef0123456789abcdef.fedcba9876543210fedcba9876543210"
    )]
    public void A_formatted_origin_parses_to_itself(string url, string written)
    {
        Assert.Equal(written, Origin.Parse(url).ToString());
        Assert.Equal(Origin.Parse(url), Origin.Parse(written));
    }
}
