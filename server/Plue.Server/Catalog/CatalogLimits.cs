using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>The size limits of a list of providers, from a file or a server.</summary>
internal static class CatalogLimits
{
    public const int Providers = 1_000;
    public const int Models = 20_000;

    public static int CountModels(JsonElement list) =>
        list.EnumerateArray()
            .Sum(item =>
                item.ValueKind == JsonValueKind.Object
                && item.TryGetProperty("models", out var models)
                && models.ValueKind == JsonValueKind.Array
                    ? models.GetArrayLength()
                    : 0
            );
}
