using System.Text.RegularExpressions;

namespace Plue.Server.Providers;

/// <summary>A slash command of an agent.</summary>
/// <param name="Name">Without the slash.</param>
/// <param name="Hint">What its text is; null if it takes none.</param>
public sealed partial record AgentCommand(string Name, string Description, string? Hint)
{
    public static bool IsName(string? text) => text is not null && Word().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z][\w.:-]{0,79}$")]
    private static partial Regex Word();
}
