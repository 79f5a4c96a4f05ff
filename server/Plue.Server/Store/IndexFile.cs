using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// The file of a <see cref="ChannelIndex"/>: a mark that names its format, then blocks of a length, a CRC-32C and rows; a later row of the same
/// chat counts instead of an earlier one. Changes are appended, without fsync, and from time to time the whole is rewritten. What follows a
/// incomplete block is not read, so two processes that append at the same time lose only rows.
/// </summary>
internal sealed class IndexFile(string path, ILogger logger)
{
    private const int BlockHead = 8;
    private const int MaxObsoleteRows = 2000;

    // The number of rows in the file, including superseded ones.
    private int stored;

    // True if the whole file must be written.
    private bool isRebuilt;

    private static ReadOnlySpan<byte> Mark => "plueix05"u8;

    /// <summary>True if there was no index file.</summary>
    public bool IsMissing { get; private set; }

    /// <summary>True if part of it could not be read.</summary>
    public bool IsDamaged { get; private set; }

    public Dictionary<string, IndexRow> Load()
    {
        Dictionary<string, IndexRow> rows = new(StringComparer.Ordinal);
        try
        {
            var content = RegularFile.Read(path);
            IsDamaged = !Read(content, rows);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            IsMissing = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            IsDamaged = true;
            logger.LogDebug(exception, "The index of chats could not be read");
        }

        isRebuilt = IsMissing || IsDamaged;
        return rows;
    }

    /// <summary>Writes the rows. Rows that can become outdated without a write are omitted.</summary>
    public void Save(Dictionary<string, IndexRow> all, List<IndexRow> changed, List<string> gone)
    {
        try
        {
            var changeCount = changed.Count + gone.Count;
            if (isRebuilt || stored + changeCount > (2 * all.Count) + MaxObsoleteRows)
            {
                DurableFile.Replace(path, [.. Mark, .. Block(all.Values, [])]);
                (stored, isRebuilt) = (all.Count, false);
            }
            else if (changeCount > 0)
            {
                using var file = DurableFile.OpenPrivate(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                file.Position = file.Length;
                file.Write(Block(changed, gone));
                stored += changeCount;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            isRebuilt = true;
            logger.LogDebug(exception, "The index of chats could not be written");
        }
    }

    private bool Read(ReadOnlySpan<byte> content, Dictionary<string, IndexRow> rows)
    {
        if (!content.StartsWith(Mark))
        {
            return false;
        }

        for (var rest = content[Mark.Length..]; rest.Length > 0; )
        {
            if (rest.Length < BlockHead)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadInt32LittleEndian(rest);
            if (length < 0 || length > rest.Length - BlockHead)
            {
                return false;
            }

            var block = rest.Slice(BlockHead, length);
            if (Crc32C.Of(block, []) != BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]) || !ReadBlock(block.ToArray(), rows))
            {
                return false;
            }

            rest = rest[(BlockHead + length)..];
        }

        return true;
    }

    private bool ReadBlock(byte[] block, Dictionary<string, IndexRow> rows)
    {
        try
        {
            using var reader = new BinaryReader(new MemoryStream(block));
            while (reader.BaseStream.Position < block.Length)
            {
                stored++;
                var id = reader.ReadString();
                if (reader.ReadBoolean())
                {
                    rows[id] = ReadRow(id, reader);
                }
                else
                {
                    rows.Remove(id);
                }
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or FormatException or InvalidCastException)
        {
            return false;
        }
    }

    private static byte[] Block(IEnumerable<IndexRow> rows, List<string> gone)
    {
        var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(0L);
        foreach (var row in rows)
        {
            writer.Write(row.Summary.Id);
            var lasts = row.Summary.Status is not (ChatStatus.Running or ChatStatus.Damaged);
            writer.Write(lasts);
            if (lasts)
            {
                WriteRow(row, writer);
            }
        }

        foreach (var id in gone)
        {
            writer.Write(id);
            writer.Write(false);
        }

        writer.Flush();
        var block = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(block, block.Length - BlockHead);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(4), Crc32C.Of(block.AsSpan(BlockHead), []));
        return block;
    }

