using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Permissions;

/// <summary>An entry of <c>server/guarded-files.json5</c>.</summary>
/// <param name="Pattern">A name at any depth, or consecutive names separated by <c>/</c>; <c>*</c> matches any part of a name.</param>
/// <param name="Reason">Why a change always requires approval, as the end of a sentence.</param>
/// <param name="IsFixed">True if no setting can make it a regular file.</param>
internal sealed record GuardedFile(string Pattern, string Reason, bool IsFixed)
{
    private const string Resource = "guarded-files.json5";
    private static readonly Lazy<IReadOnlyList<GuardedFile>> Shipped = new(ReadShipped);
    private static readonly Lazy<ILookup<string, GuardedFile>> ByName = new(() =>
        All.Where(one => one.IsPlain).ToLookup(one => one.names[0], StringComparer.Ordinal)
    );
    private static readonly Lazy<IReadOnlyList<GuardedFile>> Others = new(() => [.. All.Where(one => !one.IsPlain)]);

    private readonly string[] names = [.. Pattern.Split('/').Select(GuardedPaths.Fold)];

    public static IReadOnlyList<GuardedFile> All => Shipped.Value;

    private bool IsPlain => names is [var name] && !name.Contains('*', StringComparison.Ordinal);

    /// <summary>Gets the entries that match a name of a path, exact names first.</summary>
    /// <param name="path">The normalized names of the path.</param>
    public static IEnumerable<GuardedFile> MatchesAt(IReadOnlyList<string> path, int place) =>
        ByName.Value[path[place]].Concat(Others.Value.Where(one => one.Matches(path, place)));

    private bool Matches(IReadOnlyList<string> path, int place)
    {
        var first = place - names.Length + 1;
        return first >= 0 && !names.Where((name, i) => !Matches(name, path[first + i])).Any();
    }

    private static bool Matches(string pattern, string name)
    {
        var parts = pattern.Split('*');
        if (parts.Length == 1)
        {
            return pattern == name;
        }
        if (
            name.Length < parts[0].Length + parts[^1].Length
            || !name.StartsWith(parts[0], StringComparison.Ordinal)
            || !name.EndsWith(parts[^1], StringComparison.Ordinal)
        )
        {
            return false;
        }

        var rest = name.AsSpan(parts[0].Length, name.Length - parts[0].Length - parts[^1].Length);
        foreach (var part in parts[1..^1])
        {
            var at = rest.IndexOf(part, StringComparison.Ordinal);
            if (at < 0)
            {
                return false;
            }

            rest = rest[(at + part.Length)..];
        }

        return true;
    }

    private static IReadOnlyList<GuardedFile> ReadShipped()
    {
        using var stream =
            typeof(GuardedFile).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing from the executable.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var document = Json5Reader.Read(bytes);
        var problems = DocumentProblem.From(document).ToList();
        var lines = new List<GuardedFile>();
        foreach (var item in (document.Root as Json5Array)?.Items ?? [])
        {
            var keys = new KeyReader(item as Json5Object ?? Json5Object.Empty, "a guarded file", problems);
            lines.Add(
                new GuardedFile(keys.RequiredText("pattern") ?? "", keys.RequiredText("reason") ?? "", keys.Boolean("fixed") ?? false)
            );
            keys.Finish();
        }

        return problems.Count == 0 && lines.Count > 0
            ? lines
            : throw new InvalidOperationException($"{Resource}: {string.Join("; ", problems)}");
    }
}
