using Plue.Server.Messages;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

public sealed class ApprovalsTests : IDisposable
{
    private readonly PermissionFixture fixture = new();
    private readonly Approvals approvals;

    public ApprovalsTests() => approvals = new Approvals(TimeProvider.System, fixture.Rules);

    public void Dispose() => fixture.Dispose();

    private ApprovalRequest Request(string what = "npm test", string? rule = "bash(npm test)") =>
        new()
        {
            CodexId = "task_1",
            Path = ["Agent"],
            ToolName = "bash",
            Kind = ApprovalKind.Command,
            ActionText = what,
            Reason = "It runs.",
            Rule = rule,
            RuleFolder = rule is null ? null : fixture.Workspace,
        };

    [Fact]
    public async Task SEC_15_Always_stores_exactly_the_rule_that_was_shown()
    {
        var asked = approvals.AskAsync(Request(), TestContext.Current.CancellationToken);
        var pending = Assert.Single(approvals.Pending);
        Assert.Equal(
            FailureKind.Conflict,
            Fault(() =>
                approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "bash(*)"), false)
            )
        );
        Assert.Equal(
            FailureKind.Conflict,
            Fault(() => approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always), false))
        );
        Assert.False(asked.IsCompleted);
        Assert.Empty(fixture.Rules.List());
        approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "bash(npm test)"), false);
        Assert.Equal(ApprovalDecision.Always, (await asked).Decision);
        Assert.Equal("bash(npm test)", Assert.Single(fixture.Rules.List()).Rule);
        Assert.Equal(Decision.Allow, fixture.Command("npm test").Decision);
    }

    [Fact]
    public void SEC_20_Always_allow_is_unavailable_without_a_shown_rule()
    {
        _ = approvals.AskAsync(Request(rule: null), TestContext.Current.CancellationToken);
        var pending = Assert.Single(approvals.Pending);
        Assert.Equal(
            FailureKind.PermissionDenied,
            Fault(() =>
                approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "bash(*)"), false)
            )
        );
        Assert.Single(approvals.Pending);
    }

    [Fact]
    public async Task A_question_is_answered_once_and_only_as_it_was_seen()
    {
        var asked = approvals.AskAsync(Request(), TestContext.Current.CancellationToken);
        var pending = Assert.Single(approvals.Pending);
        Assert.Equal(
            FailureKind.Conflict,
            Fault(() => approvals.Answer(pending.Id, "other", new ApprovalAnswer(ApprovalDecision.Once), false))
        );
        approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Deny, "Not now"), false);
        Assert.Equal("Not now", (await asked).Reason);
        Assert.Equal(
            FailureKind.NotFound,
            Fault(() => approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), false))
        );
    }

    [Fact]
    public async Task One_answer_for_equal_questions_leaves_the_others_waiting()
    {
        var (first, second, other) = (
            approvals.AskAsync(Request(), default),
            approvals.AskAsync(Request(), default),
            approvals.AskAsync(Request("npm run x"), default)
        );
        var pending = approvals.Pending[0];
        approvals.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once), includeEqual: true);
        await Task.WhenAll(first, second);
        Assert.False(other.IsCompleted);
        Assert.Equal("npm run x", Assert.Single(approvals.Pending).Request.ActionText);
    }

    [Fact]
    public async Task A_cancelled_approval_is_removed()
    {
        using var stop = new CancellationTokenSource();
        var changes = 0;
        approvals.Changed += () => changes++;
        var asked = approvals.AskAsync(Request(), stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Empty(approvals.Pending);
        Assert.Equal(2, changes);
    }

    private static FailureKind Fault(Action act) => Assert.Throws<FailureException>(act).Failure.Kind;
}
