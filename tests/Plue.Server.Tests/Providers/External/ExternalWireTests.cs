using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.External;

namespace Plue.Server.Tests.Providers.External;

/// <summary>The envelopes in docs/external-providers.md: they survive a round trip, and those of other programs are read, too.</summary>
public sealed class ExternalWireTests
{
    [Fact]
    public void A_whole_request_arrives_as_it_was_sent()
    {
        var picture = new byte[] { 1, 2, 3 };
        MessagePart[] parts =
        [
            new MessagePart.Reasoning("Hm."),
            new MessagePart.Text("Grüße 😀"),
            new MessagePart.ToolUse("t1", "read", "{\"path\":\"a.txt\"}"),
            new MessagePart.ToolResult("t1", "content", null),
            new MessagePart.ToolResult("t2", null, "It failed."),
        ];
        MessagePart[] files =
        [
            new MessagePart.File("a.ts", "let a;", Language: "typescript"),
            new MessagePart.File("a.png", null) { MediaType = "image/png", Data = picture },
        ];
        var read = RoundTrip(
            new ProviderRequest
            {
                CodexId = "codex://chats/a",
                Model = "m",
                System = "Be kind.",
                Messages = [NewMessage(MessageRole.User, files), NewMessage(MessageRole.Assistant, parts)],
                Temperature = 0.5,
                MaxTokens = 9,
                StopSequences = ["END", "STOP"],
                ReasoningLevel = "high",
                Tools = [new ToolDeclaration("read", "Reads.", "{\"type\":\"object\"}")],
            }
        );
        Assert.Equal(("m", "Be kind.", 0.5, 9, "high"), (read.Model, read.System, read.Temperature, read.MaxTokens, read.ReasoningLevel));
        Assert.Equal(["END", "STOP"], read.StopSequences);
        Assert.Equal([new ToolDeclaration("read", "Reads.", "{\"type\":\"object\"}")], read.Tools);
        Assert.Equal([MessageRole.User, MessageRole.Assistant], read.Messages.Select(message => message.Role));
        Assert.Equal(parts, read.Messages[1].Parts);
        var (text, image) = ((MessagePart.File)read.Messages[0].Parts[0], (MessagePart.File)read.Messages[0].Parts[1]);
        Assert.Equal(("a.ts", "let a;", "typescript", true), (text.Path, text.Content, text.Language, text.Data is null));
        Assert.Equal(("a.png", null, "image/png"), (image.Path, image.Content, image.MediaType));
        Assert.Equal(picture, image.Data?.ToArray());
    }

    [Fact]
    public void A_simple_request_of_another_program_is_read_and_what_it_leaves_out_is_left_to_the_provider()
    {
        var read = Read(
            """
            { "model": "m", "messages": [{ "role": "system", "content": "One." }, { "role": "system", "content": "Two." }, { "role": "user", "content": "Hello" },
              { "role": "user", "content": "not this", "parts": [{ "type": "text", "content": "this" }, { "type": "song" }] }],
              "options": { "temperature": "warm", "max_tokens": -1, "stop_sequences": [1, "END"], "tools": [{ "name": "read" }] } }
            """
        );
        Assert.Equal("One.\n\nTwo.", read.System);
        Assert.Equal(["Hello", "this"], read.Messages.Select(message => message.Text));
        Assert.Equal((null, null, null), (read.Temperature, read.MaxTokens, read.ReasoningLevel));
        Assert.Equal(["END"], read.StopSequences);
        Assert.Equal([new ToolDeclaration("read", "", "{}")], read.Tools);
    }

