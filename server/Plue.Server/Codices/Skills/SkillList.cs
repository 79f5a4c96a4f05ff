using System.Text;
using Plue.Server.Messages;

namespace Plue.Server.Codices.Skills;

/// <summary>The list of skills in the instructions of a request. The same skills give the same bytes.</summary>
/// <param name="Names">The skills that are named in it.</param>
/// <param name="Unlisted">How many are only counted.</param>
public sealed record SkillList(string Text, IReadOnlyList<string> Names, int Unlisted)
{
    public const string Source = "skills";

    /// <summary>Characters of a description.</summary>
    public const int MaxDescription = SkillHead.MaxDescriptionLength;

    public static readonly SkillList Empty = new("", [], 0);

    private const string Heading = """
        # Skills

        A skill is a folder of instructions for one kind of work. Where a request matches a description below, call the tool `skill` with that name first, then work as it says. Load no skill that does not match.
        """;

    /// <summary>An estimate.</summary>
    public long Tokens => TokenEstimate.Of(Text);

    /// <param name="skills">Those that the model may use, the nearest first.</param>
    /// <param name="budget">Tokens; what does not fit is named without its description, or only counted.</param>
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

    /// <summary>One skill in the list.</summary>
    public static string LineOf(Skill skill) => $"- `{skill.Name}`: {skill.ShownDescription}";

    private static long NameCost(Skill skill) => TokenEstimate.Of(skill.Name) + 2;
}
