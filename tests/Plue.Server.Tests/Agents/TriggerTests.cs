using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Plue.Server.Agents.Triggers;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Agents;

/// <summary>Triggers: with real items, journals, git repositories and records of runs, and models on loopback.</summary>
public sealed class TriggerTests : IAsyncLifetime
{
    private const string Worker = "task_template: 'worker', goal: 'Look at it.'";

    private readonly MovableTime time = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource> gates = new(StringComparer.Ordinal);
    private AgentsHome home = null!;

    public async ValueTask InitializeAsync() => home = await AgentsHome.StartAsync(time: time);

    public async ValueTask DisposeAsync() => await home.DisposeAsync();

    [Theory]
    [InlineData("on: 'schedule'", "Enter a calendar expression in `schedule`, such as `0 9 * * 1-5`.")]
    [InlineData("on: 'schedule', schedule: '0 25 * * *'", "`0 25 * * *` is not a calendar expression (Hours:")]
    [InlineData("on: 'schedule', schedule: '0 9 30 2 *'", "The schedule `0 9 30 2 *` is never due.")]
    [InlineData("on: 'schedule', schedule: '0 9 * * *', time_zone: 'Mars/Base'", "This machine has no time zone `Mars/Base`.")]
    [InlineData("on: 'saved'", "Enter at least one pattern in `files`")]
    [InlineData("on: 'saved', files: ['[']", "`[` in `files` is not a valid pattern.")]
    [InlineData("on: 'git'", "Select at least one of commit, branch, and conflict in `events`.")]
    [InlineData("on: 'git', events: ['push']", "`push` in `events` is none of commit, branch, and conflict.")]
    [InlineData("on: 'problems'", "Enter a number of `errors` or `warnings` at which it runs.")]
    [InlineData("on: 'ended', task_template: 'workr'", "There is no template workr. Did you mean `worker`?")]
    [InlineData("on: 'ended', folder: 'src'", "Enter an absolute path in `folder`.")]
    [InlineData("on: 'often'", "Select an event in `on`: schedule, saved, git, problems, or ended.")]
    public async Task A_trigger_with_an_error_says_what_is_wrong(string values, string sentence)
    {
        await WriteAsync("check", $"goal: 'Look at it.', {values}");
        Assert.StartsWith(sentence, (string?)(await GetAsync("check"))["problem"], StringComparison.Ordinal);
    }

    [Fact]
    public void Schedules_follow_their_time_zone_through_changes_to_daylight_saving_time()
    {
        // The clocks of Berlin skip 2:00 to 3:00 on March 29 and repeat it on October 25.
        Assert.Equal(["2026-03-28T01:30", "2026-03-29T01:00", "2026-03-30T00:30"], Times("30 2 * * *", "2026-03-28T00:00", 3));
        Assert.Equal(["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"], Times("30 2 * * *", "2026-10-24T00:00", 3));
        Assert.Equal(["2026-11-23T08:00", "2026-11-24T08:00"], Times("0 9 * * 1-5", "2026-11-20T12:00", 2));
    }

    [Fact]
    public async Task A_schedule_starts_its_task_when_it_is_due()
    {
        await WriteAsync("daily", $"{Worker}, on: 'schedule', schedule: '0 10 * * *', time_zone: 'Europe/Berlin'");
        var trigger = await GetAsync("daily");
        Assert.Equal(
            (new DateTimeOffset(2026, 11, 21, 9, 0, 0, TimeSpan.Zero), "0 10 * * * (Europe/Berlin)"),
            ((DateTimeOffset)trigger["next"]!, (string?)trigger["detail"])
        );
        await WatchedAsync("daily");
        time.Advance(TimeSpan.FromMinutes(59));
        Assert.Empty(await home.ListAsync());

        time.Advance(TimeSpan.FromMinutes(1));
        var run = await RunAsync("daily");
        Assert.Equal("It was due on 2026-11-21 at 10:00 (Europe/Berlin).", (string?)run["reason"]);
        await IdleAsync("daily");
        var task = (await RunAsync("daily"))["task"]!;
        Assert.Equal(("daily", null, "done"), ((string?)task["title"], (string?)task["parentId"], (string?)task["status"]));
        Assert.Equal(
            "Look at it.\n\nThe trigger \"daily\" (codex://items/daily) started this task. It was due on 2026-11-21 at 10:00 (Europe/Berlin).",
            (string?)(await home.GetAsync((string)task["uri"]!))["goal"]
        );
    }

