using System.Globalization;

namespace Plue.Server.Platform;

/// <summary>So many of a thing, in words that are right for one too.</summary>
public static class Plural
{
    /// <param name="noun">In the singular; one that takes an s for more.</param>
    public static string Of(int amount, string noun) => string.Create(CultureInfo.InvariantCulture, $"{amount} {noun}{(amount == 1 ? "" : "s")}");
}
