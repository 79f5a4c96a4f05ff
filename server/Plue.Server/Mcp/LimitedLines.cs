namespace Plue.Server.Mcp;

/// <summary>A stream of lines that throws when a line is too long, before a reader buffers it.</summary>
internal sealed class LimitedLines(Stream stream, int maxBytes) : Stream
{
    private int length;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Checked(buffer.AsSpan(offset, stream.Read(buffer, offset, count)));

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await stream.ReadAsync(buffer, cancellationToken);
        return Checked(buffer.Span[..count]);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Checked(ReadOnlySpan<byte> read)
    {
        foreach (var one in read)
        {
            length = one == (byte)'\n' ? 0 : length + 1;
            if (length > maxBytes)
            {
                throw new InvalidDataException($"A message is longer than {maxBytes} bytes.");
            }
        }

        return read.Length;
    }
}
