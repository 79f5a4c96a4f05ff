using System.Buffers;
using System.Text.Json;
using Plue.Server.Platform;

namespace Plue.Server.Audit;

/// <summary>Writes the lines of an audit export, each with the hash of the previous line.</summary>
/// <param name="mask">Masks the keys of the vault in texts.</param>
internal sealed class AuditWriter(Stream output, Func<string, string> mask)
{
    private const int MaxKeptBuffer = 1024 * 1024;

    private ArrayBufferWriter<byte> buffer = new();

    public long Lines { get; private set; }

    /// <summary>The hash of the last line.</summary>
    public string Sha256 { get; private set; } = AuditLine.NoPrevious;

    /// <param name="members">Writes the members after <c>type</c>.</param>
    public void Write(string type, DateTimeOffset time, Action<Utf8JsonWriter> members)
    {
        buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(buffer, PlainJson.Writing))
        {
            json.WriteStartObject();
            json.WriteNumber("seq"u8, ++Lines);
            json.WriteString("prev"u8, Sha256);
            json.WriteString("time"u8, time.UtcDateTime);
            json.WriteString("type"u8, type);
            members(json);
            json.WriteEndObject();
        }

        Sha256 = AuditLine.Write(output, buffer.WrittenSpan);
        if (buffer.Capacity > MaxKeptBuffer)
        {
            buffer = new ArrayBufferWriter<byte>();
        }
    }

    /// <summary>Writes text from a user, model or tool; nothing for null.</summary>
    public void Text(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, mask(text));
        }
    }
}
