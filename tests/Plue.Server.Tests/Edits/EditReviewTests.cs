using System.Runtime.Versioning;
using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Edits;

[UnsupportedOSPlatform("windows")]
public sealed class EditReviewTests : IDisposable
{
    private const string Ten = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n";
    private readonly EditFixture bench = new();

    public void Dispose() => bench.Dispose();

    [Fact]
    public async Task A_rejected_place_is_as_before_and_the_others_stay()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        var hunks = bench.Review("a.txt").Hunks;
        Assert.Equal(2, hunks.Count);
        Assert.Empty(bench.Reject("a.txt", hunks[0].Id));
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n", bench.Read("a.txt"));
        Assert.Equal(hunks[1].Id, Assert.Single(bench.Review("a.txt").Hunks).Id);
    }

    [Fact]
    public async Task An_accepted_place_is_not_taken_back_with_the_rest()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        bench.Accept("a.txt", bench.Review("a.txt").Hunks[0].Id);
        bench.Reject("a.txt");
        Assert.Equal("1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n", bench.Read("a.txt"));
        Assert.Empty(bench.Files);
        bench.Reopen();
        Assert.Empty(bench.Files);
    }

    [Fact]
    public async Task Several_turns_are_one_review_against_the_file_before_the_first()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
        await bench.EditAsync("t2", "a.txt", "one\n2\n3\n4\n5\n6\n7\n8\n9\nten\n");
        Assert.Equal(Ten, bench.House.Reviews.Before(bench.Folder, EditFixture.Chat, "a.txt"));
        Assert.Equal(2, bench.Review("a.txt").Hunks.Count);
    }

    [Fact]
    public async Task What_the_user_wrote_elsewhere_stays_when_all_is_rejected()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        bench.Write("a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\nmine\n10\n");
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nmine\n10\n", bench.House.Reviews.Before(bench.Folder, EditFixture.Chat, "a.txt"));
        Assert.Empty(bench.Reject("a.txt"));
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nmine\n10\n", bench.Read("a.txt"));
    }

    [Fact]
    public async Task A_place_that_the_user_changed_too_is_a_conflict_and_is_not_overwritten()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        bench.Write("a.txt", "1\nmine\n3\n4\n5\n6\n7\nEIGHT\n9\n10\n");
        Assert.Equal("a.txt was changed by somebody else at the same place since (line 2), so that place cannot be taken back.", bench.Review("a.txt").Conflict);
        Assert.Single(bench.Reject("a.txt"));
        Assert.Equal("1\nmine\n3\n4\n5\n6\n7\n8\n9\n10\n", bench.Read("a.txt"));
        bench.Accept("a.txt");
        Assert.Empty(bench.Files);
    }

    [Fact]
    public async Task What_the_user_wrote_between_two_edits_is_not_taken_for_the_agents()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        bench.Write("a.txt", "1\nmine\n3\n4\n5\n6\n7\n8\n9\nmine\n");
        await bench.EditAsync("t2", "a.txt", "1\nmine\n3\n4\nFIVE\n6\n7\n8\n9\nmine\n");
        bench.Reject("a.txt");
        Assert.Equal("1\nmine\n3\n4\n5\n6\n7\n8\n9\nmine\n", bench.Read("a.txt"));
    }

    [Fact]
    public async Task A_place_that_is_not_there_any_more_is_a_conflict()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        Assert.Equal(FailureKind.Conflict, Assert.Throws<FailureException>(() => bench.Reject("a.txt", "0000.1")).Failure.Kind);
    }

    [Fact]
    public async Task A_made_file_is_removed_and_a_removed_one_is_made_again()
    {
        bench.Write("old.txt", "old\n");
        File.SetUnixFileMode(bench.At("old.txt"), (UnixFileMode)0b110_100_000);
        await bench.ShellAsync("t1", "rm old.txt; mkdir sub; echo new > sub/new.txt");
        bench.Reject("old.txt");
        bench.Reject("sub/new.txt");
        Assert.Equal("old\n", bench.Read("old.txt"));
        Assert.Equal((UnixFileMode)0b110_100_000, File.GetUnixFileMode(bench.At("old.txt")));
        Assert.False(File.Exists(bench.At("sub/new.txt")));
        Assert.Empty(bench.Files);
    }

    [Fact]
    public async Task A_made_file_that_the_user_went_on_with_keeps_what_the_user_wrote()
    {
        await bench.EditAsync("t1", "new.txt", "agent\n\nend\n");
        bench.Write("new.txt", "agent\n\nend\nmine\n");
        bench.Reject("new.txt");
        Assert.Contains("mine\n", bench.Read("new.txt"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_permission_alone_is_taken_back_with_the_file()
    {
        bench.Write("run.sh", "#!/bin/sh\n");
        File.SetUnixFileMode(bench.At("run.sh"), (UnixFileMode)0b110_100_100);
        await bench.ShellAsync("t1", "chmod +x run.sh");
        Assert.Equal(["run.sh"], bench.Files);
        bench.Reject("run.sh");
        Assert.Equal((UnixFileMode)0b110_100_100, File.GetUnixFileMode(bench.At("run.sh")));
    }

    [Fact]
    public async Task What_is_no_text_is_decided_as_a_whole()
    {
        File.WriteAllBytes(bench.At("a.bin"), [0, 1, 2]);
        var scope = await bench.BeginAsync("t1", EditFixture.Chat, "a.bin");
        File.WriteAllBytes(bench.At("a.bin"), [0, 1, 3]);
        await scope.EndAsync(CancellationToken.None);
        Assert.True(bench.Review("a.bin").IsBinary);
        File.WriteAllBytes(bench.At("a.bin"), [0, 1, 4]);
        Assert.Single(bench.Reject("a.bin"));
        File.WriteAllBytes(bench.At("a.bin"), [0, 1, 3]);
        Assert.Empty(bench.Reject("a.bin"));
        Assert.Equal([0, 1, 2], File.ReadAllBytes(bench.At("a.bin")));
    }

    public static TheoryData<string, byte[], byte[]> Writings => new()
    {
        { "CRLF and a mark", [0xEF, 0xBB, 0xBF, .. "a\r\nb\r\nc\r\nd"u8], [0xEF, 0xBB, 0xBF, .. "A\r\nb\r\nc\r\nD"u8] },
        { "UTF-16", [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ä\nb\nc\nd\n")], [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("ö\nb\nc\nD\n")] },
        { "letters of one byte", [0xE4, 10, 98, 10, 99, 10, 100, 10], [0xF6, 10, 98, 10, 99, 10, 101, 10] },
    };

    [Theory]
    [MemberData(nameof(Writings))]
    public async Task Encoding_mark_and_line_ends_are_kept(string name, byte[] before, byte[] after)
    {
        File.WriteAllBytes(bench.At("a.txt"), before);
        var scope = await bench.BeginAsync("t1", EditFixture.Chat, "a.txt");
        File.WriteAllBytes(bench.At("a.txt"), after);
        await scope.EndAsync(CancellationToken.None);
        Assert.Equal(2, bench.Review("a.txt").Hunks.Count);
        foreach (var hunk in bench.Review("a.txt").Hunks.Reverse()) { bench.Reject("a.txt", hunk.Id); }

        Assert.True(before.AsSpan().SequenceEqual(File.ReadAllBytes(bench.At("a.txt"))), name);
    }

    [Fact]
    public async Task Two_agents_in_one_file_are_decided_apart()
    {
        bench.Write("a.txt", Ten);
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\n9\n10\n");
        await bench.EditAsync("t1", "a.txt", "1\nTWO\n3\n4\n5\n6\n7\n8\nNINE\n10\n", EditFixture.Other);
        bench.Reject("a.txt");
        Assert.Equal("1\n2\n3\n4\n5\n6\n7\n8\nNINE\n10\n", bench.Read("a.txt"));
        bench.Reject("a.txt", codex: EditFixture.Other);
        Assert.Equal(Ten, bench.Read("a.txt"));
    }

    [Fact]
    public void Rejecting_every_place_in_any_order_leaves_the_file_as_it_was() => EditFixture.ForMany(30, async random =>
    {
        using var world = new EditFixture();
        var before = Text(random);
        world.Write("a.txt", before);
        for (var turn = 0; turn < 3; turn++) { await world.EditAsync($"t{turn}", "a.txt", Changed(random, world.Read("a.txt"))); }

        while (world.House.Reviews.List(world.Folder, null) is [var file, ..])
        {
            if (file.Hunks.Count == 0) { world.Reject("a.txt"); }
            else { world.Reject("a.txt", file.Hunks[random.Next(file.Hunks.Count)].Id); }
        }

        Assert.Equal(before, world.Read("a.txt"));
    });

    [Fact]
    public void Whatever_is_decided_no_line_of_the_users_is_lost() => EditFixture.ForMany(40, async random =>
    {
        using var world = new EditFixture();
        world.Write("a.txt", Text(random));
        var mine = new List<string>();
        for (var step = 0; step < 6; step++)
        {
            if (random.Next(2) == 0) { await world.EditAsync($"t{step}", "a.txt", Added(random, world.Read("a.txt"), $"agent {step}")); }
            else
            {
                mine.Add($"user {step}");
                world.Write("a.txt", Added(random, world.Read("a.txt"), $"user {step}"));
            }

            if (random.Next(3) == 0 && world.House.Reviews.List(world.Folder, null) is [{ Hunks.Count: > 0 } file, ..])
            {
                var hunk = file.Hunks[random.Next(file.Hunks.Count)].Id;
                if (random.Next(2) == 0) { world.Reject("a.txt", hunk); }
                else { world.Accept("a.txt", hunk); }
            }

            if (random.Next(4) == 0) { await world.UndoAllAsync(); }
            if (random.Next(4) == 0) { await world.RedoAllAsync(); }
        }

        world.Reject("a.txt");
        await world.UndoAllAsync();
        Assert.All(mine, line => Assert.Contains(line, world.Read("a.txt").Split('\n')));
    });

    private static string Text(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => $"{random.Next(4)}\n"));

    /// <summary>Random lines exchanged, added and removed; sometimes without a line end at the end.</summary>
    private static string Changed(Random random, string text)
    {
        var lines = text.Split('\n').ToList();
        for (var i = random.Next(1, 4); i > 0 && lines.Count > 0; i--)
        {
            var at = random.Next(lines.Count);
            switch (random.Next(3))
            {
                case 0: lines[at] = $"new {random.Next(3)}"; break;
                case 1: lines.Insert(at, $"{random.Next(4)}"); break;
                default: lines.RemoveAt(at); break;
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
