using Microsoft.Extensions.Logging;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Tests.Testing;

/// <summary>A chat with tools and the real services: real journal, real files, and a scripted vendor on loopback.</summary>
internal sealed class ToolChat : IChatEvents, ITurnSink, IAsyncDisposable
{
    private readonly Lock gate = new();
    private readonly List<TurnEvent> events = [];
    private readonly List<(Func<TurnEvent, bool> Fits, TaskCompletionSource Came)> awaited = [];
    private readonly Services services;

    /// <param name="folder">The workspace folder, which must be outside of Plue's home.</param>
    private ToolChat(string home, TestTools tools, ScriptedEndpoint endpoint, string? folder = null)
    {
        (Home, Tools, Endpoint) = (home, tools, endpoint);
        services = new Services(LogLevel.Error, new PluePaths(home), toolSources: [tools]);
        Folder = folder ?? Directory.CreateTempSubdirectory("plue-work-").FullName;
        services.Platform.Workspace.Open(Folder, trusted: true);
        var chat = services.Chat(this);
        Conversations = new Conversations(chat);
        Agents = services.Tasks(chat, Conversations, (_, _) => { });
    }

    public string Home { get; }
    public string Folder { get; }
    public TestTools Tools { get; }
    public ScriptedEndpoint Endpoint { get; }
    public Conversations Conversations { get; }
    public AgentTasks Agents { get; }

    /// <summary>The vendor's next responses; <c>done</c> if empty.</summary>
    public Queue<ScriptedAnswer> Next { get; private init; } = new();
    public Conversation Chat { get; private set; } = null!;
    public Approvals Approvals => services.Permissions.Approvals;
    public Workspace Workspace => services.Platform.Workspace;

    public IReadOnlyList<TurnEvent> Events
    {
        get
        {
            lock (gate)
            {
                return [.. events];
            }
        }
    }

    /// <summary>The visible branch.</summary>
    public IReadOnlyList<Message> Messages => Chat.Stored.Messages;

    public Message Last => Messages[^1];

    /// <summary>The bodies of requests to the vendor, in order.</summary>
    public IReadOnlyList<string> Bodies =>
        [.. Endpoint.Requests.Where(request => request.Method == "POST").Select(request => request.Body)];

    /// <param name="mode">The value of the mode field.</param>
    /// <param name="answers">The responses in order; then <c>done</c>.</param>
    public static async Task<ToolChat> StartAsync(string mode, params ScriptedAnswer[] answers) =>
        await StartAsync("ai-chat", mode, answers);

    public static async Task<ToolChat> StartAsync(
        string template,
        string mode,
        ScriptedAnswer[] answers,
        TestTools? tools = null,
        string provider = "openai-compatible",
        int? seconds = null,
        string[]? available = null,
        string? more = null
    )
    {
        var endpoint = new ScriptedEndpoint();
        var next = new Queue<ScriptedAnswer>(answers);
        endpoint.Route = request =>
            request.Method == "GET" ? ScriptedAnswer.Json("""{"data":[{"id":"model"}]}""")
            : next.TryDequeue(out var answer) ? answer
            : provider == "anthropic" ? AnthropicScript.Answer("done")
            : ChatScript.Answer("done");
        var chat = new ToolChat(Directory.CreateTempSubdirectory("plue-test-").FullName, tools ?? new TestTools(), endpoint)
        {
            Next = next,
        };
        InMemorySidecar.WriteProvider(
            chat.Home,
            "scripted",
            provider == "anthropic"
                ? $"{{ name: 'Scripted', provider_type: 'anthropic', auth_type: 'none', endpoint: '{endpoint.Url}', model: 'model', retry_policy: 'none', {more} }}"
                : InMemorySidecar.ProviderAt(endpoint.Url)
        );
        var values = new Dictionary<string, System.Text.Json.JsonElement>
        {
            ["permission_mode"] = System.Text.Json.JsonSerializer.SerializeToElement(mode, Json),
            ["available_tools"] = System.Text.Json.JsonSerializer.SerializeToElement(available ?? ["read", "write", "bash"], Json),
        };
        if (seconds is { } most)
        {
            values["budget"] = System.Text.Json.JsonSerializer.SerializeToElement(new { seconds = most }, Json);
        }
        if (template == "task")
        {
            values["goal"] = System.Text.Json.JsonSerializer.SerializeToElement("Do it.", Json);
        }
        chat.Chat = await chat.Conversations.CreateAsync(
            template,
            ChatFields.None with
            {
                ProviderId = "scripted",
            },
            values,
            CancellationToken.None
        );
        return chat;
    }

