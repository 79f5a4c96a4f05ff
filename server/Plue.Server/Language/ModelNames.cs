using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Providers;

namespace Plue.Server.Language;

/// <summary>Determines the provider of a model name in a document.</summary>
internal static class ModelNames
{
    /// <param name="values">The object that contains the model name.</param>
    /// <returns>Null if no known provider is named.</returns>
    public static ProviderSettings? ProviderOf(LanguageSources sources, DocumentModel model, Json5Object values)
    {
        if (model.Document.Location.Collection == CodexCollection.Providers)
        {
            return OfFile(sources, model.Document.Location.Name, values);
        }

        var named =
            Address(values.Find("provider_ref"))
            ?? Address(model.Document.Root.Find("provider_ref"))
            ?? Address(model.Fields.FirstOrDefault(field => field.Name == "provider_ref")?.Default);
        return sources.ProviderAt(named);
    }

    private static string? Address(Json5Node? node) =>
        node switch
        {
            Json5String text => text.Value,
            Json5Array { Items: [Json5String first, ..] } => first.Value,
            _ => null,
        };

    /// <summary>Gets the settings from the open file, which may have unsaved changes.</summary>
    private static ProviderSettings? OfFile(LanguageSources sources, string id, Json5Object values)
    {
        var (kind, catalog) = (values.GetString("provider_type") ?? ProviderKinds.Default, values.GetString("catalog_provider"));
        var saved = sources.Providers.Find(id)?.Settings;
        return saved is not null && saved.Kind == kind && saved.CatalogProvider == catalog ? saved
            : ProviderKinds.Find(kind) is null ? null
            : new ProviderSettings
            {
                Id = id,
                Name = id,
                Kind = kind,
                CatalogProvider = catalog,
                Source = ProviderSource.File,
            };
    }
}
