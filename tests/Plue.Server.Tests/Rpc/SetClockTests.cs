using Plue.Server.Codices;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Changes of the system clock while Plue runs, and between two starts.</summary>
public sealed class SetClockTests
{
    [Fact]
    public async Task REL_24_With_any_clock_a_chat_keeps_its_order_and_the_trash_keeps_its_items()
    {
        var clock = new SetClock();
        await using var endpoint = new ScriptedEndpoint
        {
            Route = request =>
                Answer(
                    request.Body.Contains("question three", StringComparison.Ordinal) ? "third"
                    : request.Body.Contains("question two", StringComparison.Ordinal) ? "second"
                    : "first"
                ),
        };
        string home,
            uri,
            deleted;
        await using (var sidecar = await InMemorySidecar.StartAsync(time: clock))
        {
            home = sidecar.Home;
            sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
            uri = await sidecar.Client.CreateChatAsync();
            deleted = await sidecar.Client.CreateChatAsync();
            await sidecar.Client.AskAsync(deleted, "question one");
            await sidecar.Client.ResultAsync("codex/delete", new { uri = deleted });
            new TrashCleaner(sidecar.Services.Platform).Empty();

            await sidecar.Client.AskAsync(uri, "question one");
            clock.By = TimeSpan.FromDays(-400);
            await sidecar.Client.AskAsync(uri, "question two");
            clock.By = TimeSpan.FromDays(29_300);
            await sidecar.Client.AskAsync(uri, "question three");
            new TrashCleaner(sidecar.Services.Platform).Empty();
            Assert.Equal(
                ["question one", "first", "question two", "second", "question three", "third"],
                Texts(await sidecar.Client.ResultAsync("codex/get", new { uri }))
            );
        }

        clock.By = TimeSpan.FromHours(-1);
        await using var later = await InMemorySidecar.StartAsync(home, time: clock);
        Assert.Equal(
            ["question one", "first", "question two", "second", "question three", "third"],
            Texts(await later.Client.ResultAsync("codex/get", new { uri }))
        );
        Assert.NotEmpty(Directory.EnumerateFiles(later.Services.Platform.Paths.Trash));
    }

    private sealed class SetClock : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + By;
    }
}
