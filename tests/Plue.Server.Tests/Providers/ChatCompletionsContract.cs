using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>The contract of providers that use Chat Completions.</summary>
public abstract class ChatCompletionsContract : ProviderContract
{
    protected const string Done = "data: [DONE]\n\n";
    protected const string UsageChunk =
        """data: {"id":"c1","model":"m","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":5}}}"""
        + "\n\n";

    protected static string Delta(string delta, string finish = "null") =>
        "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
        + delta
        + ",\"finish_reason\":"
        + finish
        + "}]}\n\n";

    protected static string Calls(string calls) => Delta("{\"tool_calls\":" + calls + "}");

    protected static string Ending(string reason) => Delta("{}", $"\"{reason}\"") + UsageChunk + Done;

    protected override string ChatPath => "/v1/chat/completions";
    protected override (string Name, string Value) KeyHeader => ("authorization", $"Bearer {FixedSecrets.Key}");

    protected override ScriptedAnswer Stream() => ScriptedAnswer.Events();

    protected static string Unfinished =>
        ": OPENROUTER PROCESSING\n\n" + Delta("""{"role":"assistant","content":""}""") + Delta("""{"content":"Hé "}""");
    protected override string TextAnswer =>
        Unfinished + Delta("""{"content":"👋 w\u00f6"}""").Replace("data: ", "data:") + Delta("""{"content":"rld"}""") + Ending("stop");
    protected override string CachedAnswer => TextAnswer;

    protected static string EventOf(string json) => $"data: {json}\n\n";

    protected override string ErrorBody(string type, string message) =>
        "{\"error\":{\"message\":\"" + message + "\",\"type\":\"" + type + "\",\"param\":null,\"code\":null}}";

    protected override string ReasoningAnswer =>
        Delta("""{"role":"assistant","content":null,"reasoning_content":"Let me "}""")
        + Delta("""{"reasoning_content":"think.","content":""}""")
        + Delta("""{"content":"Yes."}""")
        + Ending("stop");
    protected override string ToolAnswer =>
        Calls("""[{"index":0,"id":"call_a","type":"function","function":{"name":"read","arguments":""}}]""")
        + Calls("""[{"index":0,"function":{"arguments":"{\"path\":"}}]""")
        + Calls("""[{"index":0,"function":{"arguments":"\"a.txt\"}"}}]""")
        + Ending("tool_calls");
}
