using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Anthropic;

/// <summary>The server tool <c>web_search</c> of the Messages API.</summary>
internal static class AnthropicWebSearch
{
    private const int MaxTokens = 4_096;
    private const int MaxSearches = 3;

    /// <summary>10 USD per 1,000 searches.</summary>
    private const decimal PricePerSearch = 0.01m;

    public static byte[] Request(WebSearchRequest request) =>
        JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            json.WriteNumber("max_tokens", MaxTokens);
            json.WriteString("system", request.Instructions);
            json.WriteStartArray("tools");
            json.WriteStartObject();
            json.WriteFields(("type", "web_search_20250305"), ("name", "web_search"));
            json.WriteNumber("max_uses", MaxSearches);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartArray("messages");
            json.WriteObject(("role", "user"), ("content", request.Query));
            json.WriteEndArray();
        });

    /// <exception cref="FailureException">BadResponse: the search failed.</exception>
    public static WebSearchResponse Read(JsonElement body, string who)
    {
        var blocks = body.Items("content").ToList();
        var results = blocks.Where(block => block.Text("type") == "web_search_tool_result").ToList();
        var sources = blocks
            .SelectMany(block => block.Items("citations"))
            .Where(citation => citation.Text("type") == "web_search_result_location")
            .Select(citation => Source(citation, citation.Text("cited_text")))
            .Concat(results.SelectMany(result => result.Items("content")).Select(result => Source(result, null)))
            .OfType<WebSource>();
        if (
            results.Count > 0
            && results.TrueForAll(result => result.Field("content")?.Text("error_code") is not null)
            && results[0].Field("content")!.Value.Text("error_code") is { } error
        )
        {
            throw new FailureException(FailureKind.BadResponse, $"The web search of {who} failed ({VendorMessage.Clean(error)}).");
        }

        var usage = body.Field("usage");
        long Count(string name) => usage?.Whole(name) ?? 0;
        var (read, written) = (Count("cache_read_input_tokens"), Count("cache_creation_input_tokens"));
        return new WebSearchResponse(
            string.Concat(blocks.Where(block => block.Text("type") == "text").Select(block => block.Text("text"))),
            WebSearchResponse.Distinct(sources)
        )
        {
            Model = body.Text("model"),
            Usage = usage is null
                ? null
                : new Usage
                {
                    InputTokens = Count("input_tokens") + read + written,
                    OutputTokens = Count("output_tokens"),
                    CachedReadTokens = read,
                    CachedWriteTokens = written,
                },
            Fee = (usage?.Field("server_tool_use")?.Whole("web_search_requests") ?? 0) * PricePerSearch,
        };
    }

    private static WebSource? Source(JsonElement element, string? excerpt) =>
        element.Text("url") is { } url ? new WebSource(url, element.Text("title"), excerpt) : null;
}
