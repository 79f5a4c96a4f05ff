using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Triggers;

/// <summary>Starts the tasks of triggers, each event once in all windows, within the budget of the day. Inert until <see cref="Refresh"/>.</summary>
internal sealed class AgentTriggers(AgentServices services, AgentTasks tasks) : IDisposable
{
    /// <summary>The number of triggers that can lead to each other.</summary>
    private const int MaxChain = 5;

    /// <summary>Schedules are checked at least this often, because a machine can sleep and a clock can change.</summary>
    private static readonly TimeSpan MaxCheckInterval = TimeSpan.FromMinutes(1);

    /// <summary>A run without a task that is older was interrupted.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly TriggerRuns runs = new(services.Paths);
    private readonly TriggerClock clock = new(new TriggerRuns(services.Paths), services.Time);
    private readonly ConcurrentDictionary<string, bool> overThreshold = new(StringComparer.Ordinal); // by trigger and folder
    private readonly SemaphoreSlim checking = new(1, 1);
    private readonly Lock sync = new();
    private ITimer? timer;
    private bool isFollowing;
    private bool isDisposed;

    /// <summary>Raised when the list, a run, or what the editor has to report changed.</summary>
    public event Action? Changed;

    /// <summary>True unless the user turned all triggers off.</summary>
    public bool AreEnabled => services.Codices.Config.Flag(UserConfig.TriggersEnabledKey) != false;

    public TriggerReports Reports { get; } = new(services.Workspace, services.Time);

    /// <summary>Gets what the editor has to report.</summary>
    public TriggerNeeds Needs
    {
        get
        {
            var active = AreEnabled
                ? List().Where(trigger => trigger.Problem is null && CanRunHere(trigger) && IsOn(trigger)).ToList()
                : [];
            return new TriggerNeeds(
                active.Any(trigger => trigger.Condition is TriggerCondition.OnSaved),
                active.Any(trigger => trigger.Condition is TriggerCondition.OnGit),
                active.Any(trigger => trigger.Condition is TriggerCondition.OnProblems)
            );
        }
    }

    private FileCodices Items => services.Codices.Documents.Of(CodexCollection.Items);

    /// <summary>Gets all triggers with their runs, by title.</summary>
    public IReadOnlyList<TriggerState> States() =>
        [.. List().OrderBy(trigger => trigger.Title, StringComparer.OrdinalIgnoreCase).Select(StateOf)];

    /// <summary>Begins to follow events, or does so again after triggers, templates, settings, or folders changed.</summary>
    public void Refresh()
    {
        isFollowing = true;
        CheckSchedules();
        Changed?.Invoke();
    }

    /// <summary>Starts the tasks of schedules that are due, and follows those that are new.</summary>
    public void CheckSchedules() => _ = Task.Run(CheckSchedulesAsync);

    /// <summary>Starts the tasks of all triggers that wait for this event.</summary>
    public async Task ReportAsync(TriggerEvent happened)
    {
        if (!isFollowing || !AreEnabled)
        {
            return;
        }

        foreach (var trigger in List())
        {
            var matched = trigger.Condition?.Match(happened, services.Templates);
            if (!IsNew(trigger, happened, matched is not null) || matched is null || trigger.Problem is not null)
            {
                continue;
            }
            if (IsAt(trigger, happened) && CanRunHere(trigger) && IsOn(trigger))
            {
                await TryStartAsync(trigger, matched);
            }
        }
    }

    /// <summary>Handles the end of a task in this process.</summary>
    public void Ended(TaskRow row)
    {
        if (isFollowing)
        {
            _ = Task.Run(() => EndedAsync(row));
        }
    }

