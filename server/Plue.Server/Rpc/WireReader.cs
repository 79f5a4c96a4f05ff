using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;

namespace Plue.Server.Rpc;

/// <summary>
/// Deserializes protocol messages strictly. The serializer accepts missing members, null in lists and repeated keys; here the first value that does not match
/// its type is an error with its path. Unknown members are ignored, as LSP requires.
/// </summary>
internal static class WireReader
{
    /// <exception cref="JsonException">The value does not match the type; the message contains the path.</exception>
    public static T Read<T>(JsonElement value)
        where T : notnull
    {
        Check(value, typeof(T), "$");
        return value.Deserialize(TypeOf<T>()) ?? throw InvalidValue("$", "is null");
    }

    public static JsonTypeInfo<T> TypeOf<T>() => (JsonTypeInfo<T>)Wire.Options.GetTypeInfo(typeof(T));

    private static void Check(JsonElement value, Type type, string path)
    {
        if (type == typeof(JsonElement))
        {
            CheckText(value, path);
            return;
        }

        var info = Wire.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        switch (info.Kind)
        {
            case JsonTypeInfoKind.Object:
                CheckObject(value, info, path);
                break;
            case JsonTypeInfoKind.Enumerable:
                Require(value, JsonValueKind.Array, path, "a list");
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    CheckItem(item, info.ElementType!, $"{path}[{index++}]");
                }
                break;
            case JsonTypeInfoKind.Dictionary:
                Require(value, JsonValueKind.Object, path, "an object");
                foreach (var (name, item) in Members(value, path))
                {
                    CheckItem(item, info.ElementType!, $"{path}.{name}");
                }
                break;
            default:
                CheckScalar(value, info, path);
                break;
        }
    }

    private static void CheckItem(JsonElement item, Type type, string path)
    {
        if (item.ValueKind == JsonValueKind.Null && type != typeof(JsonElement))
        {
            throw InvalidValue(path, "is null");
        }
        Check(item, type, path);
    }

    private static void CheckObject(JsonElement value, JsonTypeInfo info, string path)
    {
        Require(value, JsonValueKind.Object, path, "an object");
        var members = Members(value, path);
        if (info.PolymorphismOptions is { } union)
        {
            var name = union.TypeDiscriminatorPropertyName;
            var kind = members.TryGetValue(name, out var given) && given.ValueKind == JsonValueKind.String ? given.GetString() : null;
            var derived = union.DerivedTypes.FirstOrDefault(derived => derived.TypeDiscriminator is string known && known == kind);
            if (derived.DerivedType is null)
            {
                throw InvalidValue(
                    $"{path}.{name}",
                    $"must be one of {string.Join(", ", union.DerivedTypes.Select(known => known.TypeDiscriminator))}"
                );
            }
            info = Wire.Options.GetTypeInfo(derived.DerivedType);
        }

        foreach (var property in info.Properties)
        {
            var at = $"{path}.{property.Name}";
            var isThere = members.TryGetValue(property.Name, out var member);
            if (isThere && (member.ValueKind != JsonValueKind.Null || property.PropertyType == typeof(JsonElement)))
            {
                Check(member, property.PropertyType, at);
            }
            else if (!Wire.IsOptional(property))
            {
                throw InvalidValue(at, isThere ? "is null" : "is missing");
            }
        }
    }

    private static void CheckScalar(JsonElement value, JsonTypeInfo info, string path)
    {
        CheckText(value, path);
        if (info.Type == typeof(string))
        {
            Require(value, JsonValueKind.String, path, "a text");
            return;
        }

        try
        {
            value.Deserialize(info);
        }
        catch (JsonException)
        {
            throw InvalidValue(path, $"must be {Description(info.Type)}");
        }
    }

    /// <summary>Validates all texts, including those in values that only a handler parses: text is decoded only when it is read.</summary>
    private static void CheckText(JsonElement value, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                try
                {
                    value.GetString();
                }
                catch (InvalidOperationException)
                {
                    throw InvalidValue(path, "is not valid Unicode text");
                }
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                {
                    CheckText(item, $"{path}[{index++}]");
                }
                break;
            case JsonValueKind.Object:
                foreach (var (name, member) in Members(value, path))
                {
                    CheckText(member, $"{path}.{name}");
                }
                break;
        }
    }

    private static Dictionary<string, JsonElement> Members(JsonElement value, string path)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            string name;
            try
            {
                name = member.Name;
            }
            catch (InvalidOperationException)
            {
                throw InvalidValue(path, "has a key that is not valid Unicode text");
            }

            if (!members.TryAdd(name, member.Value))
            {
                throw InvalidValue($"{path}.{name}", "occurs twice");
            }
        }

        return members;
    }

    private static void Require(JsonElement value, JsonValueKind kind, string path, string description)
    {
        if (value.ValueKind != kind)
        {
            throw InvalidValue(path, $"must be {description}");
        }
    }

    private static string Description(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(DateTimeOffset) ? "a time as in ISO 8601"
        : type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))}"
        : type == typeof(int) || type == typeof(long) ? $"a whole number of {(type == typeof(int) ? 32 : 64)} bits"
        : "a number";

    private static JsonException InvalidValue(string path, string what) => new($"\"{path}\" {what}.", path, null, null);
}
