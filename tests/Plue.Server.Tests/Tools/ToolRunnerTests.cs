using System.Text.Json;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

/// <summary>Events and approvals before and during a call.</summary>
public sealed class ToolRunnerTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly StoredRules rules;
    private readonly Approvals approvals;
    private readonly ToolRunner runner;
    private readonly Observer observer = new();
    private readonly MovableTime time = new();

    public ToolRunnerTests()
    {
        var paths = new PluePaths(fixture.Home);
        rules = new StoredRules(paths, TimeProvider.System);
        approvals = new Approvals(TimeProvider.System, rules);
        runner = new ToolRunner(new PermissionPolicy(paths, rules), approvals, new NoEdits(), _ => ["Test"], fixture.Results, time: time);
        fixture.Rights = fixture.Rights with { Tools = ["act"] };
    }

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Intent_is_stored_before_calls_with_external_effects_but_not_before_reads()
    {
        fixture.Rights = fixture.Rights with { Permissions = new(["fetch(example.com)"], [], []) };
        await RunAsync(new ToolAction.Fetch(new Uri("https://example.com/")));
        await RunAsync(new ToolAction.SpawnTask("task"));
        await RunAsync(new ToolAction.ReadFile(fixture.PathOf("a.txt")));
        Assert.Equal(["intended", "done", "intended", "done", "done"], observer.Calls);
    }

    [Fact]
    public async Task SEC_15_Always_is_offered_only_where_one_rule_allows_the_whole_call()
    {
        var both = RunAsync(new ToolAction.Fetch(new Uri("https://a.example/")), new ToolAction.Fetch(new Uri("https://b.example/")));
        var asked = await AskedAsync();
        Assert.Equal(
            (null, "It sends a request to a.example. It sends a request to b.example."),
            (asked.Request.Rule, asked.Request.Reason)
        );
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Deny), false);
        Assert.StartsWith("The user denied this call", (await both).Error, StringComparison.Ordinal);

        var one = RunAsync(new ToolAction.Fetch(new Uri("https://a.example/1")), new ToolAction.Fetch(new Uri("https://a.example/2")));
        asked = await AskedAsync();
        Assert.Equal("fetch(a.example)", asked.Request.Rule);
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "fetch(a.example)"), false);
        Assert.Null((await one).Error);
    }

    [Fact]
    public async Task The_user_stops_one_command_and_the_model_gets_its_output()
    {
        fixture.Rights = fixture.Rights with { Tools = ["bash"] };
        var reports = new List<string>();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        observer.OnProgress = text =>
        {
            reports.Add(text);
            if (text.Contains("begun", StringComparison.Ordinal))
            {
                begun.TrySetResult();
            }
        };
        var running = runner.RunAsync(
            [new ToolCall("call_1", "bash", """{"command":"echo begun; sleep 300"}""")],
            new Toolbox([new BashTool("", new Sandbox([], null, []), fixture.Results, () => false)]),
            _ => fixture.Context,
            observer,
            TestContext.Current.CancellationToken
        );
        var asked = await AskedAsync();
        Assert.Empty(reports);
        Assert.False(runner.Running.Stop(fixture.Context.CodexId, "call_1"));
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false);
        Assert.Same(begun.Task, await Task.WhenAny(begun.Task, running));
        Assert.Equal("", reports[0]);
        Assert.True(runner.Running.Stop(fixture.Context.CodexId, "call_1"));
        var result = (await running)[0];
        Assert.Equal((null, "begun\n[Stopped by the user together with all processes it started.]"), (result.Error, result.Result));
        Assert.False(runner.Running.Stop(fixture.Context.CodexId, "call_1"));
    }

    [Fact]
    public async Task A_command_that_another_program_runs_is_not_stopped_alone()
    {
        fixture.Rights = fixture.Rights with { Tools = ["bash"] };
        const string input = """{"command":"echo begun; sleep 300"}""";
        var tool = new Plue.Server.Chat.ProgramTool(
            new ProgramCall.Command("Bash", input, "echo begun; sleep 300") { Program = "Claude Code" },
            new Plue.Server.Editor.EditorWindow()
        );
        var running = runner.RunAsync(
            [new ToolCall("call_1", "Bash", input)],
            new Toolbox([tool]),
            _ => fixture.Context,
            observer,
            TestContext.Current.CancellationToken
        );
        var asked = await AskedAsync();
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false);
        await tool.Allowed;
        Assert.False(runner.Running.Stop(fixture.Context.CodexId, "call_1"));
        tool.End();
        Assert.Null((await running)[0].Error);
    }

    [Fact]
    public async Task A_call_that_fails_after_it_changed_a_file_reports_the_change()
    {
        FileChange change = new("a.txt", 1, 0);
        var recording = new ToolRunner(new PermissionPolicy(), approvals, new NoEdits { Changes = [change] }, _ => ["Test"]);
        observer.OnRun = () => throw new ToolFailureException("The second file could not be written.");
        var result = (
            await recording.RunAsync(
                [new ToolCall("call_1", "act", "{}")],
                new Toolbox([new Act([new ToolAction.OwnRecord()], observer, [fixture.PathOf("a.txt")])]),
                _ => fixture.Context,
                observer,
                TestContext.Current.CancellationToken
            )
        )[0];
        Assert.Equal("The second file could not be written.", result.Error);
        Assert.Equal([change], result.Changes);
    }

    [Fact]
    public async Task A_rule_that_the_user_stores_lets_all_go_on_that_it_allows_and_nothing_else()
    {
        var running = new[] { "https://a.example/1", "https://a.example/2", "https://b.example/" }
            .Select(address => RunAsync(new ToolAction.Fetch(new Uri(address))))
            .ToList();
        while (approvals.Pending.Count < 3)
        {
            await Task.Yield();
        }
        var first = approvals.Pending.First(one => one.Request.Rule == "fetch(a.example)");
        approvals.Answer(first.Id, first.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "fetch(a.example)"), false);
        Assert.Null((await running[0]).Error);
        Assert.Null((await running[1]).Error);
        Assert.Equal("fetch(b.example)", Assert.Single(approvals.Pending).Request.Rule);
        Assert.False(running[2].IsCompleted);
    }

    [Fact]
    public async Task SEC_57_A_right_removed_during_an_approval_stays_removed()
    {
        var running = RunAsync(new ToolAction.Fetch(new Uri("https://a.example/")));
        var asked = await AskedAsync();
        fixture.Rights = fixture.Rights with { Mode = PermissionMode.PlanOnly };
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false);
        Assert.StartsWith("The call was denied: Plan mode is on", (await running).Error, StringComparison.Ordinal);
        Assert.Empty(observer.Calls);
    }

    [Fact]
    public async Task The_approval_request_exists_before_the_call_is_reported_as_waiting()
    {
        var received = new List<(bool IsWaiting, int Questions)>();
        observer.OnWaiting = isWaiting => received.Add((isWaiting, approvals.Pending.Count));
        var running = RunAsync(new ToolAction.Fetch(new Uri("https://a.example/")));
        var asked = await AskedAsync();
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false);
        Assert.Null((await running).Error);
        Assert.Equal([(true, 1), (false, 0)], received);
    }

    [Fact]
    public async Task The_run_time_of_a_call_excludes_the_wait_for_its_approval()
    {
        observer.OnRun = () => time.Advance(TimeSpan.FromSeconds(2));
        var running = RunAsync(new ToolAction.Fetch(new Uri("https://a.example/")));
        var asked = await AskedAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false);
        Assert.Equal(TimeSpan.FromSeconds(2), (await running).RunTime);

        running = RunAsync(new ToolAction.Fetch(new Uri("https://b.example/")));
        asked = await AskedAsync();
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Deny), false);
        Assert.Null((await running).RunTime);
    }

    [Fact]
    public void SEC_24_Two_requests_that_read_alike_have_not_the_same_fingerprint()
    {
        ApprovalRequest Of(string what, string? diff) =>
            new()
            {
                CodexId = "c",
                Path = [],
                ToolName = "write",
                Kind = ApprovalKind.Write,
                ActionText = what,
                Diff = diff,
                Reason = "",
            };
        Assert.NotEqual(Of("a\0b", null).Fingerprint, Of("a", "b").Fingerprint);
        Assert.NotEqual(Of("a", "b").Fingerprint, Of("ab", null).Fingerprint);
    }

    private async Task<ToolCallResult> RunAsync(params ToolAction[] actions) =>
        (
            await runner.RunAsync(
                [new ToolCall("call_1", "act", "{}")],
                new Toolbox([new Act(actions, observer)]),
                _ => fixture.Context,
                observer,
                TestContext.Current.CancellationToken
            )
        )[0];

    private async Task<PendingApproval> AskedAsync()
    {
        while (approvals.Pending.Count == 0)
        {
            await Task.Yield();
        }
        return approvals.Pending[0];
    }

    private sealed class Act(IReadOnlyList<ToolAction> actions, Observer observer, IReadOnlyList<string>? changes = null) : ITool
    {
        public string Name => "act";
        public ToolDeclaration Declaration { get; } = new("act", "", "{}");
        public bool IsReadOnly => false;

        public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
            Task.FromResult<PlannedCall>(new Call(actions, observer, changes));
    }

    private sealed class Call(IReadOnlyList<ToolAction> actions, Observer observer, IReadOnlyList<string>? changes) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => actions;
        public override ApprovalKind Kind => ApprovalKind.Other;
        public override string ActionText => string.Join('\n', actions);
        public override IReadOnlyList<string>? Changes => changes ?? [];

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            observer.Hear("done");
            observer.OnRun?.Invoke();
            return Task.FromResult(new ToolOutcome("ok"));
        }
    }

    private sealed class Observer : IToolObserver
    {
        private readonly List<string> received = [];

        public Action<bool>? OnWaiting { get; set; }
        public Action? OnRun { get; set; }
        public Action<string>? OnProgress { get; set; }

        public IReadOnlyList<string> Calls
        {
            get
            {
                lock (received)
                {
                    return [.. received];
                }
            }
        }

        public void Hear(string what)
        {
            lock (received)
            {
                received.Add(what);
            }
        }

        public ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken)
        {
            Hear("intended");
            return ValueTask.CompletedTask;
        }

        public void Progress(ToolCall call, string text) => OnProgress?.Invoke(text);

        public void Waiting(ToolCall call, bool isWaiting) => OnWaiting?.Invoke(isWaiting);

        public void Finished(ToolCallResult result) { }
    }

    private sealed class NoEdits : IEditLog, IEditScope
    {
        public IReadOnlyList<FileChange> Changes { get; init; } = [];

        public ValueTask<IEditScope> BeginAsync(
            EditAuthor author,
            string workspace,
            IReadOnlyList<string>? paths,
            IReadOnlyDictionary<string, byte[]>? unsaved,
            CancellationToken cancellationToken
        ) => ValueTask.FromResult<IEditScope>(this);

        public ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken) => ValueTask.FromResult(Changes);
    }
}
