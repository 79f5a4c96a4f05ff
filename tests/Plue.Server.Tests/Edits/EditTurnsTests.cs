namespace Plue.Server.Tests.Edits;

public sealed class EditTurnsTests : IDisposable
{
    private readonly EditFixture fixture = new();

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task Undo_skips_a_file_that_changed_since_and_restores_the_others()
    {
        fixture.Write("a.txt", "a\n");
        fixture.Write("b.txt", "b\n");
        await fixture.EditAsync("t1", "a.txt", "a2\n");
        await fixture.EditAsync("t1", "b.txt", "b2\n");
        fixture.Write("a.txt", "mine\n");
        var outcome = await fixture.UndoAsync("t1");
        Assert.Equal(1, outcome.Files);
        Assert.Equal(["a.txt was changed by others since, so it was left unchanged."], outcome.Conflicts);
        Assert.Equal(("mine\n", "b\n"), (fixture.Read("a.txt"), fixture.Read("b.txt")));
    }

    [Fact]
    public async Task Undo_and_redo_leave_a_file_with_unsaved_changes_in_the_editor()
    {
        fixture.Write("a.txt", "a\n");
        await fixture.EditAsync("t1", "a.txt", "a2\n");
        fixture.Dirty.Add(fixture.At("a.txt"));
        string[] conflicts = ["a.txt has unsaved changes in the editor, so it was not changed. Save it and try again."];
        Assert.Equal(conflicts, (await fixture.UndoAsync("t1")).Conflicts);
        Assert.Equal("a2\n", fixture.Read("a.txt"));
        fixture.Dirty.Clear();
        Assert.Empty((await fixture.UndoAsync("t1")).Conflicts);
        fixture.Dirty.Add(fixture.At("a.txt"));
        Assert.Equal(conflicts, (await fixture.RedoAsync("t1")).Conflicts);
        Assert.Equal("a\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task Redo_leaves_a_file_that_was_changed_after_the_undo()
    {
        fixture.Write("a.txt", "a\n");
        await fixture.EditAsync("t1", "a.txt", "a2\n");
        await fixture.UndoAsync("t1");
        fixture.Write("a.txt", "mine\n");
        Assert.Single((await fixture.RedoAsync("t1")).Conflicts);
        Assert.Equal("mine\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task Undone_changes_are_not_pending_until_they_are_redone()
    {
        fixture.Write("a.txt", "1\n2\n3\n4\n5\n");
        await fixture.EditAsync("t1", "a.txt", "one\n2\n3\n4\n5\n");
        await fixture.EditAsync("t2", "a.txt", "one\n2\n3\n4\nfive\n");
        await fixture.UndoAsync("t2");
        Assert.Equal("-1\n+one\n", Assert.Single(fixture.Review("a.txt").Hunks).Text);
        fixture.Reopen();
        await fixture.RedoAsync("t2");
        Assert.Equal(2, fixture.Review("a.txt").Hunks.Count);
        await fixture.UndoAllAsync();
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task An_accepted_turn_can_still_be_undone()
    {
        fixture.Write("a.txt", "1\n2\n3\n");
        await fixture.EditAsync("t1", "a.txt", "1\ntwo\n3\n");
        fixture.Accept("a.txt");
        await fixture.UndoAsync("t1");
        Assert.Equal("1\n2\n3\n", fixture.Read("a.txt"));
        Assert.Empty(fixture.Files);
    }

    [Fact]
    public async Task A_turn_of_which_a_place_was_rejected_can_still_be_undone_and_comes_back_without_it()
    {
        using var fixture = new EditFixture();
        var lines = string.Concat(Enumerable.Range(1, 20).Select(number => $"line {number}\n"));
        fixture.Write("a.txt", lines);
        await fixture.EditAsync(
            "t1",
            "a.txt",
            lines.Replace("line 2\n", "two\n", StringComparison.Ordinal).Replace("line 18\n", "eighteen\n", StringComparison.Ordinal)
        );
        fixture.Reject("a.txt", fixture.Review("a.txt").Hunks[0].Id);
        var decided = lines.Replace("line 18\n", "eighteen\n", StringComparison.Ordinal);
        Assert.Equal(decided, fixture.Read("a.txt"));
        Assert.Empty((await fixture.UndoAsync("t1")).Conflicts);
        Assert.Equal(lines, fixture.Read("a.txt"));
        Assert.Empty((await fixture.RedoAsync("t1")).Conflicts);
        Assert.Equal(decided, fixture.Read("a.txt"));
        fixture.Write("a.txt", decided + "mine\n");
        Assert.Single((await fixture.UndoAsync("t1")).Conflicts);
        Assert.Equal(decided + "mine\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task Alternating_edits_of_agents_to_one_file_are_undone_together()
    {
        fixture.Write("a.txt", "0\n");
        await fixture.EditAsync("t1", "a.txt", "1\n");
        await fixture.EditAsync("t1", "a.txt", "2\n", EditFixture.Other);
        await fixture.EditAsync("t1", "a.txt", "3\n");
        Assert.Single((await fixture.UndoAsync("t1")).Conflicts);
        Assert.Equal("3\n", fixture.Read("a.txt"));
        Assert.Empty((await fixture.UndoAllAsync()).Conflicts);
        Assert.Equal("0\n", fixture.Read("a.txt"));
        await fixture.RedoAllAsync();
        Assert.Equal("3\n", fixture.Read("a.txt"));
    }

    [Fact]
    public async Task A_link_that_a_shell_made_is_removed_and_what_it_led_to_stays()
    {
        fixture.Write("a.txt", "a\n");
        var before = fixture.Everything();
        await fixture.ShellAsync("t1", "mv a.txt b.txt; ln -s b.txt a.txt; ln -s /etc away");
        var after = fixture.Everything();
        Assert.Empty((await fixture.UndoAsync("t1")).Conflicts);
        Assert.Equal(before, fixture.Everything());
        await fixture.RedoAsync("t1");
        Assert.Equal(after, fixture.Everything());
    }

    [Fact]
    public void Undoing_all_gives_the_bytes_before_and_redoing_all_those_after() =>
        EditFixture.ForMany(
            20,
            async random =>
            {
                using var world = new EditFixture();
                for (var i = 0; i < 4; i++)
                {
                    world.Write($"d{i % 2}/{i}", $"{i}\n");
                }
                var before = world.Everything();
                for (var turn = 0; turn < 4; turn++)
                {
                    var codex = random.Next(2) == 0 ? EditFixture.Chat : EditFixture.Other;
                    var file = $"d{random.Next(3)}/{random.Next(4)}";
                    switch (random.Next(5))
                    {
                        case 0:
                            await world.ShellAsync($"t{turn}", $"rm -rf d{random.Next(2)}", codex);
                            break;
                        case 1:
                            await world.ShellAsync(
                                $"t{turn}",
                                $"mkdir -p d2; for f in d0/* d1/*; do if [ -f $f ]; then mv $f d2/; break; fi; done",
                                codex
                            );
                            break;
                        case 2:
                            await world.ShellAsync(
                                $"t{turn}",
                                $"mkdir -p $(dirname {file}); printf '\\000\\377{turn}' > {file}; chmod 70{random.Next(8)} {file}",
                                codex
                            );
                            break;
                        default:
                            await world.EditAsync($"t{turn}", file, $"{random.Next()}\n{turn}", codex);
                            break;
                    }
                }

                var after = world.Everything();
                Assert.Empty((await world.UndoAllAsync()).Conflicts);
                Assert.Equal(before, world.Everything());
                world.Reopen();
                Assert.Empty((await world.RedoAllAsync()).Conflicts);
                Assert.Equal(after, world.Everything());
            }
        );
}
