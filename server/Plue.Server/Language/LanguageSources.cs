using Plue.Server.Catalog;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>A secret's name and allowed origins.</summary>
/// <param name="Origins">Empty while the vault is locked.</param>
internal sealed record KnownSecret(string Reference, IReadOnlyList<string> Origins);

/// <summary>The data that the language features use.</summary>
/// <param name="links">The references between codices.</param>
/// <param name="channelTitle">Gets the title of a chat or task; null if it does not exist.</param>
/// <param name="secrets">The keys in the vault by name; null if unknown.</param>
internal sealed class LanguageSources(
    PluePaths paths,
    Func<WorkspaceFolders?> trustedFolders,
    Documents documents,
    CodexLinks links,
    ProviderCatalog catalog,
    ProviderRegistry providers,
    Func<CodexUri, string?> channelTitle,
    Func<IReadOnlyList<KnownSecret>?> secrets
)
{
    /// <summary>Gets the open document at a path, with unsaved changes.</summary>
    private Func<string, OpenDocument?> openAt = _ => null;

    public PluePaths Paths => paths;
    public Documents Documents => documents;
    public TemplateCatalog Templates => documents.Templates;
    public CodexLinks Links => links;
    public ProviderCatalog Catalog => catalog;
    public ProviderRegistry Providers => providers;

    public IReadOnlyList<KnownSecret> Secrets => secrets() ?? [];

    public References References { get; } =
        new(
            documents,
            id => providers.Find(id) is not null,
            channelTitle,
            name => name == References.DefaultLarge ? UserConfig.Read(paths).DefaultLarge : UserConfig.Read(paths).DefaultSmall,
            () => secrets()?.Select(secret => secret.Reference).ToHashSet(StringComparer.Ordinal)
        );

    public LanguageSources With(Func<string, OpenDocument?> open)
    {
        openAt = open;
        return this;
    }

    public DocumentLocation? LocationOf(string path) => DocumentLocation.Of(path, paths, trustedFolders());

    /// <summary>Gets all files of the user and the trusted workspace, with unsaved changes of open documents.</summary>
    public IEnumerable<OpenDocument> OwnFiles() =>
        documents
            .All.SelectMany(files => files.List())
            .Where(codex => codex.Path.Length > 0)
            .Select(codex => Read(codex.Path))
            .OfType<OpenDocument>();

    /// <summary>Null if there is no such file, or it is not a document of Plue.</summary>
    public OpenDocument? Read(string path) =>
        openAt(path)
        ?? (
            LocationOf(path) is { } place && DocumentFile.Read(path).Bytes is { } bytes && PromptFormat.Decode(bytes) is { } text
                ? new OpenDocument(place, text, 0)
                : null
        );

    /// <summary>Gets the document at an address, including shipped ones; null if there is none, and for chats and tasks.</summary>
    public OpenDocument? Find(CodexUri uri)
    {
        if (!Documents.Has(uri.Collection) || documents.Of(uri.Collection) is not { } files || files.Get(uri.Name) is not { } codex)
        {
            return null;
        }
        if (codex.Path.Length > 0)
        {
            return Read(codex.Path);
        }

        return files.BytesOf(codex) is { } bytes && PromptFormat.Decode(bytes) is { } text
            ? new OpenDocument(
                new DocumentLocation(uri.Collection, uri.Name, TemplateLayer.Shipped, uri.Name + files.Format.Extension),
                text,
                0
            )
            : null;
    }

    /// <summary>Gets the settings of the provider at an address; null if unknown.</summary>
    public ProviderSettings? ProviderAt(string? address)
    {
        if (!CodexUri.TryParse(address, out var uri) || uri.Collection != CodexCollection.Providers)
        {
            return null;
        }

        var choice = uri.Name switch
        {
            References.DefaultLarge => UserConfig.Read(paths).DefaultLarge,
            References.DefaultSmall => UserConfig.Read(paths).DefaultSmall,
            var name => new ModelChoice(name),
        };
        return choice is null ? null : providers.Find(choice.ProviderId)?.Settings;
    }
}
