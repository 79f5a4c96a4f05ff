using Plue.Server.Tests.Reviews;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Worktrees;

namespace Plue.Server.Tests.Rpc;

/// <summary>review/* over the wire.</summary>
public sealed class ReviewHandlersTests : IAsyncDisposable
{
    private ReviewHome home = null!;

    public ValueTask DisposeAsync() => home is null ? ValueTask.CompletedTask : home.DisposeAsync();

    [Fact]
    public async Task Review_reports_its_progress_and_its_findings_are_decided_and_fixed()
    {
        home = await ReviewHome.CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ =>
            ReviewHome.Findings(
                ReviewHome.Finding(
                    "lines.txt",
                    3,
                    fix: new
                    {
                        from = 3,
                        to = 3,
                        text = "3",
                    }
                ),
                ReviewHome.Finding("lines.txt", 4)
            );
        await using var sidecar = await InMemorySidecar.StartAsync(home.Home.Home, folder: home.Repository, trusted: true);
        var client = sidecar.Client;
        var review = (await client.ResultAsync("review/start", new { source = "workingTree", ticket = "t1" }))!;
        Assert.Equal(2, review["findings"]!.AsArray().Count);
        Assert.Equal("working tree", (string?)review["description"]);
        var progress = await client.NextAsync("review/progress", item => (bool?)item["isChecking"] == true);
        Assert.Equal(("t1", 2), ((string?)progress["ticket"], (int?)progress["total"]));

        var id = (string?)review["id"];
        var second = (string?)review["findings"]![1]!["id"];
        await client.ResultAsync(
            "review/decide",
            new
            {
                id,
                findingId = second,
                state = "wrong",
            }
        );
        var first = (string?)review["findings"]![0]!["id"];
        var applied = (
            await client.ResultAsync(
                "review/apply",
                new
                {
                    id,
                    findingId = first,
                    isConfirmed = false,
                }
            )
        )!;
        Assert.Equal("resolved", (string?)applied["review"]!["findings"]![0]!["state"]);
        var edits = (await client.ResultAsync("edit/list", new { }))!;
        Assert.Equal("lines.txt", (string?)edits["files"]![0]!["path"]);
        Assert.Equal("Review of changes", (string?)edits["turns"]![0]!["title"]);

        var list = (await client.ResultAsync("review/list", new { }))!;
        Assert.Single(list["reviews"]!.AsArray());
        Assert.Equal(0.5, (double?)list["figures"]!["falseAlarmRate"]);
    }

    [Fact]
    public async Task Folder_that_is_not_trusted_is_not_reviewed()
    {
        home = await ReviewHome.CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        await using var sidecar = await InMemorySidecar.StartAsync(home.Home.Home, folder: home.Repository, trusted: false);
        var reply = await sidecar.Client.RequestAsync("review/start", new { source = "workingTree", ticket = "t1" });
        Assert.Equal("untrusted", ChatScript.ErrorKind(reply));
        Assert.Empty(home.Endpoint.Requests);
    }
}
