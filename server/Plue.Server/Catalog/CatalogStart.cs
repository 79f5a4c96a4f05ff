using System.Text.Json;

namespace Plue.Server.Catalog;

/// <summary>A starting point for a new catalog.</summary>
/// <param name="Json">A complete document in the Catwalk format.</param>
internal sealed record CatalogStart(string Id, string Name, string Description, string Json)
{
    public JsonElement Document => JsonElement.Parse(Json);

    public static IReadOnlyList<CatalogStart> All { get; } =
    [
        new(
            "openai-compatible",
            "OpenAI-compatible",
            "A vendor or gateway that supports the OpenAI Chat Completions API.",
            """
            {
              "name": "My provider",
              "id": "my-provider",
              "type": "openai-compat",
              "api_key": "$MY_PROVIDER_API_KEY",
              "api_endpoint": "https://api.example.com/v1",
              "default_large_model_id": "large-model",
              "default_small_model_id": "small-model",
              "models": [
                {"id": "large-model", "name": "Large model", "cost_per_1m_in": 0, "cost_per_1m_out": 0, "cost_per_1m_in_cached": 0, "cost_per_1m_out_cached": 0, "context_window": 128000, "default_max_tokens": 8192, "can_reason": false, "supports_attachments": false},
                {"id": "small-model", "name": "Small model", "cost_per_1m_in": 0, "cost_per_1m_out": 0, "cost_per_1m_in_cached": 0, "cost_per_1m_out_cached": 0, "context_window": 128000, "default_max_tokens": 8192, "can_reason": false, "supports_attachments": false}
              ]
            }
            """
        ),
        new(
            "anthropic-compatible",
            "Anthropic-compatible",
            "A vendor or gateway that supports the Anthropic Messages API.",
            """
            {
              "name": "My Anthropic-compatible provider",
              "id": "my-anthropic",
              "type": "anthropic",
              "api_key": "$MY_ANTHROPIC_API_KEY",
              "api_endpoint": "https://api.example.com/anthropic",
              "default_large_model_id": "large-model",
              "default_small_model_id": "large-model",
              "models": [
                {"id": "large-model", "name": "Large model", "cost_per_1m_in": 0, "cost_per_1m_out": 0, "cost_per_1m_in_cached": 0, "cost_per_1m_out_cached": 0, "context_window": 200000, "default_max_tokens": 8192, "can_reason": false, "supports_attachments": true}
              ]
            }
            """
        ),
        new(
            "local",
            "Local server",
            "A server on this machine. Its models come from its own list.",
            """
            {
              "name": "My local server",
              "id": "my-local-server",
              "type": "openai-compat",
              "api_endpoint": "http://localhost:8000/v1",
              "models": [
                {"id": "", "name": ""}
              ]
            }
            """
        ),
    ];
}
