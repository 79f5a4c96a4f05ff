using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>The server tool <c>openrouter:web_search</c>, available for all models. The reported cost includes the searches.</summary>
internal static class OpenRouterWebSearch
{
    private const int MaxResults = 5;

    public static byte[] Request(WebSearchRequest request) =>
        JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            json.WriteStartArray("messages");
            json.WriteObject(("role", "system"), ("content", request.Instructions));
            json.WriteObject(("role", "user"), ("content", request.Query));
            json.WriteEndArray();
            json.WriteStartArray("tools");
            json.WriteStartObject();
            json.WriteString("type", "openrouter:web_search");
            json.WriteStartObject("parameters");
            json.WriteNumber("max_results", MaxResults);
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartObject("usage");
            json.WriteBoolean("include", true);
            json.WriteEndObject();
        });

    public static WebSearchResponse Read(JsonElement body)
    {
        var message = body.Items("choices").FirstOrDefault().Field("message");
        var sources = (message?.Items("annotations") ?? [])
            .Where(annotation => annotation.Text("type") == "url_citation")
            .Select(annotation =>
                annotation.Field("url_citation") is { } cited && cited.Text("url") is { } url
                    ? new WebSource(url, cited.Text("title"), cited.Text("content"))
                    : null
            )
            .OfType<WebSource>();
        var usage = body.Field("usage");
        return new WebSearchResponse(message?.Text("content") ?? "", WebSearchResponse.Distinct(sources))
        {
            Model = body.Text("model"),
            Usage = usage is { } counted
                ? new Usage
                {
                    InputTokens = counted.Whole("prompt_tokens") ?? 0,
                    OutputTokens = counted.Whole("completion_tokens") ?? 0,
                    CachedReadTokens = counted.Field("prompt_tokens_details")?.Whole("cached_tokens") ?? 0,
                    ReasoningTokens = counted.Field("completion_tokens_details")?.Whole("reasoning_tokens") ?? 0,
                }
                : null,
            VendorCost = usage?.Money("cost"),
        };
    }
}
