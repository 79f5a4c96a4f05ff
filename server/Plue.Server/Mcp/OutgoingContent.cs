using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Plue.Server.Platform;

namespace Plue.Server.Mcp;

/// <summary>Content for other programs: secrets are masked, and private keys are omitted.</summary>
/// <param name="secrets">Masks the secrets that this process knows.</param>
internal sealed partial class OutgoingContent(ITextMask secrets)
{
    private const string OmittedKey = "[private key omitted]";

    public string Clean(string text) => PrivateKey.Replace(secrets.Mask(text), OmittedKey);

    /// <summary>Cleans all strings in an object, recursively.</summary>
    public JsonObject Clean(JsonObject value) => (JsonObject)Copy(value)!;

    private JsonNode? Copy(JsonNode? node) =>
        node switch
        {
            JsonObject value => new JsonObject(value.Select(member => KeyValuePair.Create(member.Key, Copy(member.Value)))),
            JsonArray value => new JsonArray([.. value.Select(Copy)]),
            JsonValue value when value.TryGetValue<string>(out var text) => JsonValue.Create(Clean(text)),
            _ => node?.DeepClone(),
        };

    [GeneratedRegex(
        @"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?s:.*?)(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking
    )]
    private static partial Regex PrivateKey { get; }
}
