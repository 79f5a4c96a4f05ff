using System.Buffers.Binary;
using System.Security.Cryptography;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Edits;

/// <summary>
/// Stores file contents by SHA-256, each once. Pack files hold many contents, so that storing an entire workspace needs one fsync. A pack is written and locked
/// by one process, and read by all. An incomplete entry at its end is ignored. Thread-safe.
/// </summary>
internal sealed class ContentStore(string folder) : IDisposable
{
    public const int MaxBytes = 64 * 1024 * 1024;
    private const int HeadLength = 4 + SHA256.HashSizeInBytes;
    private const long MaxPackBytes = 128L * 1024 * 1024;

    private readonly Lock sync = new();
    private readonly Dictionary<string, Place> places = new(StringComparer.Ordinal);
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private FileStream? pack;
    private bool isDirty;
    private bool isListed;

    private readonly record struct Place(string Pack, long Offset, int Length);

    /// <summary>Stores content. It is durable after <see cref="Sync"/>.</summary>
    /// <exception cref="IOException">The content could not be written.</exception>
    public string Put(ReadOnlySpan<byte> content)
    {
        var hash = SHA256.HashData(content);
        var id = Convert.ToHexStringLower(hash);
        lock (sync)
        {
            List();
            if (places.TryGetValue(id, out var place) && File.Exists(place.Pack))
            {
                return id;
            }

            Append(id, hash, content);
            return id;
        }
    }

    /// <exception cref="IOException">The contents could not be written.</exception>
    public void Sync()
    {
        lock (sync)
        {
            if (!isDirty || pack is null)
            {
                return;
            }

            DurableFile.Sync(pack.SafeFileHandle);
            isDirty = false;
        }
    }

    /// <exception cref="FailureException">NotFound: the content is missing or damaged.</exception>
    public byte[] Read(string id)
    {
        lock (sync)
        {
            List();
            for (var tries = 0; tries < 2; tries++)
            {
                if (places.TryGetValue(id, out var place) && TryRead(id, place) is { } content)
                {
                    return content;
                }

                // Another process may have added or moved it in the meantime.
                Relist();
            }
        }

        throw new FailureException(FailureKind.NotFound, "The earlier version of this file is no longer stored, so it cannot be restored.");
    }

    public bool Has(string id)
    {
        lock (sync)
        {
            List();
            if (places.TryGetValue(id, out var place) && File.Exists(place.Pack))
            {
                return true;
            }

            Relist();
            return places.ContainsKey(id);
        }
    }

    public long LengthOf(string id)
    {
        lock (sync)
        {
            return places.TryGetValue(id, out var place) ? place.Length : 0;
        }
    }

    public long Bytes => Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*.pack").Sum(file => file.Length) : 0;

    /// <summary>Deletes contents that are not needed. Contents that another process is writing are kept.</summary>
    public void DeleteUnused(IReadOnlySet<string> needed)
    {
        lock (sync)
        {
            pack?.Dispose();
            pack = null;
            Relist();
            foreach (var one in places.GroupBy(entry => entry.Value.Pack).ToList())
            {
                // New content may not be referenced by a record yet.
                if (DateTime.UtcNow - File.GetLastWriteTimeUtc(one.Key) < TimeSpan.FromHours(1) || !TryLock(one.Key))
                {
                    continue;
                }

                var requested = one.Where(entry => needed.Contains(entry.Key)).ToList();
                if (requested.Sum(entry => (long)entry.Value.Length) > new FileInfo(one.Key).Length / 2)
                {
                    continue;
                }

                foreach (var (id, place) in requested)
                {
                    if (TryRead(id, place) is { } content)
                    {
                        Append(id, Convert.FromHexString(id), content);
                    }
                }

                Sync();
                File.Delete(one.Key);
            }

            Relist();
        }
    }

    public void Dispose() => pack?.Dispose();

    private void Append(string id, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> content)
    {
        if (pack is { Position: > MaxPackBytes })
        {
            Sync();
            pack.Dispose();
            pack = null;
        }

        if (pack is null)
        {
            DurableFile.CreatePrivateDirectory(folder);
            pack = DurableFile.OpenPrivate(
                Path.Combine(folder, Ids.New("contents") + ".pack"),
                FileMode.CreateNew,
                FileAccess.ReadWrite,
                OperatingSystem.IsWindows() ? FileShare.Read : FileShare.None
            );
            DurableFile.SyncDirectory(folder);
            known.Add(pack.Name);
        }

        var start = pack.Position;
        try
        {
            Span<byte> head = stackalloc byte[HeadLength];
            BinaryPrimitives.WriteInt32LittleEndian(head, content.Length);
            hash.CopyTo(head[4..]);
            isDirty = true;
            pack.Write(head);
            pack.Write(content);
        }
        catch (IOException)
        {
            pack.Position = start;
            pack.SetLength(start);
            throw;
        }

        places[id] = new Place(pack.Name, start + HeadLength, content.Length);
    }

    private static byte[]? TryRead(string id, Place place)
    {
        try
        {
            using var file = RegularFile.OpenHandle(place.Pack);
            var content = new byte[place.Length];
            var read = 0;
            while (read < content.Length && RandomAccess.Read(file, content.AsSpan(read), place.Offset + read) is > 0 and var more)
            {
                read += more;
            }

            return Blobs.IdOf(content) == id ? content : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void List()
    {
        if (isListed)
        {
            return;
        }

        isListed = true;
        Relist();
    }

    private void Relist()
    {
        foreach (var gone in known.Where(name => !File.Exists(name)).ToList())
        {
            known.Remove(gone);
            foreach (var (id, place) in places.ToList())
            {
                if (place.Pack == gone)
                {
                    places.Remove(id);
                }
            }
        }

        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var name in Directory.EnumerateFiles(folder, "*.pack"))
        {
            // Packs of other processes can grow, so they are read again.
            if (name == pack?.Name || (known.Contains(name) && !IsHeld(name)))
            {
                continue;
            }

            ReadHeads(name);
            known.Add(name);
        }
    }

    private void ReadHeads(string name)
    {
        using var file = RegularFile.OpenHandle(name);
        var length = RandomAccess.GetLength(file);
        Span<byte> head = stackalloc byte[HeadLength];
        for (long at = 0; at + HeadLength <= length; )
        {
            if (RandomAccess.Read(file, head, at) < HeadLength)
            {
                return;
            }

            var size = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (size < 0 || size > length - at - HeadLength)
            {
                return;
            }

            places.TryAdd(Convert.ToHexStringLower(head[4..]), new Place(name, at + HeadLength, size));
            at += HeadLength + size;
        }
    }

    private static bool IsHeld(string name) => !TryLock(name);

    private static bool TryLock(string name)
    {
        try
        {
            using var file = DurableFile.OpenPrivate(name, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
