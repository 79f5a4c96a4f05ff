using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Agents.Plans;

/// <summary>The plans of this home. Each is an item, so that it has versions, undo, and a form like any other.</summary>
internal sealed class PlanDocuments(AgentServices services, TaskSpawner spawner)
{
    private FileCodices Items => services.Codices.Documents.Of(CodexCollection.Items);

    /// <summary>Gets a plan and its version.</summary>
    /// <exception cref="FailureException">NotFound: it is no plan. Conflict: its file has errors.</exception>
    public (Plan Plan, long Version) Read(string uri)
    {
        var codex = Get(uri);
        return codex.IsBroken
            ? throw new FailureException(
                FailureKind.Conflict,
                $"The file of {uri} has errors, so the plan cannot be used. Open the file and correct them."
            )
            : (Plan.Of(codex.Values), Items.TrailOf(codex).Number);
    }

    /// <summary>True if the plan belongs to the workspace and can only be changed there.</summary>
    public bool IsOfWorkspace(string uri) => Get(uri).Layer == TemplateLayer.Workspace;

    /// <summary>Checks whether a chat or task can have this plan. Changes nothing.</summary>
    /// <exception cref="ToolFailureException">Names the step and what is wrong with it.</exception>
    public void Check(string chat, PlanDraft draft)
    {
        foreach (var (at, step) in draft.Steps.Index())
        {
            try
            {
                spawner.CheckStep(step.Template, ModelOf(step), chat);
            }
            catch (FailureException fault)
            {
                throw new ToolFailureException(
                    $"Step {at + 1}: {fault.Message} No plan was written. Correct it and send the call again.",
                    fault
                );
            }
        }
    }

    /// <summary>Writes the plan of a chat or task, or revises the one that it has not completed.</summary>
    /// <returns>A sentence for the model.</returns>
    /// <exception cref="ToolFailureException">It could not be stored.</exception>
    public async Task<string> WriteAsync(string chat, PlanDraft draft, CancellationToken cancellationToken)
    {
        try
        {
            if (OpenPlanOf(chat) is { } open)
            {
                var plan = await ChangeAsync(open, null, plan => Revised(plan, draft), VersionAuthor.Agent, cancellationToken);
                var kept = plan.Steps.Count(step => step.HasStarted);
                return $"The plan {open} was revised{(kept == 0 ? "" : $"; {kept} steps that have started were kept")}. The user sees it and decides. Stop here.";
            }

            var uri = CodexUri.Of(CodexCollection.Items, services.Codices.Documents.FreeName(CodexCollection.Items, draft.Title));
            var values = new Plan(draft.Title, draft.Goal, chat, new AgentBudget(null, null, null, null), draft.Steps, []);
            var codex = Items.Create(
                uri.Name,
                Items.Format.Write(
                    uri.Name,
                    null,
                    Plan.TemplateId,
                    Json5Object.Of(
                        (Plan.TitleField, new Json5String(values.Title)),
                        (Plan.GoalField, new Json5String(values.Goal)),
                        (Plan.ChatField, new Json5String(chat)),
                        (Plan.StepsField, values.StepsToJson5())
                    )
                ),
                VersionAuthor.Agent,
                "Created"
            );
            await services.Codices.Follow(null, codex, CancellationToken.None);
            return $"The plan is stored as {uri}. The user sees it and decides. Stop here.";
        }
        catch (FailureException fault)
        {
            throw new ToolFailureException($"The plan was not stored. {fault.Message}", fault);
        }
    }

