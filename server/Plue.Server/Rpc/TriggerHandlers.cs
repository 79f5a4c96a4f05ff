using Microsoft.Extensions.Logging;
using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Agents.Triggers;
using Plue.Server.Codices;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>trigger/*: triggers with what they ran, and the events that the editor reports.</summary>
internal sealed class TriggerHandlers(RpcServer server, AgentTriggers triggers, TemplateCatalog templates, ILogger logger)
{
    private const int MaxPaths = 1000;

    private volatile TriggerNeeds published = new(false, false, false);

    public void Register(LifecycleHandlers lifecycle)
    {
        server.Map(
            Methods.TriggerList,
            (_, _) =>
            {
                // Another program may have changed files.
                triggers.CheckSchedules();
                if (triggers.Needs != published)
                {
                    Publish();
                }
                return Task.FromResult(new TriggerListResult(triggers.AreEnabled, [.. triggers.States().Select(View)]));
            }
        );
        server.Map(
            Methods.TriggerSetEnabled,
            async (parameters, cancellationToken) =>
            {
                if (parameters.Uri is { } uri)
                {
                    await triggers.SetEnabledAsync(uri, parameters.IsEnabled, cancellationToken);
                }
                else
                {
                    triggers.SetAllEnabled(parameters.IsEnabled);
                }
                return new Empty();
            }
        );
        server.Map(Methods.TriggerRun, async (parameters, _) => await DoneAsync(triggers.RunAsync(parameters.Uri)));
        server.Map(
            Methods.TriggerSaved,
            async (parameters, _) =>
            {
                foreach (var happened in triggers.Reports.Saved([.. parameters.Paths.Take(MaxPaths)]))
                {
                    await triggers.ReportAsync(happened);
                }
                return new Empty();
            }
        );
        server.Map(
            Methods.TriggerGit,
            (parameters, _) =>
                ReportAsync(
                    triggers.Reports.Git(
                        parameters.Root,
                        (GitChange)parameters.Change,
                        parameters.Branch,
                        parameters.Commit,
                        [.. parameters.Conflicts.Take(MaxPaths)]
                    )
                )
        );
        server.Map(
            Methods.TriggerProblems,
            (parameters, _) => ReportAsync(triggers.Reports.Problems(parameters.Folder, parameters.Errors, parameters.Warnings))
        );
        triggers.Changed += Publish;
        lifecycle.FilesChanged += triggers.Refresh;
    }

    /// <summary>Handles a change of a document.</summary>
    public void DocumentChanged(CodexUri uri)
    {
        if (uri.Collection is CodexCollection.Items or CodexCollection.Templates or CodexCollection.Settings)
        {
            triggers.Refresh();
        }
    }

    private async Task<Empty> ReportAsync(TriggerEvent? happened)
    {
        if (happened is not null)
        {
            await triggers.ReportAsync(happened);
        }
        return new Empty();
    }

    private static async Task<Empty> DoneAsync(Task work)
    {
        await work;
        return new Empty();
    }

    private void Publish() =>
        _ = Task.Run(async () =>
        {
            try
            {
                var needs = published = triggers.Needs;
                await server.TryNotifyAsync(Methods.TriggerChanged, new TriggerChangedParams(needs.Saves, needs.Git, needs.Problems));
            }
            catch (Exception fault)
            {
                logger.LogError(fault, "The triggers could not be read");
            }
        });

    private TriggerView View(TriggerState state)
    {
        var trigger = state.Trigger;
        return new TriggerView
        {
            Uri = trigger.Uri,
            Title = trigger.Title,
            On = Enum.TryParse<TriggerKind>(trigger.Kind, ignoreCase: true, out var kind) ? kind : TriggerKind.Unknown,
            Detail = trigger.Condition?.Detail ?? "",
            TemplateName = templates.Find(trigger.TaskTemplate)?.Name ?? trigger.TaskTemplate,
            IsEnabled = state.IsEnabled,
            IsOfWorkspace = trigger.IsOfWorkspace,
            Problem = state.Problem,
            Next = state.Next,
            UsdToday = state.Today.Usd,
            UsdPerDay = trigger.UsdPerDay,
            RunsToday = state.Today.Runs,
            RunsPerDay = trigger.RunsPerDay,
            Runs = [.. state.Runs.Select(one => View(one.Run, one.Task))],
        };
    }

    private static TriggerRunView View(StoredTriggerRun run, TaskRow? task) =>
        new()
        {
            Id = run.Id,
            Time = run.Time,
            Reason = run.Reason,
            NotRun = run.NotRun,
            Times = run.Times,
            Task = task is null ? null : TaskViews.View(task),
            Cost = TriggerDay.CostOf(run, task),
        };
}