    [Theory]
    [InlineData("run_once", "It was due 3 times while Plue was not running, the last time on 2026-11-24 at 07:00 (Etc/UTC).", null)]
    [InlineData(
        "skip",
        "It was due 3 times while Plue was not running, the last time on 2026-11-24 at 07:00 (Etc/UTC).",
        "Missed runs are skipped."
    )]
    public async Task Missed_runs_run_once_or_are_skipped(string missed, string reason, string? notRun)
    {
        await WriteAsync("daily", $"{Worker}, on: 'schedule', schedule: '0 7 * * *', time_zone: 'Etc/UTC', missed: '{missed}'");
        await WatchedAsync("daily");
        await RestartAsync(TimeSpan.FromDays(3));

        var run = await RunAsync("daily");
        Assert.Equal((reason, notRun, notRun is null), ((string?)run["reason"], (string?)run["notRun"], run["task"] is not null));
        await RestartAsync(TimeSpan.FromMinutes(1));
        Assert.Single((await GetAsync("daily"))["runs"]!.AsArray());
    }

    [Fact]
    public async Task A_schedule_that_was_off_does_not_run_what_was_due_meanwhile()
    {
        await WriteAsync("daily", $"{Worker}, on: 'schedule', schedule: '0 * * * *'");
        await WatchedAsync("daily");
        await home.Client.ResultAsync("trigger/setEnabled", new { isEnabled = false });
        await UnwatchedAsync("daily");
        time.Advance(TimeSpan.FromHours(5));
        await home.Client.ResultAsync("trigger/setEnabled", new { isEnabled = true });
        await WatchedAsync("daily");
        Assert.Empty((await GetAsync("daily"))["runs"]!.AsArray());
    }

