using System.Buffers;

namespace Plue.Server.Store;

/// <summary>
/// Text that waits to be written to the journal, in order. Adding copies characters into one pooled array and allocates nothing.
/// Not thread-safe. When writing fails for so long that <see cref="Capacity"/> is reached, a message's further text is omitted until
/// its partials are reset, so that what is on disk stays a beginning of it.
/// </summary>
internal sealed class PartialBuffer
{
    public const int Capacity = 8 * 1024 * 1024;

    private readonly List<Segment> segments = [];
    private readonly HashSet<string> full = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredSpend> spends = new(StringComparer.Ordinal); // by message
    private char[] characters = [];

    /// <summary>Characters waiting.</summary>
    public int Length { get; private set; }
    public bool IsEmpty => segments.Count == 0 && spends.Count == 0;

    /// <summary>Sets the usage of a message so far. It replaces one that was not written yet.</summary>
    public void Spend(StoredSpend spend) => spends[spend.MessageId] = spend;

    public void Add(string messageId, int partIndex, bool isReasoning, ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || full.Contains(messageId))
        {
            return;
        }

        if (Length + text.Length > Capacity)
        {
            full.Add(messageId);
            return;
        }

        if (Length + text.Length > characters.Length)
        {
            Grow(Length + text.Length);
        }

        text.CopyTo(characters.AsSpan(Length));
        if (
            segments is [.., var last]
            && !last.IsReset
            && last.PartIndex == partIndex
            && last.IsReasoning == isReasoning
            && last.MessageId == messageId
        )
        {
            segments[^1] = last with { Length = last.Length + text.Length };
        }
        else
        {
            segments.Add(new Segment(messageId, partIndex, isReasoning, false, Length, text.Length));
        }

        Length += text.Length;
    }

    public void Reset(string messageId)
    {
        RemoveText(messageId);
        segments.Add(new Segment(messageId, 0, false, true, 0, 0));
    }

    /// <summary>Removes everything of a message whose complete record is stored.</summary>
    public void Remove(string messageId)
    {
        RemoveText(messageId);
        spends.Remove(messageId);
    }

    /// <summary>Gets the records to write and the amounts to remove afterwards. Half of a surrogate pair at the end waits for its other half.</summary>
    public byte[][] Peek(out PartialMark mark)
    {
        var records = new List<byte[]>(segments.Count);
        var rest = 0;
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = segments[i];
            if (segment.IsReset)
            {
                records.Add(new StoredPartialReset(segment.MessageId).ToUtf8());
                continue;
            }

            var text = characters.AsSpan(segment.Start, segment.Length);
            if (i == segments.Count - 1 && char.IsHighSurrogate(text[^1]))
            {
                rest = 1;
                text = text[..^1];
            }

            if (text.Length > 0)
            {
                records.Add(
                    new StoredPartial(
                        segment.MessageId,
                        segment.PartIndex,
                        segment.IsReasoning ? "reasoning" : "text",
                        text.ToString()
                    ).ToUtf8()
                );
            }
        }

        records.AddRange(spends.Values.Select(spend => spend.ToUtf8()));
        mark = new PartialMark(rest);
        return [.. records];
    }

    /// <summary>Removes the text that <see cref="Peek"/> returned. Nothing may be added in between.</summary>
    public void Take(PartialMark mark)
    {
        spends.Clear();
        if (mark.Rest == 0)
        {
            Clear();
            return;
        }

        var last = segments[^1];
        characters[0] = characters[last.Start + last.Length - 1];
        segments.Clear();
        segments.Add(last with { Start = 0, Length = 1 });
        Length = 1;
    }

    public void Release()
    {
        spends.Clear();
        Clear();
        if (characters.Length > 0)
        {
            ArrayPool<char>.Shared.Return(characters, clearArray: true);
        }

        characters = [];
    }

    private void RemoveText(string messageId)
    {
        full.Remove(messageId);
        segments.RemoveAll(segment => segment.MessageId == messageId);
        if (segments.Count == 0)
        {
            Clear();
        }
    }

    private void Clear()
    {
        segments.Clear();
        Length = 0;
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(needed, 4096));
        characters.AsSpan(0, Length).CopyTo(larger);
        if (characters.Length > 0)
        {
            ArrayPool<char>.Shared.Return(characters, clearArray: true);
        }

        characters = larger;
    }

    private readonly record struct Segment(string MessageId, int PartIndex, bool IsReasoning, bool IsReset, int Start, int Length);
}

/// <param name="Rest">Characters that stay.</param>
internal readonly record struct PartialMark(int Rest);
