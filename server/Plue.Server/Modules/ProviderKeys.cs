using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Providers.Connections.OAuth;
using Plue.Server.Templates;
using Plue.Server.Vault;

namespace Plue.Server.Modules;

/// <summary>Connects provider files and the vault: uses of a key, renames, and keys to move to the vault.</summary>
internal sealed partial class ProviderKeys(
    PluePaths paths,
    TemplateCatalog templates,
    Vault.Vault vault,
    EnvironmentKeys environment,
    ProviderRegistry providers
)
{
    /// <summary>Common wrong names for the field <c>api_key_ref</c>.</summary>
    private static readonly string[] MisnamedKeys = ["api_key", "apikey", "apiKey", "key", "token"];

    private readonly FileCodices files = FileCodices.Providers(paths, templates);

    /// <summary>Gets the IDs of the providers that use a key.</summary>
    public IReadOnlyList<string> UsedBy(string reference) =>
        [.. files.List().Where(file => PathsOf(file.Values, reference).Any()).Select(file => file.Id)];

    /// <summary>Renames the vault entry and all references to it.</summary>
    /// <returns>The IDs of the providers whose files were changed.</returns>
    /// <exception cref="FailureException">
    /// NotFound. Conflict: the name is in use, the key belongs to a sign-in, or a file that uses it has errors. Nothing was changed.
    /// </exception>
    public async Task<IReadOnlyList<string>> RenameAsync(string reference, string newReference, CancellationToken cancellationToken)
    {
        RefuseTokens(reference, newReference);
        var users = files.List().Where(file => PathsOf(file.Values, reference).Any()).ToList();
        if (users.FirstOrDefault(file => file.IsBroken) is { } broken)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The key was not renamed, because {Path.GetFileName(broken.Path)} refers to it and has a problem. Open it and fix it."
            );
        }

        await vault.RenameAsync(reference, newReference, cancellationToken);
        foreach (var file in users)
        {
            foreach (var (path, before) in PathsOf(file.Values, reference))
            {
                files.Set(file.Id, path, new Json5String(before + newReference));
            }
        }

        return [.. users.Select(file => file.Id)];
    }

    /// <summary>Moves the provider's key from the environment or its file to the vault, bound to the provider's address.</summary>
    /// <exception cref="FailureException">NotFound: there is no key to move. VaultLocked. MissingField: the provider has no address.</exception>
    public async Task MoveAsync(string id, CancellationToken cancellationToken)
    {
        var provider =
            providers.List().FirstOrDefault(provider => provider.Settings.Id == id)?.Settings
            ?? throw new FailureException(FailureKind.NotFound, $"There is no provider {id}.");
        var address =
            provider.Address
            ?? throw new FailureException(
                FailureKind.MissingField,
                $"{provider.Name} has no endpoint yet, so a key cannot be bound to it. Set the endpoint first."
            );
        if (files.Get(id) is { } file && LiteralSecrets.Values(file.Values) is { Count: > 0 } literals)
        {
            foreach (var (path, secret) in literals)
            {
                await MoveLiteralAsync(id, path, secret, address, cancellationToken);
            }
        }
        else if (provider.ApiKeyRef is { } reference && reference.StartsWith(EnvironmentKeys.Scheme, StringComparison.Ordinal))
        {
            var stored = await StoreAsync(id, "api_key", environment.Get(reference, address), address, cancellationToken);
            if (files.Get(id) is null)
            {
                providers.Configure(new ProviderChange(id, provider.Name, provider.Kind, null, null, null, MakeDefault: false));
            }
            files.Set(id, "api_key_ref", new Json5String(stored));
        }
        else
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"There is no key of {provider.Name} to move: none is in the environment, and its file has none that can be removed."
            );
        }
    }

    private async Task MoveLiteralAsync(
        string id,
        IReadOnlyList<string> path,
        string secret,
        Uri address,
        CancellationToken cancellationToken
    )
    {
        var isKey = path is [var only] && (only == "api_key_ref" || MisnamedKeys.Contains(only));
        // To the vault first: until the file is updated, the key is in both places, never in none.
        var stored = await StoreAsync(
            id,
            isKey ? "api_key" : NotInAName().Replace(path[^1], "_"),
            secret.Trim(),
            address,
            cancellationToken
        );
        files.Set(id, isKey ? ["api_key_ref"] : path, new Json5String(stored));
        if (isKey && path[0] != "api_key_ref")
        {
            files.Unset(id, path);
        }
    }

    /// <summary>Refuses to rename a provider whose sign-in is stored under its name. Keys stay where the file refers to them.</summary>
    /// <exception cref="FailureException">Conflict.</exception>
    public async Task RefuseRenamingAsync(string id, CancellationToken cancellationToken)
    {
        if (
            providers.Find(id) is { Settings: { AuthType: AuthType.Oauth, Name: var name } }
            && await vault.ContainsAsync(OAuthTokens.AccessReference(id), cancellationToken)
        )
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"The sign-in of {name} is kept under this name, so nothing was renamed. Sign {name} out first, then sign in again under the new name."
            );
        }
    }

    /// <summary>Stores a secret under an unused name, so that no existing key is replaced.</summary>
    private async Task<string> StoreAsync(string id, string name, string secret, Uri address, CancellationToken cancellationToken)
    {
        var reference = $"vault://{id}/{name}";
        for (var number = 2; await vault.ContainsAsync(reference, cancellationToken); number++)
        {
            reference = $"vault://{id}/{name}-{number}";
        }

        await vault.StoreAsync(reference, secret, [address.ToString()], cancellationToken);
        return reference;
    }

    /// <summary>Refuses references to the tokens of a sign-in: no file names them; they are found only by name.</summary>
    private void RefuseTokens(params ReadOnlySpan<string> references)
    {
        foreach (var provider in providers.List().Where(provider => provider.Settings.AuthType == AuthType.Oauth))
        {
            if (
                !references.Contains(OAuthTokens.AccessReference(provider.Settings.Id))
                && !references.Contains(OAuthTokens.RefreshReference(provider.Settings.Id))
            )
            {
                continue;
            }

            throw new FailureException(
                FailureKind.Conflict,
                $"The sign-in of {provider.Settings.Name} is kept under this name, so nothing was renamed. Choose another name, or sign {provider.Settings.Name} out first."
            );
        }
    }

    /// <summary>The location of a reference: its keys, and the text before it in the same string.</summary>
    private static IEnumerable<(IReadOnlyList<string> Path, string Before)> PathsOf(Json5Object value, string reference)
    {
        foreach (var member in value.Members)
        {
            if (
                member.Value is Json5String { Value: var text }
                && SecretReference.FindIn(text) is (var before, var named)
                && named == reference
            )
            {
                yield return ([member.Name], before);
            }
            if (member.Value is Json5Object inner)
            {
                foreach (var (path, word) in PathsOf(inner, reference))
                {
                    yield return ([member.Name, .. path], word);
                }
            }
        }
    }

    [GeneratedRegex("[^A-Za-z0-9._-]+")]
    private static partial Regex NotInAName();
}
