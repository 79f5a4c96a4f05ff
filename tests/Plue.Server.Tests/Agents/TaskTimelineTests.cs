using Plue.Server.Agents;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Agents;

public sealed class TaskTimelineTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_span_of_a_tool_excludes_the_wait_for_its_approval()
    {
        var approved = new MessagePart.ToolResult("c1", "ok", null)
        {
            Approval = new ApprovalNote("once", null, null, Start.AddMinutes(10)),
            RunTime = TimeSpan.FromSeconds(3),
        };
        Assert.Equal((Start.AddMinutes(10), Start.AddMinutes(10).AddSeconds(3)), ToolSpan(approved, Start.AddMinutes(10).AddSeconds(3)));
    }

    [Fact]
    public void The_span_of_a_tool_without_an_approval_begins_where_the_response_ended()
    {
        var unasked = new MessagePart.ToolResult("c1", "ok", null) { RunTime = TimeSpan.FromSeconds(3) };
        Assert.Equal((Start.AddSeconds(2), Start.AddSeconds(6)), ToolSpan(unasked, Start.AddSeconds(6)));
    }

    private static (DateTimeOffset, DateTimeOffset?) ToolSpan(MessagePart.ToolResult result, DateTimeOffset ended)
    {
        var answer = new Message
        {
            Id = "m1",
            CodexId = "task",
            Role = MessageRole.Assistant,
            Parts = [new MessagePart.ToolUse("c1", "bash", "{}"), result],
            CreatedAt = Start,
            UpdatedAt = ended,
            Status = MessageStatus.Complete,
            Timing = new Timing(null, TimeSpan.FromSeconds(2)),
        };
        var span = TaskTimeline.Of([answer], "model")[^1];
        return (span.Start, span.End);
    }
}
