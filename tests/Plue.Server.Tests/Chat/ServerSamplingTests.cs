using Plue.Server.Messages;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>An MCP server that requests a completion from the chat's model during a call.</summary>
public sealed class ServerSamplingTests
{
    private static readonly SamplingRequest Question = new(
        "Be brief.",
        [new SamplingText(true, "One."), new SamplingText(false, "Two."), new SamplingText(true, "Three.")],
        64
    );

    [Fact]
    public async Task The_response_goes_to_the_server_and_is_kept_as_a_hidden_message_without_tools_or_text_of_the_chat()
    {
        var tools = new TestTools();
        await using var chat = await ToolChat.StartAsync(
            "ai-chat",
            "ask",
            [Calls("", ("c1", "read", """{"path":"a.txt"}""")), Answer("sampled")],
            tools
        );
        tools.Reading = async context =>
        {
            var model = context.Sampling!;
            return (await model.AskAsync(Question, await model.OfferAsync(Question, default), default)).Text;
        };
        await chat.AskAsync("Read the secret plan.");
        Assert.Equal("sampled", chat.Messages[1].Parts.OfType<MessagePart.ToolResult>().Single().Result);
        var body = chat.Bodies[1];
        Assert.Contains("Be brief.", body, StringComparison.Ordinal);
        Assert.Matches("One\\..*Two\\..*Three\\.", body);
        Assert.DoesNotContain("secret plan", body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"tools\"", body, StringComparison.Ordinal);
        var journal = Assert.Single(Directory.GetFiles(Path.Combine(chat.Home, "codices", "chats"), "*.jsonl"));
        Assert.Contains(
            await File.ReadAllLinesAsync(journal),
            line => line.Contains("\"hidden\":true", StringComparison.Ordinal) && line.Contains("sampled", StringComparison.Ordinal)
        );
        Assert.Equal(["Read the secret plan.", "", "done"], chat.Messages.Select(message => message.Text));
    }
}
