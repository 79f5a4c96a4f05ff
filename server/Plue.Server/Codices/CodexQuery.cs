using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Codices;

/// <summary>Filters, sorts and pages a list of codices: chats or documents.</summary>
internal sealed record CodexQuery
{
    public const string TagsField = "tags";

    /// <summary>The conditions that a row must meet; all must be true.</summary>
    public IReadOnlyList<CodexCondition> Conditions { get; init; } = [];

    /// <summary>The tags that a row must have, ignoring case.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A field name; null keeps the order of the rows.</summary>
    public string? SortBy { get; init; }

    /// <summary>Rows without a value are sorted last in both directions.</summary>
    public bool Descending { get; init; }
    public int Offset { get; init; }

    /// <summary>The maximum number of rows; null means no limit.</summary>
    public int? Limit { get; init; }

    /// <param name="valueOf">Returns the value of a field by name; null or <see cref="Json5Null"/> if it has none. Called only for fields in the query.</param>
    /// <returns>The requested page, and the total number of matching rows.</returns>
    /// <exception cref="FailureException">MissingField: the query is incomplete.</exception>
    public (IReadOnlyList<TRow> Page, int Total) Apply<TRow>(IEnumerable<TRow> rows, Func<TRow, string, Json5Node?> valueOf)
    {
        Check();
        List<TRow> found =
            Conditions.Count + Tags.Count == 0
                ? [.. rows]
                :
                [
                    .. rows.Where(row =>
                        Conditions.All(condition => condition.Holds(valueOf(row, condition.Field)))
                        && (Tags.Count == 0 || HasTags(valueOf(row, TagsField)))
                    ),
                ];
        var ordered = SortBy is null ? found : Sorted(found, row => valueOf(row, SortBy));
        return ([.. ordered.Skip(Offset).Take(Limit ?? int.MaxValue)], found.Count);
    }

    private void Check()
    {
        if (Offset < 0 || Limit < 0)
        {
            throw new FailureException(FailureKind.MissingField, "An offset and a limit must be 0 or more.");
        }
        if (SortBy is { Length: 0 })
        {
            throw new FailureException(FailureKind.MissingField, "Select a field to sort by.");
        }
        foreach (var condition in Conditions)
        {
            condition.Check();
        }
    }

    private bool HasTags(Json5Node? value) =>
        value is Json5Array array
        && Tags.All(tag => array.Items.Any(item => item is Json5String text && text.Value.Equals(tag, StringComparison.OrdinalIgnoreCase)));

    private IEnumerable<TRow> Sorted<TRow>(List<TRow> rows, Func<TRow, Json5Node?> key)
    {
        var keyed = rows.ConvertAll(row => (Row: row, Key: key(row)));
        var valued = keyed.Where(pair => CodexCondition.IsValue(pair.Key));
        var sorted = Descending
            ? valued.OrderByDescending(pair => pair.Key, FieldOrder.Instance)
            : valued.OrderBy(pair => pair.Key, FieldOrder.Instance);
        return sorted.Concat(keyed.Where(pair => !CodexCondition.IsValue(pair.Key))).Select(pair => pair.Row);
    }

    /// <summary>Sorts false before true, numbers by value, text ignoring case, lists by length, and then all other values.</summary>
    private sealed class FieldOrder : IComparer<Json5Node?>
    {
        public static readonly FieldOrder Instance = new();

        public int Compare(Json5Node? x, Json5Node? y) =>
            (x, y) switch
            {
                (Json5Boolean a, Json5Boolean b) => a.Value.CompareTo(b.Value),
                (Json5Number a, Json5Number b) => a.Value.CompareTo(b.Value),
                (Json5String a, Json5String b) => string.Compare(a.Value, b.Value, StringComparison.OrdinalIgnoreCase),
                (Json5Array a, Json5Array b) => a.Items.Count.CompareTo(b.Items.Count),
                _ => Rank(x).CompareTo(Rank(y)),
            };

        private static int Rank(Json5Node? value) =>
            value switch
            {
                Json5Boolean => 0,
                Json5Number => 1,
                Json5String => 2,
                Json5Array => 3,
                _ => 4,
            };
    }
}

/// <summary>A condition on a field. Null members are ignored; at least one must be set.</summary>
/// <param name="Field">The field name as written in the document.</param>
/// <param name="EqualTo">The exact value, including its type.</param>
/// <param name="Contains">A substring of a text or an item of a list; text is compared ignoring case.</param>
/// <param name="Exists">Whether the field has a value; an empty text or list counts as none.</param>
internal sealed record CodexCondition(string Field, Json5Node? EqualTo, Json5Node? Contains, bool? Exists)
{
    public bool Holds(Json5Node? value) =>
        (EqualTo is null || (value is not null && value.HasSameValueAs(EqualTo)))
        && (Contains is null || Has(value, Contains))
        && (Exists is not { } exists || exists == IsValue(value));

    internal static bool IsValue(Json5Node? value) =>
        value is not (null or Json5Null or Json5String { Value.Length: 0 } or Json5Array { Items.Count: 0 });

    internal void Check()
    {
        if (Field.Length == 0)
        {
            throw new FailureException(FailureKind.MissingField, "A filter must name a field.");
        }
        if (EqualTo is null && Contains is null && Exists is null)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"The filter on `{Field}` has no condition. Add equals, contains or exists."
            );
        }
    }

    private static bool Has(Json5Node? value, Json5Node part) =>
        value switch
        {
            Json5String text => part is Json5String requested && text.Value.Contains(requested.Value, StringComparison.OrdinalIgnoreCase),
            Json5Array array => array.Items.Any(item =>
                item.HasSameValueAs(part)
                || (
                    item is Json5String text
                    && part is Json5String requested
                    && text.Value.Equals(requested.Value, StringComparison.OrdinalIgnoreCase)
                )
            ),
            _ => false,
        };
}
