using System.Security.Cryptography;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Store;

/// <summary>Content that messages identify by its SHA-256. It is stored once and checked when it is read. Safe for several processes.</summary>
public sealed class Blobs(PluePaths paths)
{
    public const int MaxBytes = 64 * 1024 * 1024;

    /// <summary>The record is durable when the method returns.</summary>
    /// <returns>The id: the SHA-256 in lower-case hex.</returns>
    /// <exception cref="FailureException">BadRequest: larger than the limit. StoreReadOnly: the disk.</exception>
    public string Put(ReadOnlySpan<byte> content)
    {
        if (content.Length > MaxBytes)
        {
            throw new FailureException(FailureKind.BadRequest, "A file larger than 64 MiB cannot be attached. Attach part of it.");
        }

        var id = IdOf(content);
        try
        {
            // A damaged blob is rewritten.
            if (TryRead(id) is null)
            {
                DurableFile.Replace(PathOf(id), content);
            }
            return id;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(exception, "The attachment was not stored");
        }
    }

    /// <exception cref="FailureException">NotFound: it does not exist, or its content changed.</exception>
    public byte[] Read(string id)
    {
        try
        {
            if (IsId(id) && TryRead(id) is { } content)
            {
                return content;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.NotFound,
                $"The stored copy of this attachment could not be read ({exception.Message.TrimEnd('.')}). Attach the file again.",
                exception
            );
        }

        throw new FailureException(
            FailureKind.NotFound,
            IsId(id) && File.Exists(PathOf(id))
                ? "The stored copy of this attachment is damaged. Attach the file again."
                : "The stored copy of this attachment no longer exists. Attach the file again."
        );
    }

    public static string IdOf(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>64 lower-case hex digits, so that an id is never a path.</summary>
    public static bool IsId(string id) => id.Length == 64 && id.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0;

    /// <returns>Null if it does not exist or does not match its hash.</returns>
    private byte[]? TryRead(string id)
    {
        var file = new FileInfo(PathOf(id));
        return file.Exists && RegularFile.Read(file.FullName, MaxBytes) is { } content && IdOf(content) == id ? content : null;
    }

    private string PathOf(string id) => Path.Combine(paths.Blobs, id);
}
