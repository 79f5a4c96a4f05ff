using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Http;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Providers;

/// <summary>Requirements for every HTTP provider: addresses, keys and responses. A subclass provides the bytes of its API and their meaning.</summary>
public abstract class ProviderContract : IAsyncLifetime
{
    private readonly ProviderHttp http = new();

    protected ScriptedEndpoint Endpoint { get; } = new();
    protected FixedSecrets Secrets { get; } = new();

    /// <summary>The path of the chat request if the endpoint is only a host.</summary>
    protected abstract string ChatPath { get; }
    protected abstract ScriptedAnswer Stream();
    protected abstract IProvider Create(ProviderSettings settings, ISecretSource secrets, ProviderHttp http);
    protected abstract string Kind { get; }

    /// <summary>The header name and value of the key.</summary>
    protected abstract (string Name, string Value) KeyHeader { get; }

    /// <summary>A response with the text <c>Hé 👋 wörld</c> in at least two deltas, and its end.</summary>
    protected abstract string TextAnswer { get; }

    /// <summary>A response with the reasoning <c>Let me think.</c> and the text <c>Yes.</c></summary>
    protected abstract string ReasoningAnswer { get; }

    /// <summary>A response that calls <c>read</c> with <c>{"path":"a.txt"}</c>.</summary>
    protected abstract string ToolAnswer { get; }

    /// <summary>A response with 100 input tokens, of which 60 were read from the cache, and 20 output tokens. Null if the API does not report this.</summary>
    protected abstract string? CachedAnswer { get; }
    protected abstract string ErrorBody(string type, string message);

    /// <summary>An empty prompt cache with the vendor's rules.</summary>
    protected virtual VendorCache Cache => VendorCache.Automatic();

    /// <summary>True if the vendor has a list of models.</summary>
    protected virtual bool ListsModels => true;

    public virtual ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Endpoint.DisposeAsync();
        http.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Text_comes_in_pieces_and_ends_once()
    {
        var events = await AnswerAsync(TextAnswer);
        Assert.Equal("Hé 👋 wörld", TextOf(events));
        AssertEndsOnce(events, StopReason.EndTurn);
    }

    [Fact]
    public async Task Closes_reasoning_before_the_text_starts()
    {
        var events = await AnswerAsync(ReasoningAnswer);
        Assert.Equal("Let me think.", string.Concat(events.OfType<ProviderEvent.ReasoningDelta>().Select(delta => delta.Text)));
        Assert.Equal("Yes.", TextOf(events));
        var closed = events.FindIndex(next => next is ProviderEvent.ReasoningFinished);
        Assert.InRange(
            closed,
            events.FindIndex(next => next is ProviderEvent.ReasoningDelta),
            events.FindIndex(next => next is ProviderEvent.TextDelta)
        );
    }

    [Fact]
    public async Task A_tool_call_starts_grows_and_finishes_whole()
    {
        var events = await AnswerAsync(ToolAnswer);
        var started = Assert.Single(events.OfType<ProviderEvent.ToolCallStarted>());
        var finished = Assert.Single(events.OfType<ProviderEvent.ToolCallFinished>());
        Assert.Equal("read", started.ToolName);
        Assert.Equal(started.ToolUseId, finished.ToolUseId);
        Assert.Equal("{\"path\":\"a.txt\"}", finished.Parameters.Replace(" ", ""));
        Assert.Equal(finished.Parameters, string.Concat(events.OfType<ProviderEvent.ToolCallDelta>().Select(delta => delta.ArgumentsJson)));
        AssertEndsOnce(events, StopReason.ToolUse);
    }

    [Fact]
    public async Task Cached_tokens_are_part_of_the_input()
    {
        if (CachedAnswer is null)
        {
            Assert.Skip("This wire does not count cached tokens.");
        }
        var usage = (await AnswerAsync(CachedAnswer)).OfType<ProviderEvent.UsageReported>().Last().Usage;
        Assert.Equal((100, 20, 60), (usage.InputTokens, usage.OutputTokens, usage.CachedReadTokens));
    }

