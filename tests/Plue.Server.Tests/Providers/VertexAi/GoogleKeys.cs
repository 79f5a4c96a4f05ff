using System.Security.Cryptography;
using System.Text.Json;
using Plue.Server.Providers;

namespace Plue.Server.Tests.Providers.VertexAi;

/// <summary>A service account for tests, with one generated key pair.</summary>
internal static class GoogleKeys
{
    public static RSA Pair { get; } = RSA.Create(2048);

    public static string ServiceAccount(Uri tokenUri, string? project = "proj-of-file") =>
        "{\"type\":\"service_account\",\"project_id\":"
        + (project is null ? "null" : $"\"{project}\"")
        + ",\"private_key_id\":\"kid-1\",\"private_key\":\""
        + JsonEncodedText.Encode(Pair.ExportPkcs8PrivateKeyPem())
        + "\",\"client_email\":\"bot@proj.iam.gserviceaccount.com\",\"token_uri\":\""
        + tokenUri
        + "\"}";
}

/// <summary>Returns a service account, whose token service returns the stored secret as the token.</summary>
internal sealed class ServiceAccountSecrets(ISecretSource inner, Uri tokenUri, Action<string> stored) : ISecretSource
{
    public async ValueTask<Secret> GetAsync(string reference, Uri origin, CancellationToken cancellationToken)
    {
        stored((await inner.GetAsync(reference, origin, cancellationToken)).Reveal());
        return new Secret(GoogleKeys.ServiceAccount(tokenUri));
    }
}
