using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>Checks the values of agent fields beyond their types.</summary>
internal static class AgentChecks
{
    /// <summary>True if the template's fields named in <see cref="AgentSpec.Keys"/> are agent settings.</summary>
    public static bool AppliesTo(Template template) => template.Collection is TemplateCollection.Chats or TemplateCollection.Tasks;

    /// <param name="name">The name of the field.</param>
    /// <param name="value">A value of the field's type.</param>
    public static void Check(string name, Json5Node value, List<DocumentProblem> problems)
    {
        switch (name, value)
        {
            case (Narrowing.Tools, Json5Array tools):
                CheckTools(tools, problems);
                break;
            case (Narrowing.Permissions, Json5Object rights):
                foreach (var rule in rights.Members.SelectMany(member => (member.Value as Json5Array)?.Items ?? []).OfType<Json5String>())
                {
                    CheckRule(rule, problems);
                }

                break;
            case (Narrowing.Budget, Json5Object budget):
                foreach (var member in budget.Members.Where(member => member.Name is "tokens" or "rounds" or "seconds"))
                {
                    CheckWhole(member.Name, member.Value, problems);
                }

                break;
            case (Narrowing.SpawnLimit, _):
                CheckWhole(name, value, problems);
                break;
            case ("outputs", Json5Object schema):
                SchemaCheck.Check(schema, "`outputs`", problems);
                break;
            case ("checks", Json5Array checks):
                foreach (var check in checks.Items.OfType<Json5Object>())
                {
                    CheckCheck(check, problems);
                }

                break;
        }
    }

    private static void CheckTools(Json5Array tools, List<DocumentProblem> problems)
    {
        foreach (var tool in tools.Items.OfType<Json5String>().Where(tool => !ToolNames.IsValidName(tool.Value)))
        {
            var hint =
                tool.Value.IndexOf('(', StringComparison.Ordinal) > 0 ? " Put rules such as `bash(npm test*)` in `permissions`." : "";
            problems.Add(DocumentProblem.Error(ToolNames.Unknown(tool.Value) + hint, tool.Span) with { Code = FindingCodes.Tool });
        }
    }

    private static void CheckRule(Json5String rule, List<DocumentProblem> problems)
    {
        if (PermissionRule.TryParse(rule.Value, out var error) is null && error is { } wrong)
        {
            problems.Add(DocumentProblem.Error(wrong.Message, rule.At(wrong.Start, wrong.Length)));
        }
    }

    private static void CheckWhole(string name, Json5Node value, List<DocumentProblem> problems)
    {
        if (value is Json5Number number && (Math.Floor(number.Value) != number.Value || number.Value > int.MaxValue))
        {
            problems.Add(DocumentProblem.Error($"`{name}` must be a whole number of at most {int.MaxValue}.", value.Span));
        }
    }

    private static void CheckCheck(Json5Object check, List<DocumentProblem> problems)
    {
        if (check.Has("command") == check.Has("schema"))
        {
            problems.Add(DocumentProblem.Error("A check must have either a `command` or a `schema`.", check.Span));
        }

        if (check.GetObject("schema") is { } schema)
        {
            SchemaCheck.Check(schema, "`schema`", problems);
        }
    }
}