    [Fact]
    public async Task Each_round_reads_from_the_prompt_cache_what_the_one_before_it_sent()
    {
        var cache = Cache;
        List<CacheUse> uses = [];
        Endpoint.Route = request =>
        {
            if (Other(request) is { } other)
            {
                return other;
            }
            uses.Add(cache.Take(request.Body));
            return Stream().Send(TextAnswer);
        };
        var calls = Enumerable.Range(1, 25).Select(at => $"t{at}").ToList();
        Message[] first = [Said(MessageRole.User, new MessagePart.Text(new string('x', 8000)))];
        Message[] second =
        [
            .. first,
            Said(
                MessageRole.Assistant,
                [new MessagePart.Text("I look."), .. calls.Select(id => new MessagePart.ToolUse(id, "read", "{}"))]
            ),
            Said(MessageRole.User, [.. calls.Select(id => new MessagePart.ToolResult(id, id, null))]),
        ];
        var pinned = new MessagePart.File("a.txt", "Its text") { IsPinned = true };
        Message[] third = [.. second, Said(MessageRole.Assistant, new MessagePart.Text(new string('y', 4000)))];
        Message[] fourth =
        [
            .. third,
            Said(MessageRole.User, new MessagePart.Text("And now?")),
            Said(MessageRole.Assistant, new MessagePart.Text("Nothing.")),
        ];
        var provider = Provider();
        foreach (
            var messages in new[]
            {
                first,
                second,
                [.. third, Said(MessageRole.User, pinned, new MessagePart.Text("And now?"))],
                [.. fourth, Said(MessageRole.User, pinned, new MessagePart.Text("Sure?"))],
            }
        )
        {
            AssertEndsOnce(
                await provider.StreamAsync(Question with { Messages = messages }, Cancel).ToListAsync(Cancel),
                StopReason.EndTurn
            );
        }
        Assert.Equal(0, uses[0].Read);
        Assert.Equal((uses[0].Input, uses[1].Input), (uses[1].Read, uses[2].Read));
        // The pinned file is at the new end, and the prefix before it is a cache hit: 4,000 characters are 1,000 tokens.
        Assert.InRange(uses[3].Read, uses[1].Input + 1000, uses[2].Input);
    }

    [Fact]
    public async Task The_key_is_masked_where_the_vendor_repeats_it()
    {
        var shown =
            $"bad key {FixedSecrets.Key} {Convert.ToBase64String(Encoding.UTF8.GetBytes(FixedSecrets.Key))} \u001b[31m"
            + new string('x', 2_000);
        var escaped = shown.Replace("\u001b", "\\u001b");
        var failure = FailureOf(await AskAsync(ScriptedAnswer.Json(ErrorBody("authentication_error", escaped), 401)));
        Assert.Contains("bad key *** ***", failure.Message);
        Assert.DoesNotContain(FixedSecrets.Key, failure.Message);
        Assert.DoesNotContain('\u001b', failure.Message);
        Assert.InRange(failure.Message.Length, 100, 600);
    }

    [Fact]
    public async Task The_key_goes_to_the_endpoint_and_was_asked_for_by_its_origin()
    {
        await AnswerAsync(TextAnswer);
        var request = Assert.Single(Endpoint.Requests, request => request.Target.StartsWith(ChatPath, StringComparison.Ordinal));
        Assert.Equal(KeyHeader.Value, request.Headers[KeyHeader.Name]);
        Assert.All(Secrets.Asked, asked => Assert.Equal(Endpoint.Url, asked.Origin));
    }

