using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>
/// Defines which values are narrower: for templates that inherit a locked field, for values of a codex, and for a workspace template that overrides another. A
/// list has fewer items, a select has any of its options, a limit (<c>max_…</c>) and each key of a <c>budget</c> are smaller, and <c>permissions</c> allow
/// less, or ask or deny more. Other values must be equal.
/// </summary>
internal static class Narrowing
{
    public const string Tools = "available_tools";
    public const string Permissions = "permissions";
    public const string Budget = "budget";
    public const string SpawnLimit = "max_spawned_tasks";
    private const string LimitPrefix = "max_";
    private const string Allow = "allow";
    private static readonly string[] Restrictions = ["ask", "deny"];

    /// <summary>The fields that grant rights to an agent.</summary>
    internal static readonly IReadOnlyList<string> Rights = [Tools, Permissions, Budget, SpawnLimit];

    /// <summary>True if a value is within the default of a field.</summary>
    /// <param name="value">Null stands for no value, which would remove a limit.</param>
    public static bool IsWithin(TemplateField field, Json5Node? value) =>
        field.Default is null or Json5Null
        || value switch
        {
            null or Json5Null => false,
            _ when field.Type == FieldType.Select => value is Json5String chosen && field.Options.Contains(chosen.Value),
            _ => Parts(field, field.Default, value).All(part => part.IsWithin),
        };

    /// <summary>Limits a value to the default of a right, with one message per change.</summary>
    /// <param name="limit">One of <see cref="Rights"/>. Without a default, nothing is granted.</param>
    /// <param name="value">Null uses the field's default.</param>
    internal static (Json5Node? Value, IReadOnlyList<(string Message, Json5Span Span)> Changes) Narrow(
        TemplateField limit,
        Json5Node? value
    )
    {
        if (value is null or Json5Null)
        {
            return (limit.Default, []);
        }

        var changes = new List<(string, Json5Span)>();
        foreach (
            var part in Parts(limit, limit.Default is null or Json5Null ? None(limit.Name) : limit.Default, value)
                .Where(part => !part.IsWithin)
        )
        {
            changes.Add((part.Message, part.Span));
            value = part.Repair(value);
        }

        return (value, changes);
    }

    /// <summary>Gets the attributes of a locked field that a child widened, or changed although they cannot be narrowed.</summary>
    internal static IEnumerable<string> Widened(TemplateField parent, TemplateField merged, IReadOnlySet<string> given)
    {
        if (!merged.Locked)
        {
            yield return "locked";
        }

        if (merged.Type != parent.Type)
        {
            yield return "type";
        }

        if (parent.Required && !merged.Required)
        {
            yield return "required";
        }

        if (parent.Options.Count > 0 && (merged.Options.Count == 0 || merged.Options.Except(parent.Options).Any()))
        {
            yield return "options";
        }

        if (parent.Min is { } min && !(merged.Min >= min))
        {
            yield return "min";
        }

        if (parent.Max is { } max && !(merged.Max <= max))
        {
            yield return "max";
        }

        if (!IsWithin(parent, merged.Default))
        {
            yield return "default";
        }

        foreach (var attribute in (string[])["items", "properties", "auto", "template_filter", "conditional"])
        {
            if (given.Contains(attribute))
            {
                yield return attribute;
            }
        }
    }

    /// <summary>A part of a value that can be too wide, and its repair.</summary>
    private sealed record Part(bool IsWithin, string Message, Json5Span Span, Func<Json5Node, Json5Node> Repair);

    private static IEnumerable<Part> Parts(TemplateField field, Json5Node limit, Json5Node value) =>
        (field.Name, limit, value) switch
        {
            (Permissions, Json5Object max, Json5Object rules) => OfPermissions(max, rules),
            (Budget, Json5Object max, Json5Object chosen) => OfBudget(max, chosen),
            (_, Json5Number max, Json5Number number) when field.Name.StartsWith(LimitPrefix, StringComparison.Ordinal) =>
            [
                new(
                    number.Value <= max.Value,
                    $"`{field.Name}` exceeds {Json5Writer.Write(max)}, the limit of the template that it overrides, which applies.",
                    value.Span,
                    _ => limit
                ),
            ],
            (_, Json5Array or Json5String, Json5Array or Json5String) when limit is Json5Array || value is Json5Array => OfList(
                field,
                Items(limit),
                value
            ),
            _ =>
            [
                new(
                    limit.HasSameValueAs(value),
                    $"`{field.Name}` keeps the value of the template that it overrides.",
                    value.Span,
                    _ => limit
                ),
            ],
        };

