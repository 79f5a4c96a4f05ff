using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;

namespace Plue.Server.Rpc;

/// <summary>
/// LSP framing: <c>Content-Length: N</c>, an empty line, N bytes of JSON. A faulty frame is reported and skipped, so that it does not end the process. Bytes
/// outside a frame are read as part of the line of the next <c>Content-Length</c>, which is found there, too.
/// </summary>
internal sealed class MessageFraming(PipeReader reader)
{
    public const int MaxHeaderBytes = 8 * 1024;
    public const int MaxBodyBytes = 64 * 1024 * 1024;

    /// <summary>A frame. <c>Body</c> is valid until the next call; <c>Fault</c> is the reason a frame was skipped.</summary>
    public readonly record struct Frame(ReadOnlySequence<byte> Body, string? Fault);

    private static ReadOnlySpan<byte> LengthName => "content-length:"u8;

    private SequencePosition consumed;
    private bool hasConsumed;
    private long? pending; // the length of a frame whose header was already reported as faulty

    /// <returns>Null at the end of the stream.</returns>
    public async ValueTask<Frame?> ReadAsync(CancellationToken cancellationToken)
    {
        if (hasConsumed)
        {
            reader.AdvanceTo(consumed);
            hasConsumed = false;
        }

        var length = pending ?? 0;
        while (pending is null)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var header = ReadHeader(result.Buffer);
            if (header.End is { } end)
            {
                reader.AdvanceTo(end);
                if (header.Fault is not null)
                {
                    pending = header.Length;
                    return new Frame(default, header.Fault);
                }

                length = header.Length ?? 0;
                break;
            }

            if (header.Fault is not null)
            {
                // Keeps the end, because the name of the next header may start there.
                reader.AdvanceTo(result.Buffer.GetPosition(MaxHeaderBytes - LengthName.Length));
                return new Frame(default, header.Fault);
            }

            if (result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.End);
                return null;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }

        pending = null;
        if (length > MaxBodyBytes)
        {
            await SkipAsync(length, cancellationToken);
            return new Frame(default, $"The body of {length} bytes is over the limit of {MaxBodyBytes}.");
        }

        while (true)
        {
            var result = await reader.ReadAsync(cancellationToken);
            if (result.Buffer.Length >= length)
            {
                var body = result.Buffer.Slice(0, length);
                consumed = body.End;
                hasConsumed = true;
                return new Frame(body, null);
            }

            if (result.IsCompleted)
            {
                reader.AdvanceTo(result.Buffer.End);
                return null;
            }

            reader.AdvanceTo(result.Buffer.Start, result.Buffer.End);
        }
    }

    private async ValueTask SkipAsync(long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            var result = await reader.ReadAsync(cancellationToken);
            var skipped = Math.Min(length, result.Buffer.Length);
            reader.AdvanceTo(result.Buffer.GetPosition(skipped));
            length -= skipped;
            if (result.IsCompleted && skipped == 0)
            {
                return;
            }
        }
    }

    /// <returns>The position after a complete header. A faulty header also ends at its empty line.</returns>
    public static (SequencePosition? End, long? Length, string? Fault) ReadHeader(ReadOnlySequence<byte> buffer)
    {
        var lines = new SequenceReader<byte>(buffer);
        long? length = null;
        string? fault = null;
        Span<byte> copy = stackalloc byte[256];
        while (lines.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            if (lines.Consumed > MaxHeaderBytes)
            {
                break;
            }

            // Only the end of a very long line can contain a header.
            var size = (int)Math.Min(line.Length, copy.Length);
            line.Slice(line.Length - size).CopyTo(copy);
            var text = copy[..size];
            if (text is [.., (byte)'\r'])
            {
                text = text[..^1];
            }

            if (text.IsEmpty)
            {
                if (length is null && fault is null)
                {
                    // Empty lines between frames are ignored.
                    if (lines.Consumed <= 2)
                    {
                        continue;
                    }
                    fault = "The header has no Content-Length.";
                }

                return (lines.Position, length, fault);
            }

            ReadLine(text, ref length, ref fault);
        }

        return buffer.Length > MaxHeaderBytes ? (null, null, $"The header is over {MaxHeaderBytes} bytes.") : (null, null, null);
    }

    private static void ReadLine(ReadOnlySpan<byte> line, ref long? length, ref string? fault)
    {
        var name = LastIndexOfLengthName(line);
        if (name != 0 && line.IndexOf((byte)':') < 0)
        {
            fault ??= "A header line has no colon.";
        }
        if (name < 0)
        {
            return;
        }

        if (name > 0)
        {
            fault ??= "There are bytes before the header.";
        }
        var number = line[(name + LengthName.Length)..].Trim((byte)' ');
        if (Utf8Parser.TryParse(number, out long value, out var read) && read == number.Length && value >= 0)
        {
            length = value;
        }
        else
        {
            fault ??= "Content-Length is not a number.";
        }
    }

    private static int LastIndexOfLengthName(ReadOnlySpan<byte> line)
    {
        for (var start = line.Length - LengthName.Length; start >= 0; start--)
        {
            if (System.Text.Ascii.EqualsIgnoreCase(line.Slice(start, LengthName.Length), LengthName))
            {
                return start;
            }
        }

        return -1;
    }
}
