using System.Text.Json;
using System.Text.Json.Nodes;

namespace Plue.Server.Tests.Testing;

/// <summary>Answers as an OpenAI-compatible server streams them, and what a window sees of a chat.</summary>
internal static class ChatScript
{
    public const string End = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    public static string Chunk(string text) => $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{JsonSerializer.Serialize(text)}}}}}]}}\n\n";

    public static ScriptedAnswer Answer(params string[] texts)
    {
        var answer = ScriptedAnswer.Events();
        foreach (var text in texts) { answer.Send(Chunk(text)); }
        return answer.Send(End);
    }

    public static async Task<string> CreateChatAsync(this RpcClient client, string provider = "scripted") =>
        (string?)(await client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = provider }))?["uri"] ?? "";

    /// <summary>Asks and waits for the end of the answer.</summary>
    public static async Task<List<JsonObject>> AskAsync(this RpcClient client, string uri, string text)
    {
        await client.ResultAsync("message/send", new { codexId = uri, text });
        return await client.TurnAsync();
    }

    public static string? Kind(JsonObject parameters) => (string?)parameters["event"]?["kind"];

    public static string? ErrorKind(JsonObject reply) => (string?)reply["error"]?["data"]?["kind"];

    public static string Text(JsonNode? message) =>
        string.Concat((message?["parts"]?.AsArray() ?? []).Where(part => (string?)part?["kind"] == "text").Select(part => (string?)part?["content"]));

    public static List<string> Texts(JsonNode? chat) => [.. (chat?["messages"]?.AsArray() ?? []).Select(Text)];
}
