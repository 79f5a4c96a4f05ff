using System.Collections.Concurrent;
using Plue.Server.Chat;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>A task is done only when its result is stored, and not earlier.</summary>
public sealed class TaskEndTests
{
    private const string Counter =
        "provider_ref: 'codex://providers/small', available_tools: ['read'], outputs: { type: 'object', required: ['count'], properties: { count: { type: 'integer' } } }";

    [Fact]
    public async Task Runs_until_it_is_decided_whether_its_last_response_completes_it()
    {
        var respond = new TaskCompletionSource();
        await using var chat = await ToolChat.StartAsync("task", "edit", [Response(respond)]);
        ConcurrentQueue<string?> seen = [];
        var supervisor = new Supervisor(chat.Agents)
        {
            HasResultCheck = () =>
            {
                // Like another request that reads the rows at this moment.
                seen.Enqueue(chat.Conversations.ListTasks(includeArchived: true).Single().TaskStatus);
                return true;
            },
        };
        chat.Conversations.Supervise(supervisor, chat.Agents);
        var ended = chat.ComesAsync<TurnEvent.TurnFinished>();
        respond.SetResult();
        await ended;
        Assert.Equal([TaskStates.Running], seen);
    }

    [Fact]
    public async Task Runs_until_its_second_response_is_judged_when_the_first_is_judged_later()
    {
        var respond = new TaskCompletionSource();
        await using var chat = await ToolChat.StartAsync("task", "edit", [Response(respond)]);
        var (second, decided) = (new TaskCompletionSource(), new TaskCompletionSource<string?>());
        var supervisor = new Supervisor(chat.Agents) { HasResultCheck = () => true };
        var firstEnded = new TaskCompletionSource();
        var turns = 0;
        supervisor.TurnEnded = async conversation =>
        {
            if (++turns == 1)
            {
                await conversation.SendAsync(new Draft("Continue."), mayWait: false, CancellationToken.None);
                await second.Task;
                supervisor.OnChanged = () => firstEnded.TrySetResult();
                return true;
            }

            second.SetResult();
            await firstEnded.Task;
            decided.SetResult(conversation.Summary.TaskStatus);
            return false;
        };
        chat.Conversations.Supervise(supervisor, chat.Agents);
        respond.SetResult();
        Assert.Equal(TaskStates.Running, await decided.Task.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task Killed_between_its_last_response_and_its_result_it_is_interrupted_and_resuming_stores_the_result()
    {
        string uri;
        string kept;
        await using (var home = await AgentsHome.StartAsync())
        {
            kept = home.Sidecar.Home;
            home.WriteTemplate("counter", Counter);
            home.Script = _ => Calls("Three.", ("f1", "finish", """{"count":3}"""));
            uri = await home.SpawnAsync("counter", "Count");
            await home.StatusAsync(uri, "done");
        }

        var journal = Directory
            .EnumerateFiles(kept, "*.jsonl", SearchOption.AllDirectories)
            .Single(file => file.Contains("task", StringComparison.Ordinal));
        var lines = await File.ReadAllLinesAsync(journal);
        var response = Array.FindLastIndex(lines, line => line.Contains("\"type\":\"message\"", StringComparison.Ordinal));
        Assert.Contains(lines[(response + 1)..], line => line.Contains("\"count\":3", StringComparison.Ordinal));
        await File.WriteAllTextAsync(journal, string.Concat(lines[..(response + 1)].Select(line => line + "\n")));

        await using var later = await AgentsHome.StartAsync(home: kept);
        await later.StatusAsync(uri, "interrupted");
        await later.Client.ResultAsync("task/resume", new { uri });
        await later.StatusAsync(uri, "done");
        Assert.Equal(3, (int?)(await later.GetAsync(uri))["outputs"]!["count"]);
        Assert.DoesNotContain(later.Endpoint.Requests, request => request.Method == "POST");
    }

    [Fact]
    public async Task A_task_that_continues_a_chat_reports_only_its_own_work()
    {
        await using var chat = await ToolChat.StartAsync(
            "ai-chat",
            "edit",
            [
                Calls("", ("c1", "write", """{"path":"a.txt","text":"a"}""")),
                ScriptedAnswer.Events().Send(Chunk("The chat wrote a.txt.")).Send(End),
                ScriptedAnswer.Events().Gate(new TaskCompletionSource().Task),
            ]
        );
        await chat.AskAsync("Write it.");
        var task = await chat.Agents.Spawner.SpawnAsync(
            "task",
            "Continue.",
            new Dictionary<string, System.Text.Json.JsonElement>(),
            "scripted",
            null,
            new(null, null, null, null),
            null,
            CancellationToken.None,
            from: chat.Chat.CodexId
        );
        await chat.Agents.StopAsync(task.CodexId, under: false, StopCause.User, CancellationToken.None);
        var result = chat.Agents.ResultOf(task.CodexId)!;
        Assert.Equal(("stopped", "", 0), (result.Status, result.Output, result.FilesChanged.Count));
        // It was stopped while it started, so it does not start later.
        Assert.Null((await task.SnapshotAsync()).TurnId);
    }

    private static ScriptedAnswer Response(TaskCompletionSource begin) =>
        ScriptedAnswer.Events().Gate(begin.Task).Send(Chunk("Done.")).Send(End);

    /// <summary>Replaces the real supervisor's decision when a response completes a task.</summary>
    private sealed class Supervisor(ITaskSupervisor real) : ITaskSupervisor
    {
        public required Func<bool> HasResultCheck { get; init; }
        public Func<Conversation, Task<bool>>? TurnEnded { get; set; }
        public Action OnChanged { get; set; } = () => { };

        public void Changed(string codexId, ChatSummary? summary) => OnChanged();

        public IReadOnlyList<ITool> ToolsFor(StoredChat chat) => real.ToolsFor(chat);

        public RoutingNote? RoutingOf(StoredChat chat) => real.RoutingOf(chat);

        bool ITaskSupervisor.HasResultCheck(StoredChat task) => HasResultCheck();

        public Task<bool> TurnEndedAsync(Conversation conversation, Message answer, CancellationToken cancellationToken) =>
            TurnEnded?.Invoke(conversation) ?? real.TurnEndedAsync(conversation, answer, cancellationToken);

        public Task StopAsync(string uri, bool under, StopCause cause, CancellationToken cancellationToken) =>
            real.StopAsync(uri, under, cause, cancellationToken);

        public Task SetBudgetAsync(string uri, AgentBudget budget, CancellationToken cancellationToken) =>
            real.SetBudgetAsync(uri, budget, cancellationToken);

        public Task<string> SpawnForHookAsync(
            string templateId,
            Json5Object values,
            string spawnedBy,
            int depth,
            CancellationToken cancellationToken
        ) => real.SpawnForHookAsync(templateId, values, spawnedBy, depth, cancellationToken);
    }
}
