using System.Text.Json.Nodes;
using Plue.Server.Mcp;
using Plue.Server.Vault;

namespace Plue.Server.Tests.Mcp;

public sealed class OutgoingContentTests
{
    [Fact]
    public void Masks_secrets_at_every_depth_and_keeps_names()
    {
        var secrets = new Redactor();
        secrets.Register("title-secret-1234");
        var value = new JsonObject
        {
            ["title-secret-1234"] = 1,
            ["rows"] = new JsonArray(new JsonObject { ["text"] = "The key is title-secret-1234." }, "title-secret-1234", null, true),
            ["at"] = DateTimeOffset.UnixEpoch,
        };
        Assert.Equal(
            """{"title-secret-1234":1,"rows":[{"text":"The key is ***."},"***",null,true],"at":"1970-01-01T00:00:00+00:00"}""",
            new OutgoingContent(secrets).Clean(value).ToJsonString()
        );
    }

    [Theory]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIE\n-----END RSA PRIVATE KEY-----")]
    [InlineData("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQdG\n-----END PGP PRIVATE KEY BLOCK-----")]
    public void Omits_private_keys(string key) =>
        Assert.Equal("Here:\n[private key omitted]\nThere.", new OutgoingContent(new Redactor()).Clean($"Here:\n{key}\nThere."));

    [Fact]
    public void Omits_a_private_key_without_an_end() =>
        Assert.Equal("a [private key omitted]", new OutgoingContent(new Redactor()).Clean("a -----BEGIN PRIVATE KEY-----\nMIIE"));
}
