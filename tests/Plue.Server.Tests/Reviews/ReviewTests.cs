using System.Text.Json.Nodes;
using Plue.Server.Messages;
using Plue.Server.Reviews;
using Plue.Server.Store;
using Plue.Server.Tests.Agents;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Worktrees;
using static Plue.Server.Tests.Reviews.ReviewHome;

namespace Plue.Server.Tests.Reviews;

/// <summary>Reviews of changes in real git repositories, with scripted models.</summary>
public sealed class ReviewTests : IAsyncDisposable
{
    private ReviewHome home = null!;

    public ValueTask DisposeAsync() => home is null ? ValueTask.CompletedTask : home.DisposeAsync();

    [Fact]
    public async Task Working_tree_has_staged_unstaged_and_untracked_files_but_no_binary_or_key()
    {
        home = await CreateAsync();
        await WriteChangesAsync();
        var review = await home.RunAsync();
        var sent = Assert.Single(home.Sent);
        Assert.Contains("3 + third", sent, StringComparison.Ordinal);
        Assert.Contains("1 + staged", sent, StringComparison.Ordinal);
        Assert.Contains("File: new file.txt", sent, StringComparison.Ordinal);
        Assert.Contains("1 + untracked", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRET", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("ignored", sent, StringComparison.Ordinal);
        Assert.Equal(
            [".env contains keys or credentials and is never sent", "picture.bin is binary"],
            review.Omitted.Select(omission => $"{omission.Path} {omission.Reason}")
        );
        Assert.True(review.IsComplete);
        Assert.Equal(3, review.Files);
    }

    [Fact]
    public async Task Staged_changes_and_ranges_have_only_their_files()
    {
        home = await CreateAsync();
        await WriteChangesAsync();
        await home.RunAsync(new ReviewTarget(ReviewSource.Staged));
        Assert.Contains("staged.txt", home.Sent[0], StringComparison.Ordinal);
        Assert.DoesNotContain("lines.txt", home.Sent[0], StringComparison.Ordinal);
        Assert.DoesNotContain("new file.txt", home.Sent[0], StringComparison.Ordinal);

        await home.Home.CommitAsync(home.Repository, "Second");
        await home.WriteAsync("later.txt", "later\n");
        await home.RunAsync(new ReviewTarget(ReviewSource.Range, "HEAD~1..HEAD"));
        Assert.Contains("third", home.Sent[1], StringComparison.Ordinal);
        Assert.DoesNotContain("later", home.Sent[1], StringComparison.Ordinal);

        foreach (var range in new[] { "HEAD", "--output=x..HEAD", "nothing..HEAD" })
        {
            var fault = await Assert.ThrowsAsync<FailureException>(() => home.RunAsync(new ReviewTarget(ReviewSource.Range, range)));
            Assert.Equal(FailureKind.BadRequest, fault.Failure.Kind);
        }
    }

    [Fact]
    public async Task Pull_request_is_read_by_gh()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The script needs a shell.");
        var programs = Directory.CreateTempSubdirectory("plue-test-").FullName;
        home = await CreateAsync(name =>
            name == "PATH" ? $"{programs}:{Path.GetDirectoryName(GitScript.Real)}:/usr/bin:/bin" : Environment.GetEnvironmentVariable(name)
        );
        var missing = await Assert.ThrowsAsync<FailureException>(() => home.RunAsync(new ReviewTarget(ReviewSource.PullRequest, null, 7)));
        Assert.StartsWith("gh was not found", missing.Message, StringComparison.Ordinal);

        var script = Path.Combine(programs, "gh");
        await File.WriteAllTextAsync(
            script,
            $"#!/bin/sh\ntest \"$*\" = 'pr diff 7 --color never' || {{ echo 'no such pull request' >&2; exit 1; }}\ncat {programs}/diff\n",
            Cancel
        );
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
        await File.WriteAllTextAsync(
            Path.Combine(programs, "diff"),
            "diff --git a/old.txt b/new.txt\nsimilarity index 90%\nrename from old.txt\nrename to new.txt\n--- a/old.txt\n+++ b/new.txt\n@@ -1,2 +1,2 @@\n one\n-diff --git a/x b/x\n+two\n",
            Cancel
        );
        home.Review = _ => Findings(Finding("new.txt", 2));
        var review = await home.RunAsync(new ReviewTarget(ReviewSource.PullRequest, null, 7));
        Assert.Equal(("new.txt", 2, "two"), (review.Findings[0].File, review.Findings[0].Line, review.Findings[0].LineText));
        var refused = await Assert.ThrowsAsync<FailureException>(() => home.RunAsync(new ReviewTarget(ReviewSource.PullRequest, null, 8)));
        Assert.Equal("gh could not read pull request 8 (no such pull request). Check the number and gh auth status.", refused.Message);
    }

