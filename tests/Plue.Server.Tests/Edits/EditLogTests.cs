using System.Diagnostics;
using System.Runtime.Versioning;
using Plue.Server.Edits;
using Plue.Server.Messages;

namespace Plue.Server.Tests.Edits;

[UnsupportedOSPlatform("windows")]
public sealed class EditLogTests : IDisposable
{
    private readonly EditFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task An_edit_is_listed_with_its_lines()
    {
        fixture.Write("a.txt", "one\ntwo\nthree\n");
        var changes = await fixture.EditAsync("t1", "a.txt", "one\n2\nthree\nfour\n");
        Assert.Equal([new FileChange("a.txt", 2, 1)], changes);
        Assert.Equal(["-two\n+2\n", "+four\n"], fixture.Review("a.txt").Hunks.Select(hunk => hunk.Text));
    }

    [Fact]
    public async Task A_file_that_a_shell_deletes_comes_back_with_its_permissions()
    {
        fixture.Write("bin/run.sh", "#!/bin/sh\necho hi\n");
        File.SetUnixFileMode(fixture.At("bin/run.sh"), (UnixFileMode)0b111_101_000);
        fixture.Write("keep.txt", "kept");
        var before = fixture.Everything();
        var changes = await fixture.ShellAsync("t1", "rm -r bin && echo new > made.txt && mv keep.txt moved.txt");
        Assert.Equal(["bin/run.sh", "keep.txt", "made.txt", "moved.txt"], changes.Select(change => change.Path));
        var after = fixture.Everything();
        Assert.Equal(new UndoOutcome(4, []).Files, (await fixture.UndoAsync("t1")).Files);
        Assert.Equal(before, fixture.Everything());
        await fixture.RedoAsync("t1");
        Assert.Equal(after, fixture.Everything());
    }

    [Fact]
    public async Task Skips_ignored_files_and_the_git_folder()
    {
        fixture.Write(".gitignore", "build/\n*.log\n!kept.log\n");
        fixture.Write("build/out.txt", "1");
        fixture.Write(".git/config", "x");
        fixture.Write("node_modules/left/index.js", "y");
        var changes = await fixture.ShellAsync(
            "t1",
            "echo 2 > build/out.txt; echo 2 > .git/config; echo 2 > a.log; echo 2 > kept.log; echo 2 > node_modules/left/index.js; echo 2 > src.txt"
        );
        Assert.Equal(["kept.log", "src.txt"], changes.Select(change => change.Path));
    }

    [Fact]
    public async Task A_file_that_is_not_ignored_any_more_does_not_count_as_made()
    {
        fixture.Write(".gitignore", "secret.txt\nbuild/\n");
        fixture.Write("secret.txt", "the user's own");
        fixture.Write("build/deep/out.txt", "the user's own");
        await fixture.ShellAsync("t1", "echo '# nothing' > .gitignore");
        await fixture.UndoAsync("t1");
        Assert.Equal("the user's own", fixture.Read("secret.txt"));
        Assert.Equal("the user's own", fixture.Read("build/deep/out.txt"));
    }

