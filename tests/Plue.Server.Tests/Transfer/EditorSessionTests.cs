using System.Text;
using Plue.Server.Messages;
using Plue.Server.Transfer;

namespace Plue.Server.Tests.Transfer;

/// <summary>Chats of VS Code and of extensions. The tests write the files in the documented or published formats.</summary>
public sealed class EditorSessionTests : IDisposable
{
    private const string Png = "iVBORw0KGgoB";
    private static readonly string User =
        OperatingSystem.IsWindows() ? "AppData/Roaming/Code/User"
        : OperatingSystem.IsMacOS() ? "Library/Application Support/Code/User"
        : ".config/Code/User";
    private readonly TransferFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    private const string VsCodeChat = """
        {
          "version": 3, "responderUsername": "GitHub Copilot", "sessionId": "c1", "creationDate": 1767225600000, "customTitle": "Parser",
          "requests": [
            { "requestId": "r1", "timestamp": 1767225601000, "modelId": "copilot/gpt-9", "message": { "text": "Fix the parser", "parts": [] },
              "variableData": { "variables": [{ "kind": "file", "name": "a.ts", "value": { "fsPath": "/p/a.ts", "scheme": "file" } }] },
              "response": [
                { "kind": "thinking", "value": "I read it." },
                { "value": "See " },
                { "kind": "inlineReference", "inlineReference": { "path": "/p/a.ts", "scheme": "file" } },
                { "value": "." },
                { "kind": "toolInvocationSerialized", "toolId": "run_in_terminal", "toolCallId": "t1", "pastTenseMessage": { "value": "Ran" },
                  "resultDetails": { "input": "{\"command\":\"ls\"}", "isError": false, "output": [{ "type": "embed", "isText": true, "value": "a.ts" }] } },
                { "kind": "textEditGroup", "uri": { "path": "/p/a.ts" }, "edits": [[{ "text": "new", "range": {} }]] },
                { "kind": "undoStop", "id": "u" },
                { "kind": "hologram", "depth": 3 }
              ],
              "result": { "timings": { "totalElapsed": 2500 } } },
            { "requestId": "r2", "timestamp": 1767225700000, "message": { "text": "And now?" }, "response": [], "result": { "errorDetails": { "message": "Rate limited" } } }
          ]
        }
        """;

    [Fact]
    public void A_chat_of_VS_Code_keeps_its_thoughts_references_tools_edits_and_unknown_parts()
    {
        var path = fixture.Write($"{User}/workspaceStorage/abc/chatSessions/c1.json", VsCodeChat);
        var report = fixture.Run(path);
        Assert.Empty(report.Failed);
        Assert.Contains("1 part of an unknown type was imported as text.", report.Omitted);
        var chat = fixture.Chats.Read(Assert.Single(report.ChatIds));
        Assert.Equal("Parser", chat.Title);
        Assert.Equal("/p/a.ts", Assert.IsType<MessagePart.File>(chat.Messages[0].Parts[0]).Path);
        var answer = chat.Messages[1];
        Assert.Equal(
            ["Reasoning", "Text", "ToolUse", "ToolResult", "ToolUse", "ToolResult", "Text"],
            answer.Parts.Select(part => part.GetType().Name)
        );
        Assert.Equal(new MessagePart.Text("See `a.ts`."), answer.Parts[1]);
        Assert.Equal(new MessagePart.ToolUse("t1", "run_in_terminal", """{"command":"ls"}"""), answer.Parts[2]);
        Assert.Equal(new MessagePart.ToolResult("t1", "a.ts", null), answer.Parts[3]);
        Assert.Equal("""{"path":"/p/a.ts","text":"new"}""", Assert.IsType<MessagePart.ToolUse>(answer.Parts[4]).Parameters);
        Assert.Contains("hologram", Assert.IsType<MessagePart.Text>(answer.Parts[6]).Content);
        Assert.Equal(("copilot/gpt-9", TimeSpan.FromSeconds(2.5)), (answer.ProviderInfo!.ModelId, answer.UpdatedAt - answer.CreatedAt));
        Assert.Equal((MessageStatus.Failed, "Rate limited"), (chat.Messages[3].Status, chat.Messages[3].Error!.Message));
        Assert.Equal(path, Assert.Single(fixture.Import.Find(SessionFormat.VsCode, null, CancellationToken.None).Sessions).Path);
    }

