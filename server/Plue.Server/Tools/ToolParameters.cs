using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>What a model wrote for a tool of ours, or for an object in it. What the tool does not know is refused: nothing is let through in the hope that it has no meaning.</summary>
internal sealed class ToolParameters
{
    private readonly Dictionary<string, JsonElement> values = new(StringComparer.Ordinal);

    /// <param name="known">Every parameter of the tool.</param>
    /// <exception cref="ToolFailureException">There is another one, or one twice.</exception>
    public ToolParameters(JsonElement parameters, params string[] known)
    {
        foreach (var property in parameters.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.Ordinal))
            {
                throw new ToolFailureException($"There is no parameter `{Short(property.Name)}`. Nothing was done; use {(known.Length == 0 ? "none" : $"only {string.Join(", ", known.Select(name => $"`{name}`"))}")}.");
            }

            if (!values.TryAdd(property.Name, property.Value)) { throw new ToolFailureException($"`{Short(property.Name)}` is given twice. Nothing was done; give it once."); }
        }
    }

    public string Text(string name) => OptionalText(name) ?? throw new ToolFailureException($"`{name}` is missing. Nothing was done; give it as a text.");

    /// <returns>Null when it is not there.</returns>
    public string? OptionalText(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Invalid(name, "a text"),
    };

    public int? OptionalNumber(string name, int min, int max) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) && number == Math.Floor(number) && number >= min && number <= max => (int)number,
        _ => throw Invalid(name, $"a whole number from {min} to {max}"),
    };

    /// <returns>Null when it is not there.</returns>
    public decimal? OptionalAmount(string name, decimal max) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDecimal(out var number) && number > 0 && number <= max => number,
        _ => throw Invalid(name, $"a number that is more than 0 and at most {max}"),
    };

    /// <returns>Null when it is not there.</returns>
    public JsonElement? OptionalObject(string name) => Value(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => value,
        _ => throw Invalid(name, "an object"),
    };

    public bool Flag(string name) => Value(name) switch
    {
        null or { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        _ => throw Invalid(name, "true or false"),
    };

    public IReadOnlyList<JsonElement> List(string name) => Value(name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : throw Invalid(name, "a list");

    private JsonElement? Value(string name) => values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static ToolFailureException Invalid(string name, string expected) => new($"`{name}` has to be {expected}. Nothing was done; send the call again.");

    private static string Short(string name) => HiddenCharacters.VisibleLine(name.Length <= 40 ? name : name[..40] + "…");
}
