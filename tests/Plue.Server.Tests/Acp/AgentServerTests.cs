using System.IO.Pipelines;
using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Acp;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Acp;

/// <summary>Messages that no SDK would send.</summary>
public sealed class AgentServerTests : IAsyncDisposable
{
    private readonly PlueHome home = new();
    private readonly Pipe toAgent = new();
    private readonly Pipe toClient = new();
    private readonly StreamReader answers;
    private readonly Task serving;

    public AgentServerTests()
    {
        answers = new StreamReader(toClient.Reader.AsStream(), Encoding.UTF8);
        serving = AgentServer.RunAsync(
            _ => Task.FromResult(home.Open()),
            toAgent.Reader.AsStream(),
            toClient.Writer.AsStream(),
            CancellationToken.None
        );
    }

    public async ValueTask DisposeAsync()
    {
        await toAgent.Writer.CompleteAsync();
        await serving.WaitAsync(TimeSpan.FromSeconds(30));
        await toClient.Writer.CompleteAsync();
        answers.Dispose();
        await home.DisposeAsync();
    }

    [Theory]
    [InlineData("not json", -32700)]
    [InlineData("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}]", -32600)]
    [InlineData("{\"id\":1,\"method\":\"nothing/like/this\"}", -32601)]
    [InlineData("{\"id\":1,\"method\":\"session/new\",\"params\":[]}", -32602)]
    [InlineData("{\"id\":1,\"method\":\"session/new\",\"params\":{\"cwd\":\"/no/such/folder\"}}", -32602)]
    [InlineData("{\"id\":1,\"method\":\"session/list\",\"params\":{\"cursor\":\"-1\"}}", -32602)]
    [InlineData("{\"id\":1,\"method\":\"session/prompt\",\"params\":{\"sessionId\":\"chat_x\"}}", -32002)]
    public async Task Answers_a_wrong_message_with_an_error_and_goes_on(string line, int code)
    {
        await SendAsync(line);
        Assert.Equal(code, (int?)(await NextAsync())["error"]?["code"]);
        await SendAsync("""{"id":"two","method":"initialize","params":{"protocolVersion":99}}""");
        var answer = await NextAsync();
        Assert.Equal(("two", 1), ((string?)answer["id"], (int?)answer["result"]?["protocolVersion"]));
    }

    [Fact]
    public async Task Ignores_unknown_notifications_and_answers_without_a_question()
    {
        await SendAsync("""{"method":"$/whatever","params":null}""");
        await SendAsync("""{"method":"session/cancel","params":{"sessionId":"chat_x"}}""");
        await SendAsync("""{"id":77,"result":{}}""");
        await SendAsync("");
        await SendAsync("""{"id":0,"method":"initialize","params":{}}""");
        Assert.Equal(0, (int?)(await NextAsync())["id"]);
    }

    private async Task SendAsync(string line) => await toAgent.Writer.WriteAsync(Encoding.UTF8.GetBytes(line + "\n"));

    private async Task<JsonNode> NextAsync() =>
        JsonNode.Parse(await answers.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(30)) ?? throw new EndOfStreamException())!;
}