    [Fact]
    public void A_chat_of_VS_Code_in_a_log_of_changes_is_replayed()
    {
        var chat = fixture.Imported(
            fixture.Write(
                $"{User}/globalStorage/emptyWindowChatSessions/c2.jsonl",
                """{"kind":0,"v":{"version":3,"sessionId":"c2","creationDate":1767225600000,"requests":[]}}""",
                """{"kind":2,"k":["requests"],"v":[{"timestamp":1767225601000,"message":{"text":"Hi"},"response":[{"value":"draft"}]}]}""",
                """{"kind":2,"k":["requests",0,"response"],"v":[{"value":"Hello"},{"value":" there"}],"i":0}""",
                """{"kind":1,"k":["customTitle"],"v":"Greeting"}""",
                """{"kind":1,"k":["requests",0,"isCanceled"],"v":true}""",
                """{"kind":1,"k":["wrong"],"v":1}""",
                """{"kind":3,"k":["wrong"]}""",
                """{"kind":1,"k":["requests",7,"x"],"v":1}"""
            )
        );
        Assert.Equal("Greeting", chat.Title);
        Assert.Equal(["Hi", "Hello there"], chat.Messages.Select(message => message.Text));
        Assert.Equal(MessageStatus.Stopped, chat.Messages[1].Status);
    }

