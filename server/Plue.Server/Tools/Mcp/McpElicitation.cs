using System.Text.Json;
using ModelContextProtocol.Protocol;
using Plue.Server.Permissions;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// Questions of a server to the user during a call. The question is shown in the chat that made the call. It is declined if no call of one chat is
/// running, if no user is there, and if a form asks for a key. Thread-safe.
/// </summary>
internal sealed class McpElicitation(string server, McpServices services)
{
    private const string Accept = "accept";
    private const string Decline = "decline";

    private readonly Lock sync = new();
    private readonly List<Call> calls = [];
    private readonly Queue<string> reasons = new();

    /// <summary>Allows the server to ask until the result is disposed.</summary>
    /// <param name="waiting">Called with true while the user is asked, so that the call does not time out.</param>
    public IDisposable Begin(ToolContext context, Action<bool> waiting, CancellationToken cancellationToken)
    {
        var call = new Call(this, context, waiting, cancellationToken);
        lock (sync)
        {
            calls.Add(call);
        }

        return call;
    }

    /// <summary>Gets why questions were declined since the last call, for the model. The server only learns that they were.</summary>
    public IReadOnlyList<string> TakeReasons()
    {
        lock (sync)
        {
            List<string> taken = [.. reasons];
            reasons.Clear();
            return taken;
        }
    }

    /// <summary>Gets the call for which the server may ask; null if there is none.</summary>
    public McpCurrentCall? Current
    {
        get
        {
            lock (sync)
            {
                // The server does not specify the call, so with calls of several chats, a question could appear in the wrong one.
                return calls.Select(one => one.Context.CodexId).Distinct().Count() == 1 ? calls[^1].Current : null;
            }
        }
    }

    public async ValueTask<ElicitResult> AskAsync(ElicitRequestParams? asked, CancellationToken cancellationToken)
    {
        if (
            Current is not { } call
            || asked is null
            || services.Ask is not { } ask
            || call.Context.Rights().Any(one => one.IsUnattended)
            || McpForm.QuestionOf(asked) is not { } question
        )
        {
            return new ElicitResult { Action = Decline };
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, call.Token);
        call.Waiting(true);
        try
        {
            var answer = await ask(
                    new ApprovalRequest
                    {
                        CodexId = call.Context.CodexId,
                        Path = [.. call.Context.Rights().Where(one => one.Skill is null).Reverse().Select(one => one.Title)],
                        ToolUseId = call.Context.ToolUseId,
                        ToolName = server,
                        Kind = ApprovalKind.Question,
                        ActionText = McpForm.Text(asked.Message),
                        Location = question.Url?.OriginalString,
                        Reason = question.Url is null
                            ? $"The MCP server {server} asks you this while it works. It receives your answer. Do not enter passwords or keys."
                            : $"The MCP server {server} asks you to open this address on {question.Url.Authority} in your browser.",
                        Question = question,
                    },
                    either.Token
                )
                .ConfigureAwait(false);
            if (answer is { Decision: ApprovalDecision.Deny, Reason.Length: > 0 })
            {
                lock (sync)
                {
                    reasons.Enqueue(answer.Reason);
                }
            }

            return answer.Decision == ApprovalDecision.Deny ? new ElicitResult { Action = Decline }
                : question.Url is not null ? new ElicitResult { Action = Accept }
                : new ElicitResult { Action = Accept, Content = ValuesIn(answer.Values) };
        }
        finally
        {
            call.Waiting(false);
        }
    }

    private static Dictionary<string, JsonElement> ValuesIn(string? values)
    {
        using var document = JsonDocument.Parse(values ?? "{}");
        return document
            .RootElement.EnumerateObject()
            .GroupBy(value => value.Name, StringComparer.Ordinal)
            .ToDictionary(value => value.Key, value => value.Last().Value.Clone(), StringComparer.Ordinal);
    }

    private sealed class Call(McpElicitation questions, ToolContext context, Action<bool> waiting, CancellationToken token) : IDisposable
    {
        public ToolContext Context => context;

        public McpCurrentCall Current { get; } = new(context, waiting, token);

        public void Dispose()
        {
            lock (questions.sync)
            {
                questions.calls.Remove(this);
            }
        }
    }
}

/// <summary>A call during which a server may ask.</summary>
/// <param name="Waiting">Called with true while the user is asked, so that the call does not time out.</param>
internal sealed record McpCurrentCall(ToolContext Context, Action<bool> Waiting, CancellationToken Token)
{
    private int sampled;

    /// <summary>Counts a sampling request and returns their number.</summary>
    public int CountSampling() => Interlocked.Increment(ref sampled);
}
