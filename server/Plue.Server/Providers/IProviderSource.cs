namespace Plue.Server.Providers;

/// <summary>Where the user's own providers are written. Bound to the provider codices in Composition: providers know no documents.</summary>
public interface IProviderSource
{
    /// <summary>Equal as long as nothing changed, so that a provider's process or connection is kept.</summary>
    IReadOnlyList<ConfiguredProvider> List();

    /// <summary>What the user chose for new chats; null while nothing was chosen.</summary>
    string? DefaultId { get; }

    /// <param name="from">The provider as it is offered now; one that was found on this machine gets a file of its own, with the same id.</param>
    /// <returns>The id.</returns>
    string Configure(ProviderChange change, ProviderSettings? from);

    /// <summary>Moves the file to the trash.</summary>
    void Delete(string id);
}

/// <param name="Id">Null makes one from the name.</param>
/// <param name="Endpoint">Null leaves it; an empty text takes it away. The same for <paramref name="Model"/>.</param>
public sealed record ProviderChange(string? Id, string Name, string Kind, string? Endpoint, string? Model, bool? Enabled, bool MakeDefault)
{
    public bool MakeDefaultSmall { get; init; }
    public string? CatalogProvider { get; init; }
    /// <summary>Any other field of the template by its name: JSON text, or null to take the field away.</summary>
    public IReadOnlyDictionary<string, string?> Fields { get; init; } = new Dictionary<string, string?>();
}
