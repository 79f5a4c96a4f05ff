using System.Text.Json;

namespace Plue.Server.Store;

/// <summary>Bytes of a journal that are not a valid line.</summary>
/// <param name="IsTorn">The end of the file came before the end of the line: a write that was never acknowledged.</param>
internal readonly record struct DamagedRange(long Offset, long Length, bool IsTorn);

/// <summary>Sequence numbers of missing lines.</summary>
internal readonly record struct MissingRange(long First, long Last);

/// <summary>The result of reading a journal besides its valid lines.</summary>
internal sealed class JournalScan(JournalLineAction onLine)
{
    private readonly List<DamagedRange> damaged = [];
    private readonly List<MissingRange> missing = [];

    /// <summary>Null when the first line is damaged or absent.</summary>
    public StoredHeader? Header { get; private set; }
    public IReadOnlyList<DamagedRange> Damaged => damaged;
    public IReadOnlyList<MissingRange> Missing => missing;

    /// <summary>The offset after the last valid line. Bytes after it may be cut off.</summary>
    public long GoodLength { get; private set; }

    /// <summary>True if the last valid line has no line feed.</summary>
    public bool IsMissingLineFeed { get; private set; }
    public long LastSeq { get; private set; }
    public DateTimeOffset? FirstTime { get; private set; }
    public DateTimeOffset? LastTime { get; private set; }

    /// <summary>True if valid lines follow damage, or if the first line is not the header.</summary>
    public bool IsDamagedInside => Header is null || damaged.Exists(range => range.Offset < GoodLength);
    public bool HasTornTail => damaged is [.., var last] && last.IsTorn && last.Offset >= GoodLength;

    public void Take(ReadOnlySpan<byte> bytes, long offset, bool terminated)
    {
        if (bytes is [.., (byte)'\r'])
        {
            bytes = bytes[..^1];
            // A carriage return of an editor is no damage.
        }

        if (JournalLine.TryParse(bytes, offset, out var line))
        {
            Accept(line, terminated);
        }
        else if (bytes.Length > 0)
        {
            Salvage(bytes, offset, terminated);
        }
        else if (terminated && damaged is not [.., { IsTorn: true }])
        {
            (GoodLength, IsMissingLineFeed) = (offset + 1, false);
        }
    }

    /// <summary>Clears the state after the last valid line, which is read again: it may have been an incomplete line.</summary>
    public void ClearTail() => damaged.RemoveAll(range => range.Offset >= GoodLength);

    public void AddDamage(long offset, long length, bool terminated)
    {
        if (length == 0)
        {
            return;
        }

        if (damaged is [.., var last] && last.Offset + last.Length == offset)
        {
            damaged[^1] = new DamagedRange(last.Offset, last.Length + length, last.IsTorn && !terminated);
        }
        else
        {
            damaged.Add(new DamagedRange(offset, length, !terminated));
        }
    }

    /// <summary>Finds valid lines within a damaged line whose line feed was lost. Each line begins with the same bytes.</summary>
    private void Salvage(ReadOnlySpan<byte> bytes, long offset, bool terminated)
    {
        var bad = 0;
        for (var at = 0; at < bytes.Length; )
        {
            var start = bytes[at..].IndexOf(JournalLine.Start);
            if (start < 0)
            {
                break;
            }

            at += start;
            var length = JournalLine.FindEnd(bytes[at..]);
            if (length < 0)
            {
                break;
            }

            if (JournalLine.TryParse(bytes.Slice(at, length), offset + at, out var line))
            {
                AddDamage(offset + bad, at - bad, terminated: true);
                Accept(line, terminated: false);
                bad = at += length;
            }
            else
            {
                at += JournalLine.Start.Length;
            }
        }

        AddDamage(offset + bad, bytes.Length - bad + (terminated ? 1 : 0), terminated);
    }

    private void Accept(JournalLine line, bool terminated)
    {
        if (line.Type.SequenceEqual(StoredHeader.TypeName))
        {
            Header ??= JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredHeader);
        }

        var first = line.Type.SequenceEqual(StoredDropped.TypeName)
            ? JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredDropped)?.FirstSeq ?? line.Seq
            : line.Seq;
        if (first > LastSeq + 1)
        {
            missing.Add(new MissingRange(LastSeq + 1, first - 1));
        }

        LastSeq = Math.Max(LastSeq, line.Seq);
        GoodLength = line.Offset + line.Json.Length + (terminated ? 1 : 0);
        IsMissingLineFeed = !terminated;
        FirstTime ??= line.Time;
        LastTime = line.Time;
        onLine(line);
    }
}
