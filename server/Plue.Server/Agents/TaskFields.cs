using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>Values of a task that only Plue sets.</summary>
internal static class TaskFields
{
    /// <summary>The id of the call that asked for the task: by it a parent finds its child again.</summary>
    public const string Call = "spawned_by_call";

    /// <summary>What of the parent's budget is kept for it.</summary>
    public const string Reserved = "reserved_budget";

    /// <summary>What it handed back, or how else it ended; gone while it is worked on.</summary>
    public const string Result = "result";

    /// <summary>What the tool finish was called with.</summary>
    public const string Handed = "handed_back";
    public const string Routing = "routing";

    /// <summary>Number of reminders to the current candidate that something is missing.</summary>
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

    /// <summary>A value that is there and not null.</summary>
    public static JsonElement? Find(StoredChat task, string field) =>
        task.Values.TryGetValue(field, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value
            : null;
}
