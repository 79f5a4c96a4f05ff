using System.Text.RegularExpressions;

namespace Plue.Server.Platform;

/// <summary>Compares names by their words, regardless of how they are joined: <c>read_file</c>, <c>readFile</c>, <c>Read-File</c>.</summary>
internal static partial class NameWords
{
    private const int MaxLength = 100;

    public static bool AreSame(string one, string other) =>
        one.Length <= MaxLength && other.Length <= MaxLength && string.Concat(Of(one)) == string.Concat(Of(other));

    /// <returns>True if the name contains all words of the other name.</returns>
    public static bool Contain(string name, string other) =>
        name.Length <= MaxLength && other.Length <= MaxLength && Of(other) is { Count: > 0 } words && words.All(Of(name).Contains);

    private static List<string> Of(string name) => [.. Word().Matches(name).Select(word => word.Value.ToLowerInvariant())];

    [GeneratedRegex(@"\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\d+", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