    /// <summary>Runs a trigger for the user, also if it is off.</summary>
    /// <exception cref="FailureException">Conflict: it cannot run now; NotFound.</exception>
    public async Task RunAsync(string uri)
    {
        var trigger = Get(uri);
        if (!AreEnabled)
        {
            throw new FailureException(FailureKind.Conflict, "All triggers are turned off. Turn them on first.");
        }
        if (ProblemOf(trigger) is { } problem)
        {
            throw new FailureException(FailureKind.Conflict, problem);
        }
        if (!CanRunHere(trigger))
        {
            throw new FailureException(
                FailureKind.Conflict,
                trigger.Folder is { } folder ? $"It runs only in {folder}. Open that folder." : "It runs only in trusted folders."
            );
        }

        var run = await StartAsync(trigger, new TriggerEvent.Requested(Ids.New("request", services.Time)));
        if (run?.NotRun is { } why)
        {
            throw new FailureException(FailureKind.Conflict, why);
        }
    }

    /// <summary>Turns a trigger on or off. One of a workspace is turned on for the current version of its file.</summary>
    /// <exception cref="FailureException">NotFound; StoreReadOnly.</exception>
    public async Task SetEnabledAsync(string uri, bool isEnabled, CancellationToken cancellationToken)
    {
        var (trigger, now) = (Get(uri), services.Time.GetUtcNow());
        if (trigger.IsOfWorkspace)
        {
            if (isEnabled && !trigger.IsOn)
            {
                throw new FailureException(FailureKind.Conflict, "Its file in the workspace turns it off. Change `enabled` there.");
            }
            runs.Change(trigger.Key, now, record => record with { AllowedSha256 = isEnabled ? trigger.Hash : null });
        }
        else
        {
            var before = Items.Get(CodexUri.Parse(uri).Name)!;
            var after = Items.Change(before.Id, null, _ => [(Trigger.EnabledField, new Json5Boolean(isEnabled))]);
            await services.Codices.Follow(before, after, cancellationToken);
        }

        Refresh();
    }

    /// <summary>Turns all triggers on or off. Each keeps its own state.</summary>
    /// <exception cref="FailureException">As for <see cref="UserConfig.Set"/>.</exception>
    public void SetAllEnabled(bool isEnabled)
    {
        UserConfig.Set(services.Paths, UserConfig.TriggersEnabledKey, isEnabled ? null : new Json5Boolean(false));
        Refresh();
    }

    public void Dispose()
    {
        lock (sync)
        {
            isDisposed = true;
            timer?.Dispose();
        }
    }

    private IReadOnlyList<Trigger> List() => [.. Items.List().Where(codex => codex.Uri is not null && IsTrigger(codex)).Select(TriggerOf)];

    /// <exception cref="FailureException">NotFound.</exception>
    private Trigger Get(string uri) =>
        CodexUri.TryParse(uri, out var address)
        && address.Collection == CodexCollection.Items
        && Items.Get(address.Name) is { } codex
        && IsTrigger(codex)
            ? TriggerOf(codex)
            : throw new FailureException(
                FailureKind.NotFound,
                $"{HiddenCharacters.VisibleLine(uri)} is not a trigger. It may have been deleted or renamed."
            );

    private bool IsTrigger(FileCodex codex) => services.Templates.IsA(codex.TemplateId, Trigger.TemplateId);

    private Trigger TriggerOf(FileCodex codex) =>
        Trigger.Of(
            codex,
            services.Templates.Find(codex.TemplateId),
            codex.Layer == TemplateLayer.Workspace ? services.Workspace.TrustedFolders?.FolderOf(codex.Path) : null,
            services.Time
        );

    private TriggerState StateOf(Trigger trigger)
    {
        var (record, problem) = (StoredTriggerRuns.Empty, ProblemOf(trigger));
        try
        {
            record = runs.Read(trigger.Key);
        }
        catch (FailureException fault)
        {
            problem ??= fault.Message;
        }

        var isOn = problem is null && IsOn(trigger, record);
        var found = record.Runs.Select(WithTask).ToList();
        var rows = RowsOf(found);
        return new TriggerState(
            trigger,
            IsOn(trigger, record),
            problem ?? (record.AllowedSha256 is not null && !IsOn(trigger, record) ? "Its file has changed since you turned it on." : null),
            isOn && AreEnabled && trigger.Condition is TriggerCondition.OnSchedule { Schedule: var schedule }
                ? schedule.Next(services.Time.GetUtcNow())
                : null,
            TriggerDay.Of(found, rows, services.Time),
            [.. found.Select(run => (run, run.Task is { } task ? rows.GetValueOrDefault(task) : null)).Reverse()]
        );
    }

