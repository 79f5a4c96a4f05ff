using System.Text;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>
/// Imports chats from files, each atomically. Imported messages are history: the program that responded is not a provider here,
/// costs are not counted, paths are only names, and known secrets are masked.
/// </summary>
internal sealed class ChatImport(ImportedChats chats, Blobs blobs, ITextMask mask, ProgramFolders programs)
{
    private const int MaxTitleLength = 200;
    private const int MaxListed = 2_000;

    /// <param name="paths">Files, or folders to search.</param>
    /// <param name="format">Null detects the format from the content of each file.</param>
    /// <param name="again">True to create a second chat of a session that was imported before.</param>
    public ImportReport Run(IReadOnlyList<string> paths, SessionFormat? format, bool again, CancellationToken cancellationToken)
    {
        var (omitted, imported, failed) = (new OmittedContent(), new List<string>(), new List<ImportFailure>());
        var known = chats.Sources().ToDictionary(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var isFolder = Directory.Exists(path);
            IEnumerable<string> files = isFolder
                ? SessionFiles.In(path, omitted, cancellationToken).Select(file => file.FullName).Order(StringComparer.Ordinal)
                : [path];
            foreach (var file in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    var sessions = new SessionFile(file).Read(format, isFolder, cancellationToken);
                    omitted.Add(OmittedContent.OtherFile, sessions.Count == 0 ? 1 : 0);
                    foreach (var (session, ofThis) in sessions)
                    {
                        if (!again && known.TryGetValue(session.Source, out var existing))
                        {
                            failed.Add(
                                new ImportFailure(
                                    file,
                                    "This chat was already imported. Import it again to create a second copy.",
                                    existing
                                )
                            );
                            continue;
                        }

                        imported.Add(known[session.Source] = chats.Create(Finished(session)));
                        omitted.Add(ofThis);
                    }
                }
                catch (Exception exception) when (exception is FailureException or IOException or UnauthorizedAccessException)
                {
                    failed.Add(new ImportFailure(file, Why(exception), null));
                }
            }
        }

        return new ImportReport(imported, omitted.Sentences, failed);
    }

    /// <summary>Finds sessions to import, the last written first, from the start of each file.</summary>
    /// <param name="format">The format, which determines the program.</param>
    /// <param name="folders">Null uses the default folders of that program.</param>
    public FoundSessions Find(SessionFormat format, IReadOnlyList<string>? folders, CancellationToken cancellationToken)
    {
        var known = chats.Sources();
        var capped = new OmittedContent();
        var files = (folders ?? programs.Sessions(format))
            .Where(Directory.Exists)
            .SelectMany(folder => SessionFiles.In(folder, capped, cancellationToken))
            .OrderByDescending(file => file.LastWriteTimeUtc)
            .ToList();
        List<FoundSession> found = [];
        foreach (var file in files.Take(MaxListed))
        {
            cancellationToken.ThrowIfCancellationRequested();
            found.AddRange(
                new SessionFile(file.FullName)
                    .Preview(format, cancellationToken)
                    .Select(session => new FoundSession(
                        session.Path,
                        mask.Mask(session.Title),
                        session.UpdatedAt,
                        session.Size,
                        known.GetValueOrDefault(session.Source)
                    ))
            );
        }

        return new FoundSessions(
            [.. found.Take(MaxListed)],
            files.Count > MaxListed || found.Count > MaxListed || capped.Sentences.Count > 0
        );
    }

    private ImportedChat Finished(ImportedSession read)
    {
        var session = read.WithOwnIds();
        var masked = new MaskedChat(blobs, mask);
        return new ImportedChat(
            session.Source,
            Title(session.Title),
            [.. session.Messages.Select(message => Prepared(masked.Of(Named(message))))],
            session.Head
        )
        {
            CreatedAt = session.CreatedAt,
            Archived = session.Archived,
            Pinned = session.Pinned,
            Tags = [.. session.Tags.Select(mask.Mask)],
        };
    }

    private string? Title(string? title)
    {
        if (title is null)
        {
            return null;
        }

        var line = mask.Mask(title).ReplaceLineEndings(" ").Trim();
        return line.Length == 0 ? null : TextCut.Head(line, MaxTitleLength);
    }

    private static Message Named(Message message) =>
        message with
        {
            IsCopy = true,
            ProviderInfo = message.ProviderInfo is { IsImported: false } info
                ? info.AsImported(ImportLimits.Name(info.ProviderId))
                : message.ProviderInfo,
        };

    /// <summary>Stores the attachments.</summary>
    private Message Prepared(Message message) =>
        message.Parts.Any(part => part is MessagePart.File { Data: not null })
            ? message with
            {
                Parts =
                [
                    .. message.Parts.Select(part =>
                        part is MessagePart.File { Data: { } data } file
                            ? file with
                            {
                                Blob = blobs.Put(Masked(file, data).Span),
                                Data = null,
                            }
                            : part
                    ),
                ],
            }
            : message;

    private ReadOnlyMemory<byte> Masked(MessagePart.File file, ReadOnlyMemory<byte> data)
    {
        if (file.IsImage || mask.IsEmpty)
        {
            return data;
        }

        var text = Encoding.UTF8.GetString(data.Span);
        var masked = mask.Mask(text);
        return masked == text ? data : Encoding.UTF8.GetBytes(masked);
    }

    private static string Why(Exception exception) =>
        exception switch
        {
            FailureException failure => failure.Message,
            FileNotFoundException or DirectoryNotFoundException => "The file no longer exists. Choose another.",
            UnauthorizedAccessException => "The file could not be read: permission denied. Check its permissions.",
            NotAFileException => "This is not a regular file. Choose another.",
            _ => $"This file could not be read ({exception.Message.TrimEnd('.')}). Check the disk and try again.",
        };
}

/// <param name="ChatIds">In creation order.</param>
/// <param name="Omitted">The omitted content, one sentence per kind.</param>
public sealed record ImportReport(IReadOnlyList<string> ChatIds, IReadOnlyList<string> Omitted, IReadOnlyList<ImportFailure> Failed);

/// <param name="ExistingChatId">The chat of an earlier import of this session; null for all other reasons.</param>
public sealed record ImportFailure(string Path, string Message, string? ExistingChatId);

/// <param name="IsTruncated">True if there are more than the scan limit.</param>
internal sealed record FoundSessions(IReadOnlyList<FoundSession> Sessions, bool IsTruncated);

/// <param name="Size">The size of the file in bytes.</param>
/// <param name="ChatId">The chat of an earlier import; null if there is none.</param>
internal sealed record FoundSession(string Path, string Title, DateTimeOffset UpdatedAt, long Size, string? ChatId);
