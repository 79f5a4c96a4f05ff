using Plue.Server.Messages;

namespace Plue.Server.Providers.Connections;

/// <summary>Stores the user's providers. Implemented by <c>Modules/ProviderCodices</c>, so that this module does not depend on documents.</summary>
internal interface IProviderSource
{
    /// <summary>Returns the user's providers. Equal while unchanged, so that processes and connections are kept. Only changed files are read again.</summary>
    IReadOnlyList<ConfiguredProvider> List();

    /// <returns>Null if there is no such file.</returns>
    ConfiguredProvider? Find(string id);

    /// <summary>Why the folder of provider files cannot be read; null if it can be.</summary>
    string? FolderProblem { get; }

    /// <summary>The user's default for new chats; null if not set.</summary>
    ModelChoice? DefaultLarge { get; }

    /// <summary>The user's background model; null if not set.</summary>
    ModelChoice? DefaultSmall { get; }

    /// <summary>Returns the file's fields as a JSON object, with potential secrets replaced by <c>***REDACTED***</c>. Null if there is no such file.</summary>
    string? RedactedConfiguration(string id);

    /// <summary>Returns the templates and settings that name the provider.</summary>
    ProviderReferences ReferencesTo(string id);

    /// <param name="from">The current settings. A found provider gets a file with the same id.</param>
    /// <returns>The id.</returns>
    /// <exception cref="FailureException">Nothing was written. MissingField: unknown field or invalid value. PermissionDenied: literal secret.</exception>
    string Configure(ProviderChange change, ProviderSettings? from);

    /// <summary>Sets the default for new chats or the background model. Does not create a file for the provider.</summary>
    void SetDefault(ModelChoice choice, bool small);

    /// <summary>Moves the file to the trash.</summary>
    void Delete(string id);
}

/// <param name="Templates">Template ids.</param>
/// <param name="Settings">Setting keys.</param>
internal sealed record ProviderReferences(IReadOnlyList<string> Templates, IReadOnlyList<string> Settings);

/// <param name="Id">Null to derive it from the name.</param>
/// <param name="Name">Empty for no change.</param>
/// <param name="Kind">Empty for no change, or for the catalog's.</param>
/// <param name="Endpoint">Null for no change; empty to remove it. The same applies to <paramref name="Model"/>.</param>
internal sealed record ProviderChange(
    string? Id,
    string Name,
    string Kind,
    string? Endpoint,
    string? Model,
    bool? Enabled,
    bool MakeDefault
)
{
    public bool MakeDefaultSmall { get; init; }

    /// <summary>Like <see cref="Endpoint"/>. A missing endpoint is taken from the catalog.</summary>
    public string? CatalogProvider { get; init; }

    /// <summary>Other fields of the template by name, as JSON text; null removes the field.</summary>
    public IReadOnlyDictionary<string, string?> Fields { get; init; } = new Dictionary<string, string?>();

    /// <summary>True if nothing else changes.</summary>
    public bool OnlyMakesDefault =>
        (MakeDefault || MakeDefaultSmall) && (Endpoint, Model, Enabled, CatalogProvider) is (null, null, null, null) && Fields.Count == 0;
}