    [Fact]
    public void A_call_echoed_by_another_program_keeps_its_parameters()
    {
        var read = Read(
            """{ "model": "m", "messages": [{ "role": "assistant", "parts": [{ "type": "tool_use", "tool_use_id": "t1", "tool_name": "read", "parameters": { "path": "a.txt" } }] }] }"""
        );
        var call = Assert.IsType<MessagePart.ToolUse>(Assert.Single(read.Messages[0].Parts));
        Assert.Equal("""{"path":"a.txt"}""", JsonElement.Parse(call.Parameters).GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "messages": [{ "content": "x" }] }""", "params.model is missing.")]
    [InlineData("""{ "model": "m", "messages": [{ "role": "system", "content": "x" }] }""", "params.messages is empty.")]
    public void A_request_without_what_it_needs_is_refused(string parameters, string says) =>
        Assert.Equal(new Failure(FailureKind.MissingField, says), Assert.Throws<FailureException>(() => Read(parameters)).Failure);

    [Fact]
    public void All_that_is_known_of_a_model_arrives()
    {
        var model = new ModelInfo
        {
            Id = "m",
            Name = "M",
            Description = "Small.",
            ContextLength = 8000,
            MaxOutput = 900,
            SupportsTools = true,
            SupportsVision = false,
            ReasoningLevels = ["low", "high"],
            Pricing = new Price(1.5m, 2, 0.1m, 3),
        };
        var read = ExternalWire.ReadModel(
            Written(writer =>
                {
                    writer.WritePropertyName("model");
                    ExternalWire.WriteModel(writer, model);
                })
                .GetProperty("model")
        )!;
        Assert.Equal(model.ReasoningLevels, read.ReasoningLevels);
        Assert.Equal(model with { ReasoningLevels = null }, read with { ReasoningLevels = null });
    }

    [Fact]
    public void A_failure_arrives_with_its_kind_and_when_to_try_again()
    {
        var failure = ExternalWire.ReadError(
            Written(writer => ExternalWire.WriteError(writer, new Failure(FailureKind.RateLimited, "Too many.", TimeSpan.FromSeconds(2)))),
            "Mine"
        );
        Assert.Equal(new Failure(FailureKind.RateLimited, "Mine said: Too many.", TimeSpan.FromSeconds(2)), failure);
    }

    [Theory]
    [InlineData("""{ "error": "went wrong" }""", FailureKind.ProviderExecutableFailed, "Mine said: went wrong")]
    [InlineData("""{ "error": { "code": "sulking" } }""", FailureKind.ProviderExecutableFailed, "Mine said: it gave no reason.")]
    [InlineData("""{ "error": { "code": "3", "message": "three" } }""", FailureKind.ProviderExecutableFailed, "Mine said: three")]
    [InlineData("{}", FailureKind.ProviderExecutableFailed, "Mine said: it gave no reason.")]
    public void An_error_in_an_unknown_format_is_still_reported(string envelope, FailureKind kind, string says) =>
        Assert.Equal(new Failure(kind, says), ExternalWire.ReadError(JsonElement.Parse(envelope), "Mine"));

    [Fact]
    public void The_cost_of_a_response_is_read_and_is_never_negative()
    {
        var usage = new Usage
        {
            InputTokens = 5,
            OutputTokens = 4,
            CachedReadTokens = 3,
            CachedWriteTokens = 2,
            ReasoningTokens = 1,
        };
        Assert.Equal(
            new ProviderEvent.UsageReported(usage, 0.25m),
            ExternalWire.ReadUsage(Written(writer => ExternalWire.WriteUsage(writer, usage, 0.25m)))
        );
        Assert.Equal(
            new ProviderEvent.UsageReported(new Usage(), null),
            ExternalWire.ReadUsage(JsonElement.Parse("""{ "usage": { "input_tokens": -5, "cost_usd": -1 } }"""))
        );
        Assert.Null(ExternalWire.ReadUsage(JsonElement.Parse("""{ "usage": 7 }""")));
    }

    [Theory]
    [InlineData("max_tokens", StopReason.MaxTokens)]
    [InlineData("stop_sequence", StopReason.StopSequence)]
    [InlineData("refusal", StopReason.Refusal)]
    [InlineData("context_full", StopReason.ContextFull)]
    [InlineData("whatever", StopReason.EndTurn)]
    public void Why_an_answer_stopped_is_taken_over(string said, StopReason reason)
    {
        var answer = new ExternalResponse("Mine");
        Assert.Equal(
            [new ProviderEvent.Finished(reason)],
            answer.Read(JsonElement.Parse($$"""{ "type": "done", "stop_reason": "{{said}}" }"""))
        );
        Assert.True(answer.IsOver);
    }

    [Fact]
    public void A_program_without_streaming_returns_its_whole_text()
    {
        var answer = new ExternalResponse("Mine");
        var events = answer.Read(
            JsonElement.Parse("""{ "success": true, "data": { "content": "All of it.", "usage": { "output_tokens": 3 } } }""")
        );
        Assert.Equal(
            [
                new ProviderEvent.TextDelta("All of it."),
                new ProviderEvent.UsageReported(new Usage { OutputTokens = 3 }, null),
                new ProviderEvent.Finished(StopReason.EndTurn),
            ],
            events
        );
    }

    [Theory]
    [InlineData("\"{\\\"path\\\":\\\"a\\\"}\"", "{\"path\":\"a\"}")]
    [InlineData("null", "{}")]
    [InlineData("\"[1]\"", null)]
    [InlineData("\"no json\"", null)]
    [InlineData("7", null)]
    public void A_call_is_taken_with_parameters_as_an_object_or_as_its_text_and_otherwise_has_a_problem(string parameters, string? read)
    {
        var events = new ExternalResponse("Mine").Read(
            JsonElement.Parse($$"""{ "type": "tool_use", "tool_use_id": "t1", "tool_name": "read", "parameters": {{parameters}} }""")
        );
        if (read is null)
        {
            Assert.Equal(ToolArguments.NotAnObject, Assert.IsType<ProviderEvent.ToolCallFinished>(events[^1]).Problem);
        }
        else
        {
            Assert.Equal(new ProviderEvent.ToolCallFinished("t1", "read", read), events[^1]);
        }
    }

    [Fact]
    public void Gives_calls_with_the_same_id_unique_ids_and_allows_missing_parameters()
    {
        var answer = new ExternalResponse("Mine");
        var calls = new[] { 1, 2 }
            .SelectMany(_ => answer.Read(JsonElement.Parse("""{ "type": "tool_use", "tool_use_id": "t1", "tool_name": "list" }""")))
            .OfType<ProviderEvent.ToolCallFinished>()
            .ToList();
        Assert.Equal("t1", calls[0].ToolUseId);
        Assert.StartsWith("call_", calls[1].ToolUseId, StringComparison.Ordinal);
        Assert.All(calls, call => Assert.Equal("{}", call.Parameters));
    }

    private static ProviderRequest RoundTrip(ProviderRequest request) =>
        ExternalWire.ReadChat(Written(writer => ExternalWire.WriteChat(writer, request)), request.CodexId, DateTimeOffset.UnixEpoch);

    private static ProviderRequest Read(string parameters) =>
        ExternalWire.ReadChat(JsonElement.Parse(parameters), "codex://chats/a", DateTimeOffset.UnixEpoch);

    private static JsonElement Written(Action<Utf8JsonWriter> members) =>
        JsonElement.Parse(Encoding.UTF8.GetString(ExternalWire.Line(members)));

    private static Message NewMessage(MessageRole role, IReadOnlyList<MessagePart> parts) =>
        new()
        {
            Id = "msg_1",
            CodexId = "codex://chats/a",
            Role = role,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Parts = parts,
        };
}
