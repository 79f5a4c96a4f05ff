using System.Collections;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Plue.Protocol;

namespace Plue.Server.Tests.Protocol;

/// <summary>Samples of the params and results of each method, one per member of a union, generated from their types.</summary>
internal static class WireSamples
{
    /// <summary>The methods whose samples in tests/wire-samples are rendered by webview tests.</summary>
    public static readonly string[] Drawn =
    [
        "catalog/backups",
        "catalog/get",
        "catalog/list",
        "catalog/startingPoints",
        "codex/get",
        "message/event",
        "provider/executables",
        "provider/get",
        "provider/list",
        "provider/models",
        "template/get",
    ];

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    [ThreadStatic]
    private static HashSet<Type>? beingMade;
    private static HashSet<Type> BeingMade => beingMade ??= [];

    /// <summary>Gets all methods with the types of their params and, for requests, results.</summary>
    public static IEnumerable<(string Method, Type[] Types)> All =>
        typeof(Methods)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(method =>
                ((string)method.FieldType.GetProperty("Name")!.GetValue(method.GetValue(null))!, method.FieldType.GetGenericArguments())
            );

    public static string PathOf(string method) => $"tests/wire-samples/{method}.json";

    public static string Render(string method) =>
        new JsonObject(Of(method).Select(sample => KeyValuePair.Create(sample.Name, (JsonNode?)Again(sample.Values, sample.Type))))
            .ToJsonString(Indented)
            .ReplaceLineEndings("\n") + "\n";

    public static IEnumerable<(string Name, JsonArray Values, JsonTypeInfo Type)> Of(string method) =>
        new[] { "params", "result" }
            .Zip(All.Single(known => known.Method == method).Types, (name, type) => (name, Wire.Options.GetTypeInfo(type)))
            .Select(sample => (sample.name, Made(sample.Item2, ""), sample.Item2));

    /// <summary>Deserializes the samples and serializes them again.</summary>
    public static JsonArray Again(JsonArray samples, JsonTypeInfo type) =>
        [.. samples.Select(sample => JsonSerializer.SerializeToNode(sample.Deserialize(type), type))];

    private static JsonArray Made(JsonTypeInfo info, string name)
    {
        if (info.PolymorphismOptions is { } union)
        {
            return
            [
                .. union.DerivedTypes.SelectMany(derived =>
                    Made(Wire.Options.GetTypeInfo(derived.DerivedType), name)
                        .Select(member =>
                        {
                            var tagged = new JsonObject { [union.TypeDiscriminatorPropertyName] = derived.TypeDiscriminator?.ToString() };
                            foreach (var (key, value) in member!.AsObject())
                            {
                                tagged[key] = value?.DeepClone();
                            }
                            return tagged;
                        })
                ),
            ];
        }

        if (info.Kind != JsonTypeInfoKind.Object)
        {
            return [Value(info.Type, name)];
        }

        var values = info.Properties.ToDictionary(property => property.Name, property => Variants(property.PropertyType, property.Name));
        var count = values.Values.Select(variants => variants.Count).DefaultIfEmpty(1).Max();
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(index => new JsonObject(
                    values.Select(pair => KeyValuePair.Create(pair.Key, pair.Value[Math.Min(index, pair.Value.Count - 1)]?.DeepClone()))
                )),
        ];
    }

    private static JsonArray Variants(Type type, string name)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(JsonElement))
        {
            return [new JsonObject { ["id"] = "acme", ["models"] = new JsonArray("m1") }];
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>))
        {
            return [new JsonObject { ["a_name"] = Variants(type.GetGenericArguments()[1], name)[0]?.DeepClone() }];
        }

        if (type != typeof(string) && type.IsAssignableTo(typeof(IEnumerable)))
        {
            return BeingMade.Contains(type.GetGenericArguments()[0])
                ? [new JsonArray()]
                : [Variants(type.GetGenericArguments()[0], name).DeepClone()];
        }

        if (type.IsEnum || type.Namespace == nameof(System))
        {
            return [Value(type, name)];
        }
        // A field may contain fields; one level is enough.
        if (!BeingMade.Add(type))
        {
            return [null];
        }

        try
        {
            return Made(Wire.Options.GetTypeInfo(type), name);
        }
        finally
        {
            BeingMade.Remove(type);
        }
    }

    private static JsonNode? Value(Type type, string name) =>
        type.IsEnum ? JsonNamingPolicy.CamelCase.ConvertName(Enum.GetNames(type)[0])
        : type == typeof(bool) ? true
        : type == typeof(decimal) ? 0.25m
        : type == typeof(DateTimeOffset) ? "2026-11-21T08:00:00+00:00"
        : type == typeof(string) ? Text(name)
        : 7;

    private static string Text(string name) =>
        name switch
        {
            "uri" or "codexId" => "codex://chats/chat_0192f0c1a2b3c4d5e6f708192a3b4c5d",
            "collection" => "chats",
            "templateId" => "ai-chat",
            "endpoint" or "defaultEndpoint" or "origin" or "origins" => "http://127.0.0.1:11434",
            "reference" => "vault://anthropic/api_key",
            "text" or "content" => "Grüße 😀, \"quoted\"\n",
            "parameters" => "{\"path\":\"a.txt\"}",
            _ => $"a {name}",
        };
}