    /// <summary>Changes a plan in one write.</summary>
    /// <param name="version">The version that it must have; null accepts any.</param>
    /// <param name="author">A constant of <see cref="VersionAuthor"/>.</param>
    /// <exception cref="FailureException">NotFound; Conflict: another version; PermissionDenied: it belongs to the workspace; StoreReadOnly.</exception>
    public async Task<Plan> ChangeAsync(
        string uri,
        long? version,
        Func<Plan, Plan> change,
        string author,
        CancellationToken cancellationToken
    )
    {
        var before = Get(uri);
        var after = Items.Change(
            before.Id,
            version,
            values =>
            {
                var (old, now) = (Plan.Of(values), change(Plan.Of(values)));
                List<(string Field, Json5Node? Value)> changes = [];
                void Set(string field, Json5Node? value, bool isSame)
                {
                    if (!isSame)
                    {
                        changes.Add((field, value));
                    }
                }

                Set(Plan.TitleField, new Json5String(now.Title), now.Title == old.Title);
                Set(Plan.GoalField, new Json5String(now.Goal), now.Goal == old.Goal);
                Set(Plan.StepsField, now.StepsToJson5(), now.StepsToJson5().HasSameValueAs(old.StepsToJson5()));
                // Comments are only removed here.
                Set(Plan.CommentsField, null, now.Comments.Count == old.Comments.Count);
                return changes;
            },
            author
        );
        await services.Codices.Follow(before, after, cancellationToken);
        return Plan.Of(after.Values);
    }

    /// <summary>Publishes a plan whose state changed for a reason outside of its file.</summary>
    public async Task PublishAsync(string uri)
    {
        var codex = Get(uri);
        await services.Codices.Follow(codex, codex, CancellationToken.None);
    }

    /// <summary>Gets what the plan says now, if the user changed it since the model wrote it; otherwise null.</summary>
    public string? EditedText(string uri)
    {
        var codex = Get(uri);
        if (
            Items.TrailOf(codex).Versions.LastOrDefault(version => version is { Author: VersionAuthor.Agent, HasContent: true })
                is not { } written
            || Items.ContentOf(codex.Uri!, written.Number) is not { } bytes
        )
        {
            return null;
        }

        var text = Plan.Of(codex.Values).ToString();
        return Plan.Of(Items.Format.Read(codex.Id, bytes).Values).ToString() == text ? null : text;
    }

    /// <summary>Gets the provider and model of a step; null leaves them to the template.</summary>
    public (string? ProviderId, string? Model) ModelOf(PlanStep step) =>
        step.Model?.Split('/', 2) is [var provider, var model] && services.Providers.Find(provider) is not null
            ? (provider, model)
            : (null, step.Model);

    /// <summary>Gets the last plan of a chat or task that has a step to run; null if there is none.</summary>
    private string? OpenPlanOf(string chat) =>
        Items
            .List()
            .Where(codex =>
                codex is { IsBroken: false, Uri: not null, Layer: TemplateLayer.User }
                && IsPlan(codex)
                && Plan.Of(codex.Values) is var plan
                && plan.Chat == chat
                && plan.Steps.Any(step => step.Status is PlanStepStatus.Pending or PlanStepStatus.Running or PlanStepStatus.Failed)
            )
            .MaxBy(codex => codex.Modified)
            ?.Uri?.ToString();

    /// <summary>Keeps what has started, in front of the steps of the draft. A failed step that the draft has again is replaced.</summary>
    private static Plan Revised(Plan plan, PlanDraft draft)
    {
        var kept = plan
            .Steps.Where(step =>
                step.HasStarted && (step.Status != PlanStepStatus.Failed || draft.Steps.All(other => other.Title != step.Title))
            )
            .ToList();
        var hasStarted = plan.Steps.Any(step => step.HasStarted);
        return plan with
        {
            Title = draft.Title,
            Goal = draft.Goal,
            Steps =
            [
                .. kept,
                .. draft
                    .Steps.Where(step => kept.All(other => other.Title != step.Title))
                    .Select(step =>
                        step with
                        {
                            IsAddedLater =
                                hasStarted
                                && (plan.Steps.FirstOrDefault(other => other.Title == step.Title) is not { } before || before.IsAddedLater),
                        }
                    ),
            ],
        };
    }

    private FileCodex Get(string uri) =>
        CodexUri.TryParse(uri, out var address)
        && address.Collection == CodexCollection.Items
        && Items.Get(address.Name) is { } codex
        && IsPlan(codex)
            ? codex
            : throw new FailureException(
                FailureKind.NotFound,
                $"{HiddenCharacters.VisibleLine(uri)} is not a plan. It may have been deleted or renamed."
            );

    private bool IsPlan(FileCodex codex) => services.Templates.IsA(codex.TemplateId, Plan.TemplateId);
}
