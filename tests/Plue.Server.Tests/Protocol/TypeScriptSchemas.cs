using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;

namespace Plue.Server.Tests.Protocol;

/// <summary>Renders schemas.generated.ts: for each type of the wire what a page checks before it believes what arrived. A type comes after those it is made of.</summary>
internal static class TypeScriptSchemas
{
    public static string Render()
    {
        var written = new List<(string Name, string Text)>();
        var known = new HashSet<Type>();
        var types = typeof(Methods).GetFields(BindingFlags.Public | BindingFlags.Static).SelectMany(method => method.FieldType.GetGenericArguments());
        foreach (var type in types.Append(typeof(ErrorData)).OrderBy(type => type.Name, StringComparer.Ordinal)) { Write(type, known, written); }

        var text = new StringBuilder();
        text.AppendLine("// Rendered from Plue.Protocol by TypeScriptProtocolTests. Do not edit: run `npm run update`.");
        text.AppendLine("import * as v from 'valibot';");
        text.AppendLine("import type * as wire from './protocol.generated';");
        foreach (var (name, schema) in written)
        {
            text.AppendLine().Append("export const ").Append(Constant(name)).Append(": v.GenericSchema<unknown, wire.").Append(name).Append("> = ").Append(schema).AppendLine(";");
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Write(Type type, HashSet<Type> known, List<(string, string)> written)
    {
        if (!known.Add(type)) { return; }

        written.Add((type.Name, Schema(type, Need)));

        string Need(Type needed)
        {
            // A type that is made of itself is looked up when it is used.
            var isUnderWay = known.Contains(needed) && !written.Exists(done => done.Item1 == needed.Name);
            Write(needed, known, written);
            return isUnderWay ? $"v.lazy(() => {Constant(needed.Name)})" : Constant(needed.Name);
        }
    }

    private static string Schema(Type type, Func<Type, string> need)
    {
        if (type.IsEnum) { return $"v.picklist([{string.Join(", ", Enum.GetNames(type).Select(name => $"'{JsonNamingPolicy.CamelCase.ConvertName(name)}'"))}])"; }

        var info = Wire.Options.GetTypeInfo(type);
        if (info.PolymorphismOptions is not { } union) { return $"v.object({{{Members(info, need)}\n}})"; }

        var cases = union.DerivedTypes.Select(derived =>
            $"\n  v.object({{ {union.TypeDiscriminatorPropertyName}: v.literal('{derived.TypeDiscriminator}'),{Members(Wire.Options.GetTypeInfo(derived.DerivedType), need).Replace("\n", "", StringComparison.Ordinal)} }}),");
        return $"v.variant('{union.TypeDiscriminatorPropertyName}', [{string.Concat(cases)}\n])";
    }

    private static string Members(JsonTypeInfo info, Func<Type, string> need) => string.Concat(info.Properties.Select(property =>
    {
        var schema = Value(property.PropertyType, need);
        return $"\n  {property.Name}: {(Wire.IsOptional(property) ? $"v.optional({schema})" : schema)},";
    }));

    private static string Value(Type type, Func<Type, string> need)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(DateTimeOffset)) { return "v.string()"; }
        if (type == typeof(bool)) { return "v.boolean()"; }
        if (type == typeof(int) || type == typeof(long) || type == typeof(double) || type == typeof(decimal)) { return "v.number()"; }
        if (type == typeof(JsonElement)) { return "v.unknown()"; }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>)) { return $"v.record(v.string(), {Value(type.GetGenericArguments()[1], need)})"; }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) { return $"v.array({Value(type.GetGenericArguments()[0], need)})"; }
        return need(type);
    }

    private static string Constant(string name) => JsonNamingPolicy.CamelCase.ConvertName(name) + "Schema";
}