    /// <summary>Gets why a trigger cannot run: an error in its item, or a template that does not exist.</summary>
    private string? ProblemOf(Trigger trigger)
    {
        if (trigger.Problem is not null)
        {
            return trigger.Problem;
        }

        try
        {
            tasks.Spawner.CheckStep(trigger.TaskTemplate, (null, null), parentId: null);
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Message;
        }
    }

    /// <summary>True if this window has the folder of the trigger, or any trusted folder, or no folder at all.</summary>
    private bool CanRunHere(Trigger trigger)
    {
        var workspace = services.Workspace;
        return trigger.Folder is { } folder
            ? workspace.TrustedFolders?.Paths.Any(one => RealPath.Of(one) == RealPath.Of(folder)) == true
            : workspace.OpenFolders is null || workspace.TrustedFolders is not null;
    }

    private static bool IsAt(Trigger trigger, TriggerEvent happened) =>
        trigger.Folder is null || happened.Folder is null || RealPath.Of(trigger.Folder) == RealPath.Of(happened.Folder);

    private bool IsOn(Trigger trigger)
    {
        try
        {
            return trigger.IsOn && (!trigger.IsOfWorkspace || IsOn(trigger, runs.Read(trigger.Key)));
        }
        catch (FailureException)
        {
            return false; // Its state says why.
        }
    }

    private static bool IsOn(Trigger trigger, StoredTriggerRuns record) =>
        trigger.IsOn && (!trigger.IsOfWorkspace || record.AllowedSha256 == trigger.Hash);

    /// <summary>False for problems that were over the threshold already.</summary>
    private bool IsNew(Trigger trigger, TriggerEvent happened, bool isMatch)
    {
        if (happened is not TriggerEvent.ProblemsChanged { InFolder: var folder } || trigger.Condition is not TriggerCondition.OnProblems)
        {
            return true;
        }

        var key = $"{trigger.Key} {folder}";
        var wasOver = overThreshold.GetValueOrDefault(key);
        overThreshold[key] = isMatch;
        return !wasOver;
    }

