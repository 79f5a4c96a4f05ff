using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Chat;

/// <summary>"Stopped by the user" appears only if the user stopped it.</summary>
public sealed class StopCauseTests
{
    private static readonly ScriptedAnswer[] Waiting = [Calls("I begin.", ("c1", "bash", """{"path":"one.txt","text":"1"}"""))];

    [Fact]
    public async Task A_call_stopped_by_the_user_is_reported_and_its_response_is_stopped()
    {
        await using var chat = await AtToolAsync(Waiting);
        await chat.Chat.StopAsync(StopCause.User);
        Assert.Equal(MessageStatus.Stopped, chat.Last.Status);
        Assert.Equal("Stopped by the user.", Error(chat));
    }

    [Fact]
    public async Task A_call_cut_off_by_shutdown_reports_it_and_its_response_is_interrupted()
    {
        await using var chat = await AtToolAsync(Waiting);
        await chat.Conversations.DisposeAsync();
        await using var later = await chat.AfterKillAsync();
        Assert.Equal(MessageStatus.Interrupted, later.Last.Status);
        Assert.Equal(
            "Interrupted, because Plue was closed. It may have run partly or completely: check before you run it again.",
            Error(later)
        );

        var before = later.Bodies.Count;
        var ended = later.ComesAsync<TurnEvent.TurnFinished>();
        await later.Chat.RetryAsync(later.Last.Id, null, null, isContinuation: true, CancellationToken.None);
        Assert.Equal(StopReason.EndTurn, (await ended).Reason);
        Assert.DoesNotContain("by the user", later.Bodies[before], StringComparison.Ordinal);
        Assert.Contains("because Plue was closed", later.Bodies[before], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Text_in_progress_at_shutdown_is_kept_and_interrupted()
    {
        var silent = new TaskCompletionSource();
        await using var chat = await ToolChat.StartAsync("edit", ScriptedAnswer.Events().Send(Chunk("Half")).Gate(silent.Task));
        var came = chat.ComesAsync<TurnEvent.TextDelta>();
        await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
        await came;
        await chat.Conversations.DisposeAsync();
        await using var later = await chat.AfterKillAsync();
        Assert.Equal((MessageStatus.Interrupted, "Half"), (later.Last.Status, later.Last.Text));
        silent.SetResult();
    }

    [Fact]
    public async Task A_task_in_progress_at_shutdown_is_interrupted()
    {
        await using var chat = await ToolChat.StartAsync("task", "edit", Waiting);
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await chat.Conversations.DisposeAsync();
        await using var later = await chat.AfterKillAsync();
        Assert.Equal(TaskStates.Interrupted, later.Chat.Summary.TaskStatus);
    }

    [Fact]
    public async Task A_call_cut_off_by_the_time_budget_reports_the_time_limit()
    {
        await using var chat = await ToolChat.StartAsync("task", "edit", Waiting, seconds: 1);
        await chat.ComesAsync<TurnEvent.TurnFinished>();
        Assert.Equal(
            "Stopped, because the time budget of this task was used up. It may have run partly or completely: check before you run it again.",
            Error(chat)
        );
        Assert.Equal(FailureKind.BudgetExceeded, chat.Last.Error!.Kind);
    }

    private static async Task<ToolChat> AtToolAsync(ScriptedAnswer[] answers)
    {
        var chat = await ToolChat.StartAsync("edit", answers);
        await chat.Chat.SendAsync(new Draft("Go."), mayWait: false, CancellationToken.None);
        await chat.Tools.AtGate.Task.WaitAsync(TimeSpan.FromSeconds(30));
        return chat;
    }

    private static string? Error(ToolChat chat) => Assert.Single(chat.Last.Parts.OfType<MessagePart.ToolResult>()).Error;
}
