using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Json5;

namespace Plue.Server.Agents;

/// <summary>
/// Checks an agent's result against the JSON schema of its template: type, properties, required, additionalProperties, items, enum, const, anyOf, oneOf, allOf,
/// not, pattern, and the bounds of numbers, strings and arrays. Other keywords such as <c>$ref</c> and <c>format</c> are ignored.
/// </summary>
internal static class OutputSchema
{
    private const int MaxDepth = 64;
    private static readonly TimeSpan PatternTime = TimeSpan.FromMilliseconds(200);

    /// <returns>The first error, in a sentence with its path; null if the value is valid.</returns>
    public static string? Check(JsonElement value, Json5Object schema) => Check(value, schema, "The result", 0);

    private static string? Check(JsonElement value, Json5Node schema, string place, int depth)
    {
        if (depth > MaxDepth)
        {
            return $"{place} is nested more than {MaxDepth} levels deep.";
        }
        if (schema is Json5Boolean { Value: false })
        {
            return $"{place} must not be there.";
        }
        if (schema is not Json5Object words)
        {
            return null;
        }

        return CheckType(value, words, place)
            ?? CheckChoice(value, words, place)
            ?? CheckCombined(value, words, place, depth)
            ?? value.ValueKind switch
            {
                JsonValueKind.Object => CheckObject(value, words, place, depth),
                JsonValueKind.Array => CheckArray(value, words, place, depth),
                JsonValueKind.String => CheckText(value.GetString() ?? "", words, place),
                JsonValueKind.Number => CheckNumber(value.GetDouble(), words, place),
                _ => null,
            };
    }

    private static string? CheckType(JsonElement value, Json5Object words, string place)
    {
        List<string> types = words.Find("type") is Json5String one ? [one.Value] : [.. words.GetStrings("type")];
        return types.Count == 0 || types.Exists(type => Is(value, type))
            ? null
            : $"{place} is {NameOf(value)} where {string.Join(" or ", types)} is expected.";
    }

    private static bool Is(JsonElement value, string type) =>
        type switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "number" => value.ValueKind == JsonValueKind.Number,
            "integer" => value.ValueKind == JsonValueKind.Number && Math.Floor(value.GetDouble()) == value.GetDouble(),
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "null" => value.ValueKind == JsonValueKind.Null,
            _ => true,
        };

    private static string NameOf(JsonElement value) =>
        value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "a list",
            JsonValueKind.String => "a string",
            JsonValueKind.Number => "a number",
            JsonValueKind.Null => "null",
            _ => "true or false",
        };

    private static string? CheckChoice(JsonElement value, Json5Object words, string place)
    {
        if (words.Find("const") is { } only && !Same(value, only))
        {
            return $"{place} has to be {Shown(only)}.";
        }
        if (words.Find("enum") is Json5Array choices && !choices.Items.Any(choice => Same(value, choice)))
        {
            return $"{place} must be one of {string.Join(", ", choices.Items.Select(Shown))}.";
        }

        return null;
    }

    private static bool Same(JsonElement value, Json5Node node) => (Json5Conversion.ToJson5(value) ?? new Json5Null()).HasSameValueAs(node);

    private static string Shown(Json5Node node) => Json5Conversion.Of(node).GetRawText();

    private static string? CheckCombined(JsonElement value, Json5Object words, string place, int depth)
    {
        foreach (var part in words.GetArray("allOf")?.Items ?? [])
        {
            if (Check(value, part, place, depth + 1) is { } wrong)
            {
                return wrong;
            }
        }

        if (words.GetArray("anyOf") is { } any && any.Items.All(part => Check(value, part, place, depth + 1) is not null))
        {
            return $"{place} matches none of the allowed schemas.";
        }
        if (words.GetArray("oneOf") is { } one && one.Items.Count(part => Check(value, part, place, depth + 1) is null) != 1)
        {
            return $"{place} has to fit exactly one of the forms that it may have.";
        }
        if (words.Find("not") is { } not && Check(value, not, place, depth + 1) is null)
        {
            return $"{place} has a form that it must not have.";
        }

        return null;
    }

    private static string? CheckObject(JsonElement value, Json5Object words, string place, int depth)
    {
        if (words.GetStrings("required").FirstOrDefault(name => !value.TryGetProperty(name, out _)) is { } missing)
        {
            return $"{place} has no `{missing}`.";
        }

        var properties = words.GetObject("properties");
        var others = words.Find("additionalProperties");
        foreach (var member in value.EnumerateObject())
        {
            var inner = Place(place, member.Name);
            if (properties?.Find(member.Name) is { } known)
            {
                if (Check(member.Value, known, inner, depth + 1) is { } wrong)
                {
                    return wrong;
                }
            }
            else if (others is Json5Boolean { Value: false })
            {
                return $"{place} must not have `{member.Name}`.";
            }
            else if (others is not null && Check(member.Value, others, inner, depth + 1) is { } wrong)
            {
                return wrong;
            }
        }

        return null;
    }

    private static string? CheckArray(JsonElement value, Json5Object words, string place, int depth)
    {
        var length = value.GetArrayLength();
        if (words.GetNumber("minItems") is { } least && length < least)
        {
            return $"{place} has {length} items and needs at least {Text(least)}.";
        }
        if (words.GetNumber("maxItems") is { } most && length > most)
        {
            return $"{place} has {length} items and may have at most {Text(most)}.";
        }
        if (words.Find("items") is not { } items)
        {
            return null;
        }

        return value
            .EnumerateArray()
            .Select((item, at) => Check(item, items, Place(place, at.ToString(CultureInfo.InvariantCulture)), depth + 1))
            .FirstOrDefault(wrong => wrong is not null);
    }

    private static string? CheckText(string text, Json5Object words, string place)
    {
        var length = new StringInfo(text).LengthInTextElements;
        if (words.GetNumber("minLength") is { } least && length < least)
        {
            return $"{place} is shorter than {Text(least)} characters.";
        }
        if (words.GetNumber("maxLength") is { } most && length > most)
        {
            return $"{place} is longer than {Text(most)} characters.";
        }
        if (words.GetString("pattern") is not { } pattern)
        {
            return null;
        }

        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, PatternTime) ? null : $"{place} does not match {pattern}.";
        }
        catch (ArgumentException)
        {
            return $"{place} cannot be checked: the schema's pattern {pattern} is no regular expression.";
        }
        catch (RegexMatchTimeoutException)
        {
            return $"{place} takes too long to match {pattern}.";
        }
    }

    private static string? CheckNumber(double number, Json5Object words, string place)
    {
        if (words.GetNumber("minimum") is { } least && number < least)
        {
            return $"{place} is less than {Text(least)}.";
        }
        if (words.GetNumber("maximum") is { } most && number > most)
        {
            return $"{place} is more than {Text(most)}.";
        }

        return null;
    }

    private static string Place(string place, string name) => place == "The result" ? $"`{name}`" : $"{place[..^1]}.{name}`";

    private static string Text(double number) => number.ToString("0.######", CultureInfo.InvariantCulture);
}
