using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;

namespace Plue.Server.Tests.Rpc;

/// <summary>Parameters for all methods of the sidecar: valid ones, and ones with one defect.</summary>
internal static class ParameterSamples
{
    internal sealed record Method(string Name, Type Parameters, bool IsRequest);

    /// <param name="Path">The JSON path of the defect.</param>
    /// <param name="Parameters">JSON text, because only text can represent an object with duplicate keys.</param>
    internal sealed record Defect(string What, string Path, string Parameters);

    private const string LoneSurrogate = "\"\\ud800\"";

    private static readonly string[] AnsweredByTheEditor =
    [
        Methods.HostLanguageModels.Name,
        Methods.HostLanguageModel.Name,
        Methods.HostReadDocument.Name,
        Methods.HostWriteDocument.Name,
        Methods.HostProblems.Name,
        Methods.HostSymbols.Name,
        Methods.HostReferences.Name,
        Methods.HostRename.Name,
        Methods.HostTests.Name,
        Methods.HostRunCell.Name,
        Methods.HostTools.Name,
        Methods.HostCallTool.Name,
        LanguageMethods.RegisterCapability.Name,
    ];

    public static IReadOnlyList<Method> All { get; } =
    [
        .. new[] { typeof(Methods), typeof(LanguageMethods) }
            .SelectMany(table => table.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Select(field => new Method(
                (string)field.FieldType.GetProperty("Name")!.GetValue(field.GetValue(null))!,
                field.FieldType.GetGenericArguments()[0],
                field.FieldType.GetGenericTypeDefinition() == typeof(RpcRequest<,>)
            ))
            .Where(method => !AnsweredByTheEditor.Contains(method.Name)),
    ];

    /// <summary>Creates a valid value with all members; lists and dictionaries have one entry.</summary>
    public static JsonNode? Fitting(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
        {
            return JsonNamingPolicy.CamelCase.ConvertName(Enum.GetNames(type)[0]);
        }
        if (type == typeof(string))
        {
            return "x";
        }
        if (type == typeof(DateTimeOffset))
        {
            return "2026-11-21T10:00:00Z";
        }
        if (type == typeof(bool))
        {
            return true;
        }
        if (type == typeof(JsonElement))
        {
            return new JsonObject { ["x"] = "x" };
        }

        var info = Wire.Options.GetTypeInfo(type);
        if (info.Kind == JsonTypeInfoKind.Enumerable)
        {
            return new JsonArray(Fitting(info.ElementType!));
        }
        if (info.Kind == JsonTypeInfoKind.Dictionary)
        {
            return new JsonObject { ["x"] = Fitting(info.ElementType!) };
        }
        if (info.Kind != JsonTypeInfoKind.Object)
        {
            return 1;
        }

        var fitting = new JsonObject();
        if (info.PolymorphismOptions is { } union)
        {
            var derived = union.DerivedTypes[0];
            fitting[union.TypeDiscriminatorPropertyName] = (string)derived.TypeDiscriminator!;
            info = Wire.Options.GetTypeInfo(derived.DerivedType);
        }

        foreach (var property in info.Properties)
        {
            fitting[property.Name] = Fitting(property.PropertyType);
        }
        return fitting;
    }

    public static IEnumerable<Defect> Defects(Type type) => Defects(type, "$", text => text);

    /// <param name="place">Inserts JSON at the path and returns the complete parameters.</param>
    private static IEnumerable<Defect> Defects(Type type, string path, Func<string, string> place)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        foreach (var wrong in Wrong(type))
        {
            yield return new Defect("wrong value", path, place(wrong));
        }

        if (type == typeof(JsonElement))
        {
            yield return new Defect("text that is not Unicode", path + ".x", place($$"""{"x":{{LoneSurrogate}}}"""));
            yield return new Defect("the same key twice", path + ".x", place("""{"x":1,"x":2}"""));
            yield break;
        }

        var info = Wire.Options.GetTypeInfo(type);
        if (info.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary)
        {
            var (step, around) =
                info.Kind == JsonTypeInfoKind.Enumerable
                    ? ("[0]", (Func<string, string>)(text => $"[{text}]"))
                    : (".x", text => $$"""{"x":{{text}}}""");
            foreach (var defect in Defects(info.ElementType!, path + step, text => place(around(text))))
            {
                yield return defect;
            }
            if (info.ElementType != typeof(JsonElement))
            {
                yield return new Defect("null", path + step, place(around("null")));
            }
            yield break;
        }

        if (info.Kind != JsonTypeInfoKind.Object)
        {
            yield break;
        }

        if (info.PolymorphismOptions is { } union)
        {
            var name = union.TypeDiscriminatorPropertyName;
            yield return new Defect("no kind", $"{path}.{name}", place("{}"));
            yield return new Defect("unknown kind", $"{path}.{name}", place($$"""{"{{name}}":"x"}"""));
            foreach (var derived in union.DerivedTypes)
            {
                var start = $"\"{name}\":\"{derived.TypeDiscriminator}\"";
                foreach (var defect in MemberDefects(Wire.Options.GetTypeInfo(derived.DerivedType), path, start, place))
                {
                    yield return defect;
                }
            }

            yield break;
        }

        foreach (var defect in MemberDefects(info, path, null, place))
        {
            yield return defect;
        }
    }

    private static IEnumerable<Defect> MemberDefects(JsonTypeInfo info, string path, string? start, Func<string, string> place)
    {
        foreach (var property in info.Properties)
        {
            var at = $"{path}.{property.Name}";
            if (!Wire.IsOptional(property))
            {
                yield return new Defect("missing", at, With(null));
                if (property.PropertyType != typeof(JsonElement))
                {
                    yield return new Defect("null", at, With("null"));
                }
            }

            var value = Fitting(property.PropertyType)!.ToJsonString();
            yield return new Defect("the same key twice", at, With($"{value},\"{property.Name}\":{value}"));
            foreach (var defect in Defects(property.PropertyType, at, text => With(text)))
            {
                yield return defect;
            }

            string With(string? text) =>
                place(
                    "{"
                        + string.Join(
                            ',',
                            new[] { start }
                                .Concat(
                                    info.Properties.Select(member =>
                                        member != property ? $"\"{member.Name}\":{Fitting(member.PropertyType)!.ToJsonString()}"
                                        : text is null ? null
                                        : $"\"{member.Name}\":{text}"
                                    )
                                )
                                .OfType<string>()
                        )
                        + "}"
                );
        }
    }

    private static string[] Wrong(Type type)
    {
        if (type == typeof(JsonElement))
        {
            return [LoneSurrogate];
        }
        if (type == typeof(string))
        {
            return ["1", "true", "[]", "{}", LoneSurrogate];
        }
        if (type == typeof(bool))
        {
            return ["1", "\"true\"", "[]", "{}"];
        }
        if (type.IsEnum)
        {
            return ["0", "true", "[]", "{}", "\"\"", "\"noSuchName\"", LoneSurrogate];
        }
        if (type == typeof(DateTimeOffset))
        {
            return ["1", "true", "[]", "{}", "\"yesterday\"", LoneSurrogate];
        }
        if (type == typeof(int) || type == typeof(long))
        {
            return ["\"1\"", "true", "[]", "{}", "1.5", "1e999", "99999999999999999999"];
        }
        if (type.IsPrimitive || type == typeof(decimal))
        {
            return ["\"1\"", "true", "[]", "{}"];
        }
        return Wire.Options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable
            ? ["1", "\"x\"", "true", "{}"]
            : ["1", "\"x\"", "true", "[1,2]"];
    }
}
