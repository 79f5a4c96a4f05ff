using System.Text.Json;
using System.Text.Json.Nodes;

namespace Plue.Server.Tests.Testing;

/// <summary>Streamed responses of an OpenAI-compatible server, and the events of a chat that a window receives.</summary>
internal static class ChatScript
{
    public const string End = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    public static string Chunk(string text) =>
        $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":{JsonSerializer.Serialize(text)}}}}}]}}\n\n";

    public static ScriptedAnswer Answer(params string[] texts)
    {
        var answer = ScriptedAnswer.Events();
        foreach (var text in texts)
        {
            answer.Send(Chunk(text));
        }
        return answer.Send(End);
    }

    /// <summary>Returns a response with tool calls.</summary>
    public static ScriptedAnswer Calls(string text, params (string Id, string Name, string Parameters)[] calls) =>
        Calls(text, ScriptedAnswer.Events(), calls);

    /// <param name="answer">The beginning of the response.</param>
    public static ScriptedAnswer Calls(string text, ScriptedAnswer answer, params (string Id, string Name, string Parameters)[] calls)
    {
        if (text.Length > 0)
        {
            answer.Send(Chunk(text));
        }
        for (var at = 0; at < calls.Length; at++)
        {
            var (id, name, parameters) = calls[at];
            answer.Send(
                $"data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"tool_calls\":[{{\"index\":{at},\"id\":\"{id}\",\"type\":\"function\",\"function\":{{\"name\":\"{name}\",\"arguments\":{JsonSerializer.Serialize(parameters)}}}}}]}}}}]}}\n\n"
            );
        }

        return answer.Send("data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n");
    }

    public static async Task<string> CreateChatAsync(this RpcClient client, string provider = "scripted") =>
        (string?)(await client.ResultAsync("codex/create", new { templateId = "ai-chat", providerId = provider }))?["uri"] ?? "";

    /// <summary>Sends a message and waits for the end of the response.</summary>
    public static async Task<List<JsonObject>> AskAsync(this RpcClient client, string uri, string text)
    {
        await client.ResultAsync("message/send", new { codexId = uri, text });
        return await client.TurnAsync();
    }

    public static string? Kind(JsonObject parameters) => (string?)parameters["event"]?["kind"];

    public static string? ErrorKind(JsonObject reply) => (string?)reply["error"]?["data"]?["kind"];

    public static string Text(JsonNode? message) =>
        string.Concat(
            (message?["parts"]?.AsArray() ?? []).Where(part => (string?)part?["kind"] == "text").Select(part => (string?)part?["content"])
        );

    public static List<string> Texts(JsonNode? chat) => [.. (chat?["messages"]?.AsArray() ?? []).Select(Text)];
}
