using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Platform;

namespace Plue.Server.Codices.Skills;

/// <summary>Builds the text of a loaded skill for a model: its instructions with arguments filled in, and the list of its files.</summary>
internal static partial class SkillText
{
    private const int MaxListed = 100;

    /// <param name="arguments">The arguments as written by the user or the model; empty for none.</param>
    /// <param name="folder">The skill's folder as the model's tools name it.</param>
    public static string Of(Skill skill, string arguments, string folder, string codexId)
    {
        var text = new StringBuilder();
        var (body, tag) = (Fill(skill, arguments, folder, codexId), "skill");
        // Choose a tag whose closing form does not occur in the text.
        while (body.Contains($"</{tag}>", StringComparison.OrdinalIgnoreCase))
        {
            tag += "_";
        }

        text.Append($"<{tag} name=\"{skill.Name}\">\n{body}\n</{tag}>\n\n");
        text.Append("The folder of this skill is `")
            .Append(HiddenCharacters.VisibleLine(folder))
            .Append("`. Paths in the text above start there.");
        var others = skill.Files.Where(file => file.Path != Skill.FileName && !file.IsLinkOut).ToList();
        if (others.Count > 0)
        {
            text.Append(
                " Its files are below: use `read` with the folder in front of the path, and only those that the text sends you to. Run a script with `bash`.\n"
            );
            foreach (var file in others.Take(MaxListed))
            {
                text.Append("\n- ").Append(HiddenCharacters.VisibleLine(file.Path));
                text.Append(CultureInfo.InvariantCulture, $" ({file.Length} bytes{(file.IsScript ? ", script" : "")})");
            }
            if (others.Count > MaxListed)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n- and {others.Count - MaxListed} more");
            }
        }

        return HiddenCharacters.Visible(text.ToString());
    }

    /// <summary>
    /// Fills the placeholders of Claude Code: <c>$ARGUMENTS</c>, <c>$ARGUMENTS[0]</c>, <c>$0</c>, <c>$name</c>, <c>${CLAUDE_SKILL_DIR}</c> and
    /// <c>${CLAUDE_SESSION_ID}</c>. Without a placeholder for arguments, they are appended. Placeholders inside arguments are not expanded.
    /// </summary>
    private static string Fill(Skill skill, string arguments, string folder, string codexId)
    {
        var given = arguments.Trim();
        var words = Words(given);
        var isUsed = false;
        var filled = Placeholder()
            .Replace(
                skill.Body,
                match =>
                {
                    if (match.Groups["variable"].Value is { Length: > 0 } variable)
                    {
                        return variable switch
                        {
                            "CLAUDE_SKILL_DIR" => folder,
                            "CLAUDE_SESSION_ID" => codexId,
                            _ => match.Value,
                        };
                    }

                    var number =
                        match.Groups["index"].Success ? int.Parse(match.Groups["index"].ValueSpan, CultureInfo.InvariantCulture)
                        : match.Groups["name"].Success ? skill.Head.Arguments.ToList().IndexOf(match.Groups["name"].Value)
                        : -1;
                    if (match.Value == "$ARGUMENTS")
                    {
                        isUsed = true;
                        return given;
                    }
                    if (number < 0 || (number >= words.Count && !match.Groups["name"].Success))
                    {
                        // For example, $1 in a command in the text.
                        return match.Value;
                    }

                    isUsed = true;
                    return words.ElementAtOrDefault(number) ?? "";
                }
            );
        return isUsed || given.Length == 0 ? filled : $"{filled}\n\nARGUMENTS: {given}";
    }

    /// <summary>Splits at spaces outside quotes.</summary>
    internal static IReadOnlyList<string> Words(string text) =>
        [.. Word().Matches(text).Select(match => match.Value is ['"', .., '"'] or ['\'', .., '\''] ? match.Value[1..^1] : match.Value)];

    [GeneratedRegex(
        @"\$\{(?<variable>[A-Z_]{1,40})\}|\$ARGUMENTS\[(?<index>\d{1,2})\]|\$ARGUMENTS\b|\$(?<index>\d{1,2})\b|\$(?<name>[A-Za-z_][A-Za-z0-9_-]{0,63})",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Placeholder();

    [GeneratedRegex(
        """
            "[^"]*"|'[^']*'|\S+
            """
    )]
    private static partial Regex Word();
}
