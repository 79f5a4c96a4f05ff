using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Codices.Skills;

/// <summary>The list of skills in the instructions of a request. The same skills result in the same bytes.</summary>
/// <param name="Names">The skills in the list.</param>
/// <param name="Unlisted">The number of omitted skills.</param>
internal sealed record SkillList(string Text, IReadOnlyList<string> Names, int Unlisted)
{
    public const string Source = "skills";

    /// <summary>The maximum number of characters of a description.</summary>
    public const int MaxDescription = SkillHead.MaxDescriptionLength;

    public static readonly SkillList Empty = new("", [], 0);

    private const string Heading = """
        # Skills

        A skill is a folder of instructions for one kind of work. Where a request matches a description below, call the tool `skill` with that name first, then work as it says. Load no skill that does not match.
        """;

    /// <summary>The estimated number of tokens.</summary>
    public long Tokens => TokenEstimate.Of(Text);

    /// <param name="skills">The skills that the model may use, in order of precedence.</param>
    /// <param name="budget">The maximum number of tokens; skills beyond it are listed without a description, or only counted.</param>
    public static SkillList Of(IReadOnlyList<Skill> skills, long budget)
    {
        if (skills.Count == 0)
        {
            return Empty;
        }

        var heading = Heading.ReplaceLineEndings("\n");
        var used = TokenEstimate.Of(heading);
        var named = 0;
        for (; named < skills.Count && used + NameCost(skills[named]) <= budget; named++)
        {
            used += NameCost(skills[named]);
        }

        HashSet<int> described = [];
        for (var at = 0; at < named; at++)
        {
            var more = TokenEstimate.Of(LineOf(skills[at])) + 1 - NameCost(skills[at]);
            if (used + more <= budget)
            {
                used += more;
                described.Add(at);
            }
        }

        var text = new StringBuilder(heading).Append('\n');
        foreach (var at in described.Order())
        {
            text.Append('\n').Append(LineOf(skills[at]));
        }

        var others = skills.Take(named).Where((_, at) => !described.Contains(at)).Select(skill => $"`{skill.Name}`").ToList();
        if (others.Count > 0)
        {
            text.Append($"\n- without a description here: {string.Join(", ", others)}");
        }
        if (named < skills.Count)
        {
            text.Append($"\n- {skills.Count - named} more, which the user can name");
        }

        return new SkillList(text.ToString(), [.. skills.Take(named).Select(skill => skill.Name)], skills.Count - named);
    }

    /// <summary>Returns the line of one skill in the list.</summary>
    public static string LineOf(Skill skill) => $"- `{skill.Name}`: {skill.ShownDescription}";

    private static long NameCost(Skill skill) => TokenEstimate.Of(skill.Name) + 2;
}
