// The measure for `plue run`: the least a C# program can do to post one chat and print each delta of its stream.
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

using var client = new HttpClient();
using var request = new HttpRequestMessage(HttpMethod.Post, args[0])
{
    Content = new StringContent(
        """{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}""",
        Encoding.UTF8,
        "application/json"
    ),
};
using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
response.EnsureSuccessStatusCode();
using var output = Console.OpenStandardOutput();
await foreach (var delta in SseParser.Create(await response.Content.ReadAsStreamAsync(), ContentOf).EnumerateAsync())
{
    if (delta.Data is not null)
    {
        output.Write(Encoding.UTF8.GetBytes(delta.Data));
        output.Flush();
    }
}

// choices[0].delta.content, or null where the event has none.
static string? ContentOf(string type, ReadOnlySpan<byte> data)
{
    if (data.SequenceEqual("[DONE]"u8))
    {
        return null;
    }
    var reader = new Utf8JsonReader(data);
    while (reader.Read())
    {
        if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("content"u8) && reader.Read())
        {
            return reader.GetString();
        }
    }
    return null;
}
