using System.Text.Json;
using Plue.Server.Providers;
using Plue.Server.Providers.Acp;

namespace Plue.Server.Tests.Providers.Acp;

/// <summary>Message variants of real agents.</summary>
public sealed class AcpWireTests
{
    [Theory]
    [InlineData("default acceptEdits plan auto", AgentMode.Ask, null, "default")]
    [InlineData("default acceptEdits plan auto", AgentMode.Edit, null, "acceptEdits")]
    [InlineData("default acceptEdits plan auto", AgentMode.Ask, "auto", "auto")]
    [InlineData("default acceptEdits plan auto", AgentMode.Plan, "auto", "plan")]
    [InlineData("default autoEdit yolo plan", AgentMode.Edit, null, "autoEdit")]
    [InlineData("read-only workspace-write agent agent-full-access", AgentMode.Ask, null, "read-only")]
    [InlineData("read-only workspace-write agent agent-full-access", AgentMode.Edit, null, "agent")]
    [InlineData("read-only workspace-write agent agent-full-access", AgentMode.Read, null, "read-only")]
    [InlineData("https://a.example/modes#agent https://a.example/modes#plan", AgentMode.Plan, null, "https://a.example/modes#plan")]
    [InlineData("one two", AgentMode.Plan, null, "one")]
    public void The_mode_of_a_session_fits_the_mode_of_the_chat(string modes, AgentMode mode, string? own, string expected)
    {
        var ids = modes.Split(' ');
        var options = new AcpOptions();
        var available = string.Join(',', ids.Select(id => $"{{\"id\":\"{id}\"}}"));
        options.Read(Parse($"{{\"modes\":{{\"currentModeId\":\"{ids[0]}\",\"availableModes\":[{available}]}}}}"));
        Assert.Equal(expected, options.ModeFor(mode, own));
    }

    [Fact]
    public void Options_of_a_session_are_offered_with_its_modes_and_the_other_ones_than_model_and_level()
    {
        var options = new AcpOptions();
        options.Read(
            Parse(
                """
                {"modes":{"currentModeId":"a","availableModes":[{"id":"a","name":"Ask"},{"id":"b"}]},"configOptions":[
                  {"id":"mode","category":"mode","type":"select","currentValue":"a","options":[{"value":"a","name":"Ask"}]},
                  {"id":"m","category":"model","type":"select","currentValue":"m1","options":[{"value":"m1","name":"M1"}]},
                  {"id":"t","category":"thought_level","currentValue":"low","options":[{"value":"low","name":"Low"}]},
                  {"id":"s","name":"Speed","currentValue":"x","options":[{"group":"g","name":"G","options":[{"value":"x","name":"X"}]}]},
                  {"id":"f","name":"Fast","type":"boolean","currentValue":true},
                  {"id":"u","name":"Unknown","type":"slider","currentValue":3}]}
                """
            )
        );
        Assert.Equal(["mode=a:a,b", "s=x:x", "f=true:"], options.Choosable.Select(Text));
        // An update without options changes nothing.
        options.ReadOptions(Parse("{}"));
        Assert.Equal(3, options.Choosable.Count);
        Assert.Null(options.Select("s", "y"));
        Assert.Null(options.Select("f", "true"));

        static string Text(SessionOption option) =>
            $"{option.Id}={option.Current}:{string.Join(',', option.Choices.Select(choice => choice.Value))}";
    }

    [Theory]
    [InlineData("""{"usage":{"totalTokens":110,"inputTokens":100,"outputTokens":10,"cachedReadTokens":60}}""", 100, 10, 60)]
    [InlineData("""{"usage":{"totalTokens":170,"inputTokens":100,"outputTokens":10,"cachedReadTokens":60}}""", 160, 10, 60)]
    [InlineData("""{"_meta":{"quota":{"token_count":{"input_tokens":7,"output_tokens":3}}}}""", 7, 3, 0)]
    public void Usage_counts_everything_that_was_sent(string result, long input, long output, long cached)
    {
        var usage = AcpWire.UsageOf(Parse(result));
        Assert.Equal((input, output, cached), (usage!.InputTokens, usage.OutputTokens, usage.CachedReadTokens));
    }

    [Fact]
    public void Usage_that_is_not_reported_is_unknown() => Assert.Null(AcpWire.UsageOf(Parse("""{"stopReason":"end_turn"}""")));

    [Theory]
    [InlineData("""{"command":"ls -l"}""", "ls -l")]
    [InlineData("""{"command":["bash","-lc","echo hi > a"]}""", "echo hi > a")]
    [InlineData("""{"command":["git","commit","-m","it's"]}""", """git commit -m 'it'\''s'""")]
    [InlineData("""{"cmd":"cat a.txt"}""", "cat a.txt")]
    [InlineData("""{"command":"npm","args":["run","a b"]}""", "npm run 'a b'")]
    [InlineData("""{"other":1}""", null)]
    public void A_command_is_taken_from_the_input_and_never_from_the_title(string input, string? expected)
    {
        var call = new AcpToolCall("c1", "/work");
        call.Take(Parse("{\"kind\":\"execute\",\"title\":\"Run tests\",\"rawInput\":" + input + "}"));
        Assert.Equal(expected, call.ToCall().Command);
    }

    [Fact]
    public void A_call_without_a_start_is_shown_when_it_ends()
    {
        var call = new AcpToolCall("c1", "/work");
        call.Take(Parse("""{"toolCallId":"x","status":"failed","content":[{"type":"content","content":{"type":"text","text":"No."}}]}"""));
        Assert.True(call is { HasEnded: true, HasFailed: true, ToolName: "tool" });
        Assert.Equal("No.", call.Result());
    }

    private static JsonElement Parse(string json) => JsonDocument.Parse(json).RootElement;
}
