using System.Globalization;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>Checks the values of a codex against its template. Messages never repeat a value, because it could be a key.</summary>
internal static class TemplateValidation
{
    public const string TagsField = "tags";

    /// <summary>The maximum number of reported problems of one kind.</summary>
    private const int MaxPerKind = 50;

    /// <summary>A field that every codex can have in addition to those of its template.</summary>
    private static readonly TemplateField Tags = new()
    {
        Name = TagsField,
        Type = FieldType.Array,
        Items = new TemplateField { Name = "", Type = FieldType.Text },
    };

    /// <param name="template">With fields of its parents.</param>
    public static IReadOnlyList<DocumentProblem> Check(Template template, Json5Object values)
    {
        var problems = new List<DocumentProblem>();
        if (AgentChecks.AppliesTo(template))
        {
            foreach (var name in AgentSpec.Keys)
            {
                AgentChecks.Check(name, values.Find(name) ?? new Json5Null(), problems);
            }
        }

        CheckObject(
            template.Field(Tags.Name) is null ? [.. template.Fields, Tags] : template.Fields,
            values,
            $"{template.Id} has no field",
            problems
        );
        return [.. problems.OrderBy(problem => (problem.Line, problem.Column))];
    }

    public static IReadOnlyList<DocumentProblem> CheckTags(Json5Object values)
    {
        var problems = new List<DocumentProblem>();
        if (values.Find(TagsField) is { } tags)
        {
            CheckValue(Tags, tags, $"`{TagsField}`", problems);
        }

        return problems;
    }

    private static void CheckObject(IReadOnlyList<TemplateField> fields, Json5Object values, string unknown, List<DocumentProblem> problems)
    {
        foreach (var member in values.Members.Where(member => fields.All(field => field.Name != member.Name)).Take(MaxPerKind))
        {
            problems.Add(
                DocumentProblem.Error(
                    $"{unknown} `{member.Name}`.{NearestName.Hint(member.Name, fields.Select(field => field.Name))}",
                    member.NameSpan
                )
            );
        }

        foreach (var member in values.RepeatedMembers().Take(MaxPerKind))
        {
            problems.Add(DocumentProblem.Error($"`{member.Name}` is defined twice.", member.NameSpan));
        }

        foreach (var field in fields)
        {
            var applies =
                field.Conditional is not { } condition
                || condition.Holds(
                    values.Find(condition.Field) is { } value and not Json5Null
                        ? value
                        : fields.FirstOrDefault(other => other.Name == condition.Field)?.Default
                );
            if (!values.Has(field.Name))
            {
                if (applies && field is { Required: true, Default: null })
                {
                    problems.Add(
                        DocumentProblem.Error(
                            $"`{field.Name}` is missing.",
                            new Json5Span(values.Span.Start, values.Span.Start, values.Span.Line, values.Span.Column)
                        )
                    );
                }

                continue;
            }

            var member = values.FindMember(field.Name)!;
            CheckValue(field, member.Value, $"`{field.Name}`", problems);
            if (!applies)
            {
                problems.Add(
                    DocumentProblem.Warning(
                        $"`{field.Name}` has no effect here: it applies only while `{field.Conditional!.Field}` is {string.Join(" or ", field.Conditional.Values.Select(value => Json5Writer.Write(value)))}.",
                        member.NameSpan
                    )
                );
            }
        }
    }

    /// <param name="label">The prefix of messages.</param>
    internal static void CheckValue(TemplateField field, Json5Node value, string label, List<DocumentProblem> problems)
    {
        if (IsListOfProviders(field, value))
        {
            var one = field with { Locked = false };
            foreach (var item in ((Json5Array)value).Items)
            {
                CheckValue(one, item, label, problems);
            }

            if (field.Locked && !Narrowing.IsWithin(field, value))
            {
                problems.Add(DocumentProblem.Error($"{label} is locked by its template and can only be narrowed.", value.Span));
            }

            return;
        }

        void Fail(string message) => problems.Add(DocumentProblem.Error(message, value.Span));
        var expected = field.Type switch
        {
            FieldType.Number => "a number",
            FieldType.Boolean => "true or false",
            FieldType.Array => "a list",
            FieldType.Object => "an object",
            _ => "text",
        };
        if (value.Kind != expected)
        {
            Fail($"{label} is {value.Kind} where {expected} was expected.");
            return;
        }

        switch (value)
        {
            case Json5Number number:
                CheckNumber(field, number.Value, label, Fail);
                break;
            case Json5String text:
                CheckText(field, text.Value, label, Fail);
                break;
            case Json5Array array when field.Items is { } item:
                for (var i = 0; i < array.Items.Count; i++)
                {
                    CheckValue(item, array.Items[i], $"{label}, item {i + 1},", problems);
                }

                break;
            case Json5Object inner when field.Properties.Count > 0:
                CheckObject(field.Properties, inner, $"{label} has no", problems);
                break;
        }

        if (field.Locked && !Narrowing.IsWithin(field, value))
        {
            Fail($"{label} is locked by its template and can only be narrowed.");
        }
    }

    /// <summary>True for a reference to a provider with a list of fallbacks.</summary>
    private static bool IsListOfProviders(TemplateField field, Json5Node value) =>
        field is { Type: FieldType.CodexReference, TemplateFilter: TemplateCollections.ProviderRoot } && value is Json5Array;

    private static void CheckNumber(TemplateField field, double number, string label, Action<string> fail)
    {
        if (!double.IsFinite(number))
        {
            fail($"{label} is not a finite number.");
        }
        else if (number < field.Min)
        {
            fail($"{label} is less than {field.Min.Value.ToString(CultureInfo.InvariantCulture)}, the minimum.");
        }
        else if (number > field.Max)
        {
            fail($"{label} is more than {field.Max.Value.ToString(CultureInfo.InvariantCulture)}, the maximum.");
        }
    }

    private static void CheckText(TemplateField field, string text, string label, Action<string> fail)
    {
        switch (field.Type)
        {
            case FieldType.Text or FieldType.FileReference when field.Required && string.IsNullOrWhiteSpace(text):
                fail($"{label} is empty.");
                break;
            case FieldType.Select when !field.Options.Contains(text):
                fail($"{label} must be one of {string.Join(", ", field.Options)}.{NearestName.Hint(text, field.Options)}");
                break;
            case FieldType.Url
                when !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0:
                fail($"{label} must be an address that begins with http:// or https://.");
                break;
            case FieldType.Datetime
                when !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
                    || !char.IsAsciiDigit(text[0]):
                fail($"{label} must be a time like 2026-01-31T12:00:00Z.");
                break;
            case FieldType.CodexReference when !text.StartsWith("codex://", StringComparison.Ordinal):
                fail($"{label} must be an address that begins with codex://.");
                break;
        }
    }
}