    [Fact]
    public async Task Saved_files_start_a_task_that_names_those_that_match()
    {
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['src/**/*.{{ts,js}}']");
        await SavedAsync("docs/a.ts", "src/a.md");
        Assert.Empty((await GetAsync("lint"))["runs"]!.AsArray());

        await SavedAsync("src/deep/a.ts", "src/a.md", "src/b.js");
        var run = await RunAsync("lint");
        Assert.Equal("src/deep/a.ts and 1 other file were saved.", (string?)run["reason"]);
        Assert.EndsWith(
            "were saved.\n- src/deep/a.ts\n- src/b.js",
            (string?)(await home.GetAsync((string)run["task"]!["uri"]!))["goal"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Changes_in_git_start_a_task_once_however_often_they_are_reported()
    {
        await WriteAsync("commits", $"{Worker}, on: 'git', events: ['commit']");
        await WriteAsync("branches", $"{Worker}, on: 'git', events: ['branch', 'conflict']");
        Directory.CreateDirectory(Path.Combine(home.Folder, ".git"));
        await File.WriteAllTextAsync(Path.Combine(home.Folder, ".git", "HEAD"), "ref: refs/heads/main\n");
        for (var window = 0; window < 2; window++)
        {
            await GitAsync("commit", "main", "0123456789abcdef");
            await GitAsync("branch", "topic", "0123456789abcdef");
            await IdleAsync("commits", "branches");
            time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal("There is a new commit on the branch main: 0123456789.", (string?)(await RunAsync("commits"))["reason"]);
        Assert.Equal("The branch topic was checked out.", (string?)(await RunAsync("branches"))["reason"]);

        await GitAsync("conflict", "topic", "0123456789abcdef", "a.ts", "b.ts");
        Assert.Equal("2 files have merge conflicts.", (string?)(await RunAsync("branches", 2))["reason"]);
    }

    [Fact]
    public async Task Problems_start_a_task_when_they_reach_the_threshold_and_again_only_after_they_were_below()
    {
        await WriteAsync("fix", $"{Worker}, on: 'problems', errors: 2, warnings: 10");
        await ProblemsAsync(1, 9);
        Assert.Empty((await GetAsync("fix"))["runs"]!.AsArray());
        await ProblemsAsync(2, 1);
        await IdleAsync("fix");
        time.Advance(TimeSpan.FromMinutes(1));
        await ProblemsAsync(5, 0);
        Assert.Equal("The editor shows 2 errors and 1 warning.", (string?)(await RunAsync("fix"))["reason"]);
        await ProblemsAsync(0, 0);
        await ProblemsAsync(0, 10);
        Assert.Equal("The editor shows 10 warnings.", (string?)(await RunAsync("fix", 2))["reason"]);
    }

    [Fact]
    public async Task The_end_of_a_task_starts_another_one_and_no_loop()
    {
        await WriteAsync(
            "review",
            "task_template: 'worker', goal: 'Review it.', on: 'ended', ended_template: 'worker', outcomes: ['done']"
        );
        await WriteAsync("again", "task_template: 'worker', goal: 'Review the review.', on: 'ended'");
        await home.SpawnAsync("worker", "Write it.");

        // Each of the two triggers runs for the task, and once for the other trigger. Then each has led to the event.
        await SettledAsync("review", "again");
        foreach (var name in new[] { "review", "again" })
        {
            var runs = (await GetAsync(name))["runs"]!.AsArray().Where(run => run!["notRun"] is null).ToList();
            Assert.InRange(runs.Count, 1, 2);
            Assert.Contains(runs, run => (string?)run!["reason"] == "The task \"Write it.\" is done.");
        }
        Assert.InRange((await home.ListAsync()).Count, 3, 5);
    }

    [Fact]
    public async Task Events_during_a_run_start_no_second_one_and_are_counted()
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        home.Script = asked =>
        {
            begun.TrySetResult();
            return Gated(asked);
        };
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts']");
        await SavedAsync("a.ts");
        await begun.Task;
        await SavedAsync("b.ts");
        await SavedAsync("c.ts");
        var runs = (await GetAsync("lint"))["runs"]!.AsArray();
        Assert.Equal(
            [("c.ts was saved.", "The run before has not ended.", 2), ("a.ts was saved.", null, 1)],
            runs.Select(run => ((string?)run!["reason"], (string?)run["notRun"], (int)run["times"]!))
        );
        Assert.Single(await home.ListAsync());
        Open();
    }

    [Fact]
    public async Task The_budget_of_a_day_limits_runs_and_each_of_them_and_begins_again_the_next_day()
    {
        home.Script = _ => AgentsHome.Paid("Done.", 30_000); // $0.30
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts'], budget_per_day: {{ usd: 0.5 }}");
        foreach (var (file, limit) in new[] { ("a.ts", 0.5m), ("b.ts", 0.2m) })
        {
            await SavedAsync(file);
            var run = await RunAsync("lint");
            Assert.Equal(limit, (decimal)run["task"]!["budget"]!["usd"]!);
            await IdleAsync("lint");
            time.Advance(TimeSpan.FromMinutes(1));
        }

        await SavedAsync("c.ts");
        var trigger = await GetAsync("lint");
        Assert.Equal(
            (0.6m, 0.5m, 2, 20),
            ((decimal)trigger["usdToday"]!, (decimal)trigger["usdPerDay"]!, (int)trigger["runsToday"]!, (int)trigger["runsPerDay"]!)
        );
        Assert.Equal("Its runs of today cost or reserve $0.60, and `budget_per_day` is $0.50.", (string?)trigger["runs"]![0]!["notRun"]);
        Assert.Equal(
            "Its runs of today cost or reserve $0.60, and `budget_per_day` is $0.50.",
            await ErrorAsync("trigger/run", new { uri = "codex://items/lint" })
        );

        time.Advance(TimeSpan.FromDays(1));
        await SavedAsync("d.ts");
        await RunAsync("lint", 4);
    }

    [Fact]
    public async Task Runs_without_a_price_are_limited_by_their_number()
    {
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts'], budget_per_day: {{ runs: 1 }}");
        await SavedAsync("a.ts");
        await RunAsync("lint");
        await IdleAsync("lint");
        time.Advance(TimeSpan.FromMinutes(1));
        await SavedAsync("b.ts");
        Assert.Equal("It has run once today, which is the limit in `budget_per_day`.", (string?)(await RunAsync("lint", 2))["notRun"]);
    }

    [Fact]
    public async Task A_trigger_that_is_off_runs_only_when_the_user_runs_it_and_all_of_them_can_be_turned_off()
    {
        await WriteAsync("lint", $"// Mine.\n{Worker}, on: 'saved', files: ['*.ts']");
        await home.Client.NextAsync("trigger/changed", needs => (bool)needs["saves"]!);
        await home.Client.ResultAsync("trigger/setEnabled", new { uri = "codex://items/lint", isEnabled = false });
        await home.Client.NextAsync("trigger/changed", needs => !(bool)needs["saves"]!);
        Assert.Contains("// Mine.", await File.ReadAllTextAsync(ItemPath("lint")), StringComparison.Ordinal);
        await SavedAsync("a.ts");
        Assert.Empty((await GetAsync("lint"))["runs"]!.AsArray());

        await home.Client.ResultAsync("trigger/run", new { uri = "codex://items/lint" });
        Assert.Equal("You ran it.", (string?)(await RunAsync("lint"))["reason"]);
        await IdleAsync("lint");

        await home.Client.ResultAsync("trigger/setEnabled", new { uri = "codex://items/lint", isEnabled = true });
        await home.Client.ResultAsync("trigger/setEnabled", new { isEnabled = false });
        Assert.False((bool)(await home.Client.ResultAsync("trigger/list", new { }))!["areEnabled"]!);
        await SavedAsync("b.ts");
        Assert.Single((await GetAsync("lint"))["runs"]!.AsArray());
        Assert.Equal(
            "All triggers are turned off. Turn them on first.",
            await ErrorAsync("trigger/run", new { uri = "codex://items/lint" })
        );
    }

    [Fact]
    public async Task Files_that_the_user_or_another_program_wrote_are_followed()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(ItemPath("lint"))!);
        await File.WriteAllTextAsync(ItemPath("lint"), $"{{ template: 'trigger', title: 'lint', {Worker}, on: 'saved', files: ['*.ts'] }}");
        await home.Client.NotifyAsync("textDocument/didSave", new { textDocument = new { uri = new Uri(ItemPath("lint")).AbsoluteUri } });
        await home.Client.NextAsync("trigger/changed", needs => (bool)needs["saves"]!);

        await File.WriteAllTextAsync(
            ItemPath("commits"),
            $"{{ template: 'trigger', title: 'commits', {Worker}, on: 'git', events: ['commit'] }}"
        );
        await home.Client.ResultAsync("trigger/list", new { });
        await home.Client.NextAsync("trigger/changed", needs => (bool)needs["git"]!);
    }

    [Fact]
    public async Task One_event_in_two_windows_starts_one_task()
    {
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts']");
        await WriteAsync("hourly", $"{Worker}, on: 'schedule', schedule: '0 * * * *'");
        await using var other = await InMemorySidecar.StartAsync(
            home.Sidecar.Home,
            folder: home.Folder,
            trusted: true,
            tools: [],
            time: time
        );
        await WatchedAsync("hourly");
        var path = Touch("a.ts");
        await Task.WhenAll(
            home.Client.ResultAsync("trigger/saved", new { paths = new[] { path } }),
            other.Client.ResultAsync("trigger/saved", new { paths = new[] { path } })
        );
        time.Advance(TimeSpan.FromHours(1));
        await RunAsync("hourly");
        await RunAsync("lint");
        await IdleAsync("hourly", "lint");
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Single((await GetAsync("hourly"))["runs"]!.AsArray());
        Assert.Single((await GetAsync("lint"))["runs"]!.AsArray());
        Assert.Equal(2, (await home.ListAsync()).Count);
    }

    [Fact]
    public async Task A_restart_keeps_runs_their_cost_and_their_tasks()
    {
        home.Script = _ => AgentsHome.Paid("Done.", 3000);
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts']");
        await SavedAsync("a.ts");
        await RunAsync("lint");
        await IdleAsync("lint");
        await RestartAsync(TimeSpan.FromMinutes(1));
        var trigger = await GetAsync("lint");
        var run = Assert.Single(trigger["runs"]!.AsArray())!;
        Assert.Equal((0.03m, 0.03m, "done"), ((decimal)run["cost"]!, (decimal)trigger["usdToday"]!, (string?)run["task"]!["status"]));

        // The cost counts after the task was deleted.
        await home.Client.ResultAsync("codex/delete", new { uri = (string?)run["task"]!["uri"] });
        trigger = await GetAsync("lint");
        Assert.Equal((0.03m, null), ((decimal)trigger["usdToday"]!, trigger["runs"]![0]!["task"]));
    }

    [Fact]
    public async Task A_record_that_cannot_be_read_stops_its_trigger_and_no_other()
    {
        await WriteAsync("lint", $"{Worker}, on: 'saved', files: ['*.ts']");
        await WriteAsync("other", $"{Worker}, on: 'saved', files: ['*.ts']");
        var path = RecordOf("lint");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, "{\"runs\": [");
        await SavedAsync("a.ts");
        await RunAsync("other");
        Assert.StartsWith(
            $"The record of its runs, {path}, cannot be read",
            (string?)(await GetAsync("lint"))["problem"],
            StringComparison.Ordinal
        );
        Assert.Equal("{\"runs\": [", await File.ReadAllTextAsync(path));
        Assert.Single(await home.ListAsync());

        File.Delete(path);
        await IdleAsync("other");
        time.Advance(TimeSpan.FromMinutes(1));
        await SavedAsync("b.ts");
        await RunAsync("lint");
    }

