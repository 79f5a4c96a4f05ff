using System.Globalization;

namespace Plue.Server.Json5;

/// <summary>A range of the text.</summary>
/// <param name="Start">The index of the first UTF-16 unit.</param>
/// <param name="End">The index after the last one.</param>
/// <param name="Line">The line of the start, from 1.</param>
/// <param name="Column">The column of the start, in UTF-16 units, from 1.</param>
internal readonly record struct Json5Span(int Start, int End, int Line, int Column);

/// <summary>A value. A closed set: object, array, string, number, boolean, null.</summary>
internal abstract class Json5Node
{
    private protected Json5Node() { }

    /// <summary>The location of the value in its file; default for a value that was not parsed.</summary>
    public Json5Span Span { get; init; }

    /// <summary>The kind in words for messages: "an object", "text".</summary>
    public abstract string Kind { get; }

    /// <summary>True if the values are equal, regardless of their spelling and location. The order of keys does not matter.</summary>
    public abstract bool HasSameValueAs(Json5Node other);
}

internal sealed class Json5String(string value) : Json5Node
{
    public string Value { get; } = value;
    public override string Kind => "text";

    /// <summary>Gets the span of some of its characters; of the entire text if it contains escapes.</summary>
    public Json5Span At(int start, int length) =>
        Span.End - Span.Start == Value.Length + 2 && start >= 0 && length >= 0 && start + length <= Value.Length
            ? new Json5Span(Span.Start + 1 + start, Span.Start + 1 + start + length, Span.Line, Span.Column + 1 + start)
            : Span;

    public override bool HasSameValueAs(Json5Node other) => other is Json5String text && text.Value == Value;
}

/// <summary>A number with its original spelling, so that it can be written unchanged.</summary>
internal sealed class Json5Number(double value, string? raw = null) : Json5Node
{
    public double Value { get; } = value;
    public string? Raw { get; } = raw;
    public override string Kind => "a number";

    public override bool HasSameValueAs(Json5Node other) => other is Json5Number number && number.Value.Equals(Value);
}

internal sealed class Json5Boolean(bool value) : Json5Node
{
    public bool Value { get; } = value;
    public override string Kind => "true or false";

    public override bool HasSameValueAs(Json5Node other) => other is Json5Boolean boolean && boolean.Value == Value;
}

internal sealed class Json5Null : Json5Node
{
    public override string Kind => "null";

    public override bool HasSameValueAs(Json5Node other) => other is Json5Null;
}

internal sealed class Json5Array(IReadOnlyList<Json5Node> items) : Json5Node
{
    public IReadOnlyList<Json5Node> Items { get; } = items;
    public override string Kind => "a list";

    public static Json5Array Of(params IEnumerable<Json5Node> items) => new([.. items]);

    public static Json5Array Of(IEnumerable<string> items) => new([.. items.Select(item => new Json5String(item))]);

    public override bool HasSameValueAs(Json5Node other) =>
        other is Json5Array array
        && array.Items.Count == Items.Count
        && Items.Zip(array.Items).All(pair => pair.First.HasSameValueAs(pair.Second));
}

/// <summary>A key and its value in an object.</summary>
/// <param name="NameSpan">The key, including quotes.</param>
internal sealed record Json5Member(string Name, Json5Node Value, Json5Span NameSpan = default);

/// <summary>Keys and values in file order. Duplicate keys are all kept; the last one is used.</summary>
internal sealed class Json5Object(IReadOnlyList<Json5Member> members) : Json5Node
{
    public static readonly Json5Object Empty = new([]);

    public IReadOnlyList<Json5Member> Members { get; } = members;
    public override string Kind => "an object";

    public static Json5Object Of(params IEnumerable<(string Name, Json5Node Value)> members) =>
        new([.. members.Select(member => new Json5Member(member.Name, member.Value))]);

    /// <summary>Gets the last member with this name, or null.</summary>
    public Json5Member? FindMember(string name)
    {
        for (var i = Members.Count - 1; i >= 0; i--)
        {
            if (Members[i].Name == name)
            {
                return Members[i];
            }
        }

        return null;
    }

    /// <summary>Gets the value of a key; null if the key is missing. An explicit <c>null</c> is a <see cref="Json5Null"/>.</summary>
    public Json5Node? Find(string name) => FindMember(name)?.Value;

    /// <summary>True if the key has a value other than null.</summary>
    public bool Has(string name) => Find(name) is not (null or Json5Null);

    // The accessors return null (or an empty collection) for a missing key and for a value of another type; the latter is
    // reported when a document is checked against its template.

    public string? GetString(string name) => (Find(name) as Json5String)?.Value;

    public double? GetNumber(string name) => (Find(name) as Json5Number)?.Value;

    /// <summary>Null also for a number with a fraction or beyond 32 bits.</summary>
    public int? GetInteger(string name) =>
        GetNumber(name) is { } number && number >= int.MinValue && number <= int.MaxValue && Math.Floor(number) == number
            ? (int)number
            : null;

    public bool? GetBoolean(string name) => (Find(name) as Json5Boolean)?.Value;

    public Json5Object? GetObject(string name) => Find(name) as Json5Object;

    public Json5Array? GetArray(string name) => Find(name) as Json5Array;

    /// <summary>Gets the strings of a list; items of another type are omitted.</summary>
    public IReadOnlyList<string> GetStrings(string name) =>
        GetArray(name) is { } array ? [.. array.Items.OfType<Json5String>().Select(item => item.Value)] : [];

    /// <summary>Gets the strings of an object, as for headers, and its numbers in their original spelling; values of another type are omitted.</summary>
    public IReadOnlyDictionary<string, string> GetStringMap(string name)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in GetObject(name)?.Members ?? [])
        {
            if (member.Value is Json5String text)
            {
                map[member.Name] = text.Value;
            }
            else if (member.Value is Json5Number number)
            {
                map[member.Name] = number.Raw ?? number.Value.ToString(CultureInfo.InvariantCulture);
            }
        }

        return map;
    }

    /// <summary>Returns a copy with one value set; an existing key keeps its position.</summary>
    public Json5Object With(string name, Json5Node value)
    {
        var merged = Members.ToList();
        var index = merged.FindLastIndex(member => member.Name == name);
        if (index < 0)
        {
            merged.Add(new Json5Member(name, value));
        }
        else
        {
            merged[index] = merged[index] with { Value = value };
        }

        return new Json5Object(merged) { Span = Span };
    }

    /// <summary>Gets the duplicate members, without the first of each name.</summary>
    public IEnumerable<Json5Member> RepeatedMembers()
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. Members.Where(member => !seen.Add(member.Name))];
    }

    public override bool HasSameValueAs(Json5Node other)
    {
        if (other is not Json5Object that)
        {
            return false;
        }

        var mine = Lookup(this);
        var theirs = Lookup(that);
        return mine.Count == theirs.Count
            && mine.All(pair => theirs.TryGetValue(pair.Key, out var value) && pair.Value.HasSameValueAs(value));
    }

    private static Dictionary<string, Json5Node> Lookup(Json5Object value)
    {
        var lookup = new Dictionary<string, Json5Node>(StringComparer.Ordinal);
        foreach (var member in value.Members)
        {
            lookup[member.Name] = member.Value;
        }

        return lookup;
    }
}
