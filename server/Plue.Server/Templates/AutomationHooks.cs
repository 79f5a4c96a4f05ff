using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>The events that trigger hooks. The first three are changes of a codex; the others are steps of a chat or task and run only commands.</summary>
internal enum HookTrigger
{
    FieldChange,
    StatusChange,
    Created,
    SessionStart,
    UserMessage,
    BeforeTool,
    AfterTool,
    AfterEdit,
    ApprovalRequested,
    TurnEnd,
    TaskEnd,
    Compaction,
    BudgetThreshold,
}

internal static class HookTriggers
{
    public static readonly IReadOnlyDictionary<string, HookTrigger> ByName = new Dictionary<string, HookTrigger>(StringComparer.Ordinal)
    {
        ["field_change"] = HookTrigger.FieldChange,
        ["status_change"] = HookTrigger.StatusChange,
        ["created"] = HookTrigger.Created,
        ["session_start"] = HookTrigger.SessionStart,
        ["user_message"] = HookTrigger.UserMessage,
        ["before_tool"] = HookTrigger.BeforeTool,
        ["after_tool"] = HookTrigger.AfterTool,
        ["after_edit"] = HookTrigger.AfterEdit,
        ["approval_requested"] = HookTrigger.ApprovalRequested,
        ["turn_end"] = HookTrigger.TurnEnd,
        ["task_end"] = HookTrigger.TaskEnd,
        ["compaction"] = HookTrigger.Compaction,
        ["budget_threshold"] = HookTrigger.BudgetThreshold,
    };

    public static string NameOf(HookTrigger trigger) => ByName.First(pair => pair.Value == trigger).Key;

    /// <summary>True for steps of a chat or task, which run commands.</summary>
    public static bool RunsCommands(HookTrigger trigger) => trigger >= HookTrigger.SessionStart;

    /// <summary>True if the trigger is about a call, so that a hook can filter by tool.</summary>
    public static bool HasTool(HookTrigger trigger) =>
        trigger is HookTrigger.BeforeTool or HookTrigger.AfterTool or HookTrigger.AfterEdit or HookTrigger.ApprovalRequested;
}

/// <summary>A hook: its trigger, conditions and action.</summary>
/// <param name="Field">The field, for a field change; null for any.</param>
internal sealed record AutomationHook(HookTrigger Trigger, string? Field, IReadOnlyList<HookCondition> Conditions, HookAction Action)
{
    /// <summary>Gets the display name of a command; null uses the beginning of the command.</summary>
    public string? Name { get; init; }

    /// <summary>Gets patterns of the tools whose calls run the command, with <c>*</c>; empty for all.</summary>
    public IReadOnlyList<string> Tools { get; init; } = [];

    /// <summary>Gets path patterns, relative to the workspace folder. The command runs only if the call affects a matching file; empty for all calls.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Gets the percentage of the limit, for a budget threshold.</summary>
    public double At { get; init; } = 80;

    /// <summary>Gets the hook as written in its file, for positions.</summary>
    internal Json5Object Source { get; init; } = Json5Object.Empty;
}

/// <summary>A change of a codex that can trigger hooks.</summary>
/// <param name="Field">The changed field; null for other triggers.</param>
internal sealed record HookChange(HookTrigger Trigger, string? Field = null)
{
    private const string StatusField = "status";

    /// <summary>Gets the name in templates.</summary>
    public string TriggerName => HookTriggers.NameOf(Trigger);

    /// <summary>Gets the changes to report for a changed field; a change of <c>status</c> also triggers status hooks.</summary>
    public static IReadOnlyList<HookChange> Of(string field) =>
        field == StatusField ? [new(HookTrigger.FieldChange, field), new(HookTrigger.StatusChange)] : [new(HookTrigger.FieldChange, field)];

    public static IReadOnlyList<HookChange> Between(Json5Object before, Json5Object after) =>
        [
            .. after
                .Members.Concat(before.Members)
                .Select(member => member.Name)
                .Distinct(StringComparer.Ordinal)
                .Where(name =>
                    (before.Find(name), after.Find(name)) is var (old, now)
                    && !(old is null || now is null ? old == now : old.HasSameValueAs(now))
                )
                .SelectMany(Of),
        ];
}

/// <summary>The action of a hook. Only defined here; Chat and Agents run it.</summary>
internal abstract record HookAction
{
    private HookAction() { }

    /// <summary>Gets the name in templates.</summary>
    public string Name =>
        this switch
        {
            SendToLlm => "send_to_llm",
            SetField => "set_field",
            SpawnTask => "spawn_task",
            RunCommand => "run_command",
            _ => "notify",
        };

    public sealed record SendToLlm : HookAction;

    public sealed record SetField(string Target, Json5Node Value) : HookAction;

    public sealed record SpawnTask(string TemplateId, Json5Object Values) : HookAction;

    public sealed record Notify(string Message) : HookAction;

    /// <param name="Command">A shell command line.</param>
    /// <param name="Seconds">The time limit.</param>
    /// <param name="BlocksOnFailure">True if a failed command counts as a refusal.</param>
    public sealed record RunCommand(string Command, int Seconds, bool BlocksOnFailure) : HookAction
    {
        public const int DefaultSeconds = 60;
        public const int MaxSeconds = 600;

        /// <summary>True if the command is from a workspace file and needs approval.</summary>
        public bool IsFromWorkspace { get; init; }
    }
}

/// <summary>A condition of a hook. A path without a value does not exist, equals nothing and contains nothing.</summary>
internal abstract record HookCondition(ValuePath Path)
{
    public abstract bool Holds(Json5Node values);

    public sealed record EqualTo(ValuePath Path, Json5Node Value) : HookCondition(Path)
    {
        public override bool Holds(Json5Node values) => Path.Find(values)?.HasSameValueAs(Value) ?? false;
    }

    public sealed record NotEqualTo(ValuePath Path, Json5Node Value) : HookCondition(Path)
    {
        public override bool Holds(Json5Node values) => !(Path.Find(values)?.HasSameValueAs(Value) ?? false);
    }

    public sealed record Exists(ValuePath Path, bool Expected) : HookCondition(Path)
    {
        public override bool Holds(Json5Node values) => Path.Find(values) is not (null or Json5Null) == Expected;
    }

    /// <summary>True if a list contains the item, an object the key, or a string the substring.</summary>
    public sealed record Contains(ValuePath Path, Json5Node Value) : HookCondition(Path)
    {
        public override bool Holds(Json5Node values) =>
            Path.Find(values) switch
            {
                Json5Array array => array.Items.Any(item => item.HasSameValueAs(Value)),
                Json5Object inner => Value is Json5String key && inner.FindMember(key.Value) is not null,
                Json5String text => Value is Json5String part && text.Value.Contains(part.Value, StringComparison.Ordinal),
                _ => false,
            };
    }
}

internal static class AutomationHooks
{
    /// <summary>Gets the actions of all hooks that match the change and whose conditions hold, in the template's order.</summary>
    /// <param name="values">The codex after the change; at least the fields that conditions name.</param>
    public static IReadOnlyList<HookAction> Evaluate(IEnumerable<AutomationHook> hooks, HookChange change, Json5Object values) =>
        [
            .. hooks
                .Where(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
                .Where(hook => hook.Conditions.All(condition => condition.Holds(values)))
                .Select(hook => hook.Action),
        ];
}
