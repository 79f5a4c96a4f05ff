using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Templates;
using Wire = Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>Converts fields and their values between documents and the protocol.</summary>
internal static class FieldViews
{
    public static Wire.FieldView View(TemplateField field) =>
        new()
        {
            Name = field.Name,
            Type = (Wire.FieldType)field.Type,
            Description = field.Description,
            Required = field.Required,
            Default = field.Default is { } value ? ToJson(value) : null,
            Placeholder = field.Placeholder,
            Options = field.Options,
            Min = field.Min,
            Max = field.Max,
            Step = field.Step,
            Items = field.Items is { } items ? View(items) : null,
            Properties = [.. field.Properties.Select(View)],
            TemplateFilter = field.TemplateFilter,
            Conditional = field.Conditional is { } condition ? new(condition.Field, [.. condition.Values.Select(ToJson)]) : null,
        };

    public static Wire.DocumentProblemView View(DocumentProblem problem) =>
        new(problem.Message, problem.Line, problem.Column, problem.IsError);

    public static JsonElement ToJson(Json5Node value) => Json5Conversion.Of(value);

    public static Json5Node? ToJson5(JsonElement? value) => Json5Conversion.ToJson5(value);
}
