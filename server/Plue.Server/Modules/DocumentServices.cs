using Plue.Server.Codices;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;
using Plue.Server.Vault;

namespace Plue.Server.Modules;

/// <summary>Connects documents with chats, providers and the vault, which refer to each other.</summary>
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

    /// <summary>Does not unlock the vault: while its names are unknown, addresses in it are not checked.</summary>
    public References References =>
        new(codices.Documents, id => providers.Registry.Find(id) is not null, TitleOf, DefaultChoice, VaultReferences);

    public TemplateChecks Checks => new(codices.Documents, References);

    /// <param name="updateChat">Updates a chat by its ID; null writes to its file.</param>
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
                ProviderCodices.ImpliedFields,
                providers.Registry.Renamed
            )
        );

    /// <param name="secrets">The secrets in the vault; null if unknown.</param>
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

    /// <summary>Null if the vault is busy or empty.</summary>
    private IReadOnlySet<string>? VaultReferences() =>
        vault.Vault.ReferencesAsync(CancellationToken.None).AsTask() is { IsCompletedSuccessfully: true, Result: { Count: > 0 } references }
            ? references
            : null;
}
