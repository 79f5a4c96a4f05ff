using System.Globalization;
using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>A path into values, such as <c>messages[-1].role</c>: names separated by dots, and indexes in brackets, negative ones from the end.</summary>
internal sealed class ValuePath
{
    private readonly IReadOnlyList<(string? Name, int Index)> steps;

    private ValuePath(string text, IReadOnlyList<(string? Name, int Index)> steps) => (Text, this.steps) = (text, steps);

    public string Text { get; }

    /// <summary>Gets the first field of the path.</summary>
    public string Field => steps[0].Name ?? "";

    /// <returns>Null if the text is not a path.</returns>
    public static ValuePath? TryParse(string text)
    {
        var parsed = new List<(string?, int)>();
        foreach (var part in text.Split('.'))
        {
            var bracket = part.IndexOf('[', StringComparison.Ordinal);
            var name = bracket < 0 ? part : part[..bracket];
            if (name.Length == 0 || name.Contains(']', StringComparison.Ordinal) || name.Any(char.IsWhiteSpace))
            {
                return null;
            }

            parsed.Add((name, 0));
            while (bracket >= 0)
            {
                var close = part.IndexOf(']', bracket);
                if (
                    close < 0
                    || !int.TryParse(
                        part.AsSpan(bracket + 1, close - bracket - 1),
                        NumberStyles.AllowLeadingSign,
                        CultureInfo.InvariantCulture,
                        out var index
                    )
                )
                {
                    return null;
                }

                parsed.Add((null, index));
                if (close + 1 == part.Length)
                {
                    break;
                }

                bracket = close + 1;
                if (part[bracket] != '[')
                {
                    return null;
                }
            }
        }

        return new ValuePath(text, parsed);
    }

    /// <summary>Gets the value at the path; null if there is none.</summary>
    public Json5Node? Find(Json5Node root)
    {
        Json5Node? current = root;
        foreach (var (name, index) in steps)
        {
            current = current switch
            {
                Json5Object value when name is not null => value.Find(name),
                Json5Array array when name is null => Item(array, index),
                _ => null,
            };
        }

        return current;
    }

    private static Json5Node? Item(Json5Array array, int index)
    {
        var place = index < 0 ? index + (long)array.Items.Count : index;
        return place >= 0 && place < array.Items.Count ? array.Items[(int)place] : null;
    }
}
