using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>The fields of a template file, from <c>server/template-file.json5</c>. Used for completion, hover and the exported schema.</summary>
internal static class TemplateFileSchema
{
    private const string Resource = "template-file.json5";
    private static readonly Lazy<IReadOnlyList<TemplateField>> Read = new(ReadShipped);

    public static IReadOnlyList<TemplateField> Fields => Read.Value;

    private static IReadOnlyList<TemplateField> ReadShipped()
    {
        var bytes =
            DocumentFile.ReadResource(Resource)
            ?? throw new InvalidOperationException($"The resource {Resource} is missing from the executable.");
        var document = Json5Reader.Read(bytes);
        var problems = DocumentProblem.From(document).ToList();
        var keys = new KeyReader(document.Root as Json5Object ?? Json5Object.Empty, "the template file", problems);
        var fields = TemplateReader.ReadFields(keys, "fields", problems, inherits: false);
        keys.Finish();
        if (problems.Count > 0)
        {
            throw new InvalidOperationException($"{Resource}: {string.Join("; ", problems)}");
        }

        // Nested fields have the same attributes as fields.
        return
        [
            .. fields.Select(field => field.Name == "fields" ? field with { Items = WithNestedFields(field.Items!, depth: 4) } : field),
        ];
    }

    private static TemplateField WithNestedFields(TemplateField field, int depth) =>
        depth == 0
            ? field
            : field with
            {
                Properties =
                [
                    .. field.Properties.Select(property =>
                        property.Name switch
                        {
                            "items" => Unnamed(WithNestedFields(field, depth - 1)) with
                            {
                                Name = "items",
                                Description = property.Description,
                                Conditional = property.Conditional,
                                Required = false,
                            },
                            "properties" => property with { Items = WithNestedFields(field, depth - 1) },
                            _ => property,
                        }
                    ),
                ],
            };

    /// <summary>List items have no name.</summary>
    private static TemplateField Unnamed(TemplateField field) =>
        field with
        {
            Properties = [.. field.Properties.Where(property => property.Name != "name")],
        };
}
