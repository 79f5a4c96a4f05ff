using System.Text;
using System.Text.Json;
using Plue.Server.Catalog;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Tests.Providers.ClaudeCode;

namespace Plue.Server.Tests.Catalog;

/// <summary>A home folder with catalogs.</summary>
internal sealed class CatalogHome : IDisposable
{
    public CatalogHome()
    {
        Paths = new PluePaths(Directory.CreateTempSubdirectory("plue-catalog-").FullName);
        Catalog = Open();
        var discovery = new Discovery(
            _ => throw new InvalidOperationException("No program is looked for."),
            (_, _) => throw new InvalidOperationException("No server is asked."),
            name => Environment.GetValueOrDefault(name),
            Catalog
        );
        Own = new UserCatalogs(Paths, Catalog, Time, discovery.OriginChange);
    }

    public Dictionary<string, string> Environment { get; } = [];

    public static IReadOnlySet<string> Types { get; } = CatalogTypes.KindByType.Keys.ToHashSet();
    public PluePaths Paths { get; }
    public ManualTime Time { get; } = new();
    public CatalogSettings Settings { get; set; } = new(null, false);
    public ProviderCatalog Catalog { get; }
    public UserCatalogs Own { get; }

    /// <summary>Opens the same folder like a new process.</summary>
    public ProviderCatalog Open() => new(Paths, Types, () => Settings);

    public string FileOf(string id) => Path.Combine(Paths.Catalog, id + ".json");

    public void Write(string id, string json) => Put(FileOf(id), json);

    /// <summary>Writes a file below the home folder.</summary>
    public string Put(string path, string text)
    {
        path = Path.Combine(Paths.Home, path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = new FileStream(path, FileMode.Create);
        stream.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }

    public static JsonElement Json(string text) => JsonElement.Parse(text);

    /// <summary>Returns a valid catalog.</summary>
    public static string Acme(string id = "acme", decimal price = 1, string extra = "") =>
        $$"""{"id":"{{id}}","name":"Acme","type":"openai-compat","api_key":"$ACME_API_KEY","api_endpoint":"https://api.acme.example/v1",{{extra}}"models":[{"id":"m","name":"M","cost_per_1m_in":{{price}},"context_window":8000}]}""";

    public void Dispose() => Directory.Delete(Paths.Home, recursive: true);
}
