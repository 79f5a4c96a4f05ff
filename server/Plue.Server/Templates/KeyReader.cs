using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>Reads the keys of an object by type, and reports unknown keys and wrong types.</summary>
/// <param name="what">The kind of object in messages, such as "a template".</param>
internal sealed class KeyReader(Json5Object value, string what, List<DocumentProblem> problems)
{
    private const int MaxPerKind = 50;

    private readonly List<string> known = [];

    public Json5Span Span => value.Span;

    public string? Text(string name) => Read<Json5String>(name, "text")?.Value;

    public double? Number(string name) => Read<Json5Number>(name, "a number")?.Value;

    public bool? Boolean(string name) => Read<Json5Boolean>(name, "true or false")?.Value;

    public Json5Object? Object(string name) => Read<Json5Object>(name, "an object");

    public Json5Array? Array(string name) => Read<Json5Array>(name, "a list");

    public Json5Node? Any(string name) => Read<Json5Node>(name, "a value");

    public IEnumerable<Json5Object> Objects(string name)
    {
        foreach (var item in Array(name)?.Items ?? [])
        {
            if (item is Json5Object inner)
            {
                yield return inner;
            }
            else
            {
                problems.Add(DocumentProblem.Error($"`{name}` has {item.Kind} where an object was expected.", item.Span));
            }
        }
    }

    public IReadOnlyList<string> Texts(string name)
    {
        var texts = new List<string>();
        foreach (var item in Array(name)?.Items ?? [])
        {
            if (item is Json5String text)
            {
                texts.Add(text.Value);
            }
            else
            {
                problems.Add(DocumentProblem.Error($"`{name}` has {item.Kind} where text was expected.", item.Span));
            }
        }

        return texts;
    }

    public string? RequiredText(string name)
    {
        var text = Text(name);
        if (string.IsNullOrWhiteSpace(text) && !value.Has(name))
        {
            problems.Add(DocumentProblem.Error($"`{name}` is missing from {what}.", value.Span));
        }
        else if (text is not null && string.IsNullOrWhiteSpace(text))
        {
            Fail(name, $"`{name}` of {what} is empty.");
        }

        return text;
    }

    public T? OneOf<T>(string name, IReadOnlyDictionary<string, T> choices)
        where T : struct
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (choices.TryGetValue(text, out var choice))
        {
            return choice;
        }

        Fail(name, $"`{name}` must be one of {string.Join(", ", choices.Keys)}.{NearestName.Hint(text, choices.Keys)}");
        return null;
    }

    public void Fail(string name, string message) => problems.Add(DocumentProblem.Error(message, SpanOf(name)));

    /// <summary>Gets the span of a key's value, or of the object if the key is missing.</summary>
    public Json5Span SpanOf(string name) => value.Find(name)?.Span ?? value.Span;

    /// <summary>Reports unknown and duplicate keys. Called after all keys were read.</summary>
    public IReadOnlySet<string> Finish()
    {
        foreach (var member in value.Members.Where(member => !known.Contains(member.Name)).Take(MaxPerKind))
        {
            problems.Add(
                DocumentProblem.Error(
                    $"`{member.Name}` is not a valid key of {what}.{NearestName.Hint(member.Name, known)}",
                    member.NameSpan
                )
            );
        }

        foreach (var member in value.RepeatedMembers().Take(MaxPerKind))
        {
            problems.Add(DocumentProblem.Error($"`{member.Name}` is defined twice.", member.NameSpan));
        }

        return value.Members.Select(member => member.Name).ToHashSet(StringComparer.Ordinal);
    }

    private T? Read<T>(string name, string expected)
        where T : Json5Node
    {
        known.Add(name);
        var found = value.Find(name);
        if (found is T or null or Json5Null)
        {
            return found as T;
        }

        Fail(name, $"`{name}` is {found.Kind} where {expected} was expected.");
        return null;
    }
}
