using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Plue.Protocol;

namespace Plue.Server.Tests.Protocol;

/// <summary>
/// Renders protocol.generated.ts from <see cref="Methods"/> and the serializer's type information, so names, casing and tags
/// match the wire.
/// </summary>
internal static class TypeScriptProtocol
{
    public static string Render()
    {
        var text = new StringBuilder();
        text.AppendLine("// Rendered from Plue.Protocol by TypeScriptProtocolTests. Do not edit: run `npm run update`.");
        text.AppendLine("import { NotificationType, RequestType } from 'vscode-jsonrpc';").AppendLine();

        var methods = typeof(Methods).GetFields(BindingFlags.Public | BindingFlags.Static).ToArray();
        foreach (var method in methods)
        {
            var name = (string)method.FieldType.GetProperty("Name")!.GetValue(method.GetValue(null))!;
            var types = string.Join(", ", method.FieldType.GetGenericArguments().Select(type => type.Name));
            var constant = JsonNamingPolicy.CamelCase.ConvertName(method.Name);
            text.AppendLine(
                method.FieldType.GetGenericTypeDefinition() == typeof(RpcRequest<,>)
                    ? $"export const {constant} = new RequestType<{types}, ErrorData>('{name}');"
                    : $"export const {constant} = new NotificationType<{types}>('{name}');"
            );
        }

        var pending = new SortedDictionary<string, Type>(StringComparer.Ordinal) { [nameof(ErrorData)] = typeof(ErrorData) };
        foreach (var type in methods.SelectMany(method => method.FieldType.GetGenericArguments()))
        {
            pending[type.Name] = type;
        }

        var rendered = new SortedDictionary<string, string>(StringComparer.Ordinal);
        while (pending.Values.FirstOrDefault(type => !rendered.ContainsKey(type.Name)) is { } next)
        {
            rendered[next.Name] = RenderType(next, needed => pending.TryAdd(needed.Name, needed));
        }

        foreach (var type in rendered.Values)
        {
            text.AppendLine().Append(type);
        }
        return text.ToString().ReplaceLineEndings("\n");
    }

    private static string RenderType(Type type, Action<Type> need)
    {
        if (type.IsEnum)
        {
            return $"export type {type.Name} = {string.Join(" | ", Enum.GetNames(type).Select(name => $"'{JsonNamingPolicy.CamelCase.ConvertName(name)}'"))};\n";
        }

        var info = Wire.Options.GetTypeInfo(type);
        if (info.PolymorphismOptions is { } options)
        {
            foreach (var derived in options.DerivedTypes)
            {
                need(derived.DerivedType);
            }
            var cases = options.DerivedTypes.Select(derived =>
                $"  | ({{ {options.TypeDiscriminatorPropertyName}: '{derived.TypeDiscriminator}' }} & {derived.DerivedType.Name})"
            );
            return $"export type {type.Name} =\n{string.Join("\n", cases)};\n";
        }

        if (info.Properties.Count == 0)
        {
            return $"export type {type.Name} = Record<string, never>;\n";
        }

        var text = new StringBuilder().AppendLine(CultureInfo.InvariantCulture, $"export interface {type.Name} {{");
        foreach (var property in info.Properties)
        {
            var optional = Wire.IsOptional(property) ? "?" : "";
            text.AppendLine(CultureInfo.InvariantCulture, $"  {property.Name}{optional}: {NameOf(property.PropertyType, need)};");
        }

        return text.AppendLine("}").ToString();
    }

    private static string NameOf(Type type, Action<Type> need)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string) || type == typeof(DateTimeOffset))
        {
            return "string";
        }
        if (type == typeof(bool))
        {
            return "boolean";
        }
        if (type == typeof(int) || type == typeof(long) || type == typeof(double) || type == typeof(decimal))
        {
            return "number";
        }
        if (type == typeof(JsonElement))
        {
            return "unknown";
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return $"Record<string, {NameOf(type.GetGenericArguments()[1], need)}>";
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
        {
            return $"{NameOf(type.GetGenericArguments()[0], need)}[]";
        }

        need(type);
        return type.Name;
    }
}
