using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.Gemini;

/// <summary>Grounding with Google Search: the tool <c>google_search</c>.</summary>
internal static class GeminiWebSearch
{
    /// <summary>Gemini 3: 14 USD per 1,000 queries; earlier models: 35 USD per 1,000 requests with a search.</summary>
    private const decimal PricePerQuery = 0.014m;
    private const decimal PricePerRequest = 0.035m;

    public static string CallOf(string model) =>
        $"/{string.Join('/', (model.Contains('/') ? model : "models/" + model).Split('/').Select(Uri.EscapeDataString))}:generateContent";

    public static byte[] Request(WebSearchRequest request) =>
        JsonBody.Write(json =>
        {
            json.WriteStartObject("systemInstruction");
            WriteParts(json, request.Instructions);
            json.WriteEndObject();
            json.WriteStartArray("contents");
            json.WriteStartObject();
            json.WriteString("role", "user");
            WriteParts(json, request.Query);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteStartArray("tools");
            json.WriteStartObject();
            json.WriteObject("google_search");
            json.WriteEndObject();
            json.WriteEndArray();
        });

    public static WebSearchResponse Read(JsonElement body, string model)
    {
        var candidate = body.Items("candidates").FirstOrDefault();
        var grounding = candidate.Field("groundingMetadata");
        var sources = (grounding?.Items("groundingChunks") ?? [])
            .Select(chunk => chunk.Field("web") is { } web && web.Text("uri") is { } uri ? new WebSource(uri, web.Text("title")) : null)
            .OfType<WebSource>();
        var queries = grounding?.Items("webSearchQueries").Count() ?? 0;
        var usage = body.Field("usageMetadata");
        long Count(string name) => usage?.Whole(name) ?? 0;
        return new WebSearchResponse(
            string.Concat(
                (candidate.Field("content")?.Items("parts") ?? [])
                    .Where(part => part.Flag("thought") != true)
                    .Select(part => part.Text("text"))
            ),
            WebSearchResponse.Distinct(sources)
        )
        {
            Usage = usage is null
                ? null
                : new Usage
                {
                    // Tokens of found pages are counted separately from the prompt.
                    InputTokens = Count("promptTokenCount") + Count("toolUsePromptTokenCount"),
                    OutputTokens = Count("candidatesTokenCount") + Count("thoughtsTokenCount"),
                    CachedReadTokens = Count("cachedContentTokenCount"),
                    ReasoningTokens = Count("thoughtsTokenCount"),
                },
            Fee =
                queries == 0 ? 0
                : model.Contains("gemini-2", StringComparison.Ordinal) ? PricePerRequest
                : queries * PricePerQuery,
        };
    }

    private static void WriteParts(Utf8JsonWriter json, string text)
    {
        json.WriteStartArray("parts");
        json.WriteObject(("text", text));
        json.WriteEndArray();
    }
}