    private static IEnumerable<Part> OfList(TemplateField field, IReadOnlyList<Json5Node> allowed, Json5Node value) =>
        Items(value)
            .Select(item => new Part(
                allowed.Any(item.HasSameValueAs),
                $"`{(item as Json5String)?.Value ?? field.Name}` is removed from `{field.Name}` because the template that it overrides does not have it.",
                item.Span,
                list => Json5Array.Of(Items(list).Where(other => !ReferenceEquals(other, item)))
            ));

    private static IEnumerable<Part> OfPermissions(Json5Object limit, Json5Object value)
    {
        var allowed = Rules(limit, Allow).Select(text => PermissionRule.TryParse(text.Value, out _)).OfType<PermissionRule>().ToList();
        foreach (var rule in Rules(value, Allow))
        {
            var isAllowed =
                limit.GetStrings(Allow).Contains(rule.Value)
                || (PermissionRule.TryParse(rule.Value, out _) is { } parsed && allowed.Any(other => other.Covers(parsed)));
            yield return new Part(
                isAllowed,
                $"`{rule.Value}` is removed from `{Allow}` because the template that it overrides does not allow it.",
                rule.Span,
                rules => WithRules((Json5Object)rules, Allow, list => list.Where(other => !ReferenceEquals(other, rule)))
            );
        }

        foreach (var name in Restrictions)
        {
            // A call that requires approval may be denied instead.
            var own = (name == "deny" ? [name] : Restrictions)
                .SelectMany(list => Rules(value, list))
                .Select(text => PermissionRule.TryParse(text.Value, out _))
                .OfType<PermissionRule>()
                .ToList();
            var texts = value.GetStrings(name);
            foreach (var rule in Rules(limit, name))
            {
                var isKept =
                    texts.Contains(rule.Value)
                    || (PermissionRule.TryParse(rule.Value, out _) is { } parsed && own.Any(other => other.Covers(parsed)));
                yield return new Part(
                    isKept,
                    $"`{rule.Value}` stays in `{name}`: a restricting rule cannot be removed.",
                    value.Find(name)?.Span ?? value.Span,
                    rules => WithRules((Json5Object)rules, name, list => [.. list, rule])
                );
            }
        }
    }

    private static IEnumerable<Part> OfBudget(Json5Object limit, Json5Object value)
    {
        foreach (var max in limit.Members.Where(member => member.Value is Json5Number))
        {
            var own = value.FindMember(max.Name);
            var isWithin = own?.Value is Json5Number number && number.Value <= ((Json5Number)max.Value).Value;
            yield return new Part(
                isWithin,
                $"`{max.Name}` of `{Budget}` stays at {Json5Writer.Write(max.Value)}, the maximum.",
                own?.Value.Span ?? value.Span,
                budget => ((Json5Object)budget).With(max.Name, max.Value)
            );
        }
    }

    /// <summary>Gets the value of a right that is not granted. A budget without a limit may be set.</summary>
    private static Json5Node None(string name) =>
        name switch
        {
            Budget or Permissions => Json5Object.Empty,
            SpawnLimit => new Json5Number(0),
            _ => Json5Array.Of(Enumerable.Empty<Json5Node>()),
        };

    private static IReadOnlyList<Json5Node> Items(Json5Node value) => value is Json5Array array ? array.Items : [value];

    private static IEnumerable<Json5String> Rules(Json5Object permissions, string name) =>
        (permissions.GetArray(name)?.Items ?? []).OfType<Json5String>();

    private static Json5Object WithRules(
        Json5Object permissions,
        string name,
        Func<IEnumerable<Json5Node>, IEnumerable<Json5Node>> change
    ) => permissions.With(name, Json5Array.Of(change(permissions.GetArray(name)?.Items ?? [])));
}
