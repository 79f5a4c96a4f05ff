using System.Globalization;
using System.Text.Json;
using ModelContextProtocol.Protocol;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using static ModelContextProtocol.Protocol.ElicitRequestParams;

namespace Plue.Server.Tools.Mcp;

/// <summary>
/// Questions of a server to the user during a call. The question is shown in the chat that made the call. It is declined if no call of one chat is
/// running, if no user is there, and if a form asks for a key. Thread-safe.
/// </summary>
internal sealed class McpElicitation(string server, McpServices services)
{
    private const int MaxFields = 30;
    private const int MaxOptions = 200;
    private const int MaxTextLength = 2000;
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
            || QuestionOf(asked) is not { } question
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
                        What = Text(asked.Message, MaxTextLength),
                        Where = question.Url?.OriginalString,
                        Why = question.Url is null
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

    /// <returns>Null if the question must not be asked.</returns>
    private static Question? QuestionOf(ElicitRequestParams asked)
    {
        if (asked.Mode == "url")
        {
            return
                Uri.TryCreate(asked.Url, UriKind.Absolute, out var address)
                && address.UserInfo.Length == 0
                && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                ? new Question([], address)
                : null;
        }

        var properties = asked.RequestedSchema?.Properties ?? new Dictionary<string, PrimitiveSchemaDefinition>();
        var fields = properties
            .Select(pair => FieldOf(pair.Key, pair.Value, asked.RequestedSchema?.Required?.Contains(pair.Key) == true))
            .ToList();
        return
            properties.Count is > 0 and <= MaxFields
            && !properties.Any(pair => IsKey(pair.Key) || IsKey(pair.Value.Title ?? ""))
            && fields.All(field => field is { Options.Count: <= MaxOptions })
            ? new Question([.. fields.OfType<QuestionField>()])
            : null;
    }

    /// <summary>True if a field is for a key: the model would see values of a form.</summary>
    private static bool IsKey(string name) => name.Length > 0 && LiteralSecrets.IsIn([name], new Json5String("value"));

    private static QuestionField? FieldOf(string name, PrimitiveSchemaDefinition schema, bool isRequired)
    {
        var field = new QuestionField(name, QuestionKind.Text, Text(schema.Title is { Length: > 0 } title ? title : name, 200))
        {
            Description = schema.Description is { Length: > 0 } about ? Text(about, MaxTextLength) : null,
            IsRequired = isRequired,
        };
        return schema switch
        {
            StringSchema text => field with
            {
                Format = text.Format,
                Min = text.MinLength,
                Max = text.MaxLength,
                Defaults = Defaults(text.Default),
            },
            NumberSchema number => field with
            {
                Kind = number.Type == "integer" ? QuestionKind.Integer : QuestionKind.Number,
                Min = number.Minimum,
                Max = number.Maximum,
                Defaults = Defaults(number.Default?.ToString(CultureInfo.InvariantCulture)),
            },
            BooleanSchema flag => field with { Kind = QuestionKind.Boolean, Defaults = Defaults(flag.Default == true ? "true" : null) },
            UntitledSingleSelectEnumSchema choice => field with
            {
                Kind = QuestionKind.Choice,
                Options = Options(choice.Enum),
                Defaults = Defaults(choice.Default),
            },
            TitledSingleSelectEnumSchema choice => field with
            {
                Kind = QuestionKind.Choice,
                Options = Options(choice.OneOf),
                Defaults = Defaults(choice.Default),
            },
            UntitledMultiSelectEnumSchema choices => field with
            {
                Kind = QuestionKind.Choices,
                Options = Options(choices.Items?.Enum),
                Min = choices.MinItems,
                Max = choices.MaxItems,
                Defaults = [.. choices.Default ?? []],
            },
            TitledMultiSelectEnumSchema choices => field with
            {
                Kind = QuestionKind.Choices,
                Options = Options(choices.Items?.AnyOf),
                Min = choices.MinItems,
                Max = choices.MaxItems,
                Defaults = [.. choices.Default ?? []],
            },
#pragma warning disable MCP9001 // Servers of older protocol versions send it.
            LegacyTitledEnumSchema legacy => field with
            {
                Kind = QuestionKind.Choice,
                Options =
                [
                    .. (legacy.Enum ?? []).Select(
                        (value, at) => new QuestionOption(value, Text(legacy.EnumNames?.ElementAtOrDefault(at) ?? value, 200))
                    ),
                ],
                Defaults = Defaults(legacy.Default),
            },
#pragma warning restore MCP9001
            _ => null,
        };
    }

    private static IReadOnlyList<QuestionOption> Options(IEnumerable<string>? values) =>
        [.. (values ?? []).Select(value => new QuestionOption(value, Text(value, 200)))];

    private static IReadOnlyList<QuestionOption> Options(IEnumerable<EnumSchemaOption>? values) =>
        [.. (values ?? []).Select(option => new QuestionOption(option.Const, Text(option.Title, 200)))];

    private static IReadOnlyList<string> Defaults(string? value) => value is null ? [] : [value];

    private static Dictionary<string, JsonElement> ValuesIn(string? values)
    {
        using var document = JsonDocument.Parse(values ?? "{}");
        return document
            .RootElement.EnumerateObject()
            .GroupBy(value => value.Name, StringComparer.Ordinal)
            .ToDictionary(value => value.Key, value => value.Last().Value.Clone(), StringComparer.Ordinal);
    }

    private static string Text(string? text, int length) =>
        HiddenCharacters.Visible(
            text is null ? ""
            : text.Length > length ? text[..length] + "…"
            : text
        );

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
