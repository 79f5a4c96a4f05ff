namespace Plue.Server.Catalog;

/// <summary>
/// A catalog's id is the name of its file. It is safe on every system: it cannot escape a folder, and no two ids refer to the same file.
/// </summary>
internal static class CatalogId
{
    public const int MaxLength = 100;
    public const string Rule =
        "An id has up to 100 lower-case letters, digits, dots, underscores and hyphens and begins with a letter or digit.";

    public static bool IsValid(string id) =>
        id.Length is > 0 and <= MaxLength
        && IsLetterOrDigit(id[0])
        && id.All(c => IsLetterOrDigit(c) || c is '.' or '_' or '-')
        && !id.Contains("..", StringComparison.Ordinal)
        && id[^1] != '.'
        && !IsDevice(id.Split('.')[0]);

    private static bool IsLetterOrDigit(char c) => c is (>= 'a' and <= 'z') or (>= '0' and <= '9');

    /// <summary>True for device names, which Windows opens instead of a file, regardless of the extension.</summary>
    private static bool IsDevice(string name) =>
        name is "con" or "prn" or "aux" or "nul" or ['c', 'o', 'm', >= '0' and <= '9'] or ['l', 'p', 't', >= '0' and <= '9'];
}
