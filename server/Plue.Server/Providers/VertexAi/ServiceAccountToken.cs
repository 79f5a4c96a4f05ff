using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.VertexAi;

/// <summary>Creates the signed assertion (JWT, RS256) that a service account exchanges for an access token.</summary>
internal static class ServiceAccountToken
{
    private const string Scope = "https://www.googleapis.com/auth/cloud-platform";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <exception cref="FailureException">The private key cannot be used.</exception>
    public static string Sign(GoogleAccountFile account, DateTimeOffset now)
    {
        var header = JsonBody.Write(json =>
        {
            json.WriteString("alg", "RS256");
            json.WriteString("typ", "JWT");
            if (account.KeyId is { } id)
            {
                json.WriteString("kid", id);
            }
        });
        var claims = JsonBody.Write(json =>
        {
            json.WriteString("iss", account.Id);
            json.WriteString("scope", Scope);
            json.WriteString("aud", account.TokenUri.OriginalString);
            json.WriteNumber("iat", now.ToUnixTimeSeconds());
            json.WriteNumber("exp", (now + Lifetime).ToUnixTimeSeconds());
        });
        var statement = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(claims)}";
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(account.Secret);
            return $"{statement}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(statement), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"The private key of {account.Id} cannot be used. Make a new one in the Google Cloud console.",
                exception
            );
        }
    }
}
