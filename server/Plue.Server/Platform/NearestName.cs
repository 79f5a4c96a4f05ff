namespace Plue.Server.Platform;

/// <summary>Suggests corrections for misspelled names.</summary>
internal static class NearestName
{
    /// <summary>Gets the nearest known name; null if none is near enough to suggest.</summary>
    public static string? Find(string name, IEnumerable<string> known) => Near(name, known).FirstOrDefault();

    /// <summary>Gets the nearest known names first; if none is near, the names that contain the given one, shortest first.</summary>
    public static IReadOnlyList<string> FindMany(string name, IReadOnlyCollection<string> known, int max)
    {
        List<string> near = [.. Near(name, known).Take(max)];
        return near.Count > 0 || name.Length < 3
            ? near
            :
            [
                .. known
                    .Where(candidate => candidate.Contains(name, StringComparison.OrdinalIgnoreCase))
                    .OrderBy(candidate => candidate.Length)
                    .ThenBy(candidate => candidate, StringComparer.Ordinal)
                    .Take(max),
            ];
    }

    /// <summary>Returns <c> Did you mean `x`?</c>, or an empty string.</summary>
    public static string Hint(string name, IEnumerable<string> known) =>
        Find(name, known) is { } nearest ? $" Did you mean `{HiddenCharacters.VisibleLine(nearest)}`?" : "";

    private static IEnumerable<string> Near(string name, IEnumerable<string> known)
    {
        if (name.Length > 64)
        {
            return [];
        }

        var limit = Math.Max(1, Math.Min(3, name.Length / 3));
        return known
            .Where(candidate => Math.Abs(candidate.Length - name.Length) <= limit)
            .Select(candidate => (candidate, distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .Where(pair => pair.distance <= limit)
            .OrderBy(pair => pair.distance)
            .Select(pair => pair.candidate);
    }

    /// <summary>Counts letters to insert, delete, replace or swap with their neighbor.</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            rows[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            rows[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var change = rows[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
                rows[i, j] = Math.Min(change, Math.Min(rows[i - 1, j], rows[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
                }
            }
        }

        return rows[a.Length, b.Length];
    }
}
