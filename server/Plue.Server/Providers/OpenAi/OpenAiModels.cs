using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Reads <c>/models</c>. Servers return additional fields with different names.</summary>
internal static class OpenAiModels
{
    /// <exception cref="FailureException">The models could not be listed.</exception>
    public static async Task<IReadOnlyList<ModelInfo>> ListAsync(ProviderConnection connection, CancellationToken cancellationToken)
    {
        using var document = await connection
            .CallAsync(connection.Endpoint.At("/models"), null, null, cancellationToken)
            .ConfigureAwait(false);
        var root = document.RootElement;
        var items = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : root.Items("data");
        return [.. items.Select(ToModel).OfType<ModelInfo>()];
    }

    private static ModelInfo? ToModel(JsonElement item)
    {
        if (item.Text("id") is not { } id)
        {
            return null;
        }
        var best = item.Field("top_provider") ?? item;
        return new ModelInfo
        {
            Id = id,
            Name = item.Text("name") ?? item.Text("display_name"),
            Description = item.Text("description"),
            ContextLength =
                item.Whole("context_length")
                ?? item.Whole("max_model_len")
                ?? item.Whole("context_window")
                ?? item.Whole("max_context_length"),
            MaxOutput = best.Whole("max_completion_tokens") ?? item.Whole("max_completion_tokens"),
            SupportsTools = Lists(item, "supported_parameters", "tools"),
            SupportsVision = item.Field("architecture") is { } architecture ? Lists(architecture, "input_modalities", "image") : null,
            CanReason = Lists(item, "supported_parameters", "reasoning"),
            // A router that chooses the model itself returns -1: the price depends on the model.
            Pricing =
                item.Field("pricing") is { } pricing
                && pricing.Money("prompt") is { } input and >= 0
                && pricing.Money("completion") is { } output and >= 0
                    ? new Price(
                        input * 1_000_000m,
                        output * 1_000_000m,
                        pricing.Money("input_cache_read") * 1_000_000m,
                        pricing.Money("input_cache_write") * 1_000_000m
                    )
                    : null,
        };
    }

    /// <summary>Returns null if the item has no such list.</summary>
    private static bool? Lists(JsonElement item, string list, string word) =>
        item.Field(list) is { ValueKind: JsonValueKind.Array } words
            ? words.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.String && one.ValueEquals(word))
            : null;
}
