using System.Globalization;

namespace Plue.Server.Platform;

/// <summary>Formats an amount with its noun: <c>1 file</c>, <c>2 files</c>.</summary>
internal static class Plural
{
    /// <param name="noun">A singular noun with a regular plural.</param>
    public static string Of(int amount, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{amount} {noun}{(amount == 1 ? "" : "s")}");
}
