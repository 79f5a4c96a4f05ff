using System.Globalization;
using System.Text.RegularExpressions;

namespace Plue.Server.Agents;

/// <summary>How a command ended, as the tool bash says it.</summary>
internal static partial class ExitCode
{
    /// <returns>Null when it does not say it.</returns>
    public static int? Of(string said) => Line().Matches(said) is [.., var last] ? int.Parse(last.Groups[1].Value, CultureInfo.InvariantCulture) : null;

    [GeneratedRegex(@"\bexit code:? (-?[0-9]{1,9})\b", RegexOptions.IgnoreCase)]
    private static partial Regex Line();
}
