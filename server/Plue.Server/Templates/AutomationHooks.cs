using Plue.Server.Json5;

namespace Plue.Server.Templates;

public enum HookTrigger
{
    FieldChange,
    StatusChange,
    Created,
}

/// <summary>One hook of a template: what it waits for, what must hold, and what then happens.</summary>
/// <param name="Field">For a field change: which one. Null means any.</param>
public sealed record AutomationHook(HookTrigger Trigger, string? Field, IReadOnlyList<HookCondition> Conditions, HookAction Action)
{
    /// <summary>As its file writes it, for the places of its parts.</summary>
    internal Json5Object Source { get; init; } = Json5Object.Empty;
}

/// <summary>A change of a codex that can trigger hooks.</summary>
/// <param name="Field">The field that changed; null for the other triggers.</param>
public sealed record HookChange(HookTrigger Trigger, string? Field = null)
{
    private const string StatusField = "status";

    /// <summary>As a template writes it.</summary>
    public string TriggerName =>
        Trigger switch
        {
            HookTrigger.FieldChange => "field_change",
            HookTrigger.StatusChange => "status_change",
            _ => "created",
        };

    /// <summary>Gets the change of a field; a change of <c>status</c> also triggers status hooks.</summary>
    public static IReadOnlyList<HookChange> Of(string field) =>
        field == StatusField ? [new(HookTrigger.FieldChange, field), new(HookTrigger.StatusChange)] : [new(HookTrigger.FieldChange, field)];

    /// <summary>Gets the changes between two states of a codex.</summary>
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

/// <summary>The action of a hook. Templates only defines it; Chat and Agents run it.</summary>
public abstract record HookAction
{
    private HookAction() { }

    /// <summary>As a template writes it.</summary>
    public string Name =>
        this switch
        {
            SendToLlm => "send_to_llm",
            SetField => "set_field",
            SpawnTask => "spawn_task",
            _ => "notify",
        };

    public sealed record SendToLlm : HookAction;

    public sealed record SetField(string Target, Json5Node Value) : HookAction;

    public sealed record SpawnTask(string TemplateId, Json5Object Values) : HookAction;

    public sealed record Notify(string Message) : HookAction;
}

/// <summary>One condition. A path that leads nowhere does not exist, equals nothing and contains nothing.</summary>
public abstract record HookCondition(ValuePath Path)
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

    /// <summary>A list has the item, an object the key, a text the part.</summary>
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

/// <summary>Asks a template's hooks what to do.</summary>
public static class AutomationHooks
{
    /// <summary>The actions of every hook that waits for this change and whose conditions all hold, in the template's order.</summary>
    /// <param name="values">The codex after the change. Only the fields that conditions name need be there.</param>
    public static IReadOnlyList<HookAction> Evaluate(IEnumerable<AutomationHook> hooks, HookChange change, Json5Object values) =>
        [
            .. hooks
                .Where(hook => hook.Trigger == change.Trigger && (hook.Field is null || hook.Field == change.Field))
                .Where(hook => hook.Conditions.All(condition => condition.Holds(values)))
                .Select(hook => hook.Action),
        ];
}
