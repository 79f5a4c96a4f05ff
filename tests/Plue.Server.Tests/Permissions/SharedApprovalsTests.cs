using Microsoft.Extensions.Logging.Abstractions;
using Plue.Server.Messages;
using Plue.Server.Permissions;

namespace Plue.Server.Tests.Permissions;

/// <summary>Two inboxes over one home represent two windows, which communicate only by files and locks.</summary>
public sealed class SharedApprovalsTests : IAsyncDisposable
{
    private readonly PermissionFixture fixture = new();
    private readonly CancellationTokenSource stop = new();
    private readonly (Approvals Own, SharedApprovals Inbox) here;
    private readonly (Approvals Own, SharedApprovals Inbox) there;
    private readonly Task keeping;

    public SharedApprovalsTests() => (here, there, keeping) = Open();

    private ((Approvals, SharedApprovals), (Approvals, SharedApprovals), Task) Open()
    {
        (Approvals, SharedApprovals) One()
        {
            var own = new Approvals(TimeProvider.System, fixture.Rules);
            return (own, new SharedApprovals(own, fixture.Paths, NullLogger.Instance));
        }

        var (first, second) = (One(), One());
        return (first, second, Task.WhenAll(first.Item2.RunAsync(stop.Token), second.Item2.RunAsync(stop.Token)));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await keeping;
        stop.Dispose();
        fixture.Dispose();
    }

    private ApprovalRequest Request() =>
        new()
        {
            CodexId = "task_1",
            Path = ["Agent"],
            ToolName = "bash",
            Kind = ApprovalKind.Command,
            ActionText = "npm test \u202e",
            Reason = "It runs.",
            Rule = "bash(npm test)",
            RuleFolder = fixture.Workspace,
        };

    private static async Task<IReadOnlyList<PendingApproval>> Seen(SharedApprovals inbox, int count)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (inbox.Pending.Count == count)
            {
                seen.TrySetResult();
            }
        }

        inbox.Changed += Look;
        Look();
        await seen.Task.WaitAsync(TimeSpan.FromSeconds(60));
        inbox.Changed -= Look;
        return inbox.Pending;
    }

    [Fact]
    public async Task Approvals_of_another_window_are_decided_here_and_stored_there()
    {
        var asked = there.Own.AskAsync(Request(), TestContext.Current.CancellationToken);
        var pending = Assert.Single(await Seen(here.Inbox, 1));
        Assert.Equal(("npm test \u202e", Request().Fingerprint), (pending.Request.ActionText, pending.Fingerprint));
        FailureKind Fault(string fingerprint, ApprovalAnswer answer) =>
            Assert.Throws<FailureException>(() => here.Inbox.Answer(pending.Id, fingerprint, answer, false)).Failure.Kind;
        Assert.Equal(FailureKind.Conflict, Fault("other", new ApprovalAnswer(ApprovalDecision.Once)));
        Assert.Equal(FailureKind.Conflict, Fault(pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "bash(*)")));
        here.Inbox.Answer(pending.Id, pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Always, Rule: "bash(npm test)"), false);
        Assert.Equal(ApprovalDecision.Always, (await asked.WaitAsync(TimeSpan.FromSeconds(60))).Decision);
        Assert.Equal("bash(npm test)", Assert.Single(fixture.Rules.List()).Rule);
        Assert.Equal(FailureKind.NotFound, Fault(pending.Fingerprint, new ApprovalAnswer(ApprovalDecision.Once)));
    }

    [Fact]
    public async Task One_answer_reaches_equal_questions_in_both_windows()
    {
        Task<ApprovalAnswer>[] asked = [here.Own.AskAsync(Request(), default), there.Own.AskAsync(Request(), default)];
        var pending = await Seen(here.Inbox, 2);
        here.Inbox.Answer(pending[0].Id, pending[0].Fingerprint, new ApprovalAnswer(ApprovalDecision.Deny, "No"), includeEqual: true);
        Assert.All(await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(60)), answer => Assert.Equal("No", answer.Reason));
    }

    [Fact]
    public async Task An_approval_cancelled_in_another_window_disappears_and_one_of_a_dead_window_is_dropped()
    {
        var folder = Directory.CreateDirectory(Path.Combine(fixture.Paths.Index, "approvals")).FullName;
        var left = Path.Combine(folder, "inbox_dead.json");
        await File.WriteAllTextAsync(left, "{\"asked\":[]}", TestContext.Current.CancellationToken);
        using var takeBack = new CancellationTokenSource();
        var asked = there.Own.AskAsync(Request(), takeBack.Token);
        await Seen(here.Inbox, 1);
        Assert.False(File.Exists(left));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite,
                File.GetUnixFileMode(Assert.Single(Directory.EnumerateFiles(folder, "*.json")))
            );
        }

        await takeBack.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await Seen(here.Inbox, 0);
    }
}
