using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Agents.Triggers;

/// <summary>The events that a trigger waits for.</summary>
/// <param name="Detail">What of the kind, as the user wrote it: patterns, an expression, a threshold.</param>
internal abstract record TriggerCondition(string Detail)
{
    /// <summary>Gets the part of an event that it waits for; null if it does not wait for it.</summary>
    public abstract TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates);

    /// <param name="values">The values of the item, with defaults.</param>
    /// <exception cref="FailureException">MissingField: names the field and what is wrong with it.</exception>
    public static TriggerCondition Of(Json5Object values, TimeProvider time) =>
        values.GetString("on") switch
        {
            "schedule" => ScheduleOf(values, time),
            "saved" => SavedOf(values),
            "git" => GitOf(values),
            "problems" => ProblemsOf(values),
            "ended" => new OnEnded(Text(values, "ended_template"), values.GetStrings("outcomes")),
            _ => throw Missing("Select an event in `on`: schedule, saved, git, problems, or ended."),
        };

    private static OnSchedule ScheduleOf(Json5Object values, TimeProvider time) =>
        new(
            TriggerSchedule.Parse(
                Text(values, "schedule") ?? throw Missing("Enter a calendar expression in `schedule`, such as `0 9 * * 1-5`."),
                Text(values, "time_zone"),
                time
            ),
            values.GetString("missed") != "skip"
        );

    private static OnSaved SavedOf(Json5Object values)
    {
        var files = values.GetStrings("files").Where(file => file.Length > 0).ToList();
        return files.Count == 0
            ? throw Missing("Enter at least one pattern in `files`, such as `src/**/*.ts`.")
            : new OnSaved(
                string.Join(", ", files),
                [
                    .. files.Select(file =>
                        PathPattern.TryParse(file, allowBraces: true)
                        ?? throw Missing($"`{HiddenCharacters.VisibleLine(file)}` in `files` is not a valid pattern.")
                    ),
                ]
            );
    }

    private static OnGit GitOf(Json5Object values)
    {
        var events = values
            .GetStrings("events")
            .Select(name =>
                Enum.TryParse<GitChange>(name, ignoreCase: true, out var change)
                    ? change
                    : throw Missing($"`{HiddenCharacters.VisibleLine(name)}` in `events` is none of commit, branch, and conflict.")
            )
            .ToList();
        return events.Count == 0 ? throw Missing("Select at least one of commit, branch, and conflict in `events`.") : new OnGit(events);
    }

    private static OnProblems ProblemsOf(Json5Object values)
    {
        var (errors, warnings) = (values.GetInteger("errors"), values.GetInteger("warnings"));
        return errors is null && warnings is null
            ? throw Missing("Enter a number of `errors` or `warnings` at which it runs.")
            : new OnProblems(errors, warnings);
    }

    private static string? Text(Json5Object values, string field) => values.GetString(field)?.Trim() is { Length: > 0 } text ? text : null;

    private static FailureException Missing(string message) => new(FailureKind.MissingField, message);

    internal sealed record OnSchedule(TriggerSchedule Schedule, bool RunsMissed) : TriggerCondition($"{Schedule.Text} ({Schedule.Zone.Id})")
    {
        public override TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates) => null; // TriggerClock starts it.
    }

    internal sealed record OnSaved(string Patterns, IReadOnlyList<PathPattern> Files) : TriggerCondition(Patterns)
    {
        public override TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates) =>
            found is TriggerEvent.FileSaved saved
            && saved.Files.Where(file => Files.Any(pattern => pattern.IsMatch(file.Relative))).ToList() is { Count: > 0 } files
                ? saved with
                {
                    Id = new TriggerEvent.FileSaved(saved.InFolder, files).Id,
                    Files = files,
                }
                : null;
    }

    internal sealed record OnGit(IReadOnlyList<GitChange> Changes)
        : TriggerCondition(string.Join(", ", Changes.Select(change => change.ToString().ToLowerInvariant())))
    {
        public override TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates) =>
            found is TriggerEvent.GitChanged changed && Changes.Contains(changed.Change) ? found : null;
    }

    internal sealed record OnProblems(int? Errors, int? Warnings)
        : TriggerCondition(
            string.Join(
                ", ",
                new[]
                {
                    Errors is { } errors ? Plural.Of(errors, "error") : null,
                    Warnings is { } warnings ? Plural.Of(warnings, "warning") : null,
                }.OfType<string>()
            )
        )
    {
        public override TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates) =>
            found is TriggerEvent.ProblemsChanged now && (now.Errors >= Errors || now.Warnings >= Warnings) ? found : null;
    }

    internal sealed record OnEnded(string? Template, IReadOnlyList<string> Outcomes)
        : TriggerCondition(string.Join(", ", new[] { Template ?? "task" }.Concat(Outcomes)))
    {
        public override TriggerEvent? Match(TriggerEvent found, TemplateCatalog templates) =>
            found is TriggerEvent.TaskEnded ended
            && (Template is null || ended.Template == Template || templates.IsA(ended.Template, Template))
            && (Outcomes.Count == 0 || Outcomes.Contains(ended.Status))
                ? found
                : null;
    }
}
