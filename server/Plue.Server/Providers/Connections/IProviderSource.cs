using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>Where the user's own providers are written. Implemented by <c>Modules/ProviderCodices</c>: providers know no documents.</summary>
public interface IProviderSource
{
    /// <summary>Equal as long as nothing changed, so that a provider's process or connection is kept. Only changed files are read anew.</summary>
    IReadOnlyList<ConfiguredProvider> List();

    /// <returns>Null when there is no such file.</returns>
    ConfiguredProvider? Find(string id);

    /// <summary>Why the folder of provider files cannot be read; null when it can.</summary>
    string? FolderProblem { get; }

    /// <summary>What the user chose for new chats; null while nothing was chosen.</summary>
    ModelChoice? DefaultLarge { get; }

    /// <summary>What the user chose for small jobs; null while nothing was chosen.</summary>
    ModelChoice? DefaultSmall { get; }

    /// <summary>The file's fields as a JSON object; whatever could be a secret reads <c>***REDACTED***</c>. Null when there is no such file.</summary>
    string? RedactedConfiguration(string id);

    /// <summary>Templates and settings that name the provider.</summary>
    ProviderReferences ReferencesTo(string id);

    /// <param name="from">The provider as it is offered now; one that was found on this machine gets a file of its own, with the same id.</param>
    /// <returns>The id.</returns>
    /// <exception cref="FailureException">MissingField: a field that the template does not know, or a value it does not allow. PermissionDenied: a literal secret. Nothing was written then.</exception>
    string Configure(ProviderChange change, ProviderSettings? from);

    /// <summary>What new chats, or small jobs, use from now on. Writes no file for the provider.</summary>
    void SetDefault(ModelChoice choice, bool small);

    /// <summary>Moves the file to the trash.</summary>
    void Delete(string id);
}

/// <param name="Templates">Ids.</param>
/// <param name="Settings">Keys of the settings file.</param>
public sealed record ProviderReferences(IReadOnlyList<string> Templates, IReadOnlyList<string> Settings);

/// <param name="Id">Null makes one from the name.</param>
/// <param name="Name">An empty text leaves it.</param>
/// <param name="Kind">An empty text leaves it, or takes the catalog's.</param>
/// <param name="Endpoint">Null leaves it; an empty text takes it away. The same for <paramref name="Model"/>.</param>
public sealed record ProviderChange(string? Id, string Name, string Kind, string? Endpoint, string? Model, bool? Enabled, bool MakeDefault)
{
    public bool MakeDefaultSmall { get; init; }

    /// <summary>As <see cref="Endpoint"/>. A catalog fills in the endpoint where there is none.</summary>
    public string? CatalogProvider { get; init; }

    /// <summary>Any other field of the template by its name: JSON text, or null to take the field away.</summary>
    public IReadOnlyDictionary<string, string?> Fields { get; init; } = new Dictionary<string, string?>();

    /// <summary>Nothing of the provider itself changes.</summary>
    public bool OnlyMakesDefault =>
        (MakeDefault || MakeDefaultSmall) && (Endpoint, Model, Enabled, CatalogProvider) is (null, null, null, null) && Fields.Count == 0;
}