    [Fact]
    public async Task A_trigger_of_the_workspace_is_off_until_the_user_turns_it_on_and_again_after_a_change()
    {
        var path = Path.Combine(home.Folder, ".plue", "items", "shared.json5");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, $"{{ template: 'trigger', title: 'Shared', {Worker}, on: 'saved', files: ['*.ts'] }}");
        await SavedAsync("a.ts");
        var trigger = await GetAsync("Shared");
        Assert.Equal((false, true, null), ((bool)trigger["isEnabled"]!, (bool)trigger["isOfWorkspace"]!, (string?)trigger["problem"]));
        Assert.Empty(trigger["runs"]!.AsArray());

        await home.Client.ResultAsync("trigger/setEnabled", new { uri = "codex://items/shared", isEnabled = true });
        await SavedAsync("b.ts");
        await RunAsync("Shared");
        await IdleAsync("Shared");
        time.Advance(TimeSpan.FromMinutes(1));

        await File.AppendAllTextAsync(path, "// changed");
        await SavedAsync("c.ts");
        trigger = await GetAsync("Shared");
        Assert.Equal("Its file has changed since you turned it on.", (string?)trigger["problem"]);
        Assert.Single(trigger["runs"]!.AsArray());
    }

    [Fact]
    public async Task Files_outside_of_the_folder_of_a_trigger_and_of_untrusted_folders_start_nothing()
    {
        var elsewhere = Directory.CreateTempSubdirectory("plue-test-").FullName;
        await WriteAsync("here", $"{Worker}, on: 'saved', files: ['*.ts'], folder: '{home.Folder}'");
        await WriteAsync("there", $"{Worker}, on: 'saved', files: ['*.ts'], folder: '{elsewhere}'");
        await home.Client.ResultAsync("trigger/saved", new { paths = new[] { Path.Combine(elsewhere, "a.ts"), "relative.ts" } });
        await SavedAsync("a.ts");
        await RunAsync("here");
        await IdleAsync("here");
        Assert.Empty((await GetAsync("there"))["runs"]!.AsArray());

        await home.Client.NotifyAsync("workspace/trust", new { trusted = false });
        time.Advance(TimeSpan.FromMinutes(1));
        await SavedAsync("b.ts");
        Assert.Single((await GetAsync("here"))["runs"]!.AsArray());
    }

    private static List<string> Times(string expression, string from, int count)
    {
        var clock = new MovableTime();
        var schedule = TriggerSchedule.Parse(expression, "Europe/Berlin", clock);
        var at = DateTimeOffset.Parse(from + "Z", CultureInfo.InvariantCulture);
        List<string> times = [];
        for (var i = 0; i < count; i++)
        {
            at = schedule.Next(at)!.Value;
            times.Add(at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        }
        return times;
    }

    private string ItemPath(string name) => Path.Combine(home.Sidecar.Home, "items", name + ".json5");

    private string RecordOf(string name) => Path.Combine(home.Sidecar.Home, "trigger-runs", name + ".json");

    /// <summary>Writes a trigger as its item. The sidecar is told as by the editor.</summary>
    private async Task WriteAsync(string name, string values)
    {
        Directory.CreateDirectory(Path.Combine(home.Sidecar.Home, "items"));
        await File.WriteAllTextAsync(ItemPath(name), $"{{ template: 'trigger', title: '{name}', {values} }}");
        await home.Client.NotifyAsync("workspace/trust", new { trusted = true });
    }

    private string Touch(string name)
    {
        var path = Path.Combine(home.Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, name);
        return path;
    }

    private Task SavedAsync(params string[] names) =>
        home.Client.ResultAsync("trigger/saved", new { paths = names.Select(Touch).ToArray() });

    private Task GitAsync(string change, string branch, string commit, params string[] conflicts) =>
        home.Client.ResultAsync(
            "trigger/git",
            new
            {
                root = home.Folder,
                change,
                branch,
                commit,
                conflicts,
            }
        );

    private Task ProblemsAsync(int errors, int warnings) =>
        home.Client.ResultAsync(
            "trigger/problems",
            new
            {
                folder = home.Folder,
                errors,
                warnings,
            }
        );

    private async Task<JsonNode> GetAsync(string title) =>
        (await home.Client.ResultAsync("trigger/list", new { }))!["triggers"]!
            .AsArray()
            .Single(trigger => (string?)trigger!["title"] == title)!;

    /// <summary>Waits until a trigger has this number of runs, and gets the newest.</summary>
    private async Task<JsonNode> RunAsync(string title, int count = 1)
    {
        while (true)
        {
            if (
                (await GetAsync(title))["runs"]!.AsArray() is { } runs
                && runs.Count >= count
                && (runs[0]!["task"] ?? runs[0]!["notRun"]) is not null
            )
            {
                return runs[0]!;
            }
            await home.Client.NextAsync("trigger/changed", _ => true);
        }
    }

    /// <summary>Waits until the tasks of the triggers have ended and their cost was stored, in whichever window.</summary>
    private async Task IdleAsync(params string[] titles)
    {
        foreach (var title in titles)
        {
            await RecordAsync(
                title,
                record => record["runs"]!.AsArray().All(run => run!["not_run"] is not null || run["cost"] is not null)
            );
        }
    }

    /// <summary>Waits until no task of the triggers runs and the end of each has been handled.</summary>
    private async Task SettledAsync(params string[] titles)
    {
        await RunAsync(titles[0]);
        await RunAsync(titles[1]);
        while (true)
        {
            await IdleAsync(titles);
            var before = (await home.ListAsync()).Count;
            var runs = 0;
            foreach (var title in titles)
            {
                runs += (await GetAsync(title))["runs"]!.AsArray().Sum(run => (int)run!["times"]!);
            }
            // Each ended task is one event for each of the triggers that waits for it.
            if (runs >= 2 * before)
            {
                return;
            }
            await home.Client.NextAsync("trigger/changed", _ => true);
        }
    }

    /// <summary>Waits until the schedule is watched.</summary>
    private async Task WatchedAsync(string name) => await RecordAsync(name, record => record["schedule"] is not null);

    private async Task UnwatchedAsync(string name) => await RecordAsync(name, record => record["schedule"] is null);

    private async Task RecordAsync(string title, Func<JsonNode, bool> fits)
    {
        var began = Stopwatch.GetTimestamp();
        while (
            RecordsOf(title).Select(path => JsonNode.Parse(File.ReadAllText(path))!).SingleOrDefault() is not { } record || !fits(record)
        )
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(30), $"The record of {title} did not change as expected.");
            await home.Client.ResultAsync("trigger/list", new { });
        }
    }

    /// <summary>Gets the record of a trigger, of the user or of a workspace.</summary>
    private string[] RecordsOf(string title) =>
        Directory.Exists(Path.GetDirectoryName(RecordOf(title)))
            ?
            [
                .. Directory
                    .GetFiles(Path.GetDirectoryName(RecordOf(title))!, "*.json")
                    .Where(path => Path.GetFileNameWithoutExtension(path).Split('@')[0] == title.ToLowerInvariant()),
            ]
            : [];

    private async Task RestartAsync(TimeSpan later)
    {
        var (kept, script) = (home.Sidecar.Home, home.Script);
        await home.DisposeAsync();
        time.Advance(later);
        home = await AgentsHome.StartAsync(home: kept, time: time);
        home.Script = script;
    }

    private async Task<string> ErrorAsync(string method, object parameters) =>
        (string)(await home.Client.RequestAsync(method, parameters))["error"]!["message"]!;

    private ScriptedAnswer Gated(AskedModel asked) =>
        ScriptedAnswer
            .Events()
            .Gate(gates.GetOrAdd(asked.Goal, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task)
            .Send(Chunk("Done."))
            .Send(End);

    private void Open()
    {
        foreach (var gate in gates.Values)
        {
            gate.TrySetResult();
        }
    }
}
