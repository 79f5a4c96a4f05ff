using System.Buffers;
using System.Text;
using System.Text.Json;
using Plue.Server.Json5;
using Plue.Server.Platform;

namespace Plue.Server.Codices;

/// <summary>Writes a document as JSON for display: potential secrets are omitted by key name or pattern; addresses of secrets are kept.</summary>
internal static class RedactedJson
{
    public const string Redacted = "***REDACTED***";
    private static readonly string[] SecretNames = ["key", "token", "secret", "authorization", "password"];

    public static string Of(Json5Object values)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(writer, values, isSecret: false);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <param name="isSecret">True if a key above has the name of a secret.</param>
    private static void Write(Utf8JsonWriter writer, Json5Node node, bool isSecret)
    {
        switch (node)
        {
            case Json5Object value:
                writer.WriteStartObject();
                // The last duplicate of a key is used.
                foreach (var name in value.Members.Select(member => member.Name).Distinct(StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(
                        writer,
                        value.Find(name) ?? new Json5Null(),
                        isSecret || SecretNames.Any(secret => name.Contains(secret, StringComparison.OrdinalIgnoreCase))
                    );
                }

                writer.WriteEndObject();
                break;
            case Json5Array array:
                writer.WriteStartArray();
                foreach (var item in array.Items)
                {
                    Write(writer, item, isSecret);
                }

                writer.WriteEndArray();
                break;
            case Json5String { Value: var text }:
                writer.WriteStringValue((isSecret && !IsAddress(text)) || LiteralSecrets.IsIn([], node) ? Redacted : text);
                break;
            case Json5Number { Value: var number } when double.IsFinite(number):
                writer.WriteNumberValue(number);
                break;
            case Json5Number { Raw: var raw }:
                writer.WriteStringValue(raw ?? "");
                break;
            case Json5Boolean { Value: var boolean }:
                writer.WriteBooleanValue(boolean);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static bool IsAddress(string text) => text.Length == 0 || SecretReference.IsReference(text);
}
