using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Catalog;

/// <summary>Reads and writes catalog files: limited in size, durable, and with an error message for each failure.</summary>
internal static class CatalogFile
{
    public const int MaxBytes = 16 * 1024 * 1024;
    public const string Extension = ".json";

    private static readonly JsonWriterOptions Readable = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>Returns the bytes, or why the file cannot be read.</summary>
    public static (byte[]? Bytes, string? Problem) Read(string path)
    {
        try
        {
            using var stream = RegularFile.OpenRead(path);
            // The length may be wrong or change, so the bytes read are counted.
            var buffer = new byte[Math.Min(stream.CanSeek ? stream.Length : 0, MaxBytes) + 1];
            var count = 0;
            while (true)
            {
                if (count == buffer.Length)
                {
                    Array.Resize(ref buffer, (int)Math.Min(buffer.Length * 2L, MaxBytes + 1));
                }

                var read = stream.Read(buffer, count, buffer.Length - count);
                if (read == 0)
                {
                    return (buffer[..count], null);
                }

                count += read;
                if (count > MaxBytes)
                {
                    return (null, "The file is larger than 16 MiB, the maximum size.");
                }
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, "The file does not exist.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return (null, $"The file could not be read: {exception.Message}");
        }
    }

    /// <summary>Returns the value, or the location of the syntax error.</summary>
    public static (JsonElement? Value, string? Problem) Parse(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var value = JsonElement.Parse(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes);
            return CatalogReader.IsReadable(value) ? (value, null) : (null, CatalogReader.NotUnicode);
        }
        catch (JsonException fault)
        {
            return (null, $"This is not JSON at line {fault.LineNumber + 1}, column {fault.BytePositionInLine + 1}.");
        }
    }

    /// <summary>Returns indented text with every value as it was written.</summary>
    public static byte[] Text(JsonElement value) => Text(value.WriteTo);

    public static byte[] Text(IReadOnlyList<JsonElement> list) =>
        Text(writer =>
        {
            writer.WriteStartArray();
            foreach (var item in list)
            {
                item.WriteTo(writer);
            }
            writer.WriteEndArray();
        });

    private static byte[] Text(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            write(writer);
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Replaces the file atomically. If the path is a link, its target is replaced.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public static void Replace(string path, ReadOnlySpan<byte> content)
    {
        try
        {
            var target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null;
            DurableFile.Replace(target ?? path, content);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"{path} could not be written: {exception.Message} Free some space or make the folder writable, then try again.",
                exception
            );
        }
    }

    /// <exception cref="FailureException">StoreReadOnly: the file was not deleted.</exception>
    public static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"{path} could not be deleted: {exception.Message} Make the folder writable, then try again.",
                exception
            );
        }
    }
}

/// <summary>Identifies a version of a file by its length and timestamps.</summary>
internal readonly record struct FileStamp(long Length, long Ticks)
{
    public static readonly FileStamp None = new(-1, 0);

    public bool Exists => this != None;

    /// <summary>Returns the stamp of a file; a link is resolved to its target. A broken link exists but cannot be read.</summary>
    public static FileStamp Of(string path)
    {
        FileSystemInfo info = new FileInfo(path);
        // -1 if nothing exists; otherwise one system call provides all of the following values.
        var isLink = info.Attributes is var attributes && (int)attributes != -1 && attributes.HasFlag(FileAttributes.ReparsePoint);
        if (isLink)
        {
            info = info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        }

        return info is FileInfo { Exists: true } file ? new FileStamp(file.Length, file.LastWriteTimeUtc.Ticks)
            : isLink ? new FileStamp(0, 0)
            : None;
    }
}
