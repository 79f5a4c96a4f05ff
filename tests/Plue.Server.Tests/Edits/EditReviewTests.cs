using System.Runtime.Versioning;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Edits;

[UnsupportedOSPlatform("windows")]
public sealed class EditReviewTests : IDisposable
{
    private const string Ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    private readonly EditFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task A_rejected_place_is_as_before_and_the_others_stay()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        var hunks = fixture.Review("a.txt").Hunks;
        Assert.Equal(2, hunks.Count);
        Assert.Empty(fixture.Reject("a.txt", hunks[0].Id));
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n", fixture.Read("a.txt"));
        Assert.Equal(hunks[1].Id, Assert.Single(fixture.Review("a.txt").Hunks).Id);
    }

    [Fact]
    public async Task A_change_of_a_file_with_unsaved_changes_in_the_editor_is_not_rejected()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        fixture.Dirty.Add(fixture.At("a.txt"));
        Assert.Contains("unsaved changes", Assert.Single(fixture.Reject("a.txt")), StringComparison.Ordinal);
        Assert.Contains(
            "unsaved changes",
            Assert.Single(fixture.Reject("a.txt", fixture.Review("a.txt").Hunks[0].Id)),
            StringComparison.Ordinal
        );
        Assert.Contains("TWO", fixture.Read("a.txt"), StringComparison.Ordinal);
        Assert.Equal(["a.txt"], fixture.Files);
    }

    [Fact]
    public async Task An_accepted_hunk_is_kept_when_the_rest_is_undone()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        fixture.Accept("a.txt", fixture.Review("a.txt").Hunks[0].Id);
        fixture.Reject("a.txt");
        Assert.Equal("1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n", fixture.Read("a.txt"));
        Assert.Empty(fixture.Files);
        fixture.Reopen();
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task Several_turns_are_one_review_against_the_file_before_the_first()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
        await fixture.EditAsync("t2", "a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\nten\n");
        Assert.Equal(Ten, fixture.Edits.Reviews.Before(fixture.Folder, EditFixture.Chat, "a.txt"));
        Assert.Equal(2, fixture.Review("a.txt").Hunks.Count);
    }

    [Fact]
    public async Task Rejecting_all_keeps_the_users_other_changes()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        fixture.Write("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\nmine\n10\n");
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nmine\n10\n", fixture.Edits.Reviews.Before(fixture.Folder, EditFixture.Chat, "a.txt"));
        Assert.Empty(fixture.Reject("a.txt"));
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nmine\n10\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task A_place_that_the_user_changed_too_is_a_conflict_and_is_not_overwritten()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        fixture.Write("a.txt", "1\nmine\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        Assert.Equal(
            "a.txt was changed by others in the same place since (line 2), so that change cannot be undone.",
            fixture.Review("a.txt").Conflict
        );
        Assert.Single(fixture.Reject("a.txt"));
        Assert.Equal("1\nmine\n3\n4\n5\n6\n7\n8\n9\n10\n", fixture.Read("a.txt"));
        fixture.Accept("a.txt");
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task User_changes_between_two_edits_are_not_attributed_to_the_agent()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        fixture.Write("a.txt", "1\nmine\n3\n4\n5\n6\n7\n8\n9\nmine\n");
        await fixture.EditAsync("t2", "a.txt", "1\nmine\n3\n4\nFIVE\n6\n7\n8\n9\nmine\n");
        fixture.Reject("a.txt");
        Assert.Equal("1\nmine\n3\n4\n5\n6\n7\n8\n9\nmine\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task A_place_that_is_not_there_any_more_is_a_conflict()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        Assert.Equal(FailureKind.Conflict, Assert.Throws<FailureException>(() => fixture.Reject("a.txt", "0000.1")).Failure.Kind);
    }

    [Fact]
    public async Task A_made_file_is_removed_and_a_removed_one_is_made_again()
    {
        fixture.Write("old.txt", "old\n");
        File.SetUnixFileMode(fixture.At("old.txt"), (UnixFileMode)0b110_100_000);
        await fixture.ShellAsync("t1", "rm old.txt; mkdir sub; echo new > sub/new.txt");
        fixture.Reject("old.txt");
        fixture.Reject("sub/new.txt");
        Assert.Equal("old\n", fixture.Read("old.txt"));
        Assert.Equal((UnixFileMode)0b110_100_000, File.GetUnixFileMode(fixture.At("old.txt")));
        Assert.False(File.Exists(fixture.At("sub/new.txt")));
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task A_made_file_that_the_user_went_on_with_keeps_what_the_user_wrote()
    {
        await fixture.EditAsync("t1", "new.txt", "agent\n\nend\n");
        fixture.Write("new.txt", "agent\n\nend\nmine\n");
        fixture.Reject("new.txt");
        Assert.Contains("mine\n", fixture.Read("new.txt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_file_mode_alone_is_undone_with_the_file()
    {
        fixture.Write("run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(fixture.At("run.sh"), (UnixFileMode)0b110_100_100);
        await fixture.ShellAsync("t1", "chmod +x run.sh");
        Assert.Equal(["run.sh"], fixture.Files);
        fixture.Reject("run.sh");
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(fixture.At("run.sh")));
    }

    [Fact]
    public async Task Binary_files_are_accepted_or_rejected_as_a_whole()
    {
        File.WriteAllBytes(fixture.At("a.bin"), [0, 1, 2]);
        var scope = await fixture.BeginAsync("t1", EditFixture.Chat, "a.bin");
        File.WriteAllBytes(fixture.At("a.bin"), [0, 1, 3]);
        await scope.EndAsync(CancellationToken.None);
        Assert.True(fixture.Review("a.bin").IsBinary);
        File.WriteAllBytes(fixture.At("a.bin"), [0, 1, 4]);
        Assert.Single(fixture.Reject("a.bin"));
        File.WriteAllBytes(fixture.At("a.bin"), [0, 1, 3]);
        Assert.Empty(fixture.Reject("a.bin"));
        Assert.Equal([0, 1, 2], File.ReadAllBytes(fixture.At("a.bin")));
    }

    public static TheoryData<string, byte[], byte[]> Writings =>
        new()
        {
            { "CRLF and a mark", [0xEF, 0xBB, 0xBF, .. "a\r\nb\r\nc\r\nd"u8], [0xEF, 0xBB, 0xBF, .. "A\r\nb\r\nc\r\nD"u8] },
            {
                "UTF-16",
                [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ä\nb\nc\nd\n")],
                [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ö\nb\nc\nD\n")]
            },
            { "letters of one byte", [0xE4, 10, 98, 10, 99, 10, 100, 10], [0xF6, 10, 98, 10, 99, 10, 101, 10] },
        };

    [Theory]
    [MemberData(nameof(Writings))]
    public async Task Encoding_mark_and_line_ends_are_kept(string name, byte[] before, byte[] after)
    {
        File.WriteAllBytes(fixture.At("a.txt"), before);
        var scope = await fixture.BeginAsync("t1", EditFixture.Chat, "a.txt");
        File.WriteAllBytes(fixture.At("a.txt"), after);
        await scope.EndAsync(CancellationToken.None);
        Assert.Equal(2, fixture.Review("a.txt").Hunks.Count);
        foreach (var hunk in fixture.Review("a.txt").Hunks.Reverse())
        {
            fixture.Reject("a.txt", hunk.Id);
        }

        Assert.True(before.AsSpan().SequenceEqual(File.ReadAllBytes(fixture.At("a.txt"))), name);
    }

    [Fact]
    public async Task Two_agents_in_one_file_are_decided_apart()
    {
        fixture.Write("a.txt", Ten);
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        await fixture.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\nNINE\n10\n", EditFixture.Other);
        fixture.Reject("a.txt");
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nNINE\n10\n", fixture.Read("a.txt"));
        fixture.Reject("a.txt", codex: EditFixture.Other);
        Assert.Equal(Ten, fixture.Read("a.txt"));
    }

    [Fact]
    public void Rejecting_every_place_in_any_order_leaves_the_file_as_it_was() =>
        EditFixture.ForMany(
            30,
            async random =>
            {
                using var world = new EditFixture();
                var before = Text(random);
                world.Write("a.txt", before);
                for (var turn = 0; turn < 3; turn++)
                {
                    await world.EditAsync($"t{turn}", "a.txt", Changed(random, world.Read("a.txt")));
                }

                while (world.Edits.Reviews.List(world.Folder, null) is [var file, ..])
                {
                    if (file.Hunks.Count == 0)
                    {
                        world.Reject("a.txt");
                    }
                    else
                    {
                        world.Reject("a.txt", file.Hunks[random.Next(file.Hunks.Count)].Id);
                    }
                }

                Assert.Equal(before, world.Read("a.txt"));
            }
        );

    [Fact]
    public void No_line_of_the_user_is_lost_by_any_decision() =>
        EditFixture.ForMany(
            40,
            async random =>
            {
                using var world = new EditFixture();
                world.Write("a.txt", Text(random));
                var mine = new List<string>();
                for (var step = 0; step < 6; step++)
                {
                    if (random.Next(2) == 0)
                    {
                        await world.EditAsync($"t{step}", "a.txt", Added(random, world.Read("a.txt"), $"agent {step}"));
                    }
                    else
                    {
                        mine.Add($"user {step}");
                        world.Write("a.txt", Added(random, world.Read("a.txt"), $"user {step}"));
                    }

                    if (random.Next(3) == 0 && world.Edits.Reviews.List(world.Folder, null) is [{ Hunks.Count: > 0 } file, ..])
                    {
                        var hunk = file.Hunks[random.Next(file.Hunks.Count)].Id;
                        if (random.Next(2) == 0)
                        {
                            world.Reject("a.txt", hunk);
                        }
                        else
                        {
                            world.Accept("a.txt", hunk);
                        }
                    }

                    if (random.Next(4) == 0)
                    {
                        await world.UndoAllAsync();
                    }
                    if (random.Next(4) == 0)
                    {
                        await world.RedoAllAsync();
                    }
                }

                world.Reject("a.txt");
                await world.UndoAllAsync();
                Assert.All(mine, line => Assert.Contains(line, world.Read("a.txt").Split('\n')));
            }
        );

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => $"{random.Next(4)}\n"));

    /// <summary>Replaces, adds and removes random lines; sometimes the final line break is missing.</summary>
    private static string Changed(Random random, string text)
    {
        var lines = text.Split('\n').ToList();
        for (var i = random.Next(1, 4); i > 0 && lines.Count > 0; i--)
        {
            var at = random.Next(lines.Count);
            switch (random.Next(3))
            {
                case 0:
                    lines[at] = $"new {random.Next(3)}";
                    break;
                case 1:
                    lines.Insert(at, $"{random.Next(4)}");
                    break;
                default:
                    lines.RemoveAt(at);
                    break;
            }
        }

        return string.Join('\n', lines);
    }

    private static string Added(Random random, string text, string line)
    {
        var lines = text.Split('\n').ToList();
        lines.Insert(random.Next(lines.Count), line);
        return string.Join('\n', lines);
    }
}
