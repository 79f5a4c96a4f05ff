using System.Text.RegularExpressions;

namespace Plue.Server.Providers;

/// <summary>A slash command of an agent.</summary>
/// <param name="Name">The name without the slash.</param>
/// <param name="Hint">Describes the argument; null if the command takes none.</param>
public sealed partial record AgentCommand(string Name, string Description, string? Hint)
{
    public static bool IsName(string? text) => text is not null && Word().IsMatch(text);

    [GeneratedRegex(@"^[A-Za-z][\w.:-]{0,79}$")]
    private static partial Regex Word();
}
