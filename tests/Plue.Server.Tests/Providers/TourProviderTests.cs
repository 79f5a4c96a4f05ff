using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Tour;

namespace Plue.Server.Tests.Providers;

public class TourProviderTests
{
    [Theory]
    [InlineData("Hello!", "first", false)]
    [InlineData("", "Stop", false)]
    [InlineData("Show me some code", "```typescript", true)]
    [InlineData("Can you fix a bug in my functions?", "NaN", true)]
    [InlineData("How do I connect a provider?", "Ollama", false)]
    [InlineData("where is my data stored", "vault.json", false)]
    public async Task The_question_chooses_the_recording(string question, string holds, bool hasTool)
    {
        var events = await AskAsync(question);
        var text = string.Concat(events.OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));
        if (holds != "first")
        {
            Assert.Contains(holds, text);
        }
        Assert.Equal(hasTool, events.OfType<ProviderEvent.ToolResultReceived>().Any());
        Assert.NotEmpty(events.OfType<ProviderEvent.ReasoningDelta>());
    }

    [Fact]
    public async Task Every_recording_starts_by_stating_that_it_is_recorded()
    {
        foreach (var question in new[] { "hi", "code", "connect" })
        {
            var text = string.Concat((await AskAsync(question)).OfType<ProviderEvent.TextDelta>().Select(delta => delta.Text));
            Assert.StartsWith("*This is a recording", text);
        }
    }

    [Fact]
    public async Task A_recorded_answer_comes_in_small_pieces_and_ends_once()
    {
        var events = await AskAsync("code");
        Assert.All(events.OfType<ProviderEvent.TextDelta>(), delta => Assert.InRange(delta.Text.Length, 1, 60));
        Assert.Equal(new ProviderEvent.Finished(StopReason.EndTurn), events[^1]);
        var started = Assert.Single(events.OfType<ProviderEvent.ToolCallStarted>());
        var result = Assert.Single(events.OfType<ProviderEvent.ToolResultReceived>());
        Assert.Equal((started.ToolUseId, "read"), (result.ToolUseId, started.ToolName));
        Assert.True(events.IndexOf(started) < events.IndexOf(result));
    }

    [Fact]
    public async Task A_recording_can_be_stopped_anywhere()
    {
        using var stop = new CancellationTokenSource();
        var seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Tour(TimeSpan.Zero).StreamAsync(Question("code"), stop.Token))
            {
                if (++seen == 5)
                {
                    await stop.CancelAsync();
                }
            }
        });
        Assert.Equal(5, seen);
    }

    private static TourProvider Tour(TimeSpan pace) =>
        new(
            new ProviderSettings
            {
                Id = "tour",
                Name = "The tour",
                Kind = ProviderKinds.Tour,
                Source = ProviderSource.Tour,
            },
            TimeProvider.System,
            pace
        );

    private static async Task<List<ProviderEvent>> AskAsync(string question) =>
        await Tour(TimeSpan.Zero)
            .StreamAsync(Question(question), TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

    private static ProviderRequest Question(string text) =>
        new()
        {
            CodexId = "chat_1",
            Model = TourProvider.ModelId,
            Messages =
            [
                new Message
                {
                    Id = "m",
                    CodexId = "chat_1",
                    Role = MessageRole.User,
                    CreatedAt = DateTimeOffset.UnixEpoch,
                    Parts = [new MessagePart.Text(text)],
                },
            ],
        };
}
