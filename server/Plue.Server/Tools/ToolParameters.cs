using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Tools;

/// <summary>The parameters of a tool call, or of a nested object. Unknown parameters are refused.</summary>
internal sealed class ToolParameters
{
    private readonly Dictionary<string, JsonElement> values = new(StringComparer.Ordinal);

    /// <param name="known">All parameters of the tool.</param>
    /// <exception cref="ToolFailureException">A parameter is unknown or duplicate.</exception>
    public ToolParameters(JsonElement parameters, params string[] known)
    {
        foreach (var property in parameters.EnumerateObject())
        {
            if (!known.Contains(property.Name, StringComparer.Ordinal))
            {
                throw new ToolFailureException(
                    $"The parameter `{Short(property.Name)}` does not exist. Nothing was done. Use {(known.Length == 0 ? "none" : $"only {string.Join(", ", known.Select(name => $"`{name}`"))}")}."
                );
            }

            if (!values.TryAdd(property.Name, property.Value))
            {
                throw new ToolFailureException($"`{Short(property.Name)}` is set twice. Nothing was done. Set it once.");
            }
        }
    }

    public string Text(string name) =>
        OptionalText(name) ?? throw new ToolFailureException($"`{name}` is missing. Nothing was done. Set it to a string.");

    /// <returns>Null if the parameter is missing.</returns>
    public string? OptionalText(string name) =>
        Value(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            _ => throw Invalid(name, "a text"),
        };

    public int? OptionalNumber(string name, int min, int max) =>
        Value(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value
                when value.TryGetDouble(out var number) && number == Math.Floor(number) && number >= min && number <= max => (int)number,
            _ => throw Invalid(name, $"a whole number from {min} to {max}"),
        };

    /// <returns>Null if the parameter is missing.</returns>
    public decimal? OptionalAmount(string name, decimal max) =>
        Value(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value when value.TryGetDecimal(out var number) && number > 0 && number <= max => number,
            _ => throw Invalid(name, $"a number greater than 0 and at most {max}"),
        };

    /// <returns>Null if the parameter is missing.</returns>
    public JsonElement? OptionalObject(string name) =>
        Value(name) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Object } value => value,
            _ => throw Invalid(name, "an object"),
        };

    public bool Flag(string name) =>
        Value(name) switch
        {
            null or { ValueKind: JsonValueKind.False } => false,
            { ValueKind: JsonValueKind.True } => true,
            _ => throw Invalid(name, "true or false"),
        };

    public bool Has(string name) => Value(name) is not null;

    public IReadOnlyList<JsonElement> List(string name) =>
        Value(name) is { ValueKind: JsonValueKind.Array } value ? [.. value.EnumerateArray()] : throw Invalid(name, "a list");

    /// <returns>Empty if the parameter is missing.</returns>
    public IReadOnlyList<string> OptionalTexts(string name, int maxCount, int maxLength) =>
        Value(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.Array } value
                when value.GetArrayLength() <= maxCount
                    && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String && one.GetString()!.Length <= maxLength) =>
            [
                .. value.EnumerateArray().Select(one => one.GetString()!),
            ],
            _ => throw Invalid(name, $"a list of at most {maxCount} texts"),
        };

    private JsonElement? Value(string name) =>
        values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static ToolFailureException Invalid(string name, string expected) =>
        new($"`{name}` must be {expected}. Nothing was done. Send the call again.");

    private static string Short(string name) => HiddenCharacters.VisibleLine(name.Length <= 40 ? name : name[..40] + "…");
}