    [Fact]
    public async Task Refuted_findings_are_hidden_and_counted_and_the_false_alarm_rate_is_of_decided_ones()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ =>
            Findings(
                Finding("lines.txt", 3, "Real", "error"),
                Finding("lines.txt", 3, "Other"),
                Finding("lines.txt", 3, "Not true"),
                Finding("lines.txt", 99, "Nowhere"),
                Finding("missing.txt", 1),
                "garbage"
            );
        home.Check = text => Stands(!text.Contains("Not true", StringComparison.Ordinal));
        var review = await home.RunAsync();
        Assert.Equal(["Real", "Other"], review.Shown.Select(finding => finding.Title));
        Assert.Equal(3, review.Dropped);
        Assert.All(review.Shown, finding => Assert.True(finding.IsChecked));
        Assert.Contains("3 + third", review.Findings[0].Excerpt, StringComparison.Ordinal);
        Assert.Equal((2, 0, 0, 0, 1, 3), Tuple(review));

        var id = review.Findings[0].Id;
        await home.Reviews.Records.SetStateAsync(review.Id, id, FindingState.Wrong, Cancel);
        var other = review.Shown.Last().Id;
        await home.Reviews.Records.SetStateAsync(review.Id, other, FindingState.Resolved, Cancel);
        var figures = ReviewFigures.Of(home.Reviews.Records.List());
        Assert.Equal((1, 1, 0.5), (figures.Wrong, figures.Resolved, figures.FalseAlarmRate));
        var refuted = review.Findings.First(finding => finding.State == FindingState.Refuted).Id;
        await Assert.ThrowsAsync<FailureException>(() => home.Reviews.Records.SetStateAsync(review.Id, refuted, FindingState.Open, Cancel));
    }

    [Fact]
    public async Task Cost_of_each_request_is_in_the_ledger()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => Findings(Finding("lines.txt", 3));
        var review = await home.RunAsync();
        Assert.Equal(0.11m, review.Cost); // 1,000 tokens of the large model at $100, and 1,000 of the small one at $10.
        var entries = await home.Home.Services.Store.Usage.TodayAsync(Cancel);
        Assert.Equal([0.01m, 0.1m], entries.Select(entry => entry.Cost).Order());
        Assert.All(entries, entry => Assert.Equal(UsageEntry.Reviews, entry.Template));
    }

    [Fact]
    public async Task Response_that_is_not_the_format_is_a_failure()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => ChatScript.Answer("Looks good to me {really}.");
        var fault = await Assert.ThrowsAsync<FailureException>(() => home.RunAsync());
        Assert.Equal(FailureKind.BadResponse, fault.Failure.Kind);
        Assert.Empty(home.Reviews.Records.List());
    }

    [Fact]
    public async Task Finding_is_shown_as_not_checked_if_the_second_model_fails()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => Findings(Finding("lines.txt", 3));
        home.Check = _ => ScriptedAnswer.Json("{\"error\":{\"message\":\"no\"}}", 400);
        var finding = Assert.Single((await home.RunAsync()).Shown);
        Assert.False(finding.IsChecked);
    }

    [Fact]
    public async Task Large_changes_are_split_and_a_huge_file_is_named()
    {
        home = await CreateAsync();
        for (var at = 0; at < 3; at++)
        {
            await home.WriteAsync(
                $"part{at}.txt",
                string.Concat(Enumerable.Range(0, 1500).Select(line => $"a line of text with number {line}\n"))
            );
        }
        await home.WriteAsync("huge.txt", string.Concat(Enumerable.Repeat("x0123456789\n", 15_000)));
        await home.WriteAsync("larger.txt", new string('x', 300_000));
        var review = await home.RunAsync(budget: 100);
        Assert.Equal(3, home.Sent.Count);
        Assert.DoesNotContain(home.Sent, text => text.Contains("x0123456789", StringComparison.Ordinal));
        Assert.Equal(["huge.txt", "larger.txt"], review.Omitted.Select(omission => omission.Path));
        Assert.False(review.IsComplete);
    }

    [Fact]
    public async Task Budget_ends_the_review_and_keeps_what_was_found()
    {
        home = await CreateAsync();
        for (var at = 0; at < 3; at++)
        {
            await home.WriteAsync(
                $"part{at}.txt",
                string.Concat(Enumerable.Range(0, 1500).Select(line => $"a line of text with number {line}\n"))
            );
        }
        home.Review = _ =>
            AgentsHome.Paid("""{"findings":[{"file":"part0.txt","line":1,"severity":"note","title":"a","reason":"b"}]}""", 20_000);
        // The first request costs $2, and each one reserves more than $1.4.
        var review = await home.RunAsync(budget: 3.4m);
        Assert.True(review.IsOverBudget);
        Assert.NotEmpty(review.Shown);
        Assert.Equal(2, review.Omitted.Count);
        Assert.Contains("budget", review.Omitted[^1].Reason, StringComparison.Ordinal);

        var nothing = await home.RunAsync(budget: 0.01m);
        Assert.Equal((0, true), (nothing.Files, nothing.IsOverBudget));
    }

    [Fact]
    public async Task Canceled_review_is_not_stored()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => ScriptedAnswer.Events().Send(ChatScript.Chunk("{")).Hang();
        using var stop = new CancellationTokenSource();
        var running = home.Reviews.Reviewer.ReviewAsync(
            home.Repository,
            new ReviewTarget(ReviewSource.WorkingTree),
            new ReviewOptions(),
            _ => { },
            stop.Token
        );
        await home.Endpoint.NextRequestAsync(Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Empty(home.Reviews.Records.List());
        await home.Endpoint.ClientLeft.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task Folder_without_a_repository_and_a_machine_without_git_are_failures()
    {
        home = await CreateAsync();
        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        var target = new ReviewTarget(ReviewSource.WorkingTree);
        var fault = await Assert.ThrowsAsync<FailureException>(() =>
            home.Reviews.Reviewer.ReviewAsync(folder, target, new ReviewOptions(), _ => { }, Cancel)
        );
        Assert.Contains("is not in a checkout of a git repository", fault.Message, StringComparison.Ordinal);

        var bare = new ReviewServices(home.Home.Services.Platform, home.Chat, name => name == "PATH" ? folder : null);
        var missing = await Assert.ThrowsAsync<FailureException>(() =>
            bare.Reviewer.ReviewAsync(home.Repository, target, new ReviewOptions(), _ => { }, Cancel)
        );
        Assert.StartsWith("git was not found", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Repository_without_commits_and_one_without_changes_can_be_reviewed()
    {
        home = await CreateAsync();
        Assert.Equal((0, true), (await home.RunAsync() is var none ? none.Files : -1, none.IsComplete));
        Assert.Empty(home.Sent);

        var folder = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await home.Home.GitInAsync(folder, "init", "--quiet");
        await File.WriteAllTextAsync(Path.Combine(folder, "a.txt"), "first\n", Cancel);
        await home.Home.GitInAsync(folder, "add", "a.txt");
        await home.Reviews.Reviewer.ReviewAsync(folder, new ReviewTarget(ReviewSource.WorkingTree), new ReviewOptions(), _ => { }, Cancel);
        Assert.Contains("1 + first", Assert.Single(home.Sent), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fix_is_applied_as_an_edit_that_can_be_rejected()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ =>
            Findings(
                Finding(
                    "lines.txt",
                    3,
                    fix: new
                    {
                        from = 3,
                        to = 4,
                        text = "3\n4\n",
                    }
                )
            );
        var review = await home.RunAsync();
        var fix = review.Findings[0].Fix!;
        Assert.Equal(("third\nline 4", "3\n4"), (fix.Before, fix.After));

        // The user added a line above meanwhile.
        await home.WriteAsync("lines.txt", "zero\n" + WorktreeHome.Lines(3, "third"));
        var applied = await home.Reviews.Fixes.ApplyAsync(review.Id, review.Findings[0].Id, isConfirmed: false, Cancel);
        Assert.Null(applied.Question);
        Assert.Equal(FindingState.Resolved, applied.Review.Findings[0].State);
        var path = Path.Combine(home.Repository, "lines.txt");
        Assert.StartsWith("zero\nline 1\nline 2\n3\n4\nline 5\n", await File.ReadAllTextAsync(path, Cancel), StringComparison.Ordinal);
        var pending = Assert.Single(home.Home.Services.Edits.Reviews.List(home.Repository, null));
        Assert.Equal(("lines.txt", review.Id), (pending.Review.Path, pending.Review.Codex));
        Assert.Empty(home.Home.Services.Edits.Reviews.Decide(home.Repository, review.Id, "lines.txt", null, isAccepted: false));
        Assert.Contains("third", await File.ReadAllTextAsync(path, Cancel), StringComparison.Ordinal);

        await home.WriteAsync("lines.txt", "other\n");
        var fault = await Assert.ThrowsAsync<FailureException>(() =>
            home.Reviews.Fixes.ApplyAsync(review.Id, review.Findings[0].Id, isConfirmed: false, Cancel)
        );
        Assert.Equal("The lines of lines.txt changed after the review. Nothing was changed.", fault.Message);
    }

    [Fact]
    public async Task Fix_of_a_guarded_file_needs_confirmation()
    {
        home = await CreateAsync();
        await home.WriteAsync("package.json", "{\n}\n");
        home.Review = _ =>
            Findings(
                Finding(
                    "package.json",
                    1,
                    fix: new
                    {
                        from = 1,
                        to = 1,
                        text = "{ \"scripts\": {}",
                    }
                )
            );
        var review = await home.RunAsync();
        var id = review.Findings[0].Id;
        Assert.NotNull((await home.Reviews.Fixes.ApplyAsync(review.Id, id, isConfirmed: false, Cancel)).Question);
        var path = Path.Combine(home.Repository, "package.json");
        Assert.Equal("{\n}\n", await File.ReadAllTextAsync(path, Cancel));
        Assert.Null((await home.Reviews.Fixes.ApplyAsync(review.Id, id, isConfirmed: true, Cancel)).Question);
        Assert.Equal("{ \"scripts\": {}\n}\n", await File.ReadAllTextAsync(path, Cancel));
    }

    [Theory]
    [InlineData("a\r\nb\r\nc\r\n", 2, "b", "x\ny", "a\r\nx\r\ny\r\nc\r\n")]
    [InlineData("a\nb\nb\n", 1, "b", "x", null)]
    [InlineData("a\nb", 2, "b", "", "a")]
    public void Fix_keeps_line_ends_and_needs_a_clear_place(string text, int from, string before, string after, string? expected) =>
        Assert.Equal(expected, ReviewFixes.Replaced(text, new StoredFix(from, from, before, after)));

    [Fact]
    public async Task Record_of_a_newer_version_is_neither_used_nor_changed()
    {
        home = await CreateAsync();
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        home.Review = _ => Findings(Finding("lines.txt", 3));
        var review = await home.RunAsync();
        var path = Path.Combine(home.Home.Paths.Reviews, review.Id + ".json");
        var newer = (await File.ReadAllTextAsync(path, Cancel)).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, newer, Cancel);
        Assert.Empty(home.Reviews.Records.List());
        await Assert.ThrowsAsync<FailureException>(() =>
            home.Reviews.Records.SetStateAsync(review.Id, review.Findings[0].Id, FindingState.Wrong, Cancel)
        );
        Assert.Equal(newer, await File.ReadAllTextAsync(path, Cancel));
    }

    [Fact]
    public async Task Sarif_has_the_required_members()
    {
        home = await CreateAsync();
        await home.WriteAsync("new file.txt", "one\ntwo\n");
        home.Review = _ =>
            Findings(
                Finding(
                    "new file.txt",
                    2,
                    severity: "error",
                    fix: new
                    {
                        from = 2,
                        to = 2,
                        text = "2",
                    }
                )
            );
        var log = JsonNode.Parse(SarifReport.Of(await home.RunAsync()))!;
        Assert.Equal("2.1.0", (string?)log["version"]);
        var run = Assert.Single(log["runs"]!.AsArray())!;
        var driver = run["tool"]!["driver"]!;
        Assert.Equal("Plue", (string?)driver["name"]);
        Assert.True((bool?)run["invocations"]![0]!["executionSuccessful"]);
        var result = Assert.Single(run["results"]!.AsArray())!;
        Assert.Equal((string?)driver["rules"]![(int)result["ruleIndex"]!]!["id"], (string?)result["ruleId"]);
        Assert.Equal("error", (string?)result["level"]);
        Assert.Equal("Wrong\n\nIt fails.", (string?)result["message"]!["text"]);
        var place = result["locations"]![0]!["physicalLocation"]!;
        Assert.Equal(("new%20file.txt", 2), ((string?)place["artifactLocation"]!["uri"], (int?)place["region"]!["startLine"]));
        var change = result["fixes"]![0]!["artifactChanges"]![0]!;
        Assert.NotNull(change["artifactLocation"]!["uri"]);
        Assert.Equal("2\n", (string?)change["replacements"]![0]!["insertedContent"]!["text"]);
        Assert.Equal(
            (2, 3),
            (
                (int?)change["replacements"]![0]!["deletedRegion"]!["startLine"],
                (int?)change["replacements"]![0]!["deletedRegion"]!["endLine"]
            )
        );
    }

    private async Task WriteChangesAsync()
    {
        await home.WriteAsync("staged.txt", "staged\n");
        await home.Home.GitAsync("add", "staged.txt");
        await home.WriteAsync("lines.txt", WorktreeHome.Lines(3, "third"));
        await home.WriteAsync("new file.txt", "untracked\n");
        await home.WriteAsync("picture.bin", "a\0b");
        await home.WriteAsync(".env", "KEY=SECRET\n");
        Directory.CreateDirectory(Path.Combine(home.Repository, "node_modules"));
        await home.WriteAsync("node_modules/ignored.txt", "ignored\n");
    }

    private static (int, int, int, int, int, int) Tuple(StoredReview review)
    {
        var figures = ReviewFigures.Of([review]);
        return (figures.Open, figures.Resolved, figures.Dismissed, figures.Wrong, figures.Refuted, figures.Dropped);
    }
}
