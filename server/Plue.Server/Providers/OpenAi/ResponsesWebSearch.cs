using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>The hosted tool <c>web_search</c> of the Responses API.</summary>
internal static class ResponsesWebSearch
{
    /// <summary>10 USD per 1,000 searches. Opening a page costs only its tokens.</summary>
    private const decimal PricePerSearch = 0.01m;

    public static byte[] Request(WebSearchRequest request) =>
        JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            json.WriteString("instructions", request.Instructions);
            json.WriteString("input", request.Query);
            json.WriteStartArray("tools");
            json.WriteObject(("type", "web_search"));
            json.WriteEndArray();
            json.WriteBoolean("store", false);
        });

    public static WebSearchResponse Read(JsonElement body)
    {
        var items = body.Items("output").ToList();
        var texts = items
            .Where(item => item.Text("type") == "message")
            .SelectMany(item => item.Items("content"))
            .Where(part => part.Text("type") == "output_text")
            .ToList();
        var sources = texts
            .SelectMany(part => part.Items("annotations"))
            .Where(annotation => annotation.Text("type") == "url_citation")
            .Select(annotation => annotation.Text("url") is { } url ? new WebSource(url, annotation.Text("title")) : null)
            .OfType<WebSource>();
        var searches = items.Count(item =>
            item.Text("type") == "web_search_call" && item.Field("action")?.Text("type") is null or "search"
        );
        return new WebSearchResponse(string.Concat(texts.Select(part => part.Text("text"))), WebSearchResponse.Distinct(sources))
        {
            Model = body.Text("model"),
            Usage = body.Field("usage") is { } usage
                ? new Usage
                {
                    InputTokens = usage.Whole("input_tokens") ?? 0,
                    OutputTokens = usage.Whole("output_tokens") ?? 0,
                    CachedReadTokens = usage.Field("input_tokens_details")?.Whole("cached_tokens") ?? 0,
                    ReasoningTokens = usage.Field("output_tokens_details")?.Whole("reasoning_tokens") ?? 0,
                }
                : null,
            Fee = searches * PricePerSearch,
        };
    }
}
