using System.IO.Pipelines;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Rpc;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class RpcServerTests : IAsyncDisposable
{
    private readonly Pipe toServer = new();
    private readonly Pipe toClient = new();
    private readonly RpcServer server;
    private readonly RpcClient client;
    private readonly Task running;
    private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RpcServerTests()
    {
        server = new RpcServer(toServer.Reader, toClient.Writer.AsStream(), NullLogger.Instance, new RequestThreads())
        {
            IsInitialized = true,
        };
        server.Map(
            Methods.CodexDelete,
            (parameters, _) =>
                parameters.Uri switch
                {
                    "missing" => throw new FailureException(FailureKind.NotFound, "It is not there."),
                    "broken" => throw new InvalidOperationException("a secret detail"),
                    _ => Task.FromResult(new Empty()),
                }
        );
        server.Map(
            Methods.MessageStop,
            async (_, cancellationToken) =>
            {
                held.TrySetResult();
                await Task.Delay(System.Threading.Timeout.Infinite, cancellationToken);
                return new Empty();
            }
        );
        running = server.RunAsync(CancellationToken.None);
        client = new RpcClient(toClient.Reader.AsStream(), toServer.Writer.AsStream());
    }

    [Fact]
    public async Task A_request_is_answered() =>
        Assert.Equal("{}", (await client.ResultAsync("codex/delete", new { uri = "x" }))?.ToJsonString());

    [Fact]
    public async Task A_typed_failure_keeps_its_sentence_and_its_code()
    {
        var error = (await client.RequestAsync("codex/delete", new { uri = "missing" }))["error"];
        Assert.Equal("It is not there.", (string?)error?["message"]);
        Assert.Equal(-33001, (int?)error?["code"]);
        Assert.Equal("notFound", (string?)error?["data"]?["kind"]);
    }

    [Fact]
    public void Each_kind_of_failure_has_an_error_code_of_its_own()
    {
        var codes = Enum.GetValues<FailureKind>().Select(RpcErrors.CodeOf).ToList();
        Assert.Equal(codes.Count, codes.Distinct().Count());
    }

    [Fact]
    public async Task An_unexpected_exception_is_not_disclosed_in_the_error()
    {
        var error = (await client.RequestAsync("codex/delete", new { uri = "broken" }))["error"];
        Assert.Equal(ErrorCodes.InternalError, (int?)error?["code"]);
        Assert.DoesNotContain("secret", error?.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_parameter_types_are_invalid_params()
    {
        Assert.Equal(ErrorCodes.InvalidParams, (int?)(await client.RequestAsync("codex/delete", new { uri = 3 }))["error"]?["code"]);
        Assert.Equal(ErrorCodes.InvalidParams, (int?)(await client.RequestAsync("codex/delete", new[] { 1 }))["error"]?["code"]);
        await A_request_is_answered();
    }

    [Fact]
    public async Task Parameters_may_come_by_position_as_well()
    {
        Assert.Null((await client.RequestAsync("codex/delete", new[] { new { uri = "x" } }))["error"]);
        Assert.Equal(
            ErrorCodes.InvalidParams,
            (int?)(await client.RequestAsync("codex/delete", new[] { new { uri = "x" }, new { uri = "y" } }))["error"]?["code"]
        );
    }

    [Fact]
    public async Task An_unknown_method_returns_method_not_found() =>
        Assert.Equal(ErrorCodes.MethodNotFound, (int?)(await client.RequestAsync("codex/fly"))["error"]?["code"]);

    [Fact]
    public async Task An_unknown_notification_is_ignored()
    {
        await client.NotifyAsync("$/whatever");
        await A_request_is_answered();
    }

    [Fact]
    public async Task A_cancelled_request_ends_with_the_code_for_it()
    {
        var id = client.Start("message/stop", new { codexId = "x" }, out var reply);
        await held.Task;
        await client.NotifyAsync("$/cancelRequest", new { id });
        Assert.Equal(ErrorCodes.RequestCancelled, (int?)(await reply)["error"]?["code"]);
        await client.NotifyAsync("$/cancelRequest", new { id });
        await A_request_is_answered();
    }

    [Theory]
    [InlineData("Content-Length: x\r\n\r\n")]
    [InlineData("Content-Type: json\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("Content-Length: 5\r\n\r\nabcde")]
    [InlineData("Content-Length: 2\r\n\r\n[]")]
    [InlineData("Content-Length: 2\r\n\r\n{}")]
    [InlineData("Content-Length: -1\r\n\r\n")]
    [InlineData("Content-Length: 1\r\n\r\n{\"jsonrpc\":\"2.0\"}\r\n\r\n")]
    [InlineData("Content-Length: 21\r\n\r\n{\"method\":\"\\ud800\\u\"}")]
    [InlineData("Content-Length: 34\r\n\r\n{\"method\":\"x\",\"id\":\"\\udc00\\ud83d\"}")]
    [InlineData("Content-Length: 19\r\n\r\n{\"method\":\"\\ud800\"}")]
    [InlineData("Content-Length: 16\r\n\r\n{\"\\ud800m\":\"xx\"}")]
    public async Task A_bad_frame_gets_an_error_and_the_next_one_is_served(string bytes)
    {
        await client.SendRawAsync(Encoding.ASCII.GetBytes(bytes));
        Assert.NotNull((await client.NextOrphanAsync())["error"]);
        await A_request_is_answered();
    }

    [Theory]
    [InlineData("nonsense\r\n")]
    [InlineData("nonsense without an end")]
    [InlineData("Content-Length: 2\r\n\r\n{}, and more than was said")]
    public async Task Bytes_that_belong_to_no_frame_do_not_hide_the_next_one(string bytes)
    {
        await client.SendRawAsync(Encoding.ASCII.GetBytes(bytes));
        await A_request_is_answered();
        Assert.NotNull((await client.NextOrphanAsync())["error"]);
        await A_request_is_answered();
    }

    [Fact]
    public async Task Text_that_is_not_Unicode_is_refused()
    {
        await client.SendRawAsync([.. "Content-Length: 14\r\n\r\n{\"method\":\""u8, 0xFF, .. "\"}"u8]);
        Assert.NotNull((await client.NextOrphanAsync())["error"]);
        await client.SendAsync("""{"jsonrpc":"2.0","id":"seven","method":"codex/delete","params":{"uri":"\ud800"}}""");
        Assert.Equal(ErrorCodes.InvalidParams, (int?)(await client.NextOrphanAsync())["error"]?["code"]);
        await A_request_is_answered();
    }

    [Fact]
    public async Task Requests_cancelled_at_the_moment_they_end_disturb_nothing()
    {
        for (var round = 0; round < 500; round++)
        {
            var id = client.Start("codex/delete", new { uri = "x" }, out var reply);
            await client.NotifyAsync("$/cancelRequest", new { id });
            await reply;
        }

        await A_request_is_answered();
    }

    [Fact]
    public async Task A_header_without_an_end_is_refused()
    {
        await client.SendRawAsync(Encoding.ASCII.GetBytes(new string('h', MessageFraming.MaxHeaderBytes + 1)));
        Assert.NotNull((await client.NextOrphanAsync())["error"]);
        await client.SendRawAsync("\r\n\r\n"u8.ToArray());
        await A_request_is_answered();
    }

    [Fact]
    public async Task An_oversize_body_is_skipped_without_being_kept()
    {
        var length = MessageFraming.MaxBodyBytes + 1;
        await client.SendRawAsync(Encoding.ASCII.GetBytes($"Content-Length: {length}\r\n\r\n"));
        var chunk = new byte[1024 * 1024];
        for (var sent = 0; sent < length; sent += chunk.Length)
        {
            await client.SendRawAsync(chunk[..Math.Min(chunk.Length, length - sent)]);
        }

        Assert.Contains("limit", (string?)(await client.NextOrphanAsync())["error"]?["message"], StringComparison.Ordinal);
        await A_request_is_answered();
    }

    [Fact]
    public async Task Frames_cut_anywhere_are_read_the_same()
    {
        const string body = """{"jsonrpc":"2.0","id":7001,"method":"codex/delete","params":{"uri":"ä€😀"}}""";
        var bytes = Encoding.UTF8.GetBytes($"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            await client.SendRawAsync(bytes[..cut]);
            await Task.Yield();
            await client.SendRawAsync(bytes[cut..]);
        }

        await A_request_is_answered();
    }

    [Fact]
    public void Random_bytes_never_end_the_connection() =>
        Prop.ForAll<byte[]>(bytes =>
            {
                var pipe = new Pipe();
                pipe.Writer.WriteAsync(bytes).AsTask().GetAwaiter().GetResult();
                pipe.Writer.Complete();
                var framing = new MessageFraming(pipe.Reader);
                for (var frames = 0; framing.ReadAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is not null; frames++)
                {
                    Assert.True(frames <= bytes.Length + 1);
                }
            })
            .QuickCheckThrowOnFailure();

    public async ValueTask DisposeAsync()
    {
        await toServer.Writer.CompleteAsync();
        await running;
        await toClient.Writer.CompleteAsync();
        await client.DisposeAsync();
    }
}