    [Fact]
    public async Task A_key_that_is_not_for_this_origin_ends_before_anything_is_sent()
    {
        var provider = Create(Settings(), new FixedSecrets(boundTo: new Uri("https://other.example")), http);
        var events = await provider.StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.KeyNotBoundToOrigin, FailureOf(events).Kind);
        Assert.Empty(Endpoint.Requests);
    }

    [Theory]
    [InlineData("line\nbreak"), InlineData("ключ")]
    public async Task A_key_that_cannot_be_sent_is_a_sentence(string key)
    {
        var events = await Create(Settings(), new FixedSecrets(key), http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.ProviderAuthFailed, FailureOf(events).Kind);
        Assert.DoesNotContain(key, FailureOf(events).Message);
    }

    [Theory]
    [InlineData("/", ""), InlineData("/v1", ""), InlineData("/gate/way/v1/", "/gate/way"), InlineData("/gate?version=2&x=%20", "/gate")]
    public async Task An_endpoint_may_have_a_version_a_slash_a_prefix_and_a_query(string suffix, string prefix)
    {
        var events = await AskAsync(Stream().Send(TextAnswer), Settings() with { Endpoint = new Uri(Endpoint.Url, suffix) });
        AssertEndsOnce(events, StopReason.EndTurn);
        var query = suffix.Contains('?') ? (ChatPath.Contains('?') ? "&" : "?") + "version=2&x=%20" : "";
        Assert.Equal(prefix + ChatPath + query, Endpoint.Requests[^1].Target);
        Assert.Equal($"127.0.0.1:{Endpoint.Port}", Endpoint.Requests[^1].Headers["host"]);
    }

    [Fact]
    public async Task An_endpoint_may_be_the_address_of_the_call_itself()
    {
        var events = await AskAsync(
            Stream().Send(TextAnswer),
            Settings() with
            {
                Endpoint = new Uri(Endpoint.Url, ChatPath.Split('?')[0]),
            }
        );
        AssertEndsOnce(events, StopReason.EndTurn);
        Assert.Equal(ChatPath, Endpoint.Requests[^1].Target);
    }

    [Fact]
    public async Task The_key_is_in_its_header_and_nowhere_else()
    {
        await AnswerAsync(TextAnswer);
        var provider = Provider();
        await provider.CheckAsync(Cancel);
        try
        {
            await provider.ListModelsAsync(Cancel);
        }
        catch (FailureException)
        { /* The scripted answer is no list, and nothing was to be learned from it. */
        }

        Assert.True(Endpoint.Requests.Count >= 2);
        Assert.All(
            Endpoint.Requests,
            request =>
            {
                Assert.DoesNotContain(FixedSecrets.Key, request.Target);
                Assert.DoesNotContain(FixedSecrets.Key, request.Body);
                Assert.All(
                    request.Headers,
                    header => Assert.True(header.Key == KeyHeader.Name || !header.Value.Contains(FixedSecrets.Key), header.Key)
                );
            }
        );
    }

    [Theory]
    [InlineData(302), InlineData(307)]
    public async Task A_redirect_is_not_followed(int status)
    {
        await using var other = new ScriptedEndpoint(Stream().Send(TextAnswer));
        var failure = FailureOf(
            await AskAsync(ScriptedAnswer.Json("{}", status, ("Location", $"http://localhost:{other.Port}/v1/messages")))
        );
        Assert.Equal(FailureKind.BadResponse, failure.Kind);
        Assert.Contains("localhost", failure.Message);
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData("file:///etc/passwd"), InlineData("ftp://127.0.0.1/"), InlineData("relative/path")]
    public async Task An_endpoint_that_is_no_web_address_never_becomes_the_vendors_own(string endpoint)
    {
        var settings = Settings() with { Endpoint = new Uri(endpoint, UriKind.RelativeOrAbsolute) };
        var events = await Create(settings, Secrets, http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.MissingField, FailureOf(events).Kind);
        Assert.Empty(Secrets.Asked);
    }

    [Fact]
    public async Task With_an_endpoint_set_every_call_goes_there()
    {
        Endpoint.Answers.Add(ScriptedAnswer.Json("{}", 500));
        var provider = Create(Settings(), Secrets, http);
        Assert.NotNull(await provider.CheckAsync(Cancel));
        if (ListsModels)
        {
            await Assert.ThrowsAsync<FailureException>(() => provider.ListModelsAsync(Cancel));
        }
        else
        {
            Assert.Empty(await provider.ListModelsAsync(Cancel));
        }
        Assert.Equal(ListsModels ? 2 : 1, Endpoint.Requests.Count);
        Assert.All(Secrets.Asked, asked => Assert.Equal(Endpoint.Url, asked.Origin));
    }

    [Fact]
    public async Task Reports_a_port_without_a_listener()
    {
        await Endpoint.DisposeAsync();
        var events = await Create(Settings(), Secrets, http).StreamAsync(Question, Cancel).ToListAsync(Cancel);
        Assert.Equal(FailureKind.Unreachable, FailureOf(events).Kind);
        Assert.Contains($"Nothing responds at http://127.0.0.1:{Endpoint.Port}", FailureOf(events).Message);
    }

    [Fact]
    public async Task Stopping_while_nothing_comes_closes_the_connection()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        Endpoint.Route = request => Other(request) ?? ScriptedAnswer.Silence();
        var running = Create(Settings(), Secrets, http).StreamAsync(Question, stop.Token).ToListAsync(Cancel).AsTask();
        while (!(await Endpoint.NextRequestAsync(Cancel)).Target.StartsWith(ChatPath, StringComparison.Ordinal)) { }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await Endpoint.ClientLeft.Task.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Responds to other requests before the chat request; null uses the script.</summary>
    protected virtual ScriptedAnswer? Other(ScriptedRequest request) => null;

    protected ProviderSettings Settings() =>
        new()
        {
            Id = "mine",
            Name = "My server",
            Kind = Kind,
            Endpoint = Endpoint.Url,
            ApiKeyRef = "vault://mine/api_key",
        };

    /// <summary>The request; overridden if the API depends on the model.</summary>
    protected virtual ProviderRequest Question => Request();

    protected static ProviderRequest Request() =>
        new()
        {
            CodexId = "chat_1",
            Model = "some-model",
            System = "Be brief.",
            Messages = [Said(MessageRole.User, new MessagePart.Text("Hello"))],
            Tools = [new ToolDeclaration("read", "Reads a file.", """{"type":"object","properties":{"path":{"type":"string"}}}""")],
        };

    protected static Message Said(MessageRole role, params MessagePart[] parts) =>
        new()
        {
            Id = "msg_1",
            CodexId = "chat_1",
            Role = role,
            Parts = parts,
            CreatedAt = DateTimeOffset.UnixEpoch,
        };

    protected Task<List<ProviderEvent>> AnswerAsync(string body) => AskAsync(Stream().Send(body));

    protected async Task<List<ProviderEvent>> AskAsync(
        ScriptedAnswer answer,
        ProviderSettings? settings = null,
        ProviderRequest? request = null
    )
    {
        Endpoint.Route = incoming => Other(incoming) ?? answer;
        return await Create(settings ?? Settings(), Secrets, http).StreamAsync(request ?? Question, Cancel).ToListAsync(Cancel);
    }

    protected IProvider Provider(ProviderSettings? settings = null) => Create(settings ?? Settings(), Secrets, http);

    protected static string TextOf(IEnumerable<ProviderEvent> events) =>
        string.Concat(events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));

    protected static Failure FailureOf(List<ProviderEvent> events)
    {
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
        return Assert.IsType<ProviderEvent.Failed>(events[^1]).Failure;
    }

    protected static void AssertEndsOnce(List<ProviderEvent> events, StopReason reason)
    {
        Assert.Single(events, next => next is ProviderEvent.Failed or ProviderEvent.Finished);
        Assert.Equal(new ProviderEvent.Finished(reason), events[^1]);
    }
}
