using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>How much one list of providers may hold, from a file or from a server.</summary>
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