    private static void WriteRow(IndexRow row, BinaryWriter writer)
    {
        var chat = row.Summary;
        writer.Write(row.Length);
        writer.Write(row.Modified);
        writer.Write(chat.TemplateId);
        writer.Write(chat.Title);
        writer.Write(chat.Archived);
        WriteText(chat.ProviderId);
        WriteText(chat.Model);
        writer.Write(chat.CreatedAt.UtcTicks);
        writer.Write(chat.UpdatedAt.UtcTicks);
        writer.Write(chat.MessageCount);
        WriteOptional(chat.TotalCost, writer.Write);
        writer.Write((byte)chat.Status);
        WriteText(chat.Notice);
        writer.Write(chat.Pinned);
        writer.Write(chat.Unread);
        writer.Write(chat.Version);
        WriteText(chat.TaskStatus);
        WriteText(chat.SpawnedBy);
        WriteList(chat.Tags, writer.Write);
        WriteList(
            chat.Fallbacks,
            choice =>
            {
                writer.Write(choice.ProviderId);
                WriteText(choice.Model);
            }
        );
        var options = chat.Options;
        writer.Write(options != ChatOptions.None);
        if (options == ChatOptions.None)
        {
            return;
        }

        WriteOptional(options.Temperature, writer.Write);
        WriteOptional(options.MaxTokens, writer.Write);
        writer.Write(options.StopSequences is not null);
        if (options.StopSequences is { } stops)
        {
            WriteList(stops, writer.Write);
        }
        WriteText(options.ReasoningLevel);

        void WriteText(string? text)
        {
            writer.Write(text is not null);
            if (text is not null)
            {
                writer.Write(text);
            }
        }

        void WriteOptional<T>(T? value, Action<T> write)
            where T : struct
        {
            writer.Write(value is not null);
            if (value is { } given)
            {
                write(given);
            }
        }

        void WriteList<T>(IReadOnlyList<T> items, Action<T> write)
        {
            writer.Write(items.Count);
            foreach (var item in items)
            {
                write(item);
            }
        }
    }

    private static IndexRow ReadRow(string id, BinaryReader reader)
    {
        var (length, modified) = (reader.ReadInt64(), reader.ReadInt64());
        var summary = new ChatSummary(
            id,
            reader.ReadString(),
            reader.ReadString(),
            reader.ReadBoolean(),
            ReadText(),
            ReadText(),
            ReadTime(),
            ReadTime(),
            reader.ReadInt32(),
            ReadOptional(reader.ReadDecimal),
            (ChatStatus)reader.ReadByte(),
            ReadText()
        )
        {
            Pinned = reader.ReadBoolean(),
            Unread = reader.ReadBoolean(),
            Version = reader.ReadInt64(),
            TaskStatus = ReadText(),
            SpawnedBy = ReadText(),
            Tags = ReadList(reader.ReadString),
            Fallbacks = ReadList(() => new ModelChoice(reader.ReadString(), ReadText())),
            Options = reader.ReadBoolean()
                ? new ChatOptions(
                    ReadOptional(reader.ReadDouble),
                    ReadOptional(reader.ReadInt32),
                    reader.ReadBoolean() ? ReadList(reader.ReadString) : null,
                    ReadText()
                )
                : ChatOptions.None,
        };
        return new IndexRow(length, modified, summary);

        string? ReadText() => reader.ReadBoolean() ? reader.ReadString() : null;

        DateTimeOffset ReadTime() => new(reader.ReadInt64(), TimeSpan.Zero);

        T? ReadOptional<T>(Func<T> read)
            where T : struct => reader.ReadBoolean() ? read() : null;

        IReadOnlyList<T> ReadList<T>(Func<T> read)
        {
            var count = reader.ReadInt32();
            if (count < 0 || count > reader.BaseStream.Length)
            {
                throw new IOException("This is not a list.");
            }
            if (count == 0)
            {
                return [];
            }

            var items = new T[count];
            for (var i = 0; i < count; i++)
            {
                items[i] = read();
            }

            return items;
        }
    }
}
