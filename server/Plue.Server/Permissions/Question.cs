using System.Globalization;
using System.Text.Json;

namespace Plue.Server.Permissions;

/// <summary>A question that needs more than an approval: a form, or an address to open in the browser.</summary>
/// <param name="Fields">Empty for an address.</param>
/// <param name="Url">Null for a form.</param>
internal sealed record Question(IReadOnlyList<QuestionField> Fields, Uri? Url = null)
{
    /// <summary>Gets the whole question as text, for the fingerprint.</summary>
    public string Text =>
        string.Join(
            '\n',
            Fields.Select(one =>
                string.Join(
                    '\0',
                    [
                        one.Name,
                        one.Kind.ToString(),
                        one.Title,
                        one.Description ?? "",
                        one.IsRequired.ToString(),
                        .. one.Options.Select(option => $"{option.Value}={option.Title}"),
                    ]
                )
            )
        ) + Url?.OriginalString;

    /// <summary>Gets why the values are not a valid answer, in one sentence; null if they are.</summary>
    /// <param name="values">A JSON object.</param>
    public string? ProblemIn(string? values)
    {
        if (Fields.Count == 0)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(values ?? "{}");
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "The answer is not an object of values.";
            }

            var given = document.RootElement.EnumerateObject().ToList();
            if (given.Select(value => value.Name).FirstOrDefault(name => Fields.All(field => field.Name != name)) is { } other)
            {
                return $"The question has no field {other}.";
            }

            return Fields
                .Select(field =>
                    field.ProblemIn(given.Where(value => value.Name == field.Name).Select(value => value.Value).LastOrDefault())
                )
                .FirstOrDefault(problem => problem is not null);
        }
        catch (JsonException)
        {
            return "The answer is not valid JSON.";
        }
    }
}

internal enum QuestionKind
{
    Text,
    Number,
    Integer,
    Boolean,

    /// <summary>One of the options.</summary>
    Choice,

    /// <summary>Any of the options.</summary>
    Choices,
}

internal sealed record QuestionOption(string Value, string Title);

/// <param name="Name">The key in the answer.</param>
/// <param name="Title">The display name.</param>
internal sealed record QuestionField(string Name, QuestionKind Kind, string Title)
{
    public string? Description { get; init; }
    public bool IsRequired { get; init; }

    /// <summary><c>email</c>, <c>uri</c>, <c>date</c> or <c>date-time</c>; null for any text.</summary>
    public string? Format { get; init; }
    public IReadOnlyList<QuestionOption> Options { get; init; } = [];

    /// <summary>Gets the initial values; several only for choices.</summary>
    public IReadOnlyList<string> Defaults { get; init; } = [];

    /// <summary>Gets the minimum of a number, of the length of a text, or of the number of choices.</summary>
    public double? Min { get; init; }
    public double? Max { get; init; }

    internal string? ProblemIn(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
        {
            return IsRequired ? $"{Title} is required." : null;
        }

        return Kind switch
        {
            QuestionKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : $"{Title} must be true or false.",
            QuestionKind.Number or QuestionKind.Integer => value.ValueKind != JsonValueKind.Number
            || !value.TryGetDouble(out var number)
            || (Kind == QuestionKind.Integer && Math.Floor(number) != number)
                ? $"{Title} must be a{(Kind == QuestionKind.Integer ? " whole" : "")} number."
                : Range(number, ""),
            QuestionKind.Choices => value.ValueKind != JsonValueKind.Array || !value.EnumerateArray().All(IsOption)
                ? $"{Title} must be some of the options."
                : Range(value.GetArrayLength(), " values"),
            _ when value.ValueKind != JsonValueKind.String => $"{Title} must be text.",
            QuestionKind.Choice => IsOption(value) ? null : $"{Title} must be one of the options.",
            _ => Range(value.GetString()!.Length, " characters") ?? FormatProblem(value.GetString()!),
        };
    }

    private bool IsOption(JsonElement value) =>
        value.ValueKind == JsonValueKind.String && Options.Any(option => option.Value == value.GetString());

    private string? Range(double number, string unit) =>
        number < Min ? string.Create(CultureInfo.InvariantCulture, $"{Title} must be at least {Min}{unit}.")
        : number > Max ? string.Create(CultureInfo.InvariantCulture, $"{Title} must be at most {Max}{unit}.")
        : null;

    private string? FormatProblem(string text) =>
        Format switch
        {
            "email" => text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && at < text.Length - 1
                ? null
                : $"{Title} must be an email address.",
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _) ? null : $"{Title} must be an address such as https://example.com.",
            "date" => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
                ? null
                : $"{Title} must be a date such as 2026-01-31.",
            "date-time" => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out _)
                ? null
                : $"{Title} must be a date and time.",
            _ => null,
        };
}
