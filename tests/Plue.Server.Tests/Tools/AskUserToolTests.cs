using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Tests.Testing;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public sealed class AskUserToolTests : IDisposable
{
    private const string Color = """{"question":"Which color?","options":[{"label":"Red","description":"as the logo"},{"label":"Blue"}]}""";

    private readonly ToolFixture fixture = new();
    private readonly AskUserTool tool = new("Asks.");
    private readonly MovableTime time = new();
    private readonly Approvals approvals;
    private readonly ToolRunner runner;

    public AskUserToolTests()
    {
        var paths = new PluePaths(fixture.Home);
        approvals = new Approvals(time);
        runner = new ToolRunner(
            new PermissionPolicy(paths, new StoredRules(paths, time)),
            approvals,
            new NoEdits(),
            _ => ["Parent", "Test"],
            fixture.Results,
            time: time
        );
        fixture.Rights = fixture.Rights with { Tools = [AskUserTool.ToolName] };
    }

    public void Dispose() => fixture.Dispose();

    [Theory]
    [InlineData("""{"choice":"1"}""", "The user chose: Red: as the logo")]
    [InlineData("""{"choice":"2","text":"dark"}""", "The user chose: Blue\nand wrote: dark")]
    [InlineData("""{"choice":"other","text":"Green"}""", "The user answered: Green")]
    [InlineData("""{"choice":"other"}""", "The user chose none of the options.")]
    public async Task Returns_the_chosen_option_and_the_text(string values, string result) =>
        Assert.Equal((result, null), await ResultAsync(Color, new ApprovalAnswer(ApprovalDecision.Once, Values: values)));

    [Fact]
    public async Task Asks_for_text_without_options() =>
        Assert.Equal(
            ("The user answered: 42", null),
            await ResultAsync("""{"question":"How many?"}""", new ApprovalAnswer(ApprovalDecision.Once, Values: """{"text":"42"}"""))
        );

    [Fact]
    public async Task Returns_the_reason_of_a_user_who_declines() =>
        Assert.Equal(
            ("The user declined to choose and wrote: Ask the designer", null),
            await ResultAsync(Color, new ApprovalAnswer(ApprovalDecision.Deny, "Ask the designer"))
        );

    [Fact]
    public async Task Rejects_an_answer_that_chooses_no_option_and_keeps_asking()
    {
        var running = RunAsync(Color);
        var asked = await AskedAsync();
        Assert.Equal(
            "Answer is required.",
            Assert
                .Throws<FailureException>(() =>
                    approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once, Values: "{}"), false)
                )
                .Message
        );
        Assert.False(running.IsCompleted);
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once, Values: """{"choice":"2"}"""), false);
        Assert.Equal("The user chose: Blue", (await running).Result);
    }

    [Fact]
    public async Task Waiting_for_the_answer_is_not_counted_as_run_time()
    {
        var running = RunAsync(Color);
        var asked = await AskedAsync();
        time.Advance(TimeSpan.FromMinutes(5));
        approvals.Answer(asked.Id, asked.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once, Values: """{"choice":"1"}"""), false);
        Assert.Equal(TimeSpan.Zero, (await running).RunTime);
    }

    [Fact]
    public async Task Fails_at_once_if_no_user_is_there()
    {
        fixture.Rights = fixture.Rights with { IsUnattended = true };
        Assert.Equal("No user is available to answer. Continue with the safest assumption and state it.", (await RunAsync(Color)).Error);
        Assert.Empty(approvals.Pending);
    }

    [Theory]
    [InlineData("""{"question":" "}""")]
    [InlineData("""{"question":"Which?","options":[{"label":"Only one"}]}""")]
    [InlineData("""{"question":"Which?","options":["a","b"]}""")]
    [InlineData("""{"question":"Which?","options":[{"label":"a"},{"label":"b"},{"label":"c"},{"label":"d"},{"label":"e"}]}""")]
    public async Task Rejects_other_parameters_before_anything_is_asked(string parameters)
    {
        Assert.EndsWith(
            "Nothing was asked.",
            (await RunAsync(parameters)).Error?.Replace(" Leave it out to ask for text.", ""),
            StringComparison.Ordinal
        );
        Assert.Empty(approvals.Pending);
    }

    private async Task<(string? Result, string? Error)> ResultAsync(string parameters, ApprovalAnswer answer)
    {
        var running = RunAsync(parameters);
        var asked = await AskedAsync();
        Assert.Equal((ApprovalKind.Question, "Parent"), (asked.Request.Kind, asked.Request.Path[0]));
        approvals.Answer(asked.Id, asked.Fingerprint, answer, false);
        var result = await running;
        return (result.Result, result.Error);
    }

    private async Task<ToolCallResult> RunAsync(string parameters) =>
        (
            await runner.RunAsync(
                [new ToolCall("call_1", AskUserTool.ToolName, parameters)],
                new Toolbox([tool]),
                _ => fixture.Context,
                new NoObserver(),
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

    private sealed class NoObserver : IToolObserver
    {
        public ValueTask RecordIntentAsync(ToolCall call, CancellationToken cancellationToken) => ValueTask.CompletedTask;

        public void Progress(ToolCall call, string text) { }

        public void Waiting(ToolCall call, bool isWaiting) { }

        public void Finished(ToolCallResult result) { }
    }

    private sealed class NoEdits : IEditLog
    {
        public ValueTask<IEditScope> BeginAsync(
            EditAuthor author,
            string workspace,
            IReadOnlyList<string>? paths,
            IReadOnlyDictionary<string, byte[]>? unsaved,
            CancellationToken cancellationToken
        ) => throw new InvalidOperationException("A question changes no files.");
    }
}
