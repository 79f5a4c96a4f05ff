using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.VertexAi;

/// <summary>A Google credentials file: a service account with its private key, or a user's sign-in with a refresh token.</summary>
/// <param name="Secret">The private key or the refresh token.</param>
/// <param name="Id">The account's email address, or the client id of the program with which the user signed in.</param>
/// <param name="ClientSecret">The client secret of that program; empty for a service account.</param>
/// <param name="Project">Null if the file names none.</param>
internal sealed record GoogleAccountFile(
    bool IsServiceAccount,
    string Id,
    string Secret,
    string ClientSecret,
    string? KeyId,
    Uri TokenUri,
    string? Project,
    string? QuotaProject
)
{
    private const string DefaultTokenUri = "https://oauth2.googleapis.com/token";

    public override string ToString() => "***";

    /// <param name="where">The file for messages: <c>The file /home/me/key.json</c>.</param>
    /// <exception cref="FailureException">It is neither of the two.</exception>
    public static GoogleAccountFile Read(ReadOnlyMemory<byte> json, string where)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return root.Text("type") switch
            {
                "service_account" => new GoogleAccountFile(
                    true,
                    Need("client_email"),
                    Need("private_key"),
                    "",
                    root.Text("private_key_id"),
                    TokenUriOf(root, where),
                    root.Text("project_id"),
                    null
                ),
                "authorized_user" => new GoogleAccountFile(
                    false,
                    Need("client_id"),
                    Need("refresh_token"),
                    root.Text("client_secret") ?? "",
                    null,
                    TokenUriOf(root, where),
                    null,
                    root.Text("quota_project_id")
                ),
                _ => throw new FailureException(
                    FailureKind.ProviderAuthFailed,
                    $"{where} holds neither a service account nor a user's sign-in. Make a key for a service account, or run \"gcloud auth application-default login\"."
                ),
            };

            string Need(string field) =>
                root.Text(field) is { Length: > 0 } value
                    ? value
                    : throw new FailureException(FailureKind.ProviderAuthFailed, $"{where} has no {field}. Download it again.");
        }
        catch (JsonException exception)
        {
            // The content may be a secret, so it is not quoted.
            throw new FailureException(FailureKind.ProviderAuthFailed, $"{where} is not JSON. Download it again.", exception);
        }
    }

    private static Uri TokenUriOf(JsonElement root, string where) =>
        Uri.TryCreate(root.Text("token_uri") ?? DefaultTokenUri, UriKind.Absolute, out var url)
        && (url.Scheme == "https" || (url.Scheme == "http" && url.IsLoopback))
            ? url
            : throw new FailureException(
                FailureKind.ProviderAuthFailed,
                $"{where} names a token service that is not trusted. Download it again."
            );
}