    [Fact]
    public async Task A_file_that_was_too_large_to_keep_is_never_removed_as_if_it_were_new()
    {
        using (var large = File.Create(fixture.At("large.bin")))
        {
            large.SetLength(Checkpoints.MaxFileBytes + 1L);
        }
        await fixture.ShellAsync("t1", "echo small > large.bin");
        var outcome = await fixture.UndoAsync("t1");
        Assert.Equal("small\n", fixture.Read("large.bin"));
        Assert.Contains("large.bin", Assert.Single(outcome.Conflicts), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Reports_files_that_are_too_large()
    {
        using (var large = File.Create(fixture.At("large.bin")))
        {
            large.SetLength(Checkpoints.MaxFileBytes + 1L);
        }
        await fixture.ShellAsync("t1", "true");
        Assert.Equal(
            "Some changes made by commands cannot be undone: 1 file is too large.",
            fixture.Edits.Log.OmissionNotice(fixture.Folder)
        );
    }

    [Fact]
    public async Task Concurrent_agents_are_distinguished_by_their_files()
    {
        fixture.Write("a.txt", "a");
        fixture.Write("b.txt", "b");
        var shell = await fixture.BeginAsync("t1", EditFixture.Chat, null);
        var edit = await fixture.BeginAsync("t2", EditFixture.Other, "a.txt");
        fixture.Write("a.txt", "a2");
        fixture.Write("b.txt", "b2");
        Assert.Equal(["b.txt"], (await shell.EndAsync(CancellationToken.None)).Select(change => change.Path));
        Assert.Equal(["a.txt"], (await edit.EndAsync(CancellationToken.None)).Select(change => change.Path));
    }

    [Fact]
    public async Task Changes_of_two_parallel_shells_belong_to_the_one_that_ends_first()
    {
        var first = await fixture.BeginAsync("t1", EditFixture.Chat, null);
        var second = await fixture.BeginAsync("t2", EditFixture.Other, null);
        fixture.Write("a.txt", "a");
        Assert.Equal(["a.txt"], (await second.EndAsync(CancellationToken.None)).Select(change => change.Path));
        fixture.Write("b.txt", "b");
        Assert.Equal(["b.txt"], (await first.EndAsync(CancellationToken.None)).Select(change => change.Path));
    }

    [Fact]
    public async Task Interrupted_edits_are_completed_by_comparing_the_files()
    {
        fixture.Write("a.txt", "a");
        fixture.Write("gone.txt", "gone");
        await fixture.BeginAsync("t1", EditFixture.Chat, "a.txt");
        await fixture.BeginAsync("t2", EditFixture.Other, null);
        fixture.Write("a.txt", "a2");
        File.Delete(fixture.At("gone.txt"));
        fixture.Reopen();
        Assert.Equal(["a.txt"], fixture.Edits.Reviews.List(fixture.Folder, id => id == EditFixture.Chat).Select(file => file.Review.Path));
        Assert.Contains(
            "gone.txt",
            fixture.Edits.Reviews.List(fixture.Folder, id => id == EditFixture.Other).Select(file => file.Review.Path)
        );
        await fixture.UndoAllAsync();
        Assert.Equal("gone", fixture.Read("gone.txt"));
        Assert.Equal("a", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task Unsaved_text_is_the_state_before_an_edit_and_is_what_undo_restores()
    {
        fixture.Write("a.txt", "saved\n");
        fixture.Unsaved["a.txt"] = "saved\ntyped\n";
        Assert.Equal([new FileChange("a.txt", 1, 0)], await fixture.EditAsync("t1", "a.txt", "saved\ntyped\nadded\n"));
        await fixture.UndoAsync("t1");
        Assert.Equal("saved\ntyped\n", fixture.Read("a.txt"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Unsaved_text_that_was_never_saved_is_no_change(bool isKilled)
    {
        fixture.Write("a.txt", "saved\n");
        fixture.Unsaved["a.txt"] = "saved\ntyped\n";
        var scope = await fixture.BeginAsync("t1", EditFixture.Chat, "a.txt");
        if (isKilled)
        {
            fixture.Reopen();
        }
        else
        {
            Assert.Empty(await scope.EndAsync(CancellationToken.None));
        }

        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task Edits_of_another_running_process_are_left_alone()
    {
        fixture.Write("a.txt", "a");
        var scope = await fixture.BeginAsync("t1", EditFixture.Chat, "a.txt");
        fixture.Write("a.txt", "a2");
        var other = fixture.Open();
        Assert.Empty(other.Reviews.List(fixture.Folder, null));
        await scope.EndAsync(CancellationToken.None);
        Assert.Single(other.Reviews.List(fixture.Folder, null));
    }

    [Fact]
    public async Task Nothing_is_begun_where_nothing_can_be_kept()
    {
        fixture.Write("a.txt", "a");
        Directory.CreateDirectory(fixture.Paths.Home);
        File.WriteAllText(fixture.Paths.Edits, "in the way");
        var fault = await Assert.ThrowsAsync<FailureException>(() => fixture.BeginAsync("t1", EditFixture.Chat, "a.txt"));
        Assert.Equal(FailureKind.StoreReadOnly, fault.Failure.Kind);
    }

    [Fact]
    public async Task A_torn_line_costs_only_itself()
    {
        await fixture.EditAsync("t1", "a.txt", "a\n");
        File.AppendAllText(Path.Combine(fixture.Paths.Edits, "edits.jsonl"), "{\"seq\":99,\"time\":\"20");
        fixture.Reopen();
        await fixture.EditAsync("t2", "b.txt", "b\n");
        fixture.Reopen();
        Assert.Equal(["a.txt", "b.txt"], fixture.Files);
    }

    [Fact]
    public async Task Only_the_user_may_read_what_is_kept()
    {
        await fixture.EditAsync("t1", "a.txt", "a\n");
        await fixture.ShellAsync("t2", "echo b > b.txt");
        Assert.All(
            Directory.EnumerateFiles(fixture.Paths.Edits, "*", SearchOption.AllDirectories),
            file => Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode(file))
        );
    }

    [Fact]
    public async Task SEC_33_A_file_behind_a_link_is_neither_read_nor_written_nor_removed()
    {
        var outside = Directory.CreateDirectory(Path.Combine(fixture.Root, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "a.txt"), "the agent's text\n");
        fixture.Write("sub/a.txt", "before\n");
        await fixture.EditAsync("t1", "sub/a.txt", "the agent's text\n");
        await fixture.EditAsync("t1", "sub/new.txt", "new\n");
        File.WriteAllText(Path.Combine(outside, "new.txt"), "new\n");
        Directory.Delete(fixture.At("sub"), recursive: true);
        Directory.CreateSymbolicLink(fixture.At("sub"), outside);
        var outcome = await fixture.UndoAsync("t1");
        Assert.Equal(0, outcome.Files);
        Assert.Equal(2, outcome.Conflicts.Count);
        Assert.All(fixture.Reject("sub/a.txt"), sentence => Assert.Contains("sub/a.txt", sentence, StringComparison.Ordinal));
        Assert.Equal("the agent's text\n", File.ReadAllText(Path.Combine(outside, "a.txt")));
        Assert.True(File.Exists(Path.Combine(outside, "new.txt")));
    }

    [Fact]
    public void SEC_33_Random_links_never_lead_a_restore_outside() =>
        EditFixture.ForMany(
            25,
            async random =>
            {
                using var world = new EditFixture();
                var outside = Directory.CreateDirectory(Path.Combine(world.Root, "outside")).FullName;
                string[] names = ["a", "b", "c"];
                foreach (var name in names)
                {
                    File.WriteAllText(Path.Combine(outside, name), $"outside {name}");
                    Directory.CreateDirectory(Path.Combine(outside, "d" + name));
                    File.WriteAllText(Path.Combine(outside, "d" + name, "x"), "agent");
                    world.Write($"d{name}/x", "before");
                    world.Write(name, "before");
                }

                var safe = EditFixture.Everything(outside);
                foreach (var name in names)
                {
                    await world.EditAsync("t1", name, $"outside {name}");
                    await world.EditAsync("t1", $"d{name}/x", "agent");
                }

                for (var i = 0; i < 4; i++)
                {
                    var name = names[random.Next(names.Length)];
                    var (from, to) = random.Next(4) switch
                    {
                        0 => (name, Path.Combine(outside, name)),
                        1 => ("d" + name, Path.Combine(outside, "d" + name)),
                        2 => ("d" + name, "../outside/d" + name),
                        _ => (name, names[random.Next(names.Length)]),
                    };
                    if (Directory.Exists(world.At(from)) && new DirectoryInfo(world.At(from)).LinkTarget is null)
                    {
                        Directory.Delete(world.At(from), recursive: true);
                    }
                    else
                    {
                        File.Delete(world.At(from));
                    }

                    File.CreateSymbolicLink(world.At(from), to);
                }

                if (random.Next(2) == 0)
                {
                    foreach (var name in names)
                    {
                        world.Reject(name);
                        world.Reject($"d{name}/x");
                    }
                }
                await world.UndoAllAsync();
                await world.RedoAllAsync();
                Assert.Equal(safe, EditFixture.Everything(outside));
            }
        );

    [Fact]
    public async Task Five_thousand_files_are_looked_at_again_without_reading_them()
    {
        for (var i = 0; i < 5_000; i++)
        {
            fixture.Write($"src/{i % 100}/{i}.cs", $"// {i}\n" + new string('x', 4_000));
        }
        var first = Stopwatch.StartNew();
        await fixture.ShellAsync("t1", "true");
        first.Stop();
        await Task.Delay(150); // Recently changed files are read again.
        await fixture.ShellAsync("t2", "true");
        var second = Stopwatch.StartNew();
        var changes = await fixture.ShellAsync("t3", "echo y > src/7/107.cs");
        second.Stop();
        TestContext.Current.TestOutputHelper?.WriteLine($"first {first.ElapsedMilliseconds} ms, again {second.ElapsedMilliseconds} ms");
        Assert.Equal(["src/7/107.cs"], changes.Select(change => change.Path));
        Assert.True(second.Elapsed < TimeSpan.FromSeconds(5), $"It took {second.Elapsed}.");
    }
}
