using System.Text.Json;
using System.Text.Unicode;

namespace Plue.Server.Transfer;

/// <summary>Reads the JSON objects of a JSON Lines file one by one. A line that is not an object, or is too long, is counted and skipped.</summary>
internal static class SessionLines
{
    private const int MaxLineLength = 64 * 1024 * 1024;
    private const int FirstBuffer = 64 * 1024;

    /// <param name="maxBytes">The number of bytes to read; a line that crosses this limit is omitted.</param>
    public static IEnumerable<JsonElement> Read(
        Stream stream,
        OmittedContent omitted,
        long maxBytes = long.MaxValue,
        CancellationToken cancellationToken = default
    )
    {
        foreach (var line in Lines(stream, omitted, maxBytes, cancellationToken))
        {
            if (line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                continue;
            }
            if (Parsed(line) is { } value)
            {
                yield return value;
            }
            else
            {
                omitted.Add(OmittedContent.Unreadable);
            }
        }
    }

    private static JsonElement? Parsed(ReadOnlyMemory<byte> line)
    {
        if (!Utf8.IsValid(line.Span))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(
        Stream stream,
        OmittedContent omitted,
        long maxBytes,
        CancellationToken cancellationToken
    )
    {
        var buffer = new byte[FirstBuffer];
        var (filled, searched, total, isSkipping) = (0, 0, 0L, false);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (filled == buffer.Length)
            {
                if (buffer.Length < MaxLineLength)
                {
                    Array.Resize(ref buffer, (int)Math.Min(MaxLineLength, buffer.Length * 2L));
                }
                else
                {
                    (filled, searched, isSkipping) = (0, 0, true);
                }
            }

            var read = stream.Read(buffer, filled, (int)Math.Min(buffer.Length - filled, maxBytes - total));
            (filled, total) = (filled + read, total + read);
            var start = 0;
            while (Array.IndexOf(buffer, (byte)'\n', searched, filled - searched) is var end and >= 0)
            {
                if (isSkipping)
                {
                    omitted.Add(OmittedContent.TooLong);
                }
                else
                {
                    yield return buffer.AsMemory(start, end - start);
                }

                isSkipping = false;
                start = searched = end + 1;
            }

            if (read == 0)
            {
                if (isSkipping)
                {
                    omitted.Add(OmittedContent.TooLong);
                }
                else if (total < maxBytes && filled > start)
                {
                    yield return buffer.AsMemory(start, filled - start);
                }

                yield break;
            }

            Array.Copy(buffer, start, buffer, 0, filled - start);
            filled -= start;
            searched = filled;
        }
    }
}
