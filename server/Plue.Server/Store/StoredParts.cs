using System.Collections;
using System.Text.Json;
using System.Text.Unicode;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// The parts of a message as the bytes of its line, decoded on first access: most parts of a long chat are never accessed.
/// Only input that is known to be valid is accepted, so that decoding never fails. Thread-safe.
/// </summary>
internal sealed class StoredParts : IReadOnlyList<MessagePart>
{
    // The bytes of a JSON array, and the decoded parts after the first access.
    private object content;

    private StoredParts(byte[] json, int count) => (content, Count) = (json, count);

    public int Count { get; }

    public MessagePart this[int index] => Decoded[index];

    public IEnumerator<MessagePart> GetEnumerator() => ((IEnumerable<MessagePart>)Decoded).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <param name="json">The JSON that the reader reads.</param>
    /// <param name="reader">At the beginning of the array; afterwards at its end.</param>
    /// <returns>Null for anything but parts of known types whose members are known texts.</returns>
    /// <exception cref="JsonException">The input is not JSON.</exception>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    public static StoredParts? TryRead(ReadOnlySpan<byte> json, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            return null;
        }

        var (begin, count) = ((int)reader.TokenStartIndex, 0);
        for (; reader.Read() && reader.TokenType == JsonTokenType.StartObject; count++)
        {
            if (!IsPlainPart(ref reader))
            {
                return null;
            }
        }

        return reader.TokenType == JsonTokenType.EndArray ? new StoredParts(json[begin..(int)reader.BytesConsumed].ToArray(), count) : null;
    }

    private MessagePart[] Decoded
    {
        get
        {
            var known = Volatile.Read(ref content);
            if (known is not byte[] json)
            {
                return (MessagePart[])known;
            }

            MessagePart[] parts =
            [
                .. JsonSerializer.Deserialize(json, StoredJson.Default.IReadOnlyListStoredPart)!.Select(part => part!.ToPart()!),
            ];
            return Interlocked.CompareExchange(ref content, parts, json) as MessagePart[] ?? parts;
        }
    }

    private static bool IsPlainPart(ref Utf8JsonReader reader)
    {
        var hasType = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            if (
                !isType && !IsText(ref reader)
                || !reader.Read()
                || reader.TokenType != JsonTokenType.String
                || isType && !IsKnownType(ref reader)
            )
            {
                return false;
            }

            Check(ref reader);
            hasType |= isType;
        }

        return hasType && reader.TokenType == JsonTokenType.EndObject;
    }

    /// <summary>The JSON reader validates the characters of a string only when the string is read.</summary>
    private static void Check(ref Utf8JsonReader reader)
    {
        if (
            !Utf8.IsValid(reader.ValueSpan)
            || reader.ValueIsEscaped && (reader.ValueSpan.IndexOf("\\ud"u8) >= 0 || reader.ValueSpan.IndexOf("\\uD"u8) >= 0)
        )
        {
            reader.GetString();
        }
    }

    private static bool IsText(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8)
        || reader.ValueTextEquals("tool_use_id"u8)
        || reader.ValueTextEquals("tool_name"u8)
        || reader.ValueTextEquals("parameters"u8)
        || reader.ValueTextEquals("result"u8)
        || reader.ValueTextEquals("error"u8)
        || reader.ValueTextEquals("signature"u8)
        || reader.ValueTextEquals("opaque"u8);

    private static bool IsKnownType(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("text"u8)
        || reader.ValueTextEquals("reasoning"u8)
        || reader.ValueTextEquals("tool_use"u8)
        || reader.ValueTextEquals("tool_result"u8);
}
