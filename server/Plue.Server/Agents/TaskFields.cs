using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>Values of a task that only Plue sets.</summary>
internal static class TaskFields
{
    /// <summary>The id of the tool call that spawned the task; a parent uses it to find its child again.</summary>
    public const string Call = "spawned_by_call";

    /// <summary>The part of the parent's budget that is reserved for the task.</summary>
    public const string Reserved = "reserved_budget";

    /// <summary>The result of the task; absent while it runs.</summary>
    public const string Result = "result";

    /// <summary>
    /// The id of the call or message that returned the result to the parent, or <see cref="Unread"/>. Absent if the call that spawned the task waits for it.
    /// </summary>
    public const string ReturnedBy = "result_returned_by";

    /// <summary>The value of <see cref="ReturnedBy"/> before the parent has received the result.</summary>
    public const string Unread = "none";

    /// <summary>The notes that the agent posted to the board of its tree.</summary>
    public const string Notes = "board_notes";

    /// <summary>The id of the run of a plan's step that created the task.</summary>
    public const string PlanRun = "plan_run";

    /// <summary>The run of a trigger that created the task; see <see cref="Triggers.TriggerOrigin"/>.</summary>
    public const string TriggerRun = "trigger_run";

    /// <summary>The contestants of a compare, in the task above theirs.</summary>
    public const string Compare = "compare";

    /// <summary>The last results of the template's checks.</summary>
    public const string CheckResults = "check_results";

    public const string SubmittedResult = "handed_back";
    public const string Routing = "routing";

    /// <summary>The number of failed checks reported to the current candidate.</summary>
    public const string Tries = "tries";

    public static Json5Object ToJson5(AgentBudget budget)
    {
        List<(string, Json5Node)> members = [];
        void Add(string name, decimal? value)
        {
            if (value is { } number)
            {
                members.Add((name, new Json5Number((double)number)));
            }
        }

        Add("usd", budget.Usd);
        Add("tokens", budget.Tokens);
        Add("rounds", budget.Rounds);
        Add("seconds", budget.Seconds);
        return Json5Object.Of(members);
    }

    public static AgentBudget BudgetOf(StoredChat task, string field) =>
        task.Values.TryGetValue(field, out var value)
        && value.ValueKind == JsonValueKind.Object
        && Json5Conversion.ToJson5(value) is Json5Object budget
            ? AgentBudget.Of(budget)
            : new AgentBudget(null, null, null, null);

    /// <summary>Gets a value; null if it is missing or null.</summary>
    public static JsonElement? Find(StoredChat task, string field) =>
        task.Values.TryGetValue(field, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value
            : null;
}
