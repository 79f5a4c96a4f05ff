using System.Text.RegularExpressions;
using Plue.Server.Codices.Skills;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Reads the skill for a message that starts with <c>/NAME</c>.</summary>
internal static partial class SkillCommand
{
    /// <returns>Null if the message names no skill that the user can invoke.</returns>
    /// <exception cref="FailureException">Conflict: the skill needs the user's approval.</exception>
    public static MessagePart.File? Read(string message, SkillCatalog skills, WorkspaceFolders? folders, string codexId)
    {
        if (
            Command().Match(message) is not { Success: true } match
            || skills.Find(match.Groups["name"].Value, isUser: true) is not { } skill
        )
        {
            return null;
        }

        var text = SkillText.Of(skill, match.Groups["arguments"].Value, SkillTool.FolderFor(skill, folders), codexId);
        return new MessagePart.File(
            skill.Path,
            $"The user invokes the skill `{skill.Name}` with this message. Work as it says.\n\n{text}",
            Language: "markdown"
        )
        {
            Skill = skill.Source,
        };
    }

    [GeneratedRegex(
        @"^\s*/(?<name>[a-z0-9][a-z0-9-]{0,63})(?:\s+(?<arguments>.*))?$",
        RegexOptions.Singleline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Command();
}