    [Theory]
    [InlineData("saoudrizwan.claude-dev", SessionFormat.Cline, "Cline (imported)")]
    [InlineData("rooveterinaryinc.roo-cline", SessionFormat.RooCode, "Roo Code (imported)")]
    [InlineData("kilocode.kilo-code", SessionFormat.KiloCode, "Kilo Code (imported)")]
    public void A_task_with_tags_becomes_tool_calls_with_times_tokens_and_costs(string extension, object format, string program)
    {
        var folder = $"{User}/globalStorage/{extension}/tasks/1767225600000";
        fixture.Write(
            $"{folder}/ui_messages.json",
            """
            [
              { "ts": 1767225600000, "type": "say", "say": "text", "text": "Fix it" },
              { "ts": 1767225601000, "type": "say", "say": "api_req_started", "text": "{\"tokensIn\":10,\"tokensOut\":2,\"cacheReads\":5,\"cacheWrites\":1,\"cost\":0.25}" },
              { "ts": 1767225605000, "type": "say", "say": "api_req_started", "text": "{\"tokensIn\":20,\"tokensOut\":3,\"cost\":0.5}" }
            ]
            """
        );
        var path = fixture.Write(
            $"{folder}/api_conversation_history.json",
            $$"""
            [
              { "role": "user", "content": [
                { "type": "text", "text": "<task>\nFix it\n</task>" },
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "{{Png}}" } },
                { "type": "text", "text": "<environment_details>\n# Files\n</environment_details>" } ] },
              { "role": "assistant", "content": [
                { "type": "text", "text": "I read it.\n<read_file>\n<path>a.ts</path>\n</read_file>" } ] },
              { "role": "user", "content": [
                { "type": "text", "text": "[read_file for 'a.ts'] Result:" },
                { "type": "text", "text": "let a = 1;" },
                { "type": "text", "text": "[list_files for 'src'] Result:\na.ts" } ] },
              { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Hm.", "signature": "x" },
                { "type": "tool_use", "id": "n1", "name": "write_to_file", "input": { "path": "a.ts" } } ] },
              { "role": "user", "content": [ { "type": "tool_result", "tool_use_id": "n1", "content": [{ "type": "text", "text": "ok" }] } ] }
            ]
            """
        );
        var found = Assert.Single(fixture.Import.Find((SessionFormat)format, null, CancellationToken.None).Sessions);
        Assert.Equal(path, found.Path);
        var chat = fixture.Imported(path);
        Assert.Equal(2, chat.Messages.Count);
        Assert.Equal(["Fix it", "I read it."], chat.Messages.Select(message => message.Text));
        Assert.True(Assert.IsType<MessagePart.File>(chat.Messages[0].Parts[1]).IsImage);
        var answer = chat.Messages[1];
        var uses = answer.Parts.OfType<MessagePart.ToolUse>().ToList();
        Assert.Equal(("read_file", """{"path":"a.ts"}"""), (uses[0].ToolName, uses[0].Parameters));
        Assert.Equal("write_to_file", uses[^1].ToolName);
        Assert.Equal(["let a = 1;", "a.ts", "ok"], answer.Parts.OfType<MessagePart.ToolResult>().Select(result => result.Result));
        Assert.Equal((36L, 5L, 0.75m), (answer.Usage!.InputTokens, answer.Usage.OutputTokens, answer.Cost!.TotalCost));
        Assert.Equal(program, answer.ProviderInfo!.ProviderId);
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1767225601000), answer.CreatedAt);
        Assert.Single(fixture.Run(path).Failed);
    }

    [Fact]
    public void A_session_of_Continue_keeps_its_context_reasoning_tools_and_images()
    {
        var path = fixture.Write(
            ".continue/sessions/k1.json",
            $$"""
            {
              "sessionId": "k1", "title": "Sorting", "workspaceDirectory": "file:///p",
              "history": [
                { "message": { "role": "user", "content": [{ "type": "text", "text": "Sort it" }, { "type": "imageUrl", "imageUrl": { "url": "data:image/png;base64,{{Png}}" } }] },
                  "contextItems": [{ "name": "a.ts", "description": "a.ts", "content": "let a;" }] },
                { "message": { "role": "thinking", "content": "Quick sort." }, "contextItems": [] },
                { "message": { "role": "assistant", "content": "I look.", "toolCalls": [{ "id": "t1", "type": "function", "function": { "name": "read_file", "arguments": "{\"path\":\"a.ts\"}" } }] },
                  "promptLogs": [{ "modelTitle": "House" }], "contextItems": [] },
                { "message": { "role": "tool", "toolCallId": "t1", "content": "let a;" }, "contextItems": [] },
                { "message": { "role": "assistant", "content": "Sorted." }, "contextItems": [] }
              ]
            }
            """
        );
        fixture.Write(".continue/sessions/sessions.json", """[{ "sessionId": "k1", "title": "Sorting" }]""");
        Assert.Equal(path, Assert.Single(fixture.Import.Find(SessionFormat.Continue, null, CancellationToken.None).Sessions).Path);
        var chat = fixture.Imported(path);
        Assert.Equal("Sorting", chat.Title);
        Assert.Equal(["File", "Text", "File"], chat.Messages[0].Parts.Select(part => part.GetType().Name));
        Assert.Equal(["Reasoning", "Text", "ToolUse", "ToolResult", "Text"], chat.Messages[1].Parts.Select(part => part.GetType().Name));
        Assert.Equal(new MessagePart.ToolUse("t1", "read_file", """{"path":"a.ts"}"""), chat.Messages[1].Parts[2]);
        Assert.Equal(new ProviderInfo("Continue (imported)", "House"), chat.Messages[1].ProviderInfo);
    }

    [Theory]
    [InlineData("a.json", """{"version":3,"requests":[{"message":7,"response":"x"},null,5],"sessionId":["x"]}""")]
    [InlineData("b.json", """{"sessionId":"k","history":[{"message":{"role":"user","content":{"a":[]}}},"x",{"message":5}]}""")]
    [InlineData("t/api_conversation_history.json", """[{"role":"assistant","content":5},"x",{"role":"user","content":[{"type":9}]},[]]""")]
    [InlineData("t/api_conversation_history.json", """{"role":"assistant"}""")]
    [InlineData("c.jsonl", """{"kind":0,"v":{"requests":{"a":1},"version":3}}""")]
    [InlineData("c.jsonl", """{"kind":1,"k":["x"],"v":{}}""")]
    [InlineData(
        "d.json",
        """{"sessionId":"k","projectHash":"h","messages":[{"type":"gemini","content":[5,{"inlineData":{"data":"%"}}],"toolCalls":"x"}]}"""
    )]
    [InlineData("d.json", """{"sessionId":"k","projectHash":"h","messages":[{"type":"user",""")]
    public void A_hostile_file_ends_in_a_chat_or_in_a_sentence(string name, string content)
    {
        var report = fixture.Run(fixture.Write(name, Encoding.UTF8.GetBytes(content)));
        Assert.Equal(1, report.ChatIds.Count + report.Failed.Count);
        Assert.All(report.Failed, failure => Assert.EndsWith(".", failure.Message));
    }

    [Fact]
    public void A_document_of_more_than_64_MiB_is_refused_before_it_is_parsed()
    {
        var path = Path.Combine(fixture.Outside, "large.json");
        using (var file = File.Create(path))
        {
            file.Write("""{"version":3,"requests":["""u8);
            file.SetLength(SessionDocument.MaxBytes + 1L);
        }

        Assert.Contains("64 MiB", Assert.Single(fixture.Run(path).Failed).Message);
    }
}
