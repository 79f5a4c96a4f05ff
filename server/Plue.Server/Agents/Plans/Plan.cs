using System.Globalization;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Plans;

/// <param name="Step">The title of a step; null for the whole plan.</param>
/// <param name="Line">The line that it is about; null for the whole step.</param>
internal sealed record PlanComment(string? Step, string? Line, string Text);

/// <summary>A plan as its item stores it.</summary>
/// <param name="Chat">The chat or task that its steps belong to; null if they are tasks of their own.</param>
/// <param name="Budget">The limits of all steps together.</param>
/// <param name="Comments">Those that were not sent to the chat yet.</param>
internal sealed record Plan(
    string Title,
    string Goal,
    string? Chat,
    AgentBudget Budget,
    IReadOnlyList<PlanStep> Steps,
    IReadOnlyList<PlanComment> Comments
)
{
    public const string TemplateId = "plan";
    public const string TitleField = "title";
    public const string GoalField = "goal";
    public const string ChatField = "chat";
    public const string StepsField = "steps";
    public const string CommentsField = "comments";

    public static Plan Of(Json5Object values) =>
        new(
            values.GetString(TitleField) ?? "",
            values.GetString(GoalField) ?? "",
            values.GetString(ChatField) is { Length: > 0 } chat && CodexUri.TryParse(chat, out _) ? chat : null,
            values.GetObject("budget") is { } budget ? AgentBudget.Of(budget) : new AgentBudget(null, null, null, null),
            [.. Objects(values, StepsField).Select(PlanStep.Of)],
            [
                .. Objects(values, CommentsField)
                    .Select(comment => new PlanComment(
                        comment.GetString("step"),
                        comment.GetString("line"),
                        comment.GetString("text") ?? ""
                    )),
            ]
        );

    /// <summary>Gets the share of a step in percent: its own, or an equal part of what is left.</summary>
    public decimal ShareOf(PlanStep step) =>
        step.BudgetShare
        ?? Math.Max(1, (100 - Steps.Sum(other => other.BudgetShare ?? 0)) / Math.Max(1, Steps.Count(other => other.BudgetShare is null)));

    public Json5Array StepsToJson5() => Json5Array.Of(Steps.Select(step => step.ToJson5()));

    /// <summary>Gets what the plan says, without what became of its steps.</summary>
    public override string ToString()
    {
        var text = new StringBuilder($"{Title}\n\n{Goal}\n");
        foreach (var (at, step) in Steps.Index())
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{at + 1}. {step.Title}\n");
            void Line(string name, string? value) => text.Append(string.IsNullOrEmpty(value) ? "" : $"   {name}: {value}\n");
            Line("description", step.Description);
            Line("files", string.Join(", ", step.Files));
            Line("checks", string.Join("; ", step.Checks));
            Line("template", step.Template);
            Line("model", step.Model);
            Line("budget_share", step.BudgetShare?.ToString(CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static IEnumerable<Json5Object> Objects(Json5Object values, string field) =>
        values.GetArray(field)?.Items.OfType<Json5Object>() ?? [];
}
