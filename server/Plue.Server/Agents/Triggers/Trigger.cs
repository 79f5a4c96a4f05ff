using System.Security.Cryptography;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Triggers;

/// <summary>A trigger as its item stores it.</summary>
/// <param name="Key">The name of its record of runs: that of the item, with a hash of the folder if it belongs to a workspace.</param>
/// <param name="Kind">The value of <c>on</c>.</param>
/// <param name="Condition">Null if the item has an error.</param>
/// <param name="Problem">Why it cannot run, in one sentence; null if it can.</param>
/// <param name="Budget">The limits of one run.</param>
/// <param name="Folder">The workspace folder in which it runs; null for any.</param>
/// <param name="IsOn">The value of <c>enabled</c>.</param>
/// <param name="Hash">The SHA-256 of the file if it belongs to a workspace, where it has to be turned on for each version; otherwise null.</param>
internal sealed record Trigger(
    string Key,
    string Uri,
    string Title,
    string Kind,
    TriggerCondition? Condition,
    string? Problem,
    string Goal,
    string TaskTemplate,
    AgentBudget Budget,
    decimal UsdPerDay,
    int RunsPerDay,
    string? Folder,
    bool IsOn,
    string? Hash
)
{
    public const string TemplateId = "trigger";
    public const string EnabledField = "enabled";
    private const decimal DefaultUsdPerDay = 2;
    private const int DefaultRunsPerDay = 20;
    private const int MaxRunsPerDay = 100;

    /// <summary>True if it belongs to a workspace, whose files Plue does not change.</summary>
    public bool IsOfWorkspace => Hash is not null;

    /// <param name="template">Null if there is no such template anymore.</param>
    /// <param name="workspace">The folder that the item belongs to; null for the user's.</param>
    public static Trigger Of(FileCodex codex, Template? template, WorkspaceFolder? workspace, TimeProvider time)
    {
        var values = template?.WithDefaults(codex.Values) ?? codex.Values;
        var day = values.GetObject("budget_per_day");
        var (condition, problem) = ConditionOf(codex, values, time);
        return new Trigger(
            workspace is null
                ? codex.Id
                : $"{codex.Id}@{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(RealPath.Of(workspace.Path))))[..16]}",
            codex.Uri!.ToString(),
            codex.Title,
            values.GetString("on") ?? "",
            condition,
            problem,
            values.GetString("goal")?.Trim() ?? "",
            values.GetString("task_template") is { Length: > 0 } task ? task : "task",
            values.GetObject("budget") is { } budget ? AgentBudget.Of(budget) : new AgentBudget(null, null, null, null),
            (day is null ? null : AgentBudget.Of(day).Usd) ?? DefaultUsdPerDay,
            Math.Clamp(day?.GetInteger("runs") ?? DefaultRunsPerDay, 0, MaxRunsPerDay),
            workspace?.Path ?? (values.GetString("folder") is { Length: > 0 } folder ? folder : null),
            values.GetBoolean(EnabledField) != false,
            workspace is null ? null : codex.Hash ?? ""
        );
    }

    private static (TriggerCondition? Condition, string? Problem) ConditionOf(FileCodex codex, Json5Object values, TimeProvider time)
    {
        if (codex.IsBroken)
        {
            return (null, "The file has errors. Open it and correct them.");
        }

        try
        {
            var condition = TriggerCondition.Of(values, time);
            return (
                condition,
                string.IsNullOrWhiteSpace(values.GetString("goal")) ? "Enter the goal of the task in `goal`."
                : values.GetString("folder") is { Length: > 0 } folder && !Path.IsPathFullyQualified(folder)
                    ? "Enter an absolute path in `folder`."
                : codex.Problems.FirstOrDefault(problem => problem.IsError)?.Message
            );
        }
        catch (FailureException fault)
        {
            return (null, fault.Message);
        }
    }
}
