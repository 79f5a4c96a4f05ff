using System.Text.Json;
using System.Text.Json.Serialization;
using ModelContextProtocol.Authentication;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools.Mcp;

/// <summary>The tokens of one server, stored in the vault and bound to its origin.</summary>
/// <param name="isFresh">True for a new sign-in, which ignores stored tokens because they may be another user's.</param>
internal sealed class McpTokens(McpDeclaration server, ISecretStore secrets, bool isFresh) : ITokenCache
{
    private volatile bool isStored;

    /// <summary>Gets the reference, which includes the address, so that another server with the same name has different tokens.</summary>
    private string Reference =>
        $"{SecretReference.VaultScheme}mcp-{server.Name.ToLowerInvariant().Replace('_', '-')}/tokens-{McpIdentity.Hash(server.Address!.OriginalString)[..12]}";

    /// <exception cref="FailureException">VaultLocked.</exception>
    public async ValueTask<TokenContainer?> GetTokensAsync(CancellationToken cancellationToken)
    {
        if (isFresh && !isStored)
        {
            return null;
        }

        try
        {
            var text = (await secrets.GetAsync(Reference, server.Origin!, cancellationToken).ConfigureAwait(false)).Reveal();
            return JsonSerializer.Deserialize(text, McpTokenContext.Default.StoredMcpTokens) is { } kept
                ? new TokenContainer
                {
                    TokenType = kept.TokenType,
                    AccessToken = kept.AccessToken,
                    RefreshToken = kept.RefreshToken,
                    ExpiresIn = kept.ExpiresIn,
                    Scope = kept.Scope,
                    ObtainedAt = kept.ObtainedAt,
                    ClientId = kept.ClientId,
                    ClientSecret = kept.ClientSecret,
                    TokenEndpointAuthMethod = kept.TokenEndpointAuthMethod,
                    AuthorizationServer = kept.AuthorizationServer,
                }
                : null;
        }
        catch (FailureException missing) when (missing.Failure.Kind is FailureKind.NotFound or FailureKind.KeyNotBoundToOrigin)
        {
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <exception cref="FailureException">VaultLocked.</exception>
    public async ValueTask StoreTokensAsync(TokenContainer tokens, CancellationToken cancellationToken)
    {
        var kept = new StoredMcpTokens(
            tokens.TokenType,
            tokens.AccessToken,
            tokens.RefreshToken,
            tokens.ExpiresIn,
            tokens.Scope,
            tokens.ObtainedAt,
            tokens.ClientId,
            tokens.ClientSecret,
            tokens.TokenEndpointAuthMethod,
            tokens.AuthorizationServer
        );
        await secrets
            .StoreAsync(
                Reference,
                JsonSerializer.Serialize(kept, McpTokenContext.Default.StoredMcpTokens),
                [server.Origin!],
                cancellationToken
            )
            .ConfigureAwait(false);
        isStored = true;
    }

    public async Task ForgetAsync(CancellationToken cancellationToken) =>
        await secrets.DeleteAsync(Reference, cancellationToken).ConfigureAwait(false);
}

internal sealed record StoredMcpTokens(
    string TokenType,
    string AccessToken,
    string? RefreshToken,
    int? ExpiresIn,
    string? Scope,
    DateTimeOffset ObtainedAt,
    string? ClientId,
    string? ClientSecret,
    string? TokenEndpointAuthMethod,
    string? AuthorizationServer
);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredMcpTokens))]
internal sealed partial class McpTokenContext : JsonSerializerContext;
