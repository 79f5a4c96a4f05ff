using System.IO.Pipelines;
using Microsoft.Extensions.Logging.Abstractions;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Rpc;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

/// <summary>Requests from the sidecar to the editor.</summary>
public sealed class OutgoingRequestTests : IAsyncDisposable
{
    private static readonly HostLanguageModelsParams Question = new("copilot");
    private readonly Pipe toServer = new();
    private readonly Pipe toClient = new(new PipeOptions(pauseWriterThreshold: 0));
    private readonly RpcServer server;
    private readonly RpcClient editor;
    private readonly Task running;

    public OutgoingRequestTests()
    {
        server = new RpcServer(toServer.Reader, toClient.Writer.AsStream(), NullLogger.Instance, new RequestThreads())
        {
            IsInitialized = true,
        };
        server.Map(Methods.CodexDelete, (_, _) => Task.FromResult(new Empty()));
        running = server.RunAsync(CancellationToken.None);
        editor = new RpcClient(toClient.Reader.AsStream(), toServer.Writer.AsStream());
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_find_their_questions_in_any_order()
    {
        var asking = Enumerable
            .Range(0, 20)
            .Select(number => server.RequestAsync(Methods.HostLanguageModels, new HostLanguageModelsParams($"v{number}"), Cancel))
            .ToArray();
        List<(long Id, string Vendor)> asked = [];
        foreach (var _ in asking)
        {
            var (id, parameters) = await editor.AskedAsync("host/languageModels");
            asked.Add((id, (string?)parameters["vendor"] ?? ""));
        }

        foreach (var (id, vendor) in asked.OrderByDescending(question => question.Id))
        {
            await editor.AnswerAsync(
                id,
                new
                {
                    models = new[]
                    {
                        new
                        {
                            id = vendor,
                            name = vendor,
                            vendor,
                            family = "f",
                            version = "1",
                            maxInputTokens = 5,
                        },
                    },
                }
            );
        }

        var answers = await Task.WhenAll(asking);
        Assert.Equal(Enumerable.Range(0, 20).Select(number => $"v{number}"), answers.Select(answer => answer.Models.Single().Id));
    }

    [Fact]
    public async Task A_refusal_keeps_its_kind_its_sentence_and_its_wait()
    {
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, Cancel);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        await editor.RefuseAsync(id, -33007, "Too many \u001b[31mrequests.", new { kind = "rateLimited", retryAfterMs = 1500 });
        var failure = (await Assert.ThrowsAsync<FailureException>(() => asking)).Failure;
        Assert.Equal(
            (FailureKind.RateLimited, "Too many [31mrequests.", TimeSpan.FromSeconds(1.5)),
            (failure.Kind, failure.Message, failure.RetryAfter)
        );
    }

    [Theory]
    [
        InlineData("{\"code\":-32603,\"message\":\"It broke.\"}", "It broke."),
        InlineData("{\"code\":-32603,\"message\":\"It broke.\",\"data\":{\"kind\":\"7\"}}", "It broke.")
    ]
    [
        InlineData("{}", "The editor refused this without a reason. Its log may have more."),
        InlineData("null", "The editor refused this without a reason. Its log may have more.")
    ]
    public async Task A_refusal_without_a_kind_is_a_failure_all_the_same(string error, string sentence)
    {
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, Cancel);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        await editor.SendAsync($"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}");
        var failure = (await Assert.ThrowsAsync<FailureException>(() => asking)).Failure;
        Assert.Equal((FailureKind.BadRequest, sentence), (failure.Kind, failure.Message));
    }

    [Theory]
    [InlineData("{\"models\":7}"), InlineData("null"), InlineData("{\"models\":[{\"id\":\"\\ud800\"}]}"), InlineData("[]")]
    public async Task An_answer_of_another_form_is_a_failure(string result)
    {
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, Cancel);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        await editor.SendAsync($"{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}");
        Assert.Equal(FailureKind.BadResponse, (await Assert.ThrowsAsync<FailureException>(() => asking)).Failure.Kind);
    }

    [Fact]
    public async Task Cancelling_notifies_the_editor_and_a_late_response_is_ignored()
    {
        using var stop = new CancellationTokenSource();
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, stop.Token);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        var notification = await editor.NextAsync("$/cancelRequest");
        Assert.Equal(id, (long?)notification["id"]);
        await editor.AnswerAsync(id, new { models = Array.Empty<object>() });
        await editor.RefuseAsync(9_999, -1, "Nobody asked this.");
        Assert.Null((await editor.RequestAsync("codex/delete", new { uri = "x" }))["error"]);
    }

    [Fact]
    public async Task An_editor_that_gives_up_by_itself_cancels()
    {
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, Cancel);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        await editor.RefuseAsync(id, ErrorCodes.RequestCancelled, "Cancelled.");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Fact]
    public async Task A_disconnected_editor_fails_pending_and_later_requests()
    {
        var asking = Enumerable.Range(0, 5).Select(_ => server.RequestAsync(Methods.HostLanguageModels, Question, Cancel)).ToArray();
        await editor.AskedAsync("host/languageModels");
        await toServer.Writer.CompleteAsync();
        foreach (var question in asking.Append(server.RequestAsync(Methods.HostLanguageModels, Question, Cancel)))
        {
            Assert.Equal(
                FailureKind.Unreachable,
                (await Assert.ThrowsAsync<FailureException>(() => question.WaitAsync(TimeSpan.FromSeconds(20), Cancel))).Failure.Kind
            );
        }
    }

    [Fact]
    public async Task The_editors_own_requests_go_on_while_ours_wait_and_ids_do_not_meet()
    {
        var asking = server.RequestAsync(Methods.HostLanguageModels, Question, Cancel);
        var (id, _) = await editor.AskedAsync("host/languageModels");
        for (var number = 0; number < 5; number++)
        {
            Assert.Null((await editor.RequestAsync("codex/delete", new { uri = "x" }))["error"]);
        }
        Assert.False(asking.IsCompleted);
        await editor.AnswerAsync(id, new { models = Array.Empty<object>() });
        Assert.Empty((await asking).Models);
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_an_editor_that_does_not_read()
    {
        var input = new Pipe();
        var full = new Pipe(new PipeOptions(pauseWriterThreshold: 16, resumeWriterThreshold: 8));
        var stuck = new RpcServer(input.Reader, full.Writer.AsStream(), NullLogger.Instance, new RequestThreads());
        using var stop = new CancellationTokenSource();
        var asking = stuck.RequestAsync(Methods.HostLanguageModels, Question, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking.WaitAsync(TimeSpan.FromSeconds(20), Cancel));
    }

    public async ValueTask DisposeAsync()
    {
        await toServer.Writer.CompleteAsync();
        await running;
        await toClient.Writer.CompleteAsync();
        await editor.DisposeAsync();
    }
}
