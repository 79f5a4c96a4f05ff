using Plue.Server.Platform;

namespace Plue.Server.Mcp;

/// <summary>A stream of lines that throws when a line is too long.</summary>
internal sealed class LimitedLines(Stream stream, int maxBytes) : CheckedStream(stream)
{
    private int length;

    protected override void Check(ReadOnlySpan<byte> read)
    {
        foreach (var one in read)
        {
            length = one == (byte)'\n' ? 0 : length + 1;
            if (length > maxBytes)
            {
                throw new InvalidDataException($"A message is longer than {maxBytes} bytes.");
            }
        }
    }
}
