using System.Globalization;

namespace Plue.Server.Platform;

/// <summary>So many of a thing, in words that are right for one too.</summary>
public static class Plural
{
    /// <param name="noun">A singular noun with a regular plural.</param>
    public static string Of(int amount, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{amount} {noun}{(amount == 1 ? "" : "s")}");
}