    /// <summary>Opens a copy of the home on disk in new services, like after a kill.</summary>
    public async Task<ToolChat> AfterKillAsync()
    {
        var copy = Directory.CreateTempSubdirectory("plue-test-").FullName;
        // The backups of edited files are locked by the first services and do not affect the chat.
        var kept = Path.Combine(Home, "edits") + Path.DirectorySeparatorChar;
        foreach (
            var file in Directory
                .EnumerateFiles(Home, "*", SearchOption.AllDirectories)
                .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal) && !file.StartsWith(kept, StringComparison.Ordinal))
        )
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Home, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        var chat = new ToolChat(copy, new TestTools(), Endpoint, Folder);
        chat.Chat = await chat.Conversations.GetAsync(Chat.CodexId, CancellationToken.None);
        return chat;
    }

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    public string? Read(string name) => File.Exists(Path.Combine(Folder, name)) ? File.ReadAllText(Path.Combine(Folder, name)) : null;

    /// <summary>Sends a message and waits for the end of the turn.</summary>
    public async Task<TurnEvent.TurnFinished> AskAsync(string text)
    {
        var ended = ComesAsync<TurnEvent.TurnFinished>();
        await Chat.SendAsync(new Draft(text), mayWait: false, CancellationToken.None);
        return await ended;
    }

    /// <summary>Waits for the next event of this type from now on.</summary>
    public async Task<T> ComesAsync<T>(Func<T, bool>? fits = null)
        where T : TurnEvent
    {
        T? found = null;
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            awaited.Add(
                (
                    item =>
                    {
                        if (found is not null || item is not T wanted || fits?.Invoke(wanted) == false)
                        {
                            return false;
                        }

                        found = wanted;
                        return true;
                    },
                    came
                )
            );
        }

        await came.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return found!;
    }

    /// <summary>Waits for a pending approval and decides it.</summary>
    public async Task AnswerAsync(ApprovalDecision decision, string? reason = null)
    {
        await AskedAsync();
        var asked = Approvals.Pending[0];
        Approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(decision, reason), includeEqual: false);
    }

    /// <summary>Waits for a pending approval.</summary>
    public async Task AskedAsync()
    {
        var came = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (Approvals.Pending.Count > 0)
            {
                came.TrySetResult();
            }
        }

        Approvals.Changed += Look;
        Look();
        await came.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Approvals.Changed -= Look;
    }

    public ITurnSink SinkFor(string codexId) => this;

    public void Changed(string codexId, ChatSummary? summary) { }

    public void Notify(string message, string codexId) { }

    public void Publish(TurnEvent turnEvent)
    {
        List<TaskCompletionSource> ready;
        lock (gate)
        {
            events.Add(turnEvent);
            ready = [.. awaited.Where(one => one.Fits(turnEvent)).Select(one => one.Came)];
        }

        ready.ForEach(one => one.TrySetResult());
    }

    public async ValueTask DisposeAsync()
    {
        await Conversations.DisposeAsync();
        await services.DisposeAsync();
        await Endpoint.DisposeAsync();
    }

    private static readonly System.Text.Json.JsonSerializerOptions Json = new()
    {
        TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
    };
}

/// <summary>Responses in Anthropic's streaming format.</summary>
internal static class AnthropicScript
{
    public static ScriptedAnswer Answer(string text) => Message("end_turn", Text(0, text));

    public static ScriptedAnswer Calls(string text, params (string Id, string Name, string Parameters)[] calls) =>
        Message("tool_use", [Text(0, text), .. calls.Select((call, at) => Call(at + 1, call))]);

    private static ScriptedAnswer Message(string reason, params string[] blocks) =>
        ScriptedAnswer
            .Events()
            .Send(
                Event(
                    "message_start",
                    """{"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"model","content":[],"usage":{"input_tokens":10,"output_tokens":1}}}"""
                )
            )
            .Send(string.Concat(blocks))
            .Send(
                Event(
                    "message_delta",
                    $"{{\"type\":\"message_delta\",\"delta\":{{\"stop_reason\":\"{reason}\"}},\"usage\":{{\"output_tokens\":5}}}}"
                )
            )
            .Send(Event("message_stop", """{"type":"message_stop"}"""));

    private static string Text(int at, string text) =>
        Event(
            "content_block_start",
            $"{{\"type\":\"content_block_start\",\"index\":{at},\"content_block\":{{\"type\":\"text\",\"text\":\"\"}}}}"
        )
        + Event(
            "content_block_delta",
            $"{{\"type\":\"content_block_delta\",\"index\":{at},\"delta\":{{\"type\":\"text_delta\",\"text\":{System.Text.Json.Nodes.JsonValue.Create(text)!.ToJsonString()}}}}}"
        )
        + Event("content_block_stop", $"{{\"type\":\"content_block_stop\",\"index\":{at}}}");

    private static string Call(int at, (string Id, string Name, string Parameters) call) =>
        Event(
            "content_block_start",
            $"{{\"type\":\"content_block_start\",\"index\":{at},\"content_block\":{{\"type\":\"tool_use\",\"id\":\"{call.Id}\",\"name\":\"{call.Name}\",\"input\":{{}}}}}}"
        )
        + Event(
            "content_block_delta",
            $"{{\"type\":\"content_block_delta\",\"index\":{at},\"delta\":{{\"type\":\"input_json_delta\",\"partial_json\":{System.Text.Json.Nodes.JsonValue.Create(call.Parameters)!.ToJsonString()}}}}}"
        )
        + Event("content_block_stop", $"{{\"type\":\"content_block_stop\",\"index\":{at}}}");

    private static string Event(string name, string data) => $"event: {name}\ndata: {data}\n\n";
}