    private async Task CheckSchedulesAsync()
    {
        await checking.WaitAsync();
        try
        {
            DateTimeOffset? next = null;
            foreach (var trigger in List())
            {
                if (
                    trigger is not { Problem: null, Condition: TriggerCondition.OnSchedule { Schedule: var schedule } }
                    || !CanRunHere(trigger)
                )
                {
                    continue;
                }

                next = new[] { next, schedule.Next(services.Time.GetUtcNow()) }.Min();
                await CheckAsync(trigger, schedule);
            }

            Arm(next);
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "The schedules of triggers could not be checked");
            Arm(DateTimeOffset.MaxValue);
        }
        finally
        {
            checking.Release();
        }
    }

    private async Task CheckAsync(Trigger trigger, TriggerSchedule schedule)
    {
        try
        {
            if (clock.Due(trigger, schedule, AreEnabled && IsOn(trigger)) is { } due)
            {
                await StartAsync(trigger, due);
            }
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Trigger} did not run: {Why}", trigger.Uri, fault.Message);
        }
    }

    /// <param name="next">Null without a schedule.</param>
    private void Arm(DateTimeOffset? next)
    {
        lock (sync)
        {
            if (isDisposed || (next is null && timer is null))
            {
                return;
            }

            timer ??= services.Time.CreateTimer(_ => CheckSchedules(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            var left = next is { } due ? due - services.Time.GetUtcNow() : Timeout.InfiniteTimeSpan;
            timer.Change(
                next is null ? left
                    : left < TimeSpan.Zero ? TimeSpan.Zero
                    : left < MaxCheckInterval ? left
                    : MaxCheckInterval,
                Timeout.InfiniteTimeSpan
            );
        }
    }

    private async Task EndedAsync(TaskRow row)
    {
        try
        {
            var origin = TriggerOrigin.Of(tasks.Reader.Read(row.Uri));
            if (origin is not null && TriggerDay.HasEnded(row))
            {
                Store(origin.Key, origin.Run, run => run with { Cost = row.TotalSpent.Usd });
            }
            if (origin is not null)
            {
                Changed?.Invoke();
            }
            if (row.Summary.SpawnedBy is null)
            {
                await ReportAsync(
                    new TriggerEvent.TaskEnded(
                        row.Uri,
                        row.Summary.Title,
                        row.Summary.TemplateId,
                        row.Status,
                        row.Summary.UpdatedAt,
                        origin?.Chain ?? []
                    )
                );
            }
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("The end of {Task} started no trigger: {Why}", row.Uri, fault.Message);
        }
        catch (Exception fault)
        {
            services.Logger.LogError(fault, "The end of {Task} started no trigger", row.Uri);
        }
    }

    private async Task TryStartAsync(Trigger trigger, TriggerEvent happened)
    {
        try
        {
            await StartAsync(trigger, happened);
        }
        catch (FailureException fault)
        {
            services.Logger.LogWarning("{Trigger} did not run: {Why}", trigger.Uri, fault.Message);
            Changed?.Invoke();
        }
    }

    /// <summary>Records the run, then creates its task, so that a kill in between starts nothing twice.</summary>
    /// <returns>The run, or why it did not run; null if another window handled the event.</returns>
    private async Task<StoredTriggerRun?> StartAsync(Trigger trigger, TriggerEvent happened)
    {
        if (Claim(trigger, happened) is not { } run)
        {
            return null;
        }

        if (run.NotRun is null)
        {
            try
            {
                var task = await tasks.Spawner.SpawnForTriggerAsync(
                    trigger.TaskTemplate,
                    GoalOf(trigger, happened),
                    trigger.Title,
                    trigger.Budget with
                    {
                        Usd = run.Reserved,
                    },
                    new TriggerOrigin(trigger.Key, run.Id, [.. happened.Chain, trigger.Key]),
                    CancellationToken.None
                );
                run = run with { Task = task.CodexId };
            }
            catch (FailureException fault)
            {
                run = run with { NotRun = fault.Message, Reserved = null };
            }
            Store(trigger.Key, run.Id, _ => run);
        }

        Changed?.Invoke();
        return run;
    }

    /// <returns>Null if the event was handled before.</returns>
    private StoredTriggerRun? Claim(Trigger trigger, TriggerEvent happened)
    {
        var now = services.Time.GetUtcNow();
        StoredTriggerRun? claimed = null;
        runs.Change(
            trigger.Key,
            now,
            record =>
            {
                var due = (happened as TriggerEvent.Scheduled)?.Due;
                if (due <= record.HandledUntil || record.Runs.Any(run => run.Event == happened.Id))
                {
                    return record;
                }

                var found = record.Runs.Select(WithTask).ToList();
                var rows = RowsOf(found);
                var today = TriggerDay.Of(found, rows, services.Time);
                var why = WhyNot(trigger, happened, found, rows, today, now);
                claimed = new StoredTriggerRun(Ids.New("run", services.Time), now, happened.Id, happened.Reason)
                {
                    NotRun = why,
                    Reserved = why is null ? LimitOf(trigger, today) : null,
                };
                // The user sees at once why a run that was asked for does not start.
                var isStored = why is null || happened is not TriggerEvent.Requested;
                return record with { Runs = isStored ? Add(found, claimed) : record.Runs, HandledUntil = due ?? record.HandledUntil };
            }
        );
        return claimed;
    }

    /// <summary>Adds a run. Events that did not run for the same reason as the one before replace it.</summary>
    private static IReadOnlyList<StoredTriggerRun> Add(IReadOnlyList<StoredTriggerRun> all, StoredTriggerRun run) =>
        run.NotRun is not null && all is [.., { } last] && last.NotRun == run.NotRun
            ? [.. all.SkipLast(1), run with { Times = last.Times + 1 }]
            : [.. all, run];

    /// <summary>Gets why an event starts no task, in one sentence; null if it does.</summary>
    private static string? WhyNot(
        Trigger trigger,
        TriggerEvent happened,
        IReadOnlyList<StoredTriggerRun> found,
        IReadOnlyDictionary<string, TaskRow> rows,
        TriggerDay today,
        DateTimeOffset now
    )
    {
        var last = found.LastOrDefault(run => run.NotRun is null);
        var row = last?.Task is { } task ? rows.GetValueOrDefault(task) : null;
        var isRunning = row is not null ? AgentTasks.IsActive(row.Status) : last is { Task: null } && now - last.Time < StartTimeout;
        return happened.Chain.Contains(trigger.Key) ? "A run of this trigger led to the event, so it does not run again."
            : happened.Chain.Count >= MaxChain ? $"{MaxChain} triggers led to the event, which is the limit."
            : happened is TriggerEvent.Scheduled { IsMissed: true }
            && trigger.Condition is TriggerCondition.OnSchedule { RunsMissed: false }
                ? "Missed runs are skipped."
            : isRunning ? "The run before has not ended."
            : row is not null && now - row.Summary.UpdatedAt < happened.EffectTime
                ? "The run before ended a moment ago, so this can be its own change."
            : today.Runs >= trigger.RunsPerDay ? $"It has run {Times(today.Runs)} today, which is the limit in `budget_per_day`."
            : today.Usd >= trigger.UsdPerDay
                ? $"Its runs of today cost or reserve {Spend.Money(today.Usd)}, and `budget_per_day` is {Spend.Money(trigger.UsdPerDay)}."
            : null;
    }

    private static string Times(int count) => count == 1 ? "once" : Plural.Of(count, "time");

    /// <summary>Gets the cost limit of a run: its own or that of its template, and at most what is left of the day.</summary>
    private decimal LimitOf(Trigger trigger, TriggerDay today)
    {
        var left = trigger.UsdPerDay - today.Usd;
        var own =
            trigger.Budget.Usd
            ?? (
                services.Templates.Find(trigger.TaskTemplate) is { } template
                    ? AgentSpec.Of(template.WithDefaults(Json5Object.Empty)).Budget.Usd
                    : null
            );
        return Math.Min(own ?? left, left);
    }

    private static string GoalOf(Trigger trigger, TriggerEvent happened)
    {
        var origin = $"The trigger \"{trigger.Title}\" ({trigger.Uri}) started this task. {happened.Reason}";
        var details = happened.Details.Select(line => $"- {line}");
        return string.Join("\n", [trigger.Goal, "", origin, .. details]);
    }

    private void Store(string key, string run, Func<StoredTriggerRun, StoredTriggerRun> change) =>
        runs.Change(
            key,
            services.Time.GetUtcNow(),
            record => record with { Runs = [.. record.Runs.Select(one => one.Id == run ? change(one) : one)] }
        );

    /// <summary>Finds the task of a run whose process ended before it stored the address.</summary>
    private StoredTriggerRun WithTask(StoredTriggerRun run)
    {
        if (run is not { Task: null, NotRun: null } || services.Time.GetUtcNow() - run.Time < StartTimeout)
        {
            return run;
        }

        var task = tasks
            .Reader.Summaries.Where(summary => summary.CreatedAt >= run.Time)
            .Select(TaskReader.UriOf)
            .FirstOrDefault(uri => tasks.Reader.Find(uri) is { } found && TriggerOrigin.Of(found)?.Run == run.Id);
        return task is null ? run with { NotRun = "Plue ended before the task was created.", Reserved = null } : run with { Task = task };
    }

    private IReadOnlyDictionary<string, TaskRow> RowsOf(IReadOnlyList<StoredTriggerRun> found) =>
        tasks.Reader.RowsWithAbove([.. found.Select(run => run.Task).OfType<string>()]);
}
