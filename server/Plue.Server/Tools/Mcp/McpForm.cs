using System.Globalization;
using ModelContextProtocol.Protocol;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using static ModelContextProtocol.Protocol.ElicitRequestParams;

namespace Plue.Server.Tools.Mcp;

/// <summary>The form or address of an elicitation as a question. Agents over ACP use the same format.</summary>
internal static class McpForm
{
    private const int MaxFields = 30;
    private const int MaxOptions = 200;
    private const int MaxTextLength = 2000;

    /// <returns>Null for what is never asked.</returns>
    public static Question? QuestionOf(ElicitRequestParams asked)
    {
        if (asked.Mode == "url")
        {
            return
                Uri.TryCreate(asked.Url, UriKind.Absolute, out var address)
                && address.UserInfo.Length == 0
                && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
                ? new Question([], address)
                : null;
        }

        var properties = asked.RequestedSchema?.Properties ?? new Dictionary<string, PrimitiveSchemaDefinition>();
        var fields = properties
            .Select(pair => FieldOf(pair.Key, pair.Value, asked.RequestedSchema?.Required?.Contains(pair.Key) == true))
            .ToList();
        return
            properties.Count is > 0 and <= MaxFields
            && !properties.Any(pair => IsKey(pair.Key) || IsKey(pair.Value.Title ?? ""))
            && fields.All(field => field is { Options.Count: <= MaxOptions })
            ? new Question([.. fields.OfType<QuestionField>()])
            : null;
    }

    /// <summary>Gets text of a server or agent as it is shown to the user: hidden characters are drawn, long text is cut.</summary>
    public static string Text(string? text, int length = MaxTextLength) =>
        HiddenCharacters.Visible(
            text is null ? ""
            : text.Length > length ? TextCut.Head(text, length) + "…"
            : text
        );

    /// <summary>A form is no place for keys: what is typed there reaches the model.</summary>
    private static bool IsKey(string name) => name.Length > 0 && LiteralSecrets.IsIn([name], new Json5String("value"));

    private static QuestionField? FieldOf(string name, PrimitiveSchemaDefinition schema, bool isRequired)
    {
        var field = new QuestionField(name, QuestionKind.Text, Text(schema.Title is { Length: > 0 } title ? title : name, 200))
        {
            Description = schema.Description is { Length: > 0 } about ? Text(about) : null,
            IsRequired = isRequired,
        };
        return schema switch
        {
            StringSchema text => field with
            {
                Format = text.Format,
                Min = text.MinLength,
                Max = text.MaxLength,
                Defaults = Defaults(text.Default),
            },
            NumberSchema number => field with
            {
                Kind = number.Type == "integer" ? QuestionKind.Integer : QuestionKind.Number,
                Min = number.Minimum,
                Max = number.Maximum,
                Defaults = Defaults(number.Default?.ToString(CultureInfo.InvariantCulture)),
            },
            BooleanSchema flag => field with { Kind = QuestionKind.Boolean, Defaults = Defaults(flag.Default == true ? "true" : null) },
            UntitledSingleSelectEnumSchema choice => field with
            {
                Kind = QuestionKind.Choice,
                Options = Options(choice.Enum),
                Defaults = Defaults(choice.Default),
            },
            TitledSingleSelectEnumSchema choice => field with
            {
                Kind = QuestionKind.Choice,
                Options = Options(choice.OneOf),
                Defaults = Defaults(choice.Default),
            },
            UntitledMultiSelectEnumSchema choices => field with
            {
                Kind = QuestionKind.Choices,
                Options = Options(choices.Items?.Enum),
                Min = choices.MinItems,
                Max = choices.MaxItems,
                Defaults = [.. choices.Default ?? []],
            },
            TitledMultiSelectEnumSchema choices => field with
            {
                Kind = QuestionKind.Choices,
                Options = Options(choices.Items?.AnyOf),
                Min = choices.MinItems,
                Max = choices.MaxItems,
                Defaults = [.. choices.Default ?? []],
            },
#pragma warning disable MCP9001 // Servers of older protocol versions send it.
            LegacyTitledEnumSchema legacy => field with
            {
                Kind = QuestionKind.Choice,
                Options =
                [
                    .. (legacy.Enum ?? []).Select(
                        (value, at) => new QuestionOption(value, Text(legacy.EnumNames?.ElementAtOrDefault(at) ?? value, 200))
                    ),
                ],
                Defaults = Defaults(legacy.Default),
            },
#pragma warning restore MCP9001
            _ => null,
        };
    }

    private static IReadOnlyList<QuestionOption> Options(IEnumerable<string>? values) =>
        [.. (values ?? []).Select(value => new QuestionOption(value, Text(value, 200)))];

    private static IReadOnlyList<QuestionOption> Options(IEnumerable<EnumSchemaOption>? values) =>
        [.. (values ?? []).Select(option => new QuestionOption(option.Const, Text(option.Title, 200)))];

    private static IReadOnlyList<string> Defaults(string? value) => value is null ? [] : [value];
}
