using System.Text.Json;
using Plue.Server.Tools;

namespace Plue.Server.Agents.Plans;

/// <summary>The parameters of write_plan.</summary>
internal sealed record PlanDraft(string Title, string Goal, IReadOnlyList<PlanStep> Steps)
{
    public const int MaxSteps = 30;
    private const int MaxTitleLength = 200;
    private const int MaxTextLength = 10_000;
    private const int MaxFiles = 50;
    private const int MaxChecks = 10;
    private const int MaxLineLength = 500;
    private const int AllShares = 100;

    /// <exception cref="ToolFailureException">Names the step and what is wrong with it.</exception>
    public static PlanDraft Of(JsonElement parameters)
    {
        var given = new ToolParameters(parameters, "title", "goal", "steps");
        var (title, goal) = (Text(given, "title", MaxTitleLength), Text(given, "goal", MaxTextLength));
        var steps = given.List("steps");
        if (steps.Count is 0 or > MaxSteps)
        {
            throw Invalid($"`steps` must have 1 to {MaxSteps} steps, and there are {steps.Count}.");
        }

        List<PlanStep> read = [];
        foreach (var (at, step) in steps.Index())
        {
            try
            {
                read.Add(StepOf(step));
            }
            catch (ToolFailureException fault)
            {
                throw new ToolFailureException($"Step {at + 1}: {fault.Message}", fault);
            }
        }

        if (read.GroupBy(step => step.Title, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Invalid($"Two steps have the title \"{twice.Key}\". Give each step its own title.");
        }
        return read.Sum(step => step.BudgetShare ?? 0) is var sum and > AllShares
            ? throw Invalid($"The shares of the budget are {sum} % together, and can be at most {AllShares} %.")
            : new PlanDraft(title, goal, read);
    }

    private static PlanStep StepOf(JsonElement step)
    {
        if (step.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("it must be an object.");
        }

        var given = new ToolParameters(step, "title", "description", "files", "checks", "template", "model", "budget_share");
        var files = given.OptionalTexts("files", MaxFiles, MaxLineLength).Select(Normalized).ToList();
        return files.FirstOrDefault(file => file.Length == 0 || Path.IsPathRooted(file) || file.Split('/').Contains("..")) is { } outside
            ? throw Invalid($"`files` must be paths relative to the workspace folder, and \"{outside}\" is not.")
            : new PlanStep(Text(given, "title", MaxTitleLength))
            {
                Description = Text(given, "description", MaxTextLength),
                Files = files,
                Checks = [.. given.OptionalTexts("checks", MaxChecks, MaxLineLength).Where(check => !string.IsNullOrWhiteSpace(check))],
                Template = Filled(given, "template") ?? PlanStep.DefaultTemplate,
                Model = Filled(given, "model"),
                BudgetShare = given.OptionalAmount("budget_share", AllShares),
            };
    }

    private static string Normalized(string file)
    {
        var path = file.Trim().Replace('\\', '/');
        return path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
    }

    private static string Text(ToolParameters given, string name, int maxLength)
    {
        var text = given.Text(name).Trim();
        return text.Length > 0 && text.Length <= maxLength ? text : throw Invalid($"`{name}` must have 1 to {maxLength} characters.");
    }

    private static string? Filled(ToolParameters given, string name) =>
        given.OptionalText(name)?.Trim() is { Length: > 0 } text ? text : null;

    private static ToolFailureException Invalid(string why) => new($"{why} No plan was written. Correct it and send the call again.");
}
