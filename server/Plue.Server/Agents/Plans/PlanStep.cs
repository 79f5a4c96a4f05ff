using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Agents.Plans;

internal enum PlanStepStatus
{
    Pending,
    Running,
    Done,
    Failed,
    Skipped,
}

/// <summary>A step of a plan: what it says, and what became of it.</summary>
internal sealed record PlanStep(string Title)
{
    public const string DefaultTemplate = "task-code-writer";

    public string Description { get; init; } = "";

    /// <summary>Gets the files that the step changes, as patterns; empty if it does not say.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Gets the commands that must succeed after the step.</summary>
    public IReadOnlyList<string> Checks { get; init; } = [];

    public string Template { get; init; } = DefaultTemplate;

    /// <summary>Gets a model of the template, or <c>PROVIDER/MODEL</c>; null leaves it to the template.</summary>
    public string? Model { get; init; }

    /// <summary>Gets the share of the budget in percent; null for an equal part of the rest.</summary>
    public decimal? BudgetShare { get; init; }

    /// <summary>True if the user approved the step as it is.</summary>
    public bool IsApproved { get; init; }

    public PlanStepStatus Status { get; init; }

    /// <summary>Gets the id of the last run, stored before its task is created; null before the first run.</summary>
    public string? Run { get; init; }

    /// <summary>Gets the address of the task of the last run; null if there is none yet.</summary>
    public string? Task { get; init; }

    /// <summary>Gets the changed files that <see cref="Files"/> does not list.</summary>
    public IReadOnlyList<string> UnlistedFiles { get; init; } = [];

    /// <summary>Gets why the step failed, or a note about its result.</summary>
    public string? Note { get; init; }

    /// <summary>True if the step was added after the plan had started.</summary>
    public bool IsAddedLater { get; init; }

    /// <summary>True if the step ran or runs, so that a revision of the plan keeps it.</summary>
    public bool HasStarted => Status is PlanStepStatus.Running or PlanStepStatus.Done or PlanStepStatus.Failed;

    public static PlanStep Of(Json5Object values) =>
        new(values.GetString("title") ?? "")
        {
            Description = values.GetString("description") ?? "",
            Files = values.GetStrings("files"),
            Checks = values.GetStrings("checks"),
            Template = values.GetString("template") is { Length: > 0 } template ? template : DefaultTemplate,
            Model = values.GetString("model") is { Length: > 0 } model ? model : null,
            BudgetShare = values.GetNumber("budget_share") is { } share and > 0 ? (decimal)share : null,
            IsApproved = values.GetBoolean("approved") == true,
            Status = Enum.TryParse<PlanStepStatus>(values.GetString("status"), ignoreCase: true, out var status)
                ? status
                : PlanStepStatus.Pending,
            Run = values.GetString("run"),
            Task = values.GetString("task"),
            UnlistedFiles = values.GetStrings("unlisted_files"),
            Note = values.GetString("note"),
            IsAddedLater = values.GetBoolean("added_later") == true,
        };

    /// <summary>Gets the changed files that the step does not list. A step without files lists none, and allows all.</summary>
    /// <param name="changed">Relative to the workspace, with <c>/</c>.</param>
    public IReadOnlyList<string> UnlistedIn(IReadOnlyList<string> changed)
    {
        var listed = Files.Select(file => file.Replace('\\', '/')).ToList();
        var patterns = listed.Select(file => PathPattern.TryParse(file, allowBraces: true)).OfType<PathPattern>().ToList();
        return Files.Count == 0
            ? []
            :
            [
                .. changed.Where(path =>
                    !listed.Any(file => path == file || path.StartsWith($"{file.TrimEnd('/')}/", StringComparison.Ordinal))
                    && !patterns.Any(pattern => pattern.IsMatch(path))
                ),
            ];
    }

    public Json5Object ToJson5()
    {
        List<(string, Json5Node)> fields = [("title", new Json5String(Title))];
        void Text(string name, string? text)
        {
            if (!string.IsNullOrEmpty(text))
            {
                fields.Add((name, new Json5String(text)));
            }
        }

        void Texts(string name, IReadOnlyList<string> texts)
        {
            if (texts.Count > 0)
            {
                fields.Add((name, Json5Array.Of(texts)));
            }
        }

        void Flag(string name, bool isSet)
        {
            if (isSet)
            {
                fields.Add((name, new Json5Boolean(true)));
            }
        }

        Text("description", Description);
        Texts("files", Files);
        Texts("checks", Checks);
        Text("template", Template);
        Text("model", Model);
        if (BudgetShare is { } share)
        {
            fields.Add(("budget_share", new Json5Number((double)share)));
        }
        Flag("approved", IsApproved);
        Text("status", Status.ToString().ToLowerInvariant());
        Text("run", Run);
        Text("task", Task);
        Texts("unlisted_files", UnlistedFiles);
        Text("note", Note);
        Flag("added_later", IsAddedLater);
        return Json5Object.Of(fields);
    }
}
