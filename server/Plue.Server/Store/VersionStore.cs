using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>
/// The trails of all documents: a journal each, <c>history/COLLECTION/NAME.jsonl</c>, that outlives its document. Who appends holds the collection's
/// <see cref="FileLock"/>; reading needs no lock.
/// </summary>
internal sealed class VersionStore(PluePaths paths, TimeProvider time)
{
    private const int MaxInline = 256 * 1024;
    private const string Template = "version-trail";
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly ConcurrentDictionary<string, (long Length, DateTime Modified, VersionTrail Trail)> known = new(StringComparer.Ordinal);

    public static string HashOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>Reads the trail of a document, which is empty for a document without versions.</summary>
    /// <exception cref="FailureException">StoreReadOnly: it cannot be read, or is of a newer format.</exception>
    public VersionTrail Read(string collection, string name)
    {
        var file = new FileInfo(PathOf(collection, name));
        if (!file.Exists)
        {
            return VersionTrail.Empty;
        }

        if (known.TryGetValue(file.FullName, out var entry) && entry.Length == file.Length && entry.Modified == file.LastWriteTimeUtc)
        {
            return entry.Trail;
        }

        var trail = new VersionTrail();
        Scan(collection, name, (version, at) => trail.Take(version, at));
        known[file.FullName] = (file.Length, file.LastWriteTimeUtc, trail);
        return trail;
    }

    /// <summary>The record is durable when the method returns.</summary>
    /// <param name="content">Null if the document was deleted or its content must not be stored.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was appended.</exception>
    public VersionTrail Append(
        string collection,
        string name,
        string kind,
        string author,
        string what,
        string? hash,
        byte[]? content,
        long? of = null
    ) => Append(collection, name, new StoredVersion(0, kind, author, what, hash, null, null, of), content);

    /// <summary>Notes what a hook did beside the content, or why it failed. The record is durable when the method returns.</summary>
    /// <exception cref="FailureException">StoreReadOnly, Conflict: nothing was appended.</exception>
    public void RecordHook(string collection, string name, string action, string what, string? error) =>
        Append(
            collection,
            name,
            new StoredVersion(0, VersionKind.Hook, ChangedBy.Hook, what, Read(collection, name).Hash, null, null, null, action, error),
            null
        );

    private VersionTrail Append(string collection, string name, StoredVersion version, byte[]? content)
    {
        var path = PathOf(collection, name);
        var last = 0L;
        // Reads the file, because the number must be the next one.
        Scan(collection, name, (known, _) => last = Math.Max(last, known.Number));
        var text = content is null || content.Length > MaxInline ? null : TextOf(content);
        var record = version with { Number = last + 1, Content = text, Blob = content is null || text is not null ? null : version.Hash };
        if (record.Blob is { } blob)
        {
            StoreBlob(blob, content!);
        }

        var header = new StoredHeader(StoredHeader.CurrentFormat, $"{collection}/{name}", Template);
        if (!File.Exists(path))
        {
            Journal.Create(path, header, time, "history", record);
        }
        else
        {
            using var journal = new Journal(path, "history", header, format => $"{path}.format{format}", time, _ => { }, () => { });
            if (!journal.TryAcquire())
            {
                throw new FailureException(FailureKind.Conflict, $"The history of {name} is being written by another window. Try again.");
            }

            if (journal.Scan.Damaged.Count > 0)
            {
                journal.SaveDamage();
            }
            if (journal.Scan.Damaged.Count > 0 || journal.Scan.Header is null)
            {
                journal.Repair();
            }

            journal.Append(durable: true, record.ToUtf8());
        }

        return Read(collection, name);
    }

    /// <summary>Copies the trail of a document to another document that has none.</summary>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public void CopyTrail(string collection, string name, string newName)
    {
        try
        {
            if (File.Exists(PathOf(collection, name)) && !File.Exists(PathOf(collection, newName)))
            {
                DurableFile.Replace(PathOf(collection, newName), RegularFile.Read(PathOf(collection, name)));
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"The history of {name} was not copied");
        }
    }

    /// <summary>Deletes a trail if another document has a complete copy.</summary>
    /// <returns>False if there is no complete copy; the trail is kept.</returns>
    /// <exception cref="IOException">Or UnauthorizedAccessException.</exception>
    public bool DeleteTrail(string collection, string name, string newName)
    {
        var path = PathOf(collection, name);
        if (!File.Exists(path))
        {
            return true;
        }
        if (
            !File.Exists(PathOf(collection, newName))
            || !RegularFile.Read(PathOf(collection, newName)).AsSpan().StartsWith(RegularFile.Read(path))
        )
        {
            return false;
        }

        File.Delete(path);
        return true;
    }

    /// <summary>Gets the bytes of a version; null if it does not exist or was not stored.</summary>
    public byte[]? ContentOf(string collection, string name, long number)
    {
        byte[]? content = null;
        Scan(
            collection,
            name,
            (version, _) =>
            {
                if (version.Number == number)
                {
                    content = ContentOf(version);
                }
            }
        );
        return content;
    }

    /// <summary>Gets every version with its bytes, oldest first. The bytes are null if they were not stored.</summary>
    public void Walk(string collection, string name, Action<long, byte[]?> onVersion) =>
        Scan(
            collection,
            name,
            (version, _) =>
            {
                if (version.Kind != VersionKind.Hook)
                {
                    onVersion(version.Number, ContentOf(version));
                }
            }
        );

    private void Scan(string collection, string name, Action<StoredVersion, DateTimeOffset> onVersion)
    {
        try
        {
            var path = PathOf(collection, name);
            if (!File.Exists(path))
            {
                return;
            }

            var scan = JournalReader.Scan(
                path,
                line =>
                {
                    if (
                        line.Type.SequenceEqual(StoredVersion.TypeName)
                        && JsonSerializer.Deserialize(line.Json, StoredJson.Default.StoredVersion) is { } version
                    )
                    {
                        onVersion(version, line.Time);
                    }
                }
            );
            Journal.RefuseNewer(scan, "history");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, $"The history of {name} could not be read");
        }
    }

    private byte[]? ContentOf(StoredVersion version)
    {
        if (version.Content is { } text)
        {
            return Strict.GetBytes(text);
        }
        return version.Blob is { } blob && IsHash(blob) ? BytesOf(blob) : null;
    }

    private byte[]? BytesOf(string blob)
    {
        try
        {
            var content = RegularFile.Read(BlobPath(blob));
            return HashOf(content) == blob ? content : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void StoreBlob(string blob, byte[] content)
    {
        try
        {
            // A damaged blob is rewritten.
            if (BytesOf(blob) is null)
            {
                DurableFile.Replace(BlobPath(blob), content);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "The version was not stored");
        }
    }

    private static string? TextOf(byte[] content)
    {
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool IsHash(string blob) => blob.Length == 64 && blob.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0;

    private string BlobPath(string blob) => Path.Combine(paths.History, "blobs", blob);

    private string PathOf(string collection, string name) => Path.Combine(paths.History, collection, name + ".jsonl");
}
