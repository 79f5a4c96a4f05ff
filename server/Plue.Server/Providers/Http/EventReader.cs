namespace Plue.Server.Providers.Http;

/// <summary>The framing of events in a response body.</summary>
internal enum Framing
{
    /// <summary><c>data:</c> lines, terminated by an empty line.</summary>
    ServerSentEvents,

    /// <summary>One JSON value per line.</summary>
    JsonLines,

    /// <summary>AWS's binary frames; the payload is the whole frame.</summary>
    EventStream,
}

/// <summary>
/// Reads the payloads of the events in a body as bytes. Of server-sent events, only the data is used, because all vendors repeat the event's name in its JSON.
/// Comments, ids and unknown fields are skipped.
/// </summary>
internal sealed class EventReader(Stream body, Framing framing, int cap = EventReader.DefaultCap) : IDisposable
{
    /// <summary>The maximum number of bytes of a line and of an event.</summary>
    public const int DefaultCap = 8 * 1024 * 1024;

    private readonly LineReader lines = new(body, cap);
    private readonly FrameReader? frames = framing == Framing.EventStream ? new FrameReader(body) : null;
    private byte[] data = [];
    private int length;
    private bool hasData;
    private bool delivered;
    private bool seenLine;

    /// <summary>Returns the next complete event. The memory is valid until the next call.</summary>
    /// <exception cref="InvalidDataException">The event exceeds the limit.</exception>
    /// <exception cref="FrameException">The frame is damaged or too long.</exception>
    /// <exception cref="HtmlException">The body is HTML.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> payload)
    {
        if (frames is not null)
        {
            return frames.TryRead(out payload);
        }
        Forget();
        while (lines.TryRead(out var line))
        {
            if (!seenLine)
            {
                RejectHtml(line.Span);
            }
            if (framing == Framing.JsonLines)
            {
                payload = line;
                if (line.Span.Trim(" \t"u8).Length > 0)
                {
                    return true;
                }
            }
            else if (line.Length == 0)
            {
                if (Take(out payload))
                {
                    return true;
                }
            }
            else
            {
                Append(line.Span);
            }
        }

        payload = default;
        return false;
    }

    /// <summary>Returns an event that was not terminated before the end of the body.</summary>
    public bool TryReadLast(out ReadOnlyMemory<byte> payload)
    {
        Forget();
        return Take(out payload);
    }

    /// <inheritdoc cref="LineReader.FillAsync"/>
    public ValueTask<bool> FillAsync(CancellationToken cancellationToken) =>
        frames?.FillAsync(cancellationToken) ?? lines.FillAsync(cancellationToken);

    public void Dispose()
    {
        lines.Dispose();
        frames?.Dispose();
    }

    private bool Take(out ReadOnlyMemory<byte> payload)
    {
        payload = data.AsMemory(0, length);
        return delivered = hasData;
    }

    private void Forget()
    {
        if (!delivered)
        {
            return;
        }
        delivered = hasData = false;
        length = 0;
    }

    private void Append(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data"u8))
        {
            return;
        }
        line = line[4..];
        if (line.Length > 0)
        {
            if (line[0] != ':')
            {
                return;
            }
            line = line[1..];
            if (line.Length > 0 && line[0] == ' ')
            {
                line = line[1..];
            }
        }

        var needed = length + line.Length + 1;
        if (needed > cap)
        {
            throw new InvalidDataException("The event is longer than the cap.");
        }
        if (needed > data.Length)
        {
            Array.Resize(ref data, Math.Max(needed, Math.Min(cap, Math.Max(1024, data.Length * 2))));
        }
        if (hasData)
        {
            data[length++] = (byte)'\n';
        }
        line.CopyTo(data.AsSpan(length));
        length += line.Length;
        hasData = true;
    }

    private void RejectHtml(ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t"u8);
        if (line.Length == 0)
        {
            return;
        }
        seenLine = true;
        if (line[0] == '<')
        {
            throw new HtmlException();
        }
    }
}

/// <summary>The body is HTML instead of events.</summary>
internal sealed class HtmlException : Exception;
