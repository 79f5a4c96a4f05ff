using Plue.Server.Templates;

namespace Plue.Server.Codices.Skills;

/// <summary>The tools that a skill names in <c>allowed-tools</c>, as permission rules. Names of Claude Code are understood.</summary>
internal static class SkillToolRules
{
    private static readonly Dictionary<string, string[]> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Read"] = ["read"],
        ["Write"] = ["write"],
        ["Edit"] = ["edit"],
        ["MultiEdit"] = ["edit"],
        ["NotebookEdit"] = ["edit_cell"],
        ["Bash"] = ["bash"],
        ["Glob"] = ["search"],
        ["Grep"] = ["search"],
        ["LS"] = ["search"],
        ["WebFetch"] = ["fetch"],
        ["WebSearch"] = ["web_search"],
        ["Task"] = ["spawn_task"],
        ["Agent"] = ["spawn_task"],
        ["TodoWrite"] = ["todo"],
        ["AskUserQuestion"] = ["ask_user"],
        ["Skill"] = [ToolNames.Skill],
    };

    /// <returns>Null if the skill names no tools, or all of them.</returns>
    public static IReadOnlyList<string>? Rules(SkillHead head) =>
        head.AllowedTools is { } names && !names.Contains("*") ? [.. names.SelectMany(RulesOf).Distinct()] : null;

    /// <summary>Returns the names that do not match a tool of Plue.</summary>
    public static IReadOnlyList<string> Unknown(SkillHead head) =>
        [.. (head.AllowedTools ?? []).Where(name => name != "*" && RulesOf(name).Count == 0)];

    private static IReadOnlyList<string> RulesOf(string name)
    {
        var open = name.IndexOf('(', StringComparison.Ordinal);
        var tool = open < 0 ? name : name[..open];
        var pattern = open >= 0 && name.EndsWith(')') ? name[(open + 1)..^1] : null;
        if (tool.StartsWith("mcp__", StringComparison.Ordinal))
        {
            return tool[5..].Split("__", 2) is [var server, var rest] ? [$"{server}/{rest}"] : [$"{tool[5..]}/*"];
        }

        IReadOnlyList<string> ours =
            Known.TryGetValue(tool, out var known) ? known
            : ToolNames.IsValidName(tool) ? [tool]
            : [];
        return
        [
            .. ours.SelectMany(one =>
                    pattern switch
                    {
                        null => [one],
                        // "git:*" matches the command with or without arguments.
                        [.. var command, ':', '*'] when one == "bash" => new[] { $"bash({command})", $"bash({command} *)" },
                        ['d', 'o', 'm', 'a', 'i', 'n', ':', .. var host] when one == "fetch" => [$"fetch({host})"],
                        _ => [$"{one}({pattern})"],
                    }
                )
                .Where(rule => PermissionRule.TryParse(rule, out _) is not null),
        ];
    }
}
