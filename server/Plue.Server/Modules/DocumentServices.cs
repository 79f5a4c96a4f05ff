using Plue.Server.Codices;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Vault;

namespace Plue.Server.Modules;

/// <summary>Binds documents to what refers to them and what they refer to: chats, providers and the vault.</summary>
internal sealed class DocumentServices(
    PlatformServices platform,
    VaultServices vault,
    CodexServices codices,
    ProviderServices providers,
    ProviderKeys keys,
    StoreServices store
)
{
    public CodexLinks Links { get; } =
        new(
            codices.Documents,
            platform.Paths,
            store.Chats.ListAll,
            id => store.Chats.Read(id).ContextFiles,
            id => providers.Registry.Find(id) is not null,
            () => platform.Workspace.TrustedFolders
        );

    /// <summary>Unlocks nothing: an address in a vault that cannot be looked at is not checked.</summary>
    public References References =>
        new(codices.Documents, id => providers.Registry.Find(id) is not null, TitleOf, DefaultChoice, VaultReferences);

    public TemplateChecks Checks => new(codices.Documents, References);

    /// <param name="updateChat">By a chat's id; null writes to its file.</param>
    public CodexRename Rename(Func<string, ChatFields, CancellationToken, Task>? updateChat) =>
        new(
            codices.Documents,
            platform.Paths,
            new RenameServices(
                store.Chats.ListAll,
                id => store.Chats.Read(id).Values,
                updateChat ?? store.Chats.UpdateAsync,
                ProviderRegistry.IsReserved,
                keys.RefuseRenamingAsync,
                ProviderCodices.KeptWords,
                providers.Registry.Renamed
            )
        );

    /// <param name="secrets">The secrets in the vault; null while they are not known.</param>
    public LanguageSources Language(Func<IReadOnlyList<KnownSecret>?> secrets) =>
        new(
            platform.Paths,
            () => platform.Workspace.TrustedFolders,
            codices.Documents,
            Links,
            providers.Catalogs.Catalog,
            providers.Registry,
            TitleOf,
            secrets
        );

    private string? TitleOf(CodexUri channel) =>
        store.Chats.ListAll().FirstOrDefault(chat => CodexUri.OfChannel(chat.Id) == channel)?.Title;

    private ModelChoice? DefaultChoice(string name) =>
        name == References.DefaultLarge ? codices.Config.DefaultLarge : codices.Config.DefaultSmall;

    /// <summary>Null while the vault cannot be looked at, and where it is empty.</summary>
    private IReadOnlySet<string>? VaultReferences() =>
        vault.Vault.ReferencesAsync(CancellationToken.None).AsTask() is { IsCompletedSuccessfully: true, Result: { Count: > 0 } references }
            ? references
            : null;
}
