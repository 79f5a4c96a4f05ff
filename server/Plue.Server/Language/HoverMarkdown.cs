using System.Globalization;
using System.Text;
using Plue.Server.Json5;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Language;

/// <summary>Markdown descriptions of fields and models for hovers and lists. Text from files is escaped.</summary>
internal static class HoverMarkdown
{
    private const int MaxCharacters = 600;

    /// <summary>Gets a one-line summary for lists.</summary>
    public static string Type(TemplateField field) =>
        field.Type switch
        {
            FieldType.Array when field.Items is { } items => $"array of {Type(items)}",
            FieldType.CodexReference when field.TemplateFilter is { } filter => $"codex_reference to {filter}",
            _ => field.Type.Name(),
        } + (field.Required ? ", required" : "");

    /// <param name="more">Additional sentences, such as the origin of an inherited field.</param>
    public static string Describe(TemplateField field, string name, params IEnumerable<string> more) =>
        string.Join("\n\n", [$"**{Escape(name)}** · {Escape(Type(field))}", .. Lines(field), .. more]);

    /// <summary>Describes a field without name and type, which a list already shows.</summary>
    public static string Details(TemplateField field) => string.Join("\n\n", Lines(field));

    private static IEnumerable<string> Lines(TemplateField field)
    {
        if (field.Description is { Length: > 0 } description)
        {
            yield return Escape(description);
        }
        if (field.Options.Count > 0)
        {
            yield return $"One of {string.Join(", ", field.Options.Select(Code))}.";
        }
        if (field.Default is not null and not Json5Null)
        {
            yield return $"Default: {Code(Json5Writer.Write(field.Default))}.";
        }
        if (Bounds(field) is { } bounds)
        {
            yield return bounds;
        }
        if (field.Conditional is { } condition)
        {
            yield return $"Applies only while {Code(condition.Field)} is {string.Join(" or ", condition.Values.Select(value => Code(Json5Writer.Write(value))))}.";
        }
        if (field.Locked)
        {
            yield return "Locked: templates that inherit it can narrow it but not widen it.";
        }
    }

    /// <summary>Gets price and context window, for lists.</summary>
    public static string? Summarize(ModelInfo model) =>
        string.Join(" · ", new[] { Price(model), model.ContextLength is { } window ? $"{Count(window)} tokens" : null }.OfType<string>())
            is { Length: > 0 } text
            ? text
            : null;

    public static string Describe(ModelInfo model)
    {
        List<string> lines = [$"**{Escape(model.Name ?? model.Id)}**"];
        if (model.Description is { Length: > 0 } description)
        {
            lines.Add(Escape(description));
        }
        lines.Add(Price(model) is { } price ? $"{price}." : "No price is known.");
        if (model.ContextLength is { } window)
        {
            lines.Add($"Context window: {Count(window)} tokens{(model.MaxOutput is { } max ? $", answers up to {Count(max)}" : "")}.");
        }
        List<string> can =
        [
            .. new[]
            {
                model.SupportsTools == true ? "tools" : null,
                model.SupportsVision == true ? "images" : null,
                model.CanReason == true ? "reasoning" : null,
            }.OfType<string>(),
        ];
        if (can.Count > 0)
        {
            lines.Add($"Has {string.Join(", ", can)}.");
        }
        return string.Join("\n\n", lines);
    }

    public static string Code(string text) => $"`{Capped(text).Replace('`', '\'').ReplaceLineEndings(" ")}`";

    /// <summary>Escapes text from a file so that it cannot become a link, an image or other markup.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (var c in Capped(text))
        {
            if (c is '\\' or '`' or '*' or '_' or '{' or '}' or '[' or ']' or '<' or '>' or '(' or ')' or '#' or '!' or '|' or '&' or '$')
            {
                escaped.Append('\\');
            }
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    private static string Capped(string text) => text.Length > MaxCharacters ? text[..MaxCharacters] + "…" : text;

    private static string? Bounds(TemplateField field) =>
        (field.Min, field.Max) switch
        {
            ({ } min, { } max) => $"From {Number(min)} to {Number(max)}.",
            ({ } min, null) => $"At least {Number(min)}.",
            (null, { } max) => $"At most {Number(max)}.",
            _ => null,
        };

    private static string? Price(ModelInfo model) =>
        model.Pricing is { } price
            ? $"${price.InputPerMillion.ToString("0.00##", CultureInfo.InvariantCulture)} in, ${price.OutputPerMillion.ToString("0.00##", CultureInfo.InvariantCulture)} out per million tokens"
            : null;

    private static string Number(double number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
