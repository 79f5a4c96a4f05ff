using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;

namespace Plue.Server.Rpc;

/// <summary>provider/signIn, provider/awaitSignIn, provider/signOut. Tokens are not sent.</summary>
internal sealed class SignInHandlers(RpcServer server, ProviderRegistry providers, SignIns signIns, Vault.Vault vault, ProviderViews views)
{
    public void Register()
    {
        server.Map(
            Methods.ProviderSignIn,
            async (parameters, cancellationToken) =>
            {
                var settings = Find(parameters.Id);
                await RefuseWhileLockedAsync(settings, cancellationToken);
                var start = await signIns.BeginAsync(settings, cancellationToken);
                return new ProviderSignInResult(start.Url.AbsoluteUri, start.UserCode, start.ExpiresAt);
            }
        );
        server.Map(
            Methods.ProviderAwaitSignIn,
            async (parameters, cancellationToken) =>
            {
                await signIns.AwaitAsync(parameters.Id, cancellationToken);
                // A disabled provider can be signed in, but is tested only when it is enabled.
                if (Find(parameters.Id).Enabled)
                {
                    await providers.TestAsync(parameters.Id, cancellationToken);
                }
                return await views.SummaryAsync(parameters.Id, cancellationToken);
            }
        );
        server.Map(
            Methods.ProviderSignOut,
            async (parameters, cancellationToken) =>
            {
                Find(parameters.Id);
                await signIns.SignOutAsync(parameters.Id, cancellationToken);
                return await views.SummaryAsync(parameters.Id, cancellationToken);
            }
        );
    }

    private ProviderSettings Find(string id)
    {
        var provider =
            providers.List().FirstOrDefault(provider => provider.Settings.Id == id)
            ?? throw new FailureException(FailureKind.NotFound, $"There is no provider {id}.");
        return provider.Fault is { } fault
            ? throw new FailureException(FailureKind.NotFound, $"The provider {id} cannot be read: {fault}")
            : provider.Settings;
    }

    /// <summary>Fails before the browser opens if the vault is locked, rather than after the user has signed in there.</summary>
    private async Task RefuseWhileLockedAsync(ProviderSettings settings, CancellationToken cancellationToken)
    {
        var status = await vault.StatusAsync(cancellationToken);
        if (status is { Problem: { } problem })
        {
            throw new FailureException(FailureKind.VaultLocked, problem);
        }
        if (status is { Exists: true, Locked: false })
        {
            return;
        }

        throw new FailureException(
            FailureKind.VaultLocked,
            status.Exists
                ? $"The vault is locked, and the sign-in of {settings.Name} is kept there. Unlock it, then sign in."
                : $"There is no vault yet to keep the sign-in of {settings.Name} in. Unlock Vault makes one."
        );
    }
}
