using System.Buffers;
using System.Text.Json;

namespace Plue.Server.Store;

/// <summary>Copies valid lines byte for byte after a new header. Sequence numbers stay complete: <c>dropped</c> records stand for omitted lines.</summary>
internal sealed class JournalRewriter(IReadOnlySet<long> dropped, StoredHeader header, DateTimeOffset now, string? damagedCopy)
{
    private const int FlushAt = 256 * 1024;

    private readonly ArrayBufferWriter<byte> output = new();
    private bool started;

    // The first number of a run of compacted lines that is not written yet, or 0.
    private long runFirst;

    public long LastSeq { get; private set; }

    public void Take(JournalLine line, Stream target)
    {
        if (line.Type.SequenceEqual(StoredHeader.TypeName) && !started)
        {
            Start(line.Time);
            return;
        }

        Start(now);
        var earlier = line.Type.SequenceEqual(StoredDropped.TypeName)
            ? JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredDropped)
            : null;
        var first = earlier?.FirstSeq ?? line.Seq;
        if (first > LastSeq + 1)
        {
            EndRun();
            WriteRecord(first - 1, new StoredDropped(LastSeq + 1, StoredDropped.Damaged, damagedCopy));
            LastSeq = first - 1;
        }

        if (line.Seq > LastSeq && (dropped.Contains(line.Seq) || earlier is { Reason: StoredDropped.Compacted }))
        {
            if (runFirst == 0)
            {
                runFirst = first;
            }
        }
        else
        {
            EndRun();
            output.Write(line.Json);
            output.Write("\n"u8);
        }

        LastSeq = Math.Max(LastSeq, line.Seq);
        if (output.WrittenCount >= FlushAt)
        {
            Flush(target);
        }
    }

    public void Finish(Stream target)
    {
        Start(now);
        EndRun();
        Flush(target);
    }

    private void Start(DateTimeOffset created)
    {
        if (started)
        {
            return;
        }

        started = true;
        JournalLine.Write(output, 1, created, header.ToUtf8());
        LastSeq = 1;
    }

    private void EndRun()
    {
        if (runFirst == 0)
        {
            return;
        }

        WriteRecord(LastSeq, new StoredDropped(runFirst, StoredDropped.Compacted));
        runFirst = 0;
    }

    private void WriteRecord(long seq, StoredRecord record) => JournalLine.Write(output, seq, now, record.ToUtf8());

    private void Flush(Stream target)
    {
        target.Write(output.WrittenSpan);
        output.ResetWrittenCount();
    }
}
