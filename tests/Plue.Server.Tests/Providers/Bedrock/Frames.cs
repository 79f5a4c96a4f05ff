using System.Buffers.Binary;
using System.Text;
using Plue.Server.Providers.Http;

namespace Plue.Server.Tests.Providers.Bedrock;

/// <summary>AWS event stream frames, built according to the specification; each character of the text is one byte.</summary>
internal static class Frames
{
    /// <summary>The published test frame: a chunk with the payload <c>{"bytes":"e30="}</c>.</summary>
    public const string Published =
        "0000006b0000004b6ace012d0b3a6576656e742d747970650700056368756e6b0d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e"
        + "0d3a6d6573736167652d747970650700056576656e747b226279746573223a226533303d227d3651dbfe";

    public static string Event(string type, string json) =>
        Text(Of([(":event-type", type), (":content-type", "application/json"), (":message-type", "event")], Encoding.UTF8.GetBytes(json)));

    public static string Exception(string type, string json) =>
        Text(
            Of(
                [(":exception-type", type), (":content-type", "application/json"), (":message-type", "exception")],
                Encoding.UTF8.GetBytes(json)
            )
        );

    /// <summary>Wraps an Anthropic event like Bedrock.</summary>
    public static string Chunk(string json) =>
        Event("chunk", "{\"bytes\":\"" + Convert.ToBase64String(Encoding.UTF8.GetBytes(json)) + "\",\"p\":\"abcdef\"}");

    /// <summary>Returns the lengths of a frame and their checksum.</summary>
    public static string Prelude(uint total, uint headers) => Text(PreludeOf(total, headers));

    public static byte[] Of(IReadOnlyList<(string Name, string Value)> headers, byte[] payload)
    {
        var written = new List<byte>();
        foreach (var (name, value) in headers)
        {
            written.Add((byte)name.Length);
            written.AddRange(Encoding.UTF8.GetBytes(name));
            written.Add(7);
            var bytes = Encoding.UTF8.GetBytes(value);
            written.AddRange([(byte)(bytes.Length >> 8), (byte)bytes.Length]);
            written.AddRange(bytes);
        }

        return Of([.. written], payload);
    }

    public static byte[] Of(byte[] headers, byte[] payload)
    {
        byte[] whole =
        [
            .. PreludeOf((uint)(headers.Length + payload.Length + 16), (uint)headers.Length),
            .. headers,
            .. payload,
            0,
            0,
            0,
            0,
        ];
        BinaryPrimitives.WriteUInt32BigEndian(whole.AsSpan(whole.Length - 4), Crc32.Of(whole.AsSpan(0, whole.Length - 4)));
        return whole;
    }

    public static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static byte[] PreludeOf(uint total, uint headers)
    {
        var prelude = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(prelude, total);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(4), headers);
        BinaryPrimitives.WriteUInt32BigEndian(prelude.AsSpan(8), Crc32.Of(prelude.AsSpan(0, 8)));
        return prelude;
    }
}
