using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>
/// Inspects files before they are sent, and reads them when they are. The user is asked about large files and files outside of the workspace. Protected and
/// unreadable files are refused with a reason, and nothing is read from an untrusted folder. Thread-safe.
/// </summary>
/// <param name="editor">Provides unsaved text; null reads from disk only.</param>
internal sealed class Attachments(
    Blobs blobs,
    Workspace workspace,
    ProtectedPaths protectedPaths,
    SecretMask secrets,
    EditorWindow? editor = null
)
{
    /// <summary>The size in bytes above which the user is asked.</summary>
    public const int ConfirmedFromBytes = 256 * 1024;

    /// <summary>The maximum size of a text in bytes.</summary>
    public const int MaxTextBytes = 8 * 1024 * 1024;

    /// <summary>The maximum size of an image in bytes.</summary>
    public const int MaxImageBytes = 20 * 1024 * 1024;

    /// <summary>The maximum number of files per message.</summary>
    public const int MaxFiles = 100;

    /// <summary>Longer texts are stored as blobs, so that journals stay fast to read.</summary>
    private const int MaxInlineBytes = 64 * 1024;

    /// <summary>The size in bytes above which some vendors refuse an image.</summary>
    private const int LargeImageBytes = 5 * 1024 * 1024;
    private const int MaxCached = 1_000;

    private readonly ConcurrentDictionary<(string Path, long Size, DateTime Modified), string> hashes = new();

    /// <summary>Gets the editor text of the given files that have unsaved changes. Sends no request if no file has any.</summary>
    public async Task<UnsavedTexts> ReadUnsavedAsync(IEnumerable<string?> paths, CancellationToken cancellationToken)
    {
        if (editor is not { HasUnsaved: true } || workspace.TrustedFolders is not { } folders)
        {
            return UnsavedTexts.None;
        }

        Dictionary<string, string> texts = new(StringComparer.Ordinal);
        foreach (var path in paths.OfType<string>().Take(MaxFiles))
        {
            if (RealPathOf(path, folders) is { } real && await editor.ReadUnsavedAsync(real, cancellationToken) is { } text)
            {
                texts[real] = text;
            }
        }

        return new UnsavedTexts(texts);
    }

    /// <summary>Gets a preview of a file. Does not throw for invalid files; the result has the reason.</summary>
    public AttachedFile Inspect(Attachment wanted, UnsavedTexts? unsaved = null) => InspectCore(wanted, unsaved).View;

    /// <summary>Gets a preview of a pinned file. It must be in the workspace; a large file is sent as a summary.</summary>
    public AttachedFile InspectPinned(string path) => InspectPinnedFile(path, null).View;

    /// <summary>Reads the files of a message and stores their content.</summary>
    /// <exception cref="FailureException">
    /// BadRequest: a file cannot be sent or has an open question. StoreReadOnly. Nothing is stored in either case.
    /// </exception>
    public IReadOnlyList<MessagePart.File> Read(IReadOnlyList<Attachment> wanted, UnsavedTexts? unsaved = null)
    {
        if (wanted.Count > MaxFiles)
        {
            throw new FailureException(FailureKind.BadRequest, $"A message can have at most {MaxFiles} files. Remove some.");
        }

        // All files are checked before the first is stored.
        var looks = wanted.Select(one => InspectCore(one, unsaved)).ToList();
        foreach (var look in looks)
        {
            if (SendErrorOf(look.View) is { } why)
            {
                throw new FailureException(FailureKind.BadRequest, why);
            }
        }

        return [.. looks.Select(Keep)];
    }

    /// <summary>Reads a pinned file. <c>Part</c> is null if it cannot be sent; the view has the reason.</summary>
    internal (AttachedFile View, MessagePart.File? Part) ReadPinned(string path, UnsavedTexts? unsaved = null)
    {
        var (view, part, image) = InspectPinnedFile(path, unsaved);
        if (SendErrorOf(view) is not null || part is null)
        {
            return (view, null);
        }

        // Without the cast, null would be converted to an empty value.
        return (view, part with { Data = image is null ? (ReadOnlyMemory<byte>?)null : image, IsPinned = true });
    }

    /// <summary>Gets why a file cannot be sent as requested, as a sentence; null if it can.</summary>
    internal static string? SendErrorOf(AttachedFile file) =>
        file.Problem
        ?? (
            file.Questions.Contains(AttachmentQuestion.OutsideWorkspace)
                ? $"{HiddenCharacters.VisibleLine(file.Path)} is outside the workspace. Confirm first that it may be sent."
            : file.Questions.Contains(AttachmentQuestion.TooLarge)
                ? $"{HiddenCharacters.VisibleLine(file.Path)} is large ({Size(file.Size ?? 0)}). Choose first whether to send all of it, some lines or a summary."
            : null
        );

    /// <param name="data">Base64.</param>
    /// <exception cref="FailureException">BadRequest: the image format is not supported, or the image is over 20 MiB.</exception>
    public AttachedFile StoreImage(string name, string mediaType, string data)
    {
        if (data.Length > (MaxImageBytes + 2L) / 3 * 4)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{HiddenCharacters.VisibleLine(name)} is over 20 MiB. Make it smaller and attach it again."
            );
        }

        byte[] content;
        try
        {
            content = Convert.FromBase64String(data);
        }
        catch (FormatException fault)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{HiddenCharacters.VisibleLine(name)} is incomplete. Attach it again.",
                fault
            );
        }

        if (!ImageType.IsSupported(mediaType) || ImageType.Detect(content) != mediaType)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{HiddenCharacters.VisibleLine(name)} is not a PNG, JPEG, GIF or WebP image. Save it as one of these and attach it again."
            );
        }

        return OfImage(name, content, null).View with
        {
            Blob = blobs.Put(content),
        };
    }

    /// <summary>Stores a text sent by the editor, such as a selection or a file with unsaved changes.</summary>
    /// <param name="path">The absolute path of its file; null for other text.</param>
    /// <exception cref="FailureException">BadRequest: the text is over 8 MiB, or its file is protected. StoreReadOnly.</exception>
    public MessagePart.File StoreText(string name, string? path, string text, LineRange? range)
    {
        var shown = HiddenCharacters.VisibleLine(name);
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length > MaxTextBytes)
        {
            throw new FailureException(FailureKind.BadRequest, $"{shown} is over 8 MiB, which is too much to send. Select a part of it.");
        }
        if ((path is null ? null : protectedPaths.DenialReason(path)) is { } denied)
        {
            throw new FailureException(FailureKind.BadRequest, $"{shown} {denied}.");
        }
        if (ProtectedPaths.DenialReason(bytes) is { } why)
        {
            throw new FailureException(FailureKind.BadRequest, $"{shown} {why}.");
        }

        return Keep(
            new Inspected(
                new AttachedFile { Path = name },
                new MessagePart.File(name, secrets.Current?.Mask(text) ?? text, null, FileLanguages.Of(name, text))
                {
                    Size = bytes.Length,
                    Range = range,
                }
            )
        );
    }

    /// <exception cref="FailureException">NotFound: the blob is missing or damaged.</exception>
    public (string MediaType, byte[] Content) ReadBlob(string blob)
    {
        var content = blobs.Read(blob);
        return (ImageType.Detect(content) ?? "text/plain", content);
    }

    /// <summary>
    /// Returns whether the file on disk differs from the sent content; null if unknown, because there is no hash or the file no longer exists.
    /// </summary>
    public bool? HasChanged(MessagePart.File sent)
    {
        if (sent is not { Hash: { } hash, Size: { } size } || workspace.TrustedFolders is not { } folders)
        {
            return null;
        }

        try
        {
            var path = Path.GetFullPath(folders.Locate(sent.Path));
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }
            if (file.Length != size)
            {
                return true;
            }
            if (sent.ModifiedAt is { } modified && file.LastWriteTimeUtc == modified.UtcDateTime)
            {
                return false;
            }

            return HashOf(path, file) is { } now ? now != hash : null;
        }
        catch (Exception exception) when (IsFileError(exception))
        {
            return null;
        }
    }

    private string? HashOf(string path, FileInfo file)
    {
        var key = (path, file.Length, file.LastWriteTimeUtc);
        if (hashes.TryGetValue(key, out var known))
        {
            return known;
        }
        if (RegularFile.Read(path, Blobs.MaxBytes) is not { } content)
        {
            return null;
        }

        if (hashes.Count >= MaxCached)
        {
            hashes.Clear();
        }
        return hashes[key] = Blobs.IdOf(content);
    }

    /// <param name="Part">The content to send; null if there is none.</param>
    /// <param name="Image">The bytes of an image, which are not stored yet.</param>
    private sealed record Inspected(AttachedFile View, MessagePart.File? Part = null, byte[]? Image = null);

    private MessagePart.File Keep(Inspected look)
    {
        var part = look.Part!;
        if (look.Image is { } image)
        {
            return part with { Blob = blobs.Put(image) };
        }
        if (part.Content is not { } content || Encoding.UTF8.GetByteCount(content) <= MaxInlineBytes)
        {
            return part;
        }

        return part with
        {
            Content = null,
            Blob = blobs.Put(Encoding.UTF8.GetBytes(content)),
        };
    }

    private Inspected InspectPinnedFile(string path, UnsavedTexts? unsaved)
    {
        var look = InspectCore(new Attachment(path), unsaved);
        if (look.View.Questions.Contains(AttachmentQuestion.OutsideWorkspace))
        {
            return new(
                look.View with
                {
                    Questions = [],
                    Problem = $"{look.View.Path} is outside the workspace, so it is not sent with every message.",
                }
            );
        }

        if (!look.View.Questions.Contains(AttachmentQuestion.TooLarge))
        {
            return look;
        }

        var summary = InspectCore(new Attachment(path, Mode: AttachmentMode.Summary), unsaved);
        return summary with
        {
            View = summary.View with
            {
                Note = Join($"It is large ({Size(summary.View.Size ?? 0)}) and is sent as a summary.", summary.View.Note),
            },
        };
    }

    private static string? RealPathOf(string path, WorkspaceFolders folders)
    {
        try
        {
            return RealPath.Of(Path.GetFullPath(folders.Locate(path)));
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or NotSupportedException)
        {
            return null;
        }
    }

    private Inspected InspectCore(Attachment wanted, UnsavedTexts? unsaved)
    {
        if (wanted.Blob is { } blob)
        {
            return OfBlob(wanted.Path ?? wanted.Name ?? "image", blob);
        }
        if (string.IsNullOrWhiteSpace(wanted.Path))
        {
            return Refused("", "There is no path to attach.");
        }

        if (Place(wanted.Path, out var place) is { } problem)
        {
            return Refused(place.Shown, problem);
        }

        var look = OfFile(place, wanted, unsaved);
        var asks = !place.IsInside && !wanted.AllowOutside && look.View.Problem is null;
        return asks
            ? look with
            {
                View = look.View with { Questions = [AttachmentQuestion.OutsideWorkspace, .. look.View.Questions] },
            }
            : look;
    }

    private readonly record struct FilePlace(string Full, string Real, string Shown, bool IsInside);

    /// <returns>Why the file cannot be read; null if it can.</returns>
    private string? Place(string path, out FilePlace place)
    {
        place = new(path, path, path, false);
        var folders = workspace.TrustedFolders;
        if (!Path.IsPathRooted(path) && folders is null)
        {
            return workspace.OpenFolder is null ? $"No folder is open, so {path} cannot be found." : NotTrusted;
        }

        try
        {
            var full = Path.GetFullPath(folders?.Locate(path) ?? path);
            // The real path is resolved once, so that a link cannot change between the checks.
            var real = RealPath.Of(full);
            var folder = folders?.All.FirstOrDefault(one => RealPath.ResolvesInto(real, one.Path));
            place = new(full, real, folder is null ? full : folders!.Shown(folder, ShownOf(full, folder.Path)), folder is not null);
            if (folders is null && WorkspaceFolders.IsInside(workspace.OpenFolders, full))
            {
                return NotTrusted;
            }
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or NotSupportedException)
        {
            return $"{path} is not a path.";
        }

        // Both paths are checked, because a link may have changed by now.
        return protectedPaths.DenialReason(place.Full, place.Real) is { } why ? $"{place.Shown} {why}." : null;
    }

    private const string NotTrusted = "The folder is not trusted, so its files cannot be read.";

    /// <summary>Gets the path relative to the folder, using the real path if the file is reached through a link from outside.</summary>
    private static string ShownOf(string full, string folder)
    {
        var named = Path.GetRelativePath(folder, full);
        var leadsOut =
            named == ".." || named.StartsWith($"..{Path.DirectorySeparatorChar}", StringComparison.Ordinal) || Path.IsPathRooted(named);
        if (leadsOut)
        {
            named = Path.GetRelativePath(RealPath.Of(folder), RealPath.Of(full));
        }
        return OperatingSystem.IsWindows() ? named.Replace('\\', '/') : named;
    }

    private Inspected OfFile(FilePlace place, Attachment wanted, UnsavedTexts? unsaved)
    {
        byte[]? content;
        FileInfo file;
        try
        {
            file = new FileInfo(place.Real);
            content = RegularFile.Read(place.Real, Blobs.MaxBytes);
            // A link may have changed between the check and the read.
            if (RealPath.Of(place.Full) != place.Real)
            {
                return Refused(place.Shown, $"{place.Shown} changed while it was read. Try again.");
            }
        }
        catch (Exception exception) when (IsFileError(exception))
        {
            return Refused(place.Shown, Sentence(place.Shown, exception));
        }

        if (content is null)
        {
            return Refused(
                place.Shown,
                $"{place.Shown} is {Size(file.Length)}; files over 64 MiB are not read. Attach a part of it.",
                file.Length
            );
        }
        var isUnsaved = false;
        if (unsaved?.Of(place.Real) is { } typed && FileText.Of(content)?.Encode(typed) is { } encoded)
        {
            (content, isUnsaved) = (encoded, true);
        }
        if (ProtectedPaths.DenialReason(content) is { } why)
        {
            return Refused(place.Shown, $"{place.Shown} {why}.", content.Length);
        }

        var stamp = (Blobs.IdOf(content), Modified: new DateTimeOffset(file.LastWriteTimeUtc));
        if (ImageType.Detect(content) is not null)
        {
            return OfImage(place.Shown, content, stamp);
        }
        if (FileText.Of(content) is { } text)
        {
            var look = OfText(place.Shown, text, content.Length, stamp, wanted);
            return isUnsaved && look.View.Problem is null
                ? look with
                {
                    View = look.View with { Note = Join(look.View.Note, UnsavedTexts.Note) },
                    Part = look.Part! with { IsUnsaved = true, ModifiedAt = null },
                }
                : look;
        }

        return OfBinary(place.Shown, content.Length, stamp);
    }

    private Inspected OfText(string path, FileText file, long size, (string Hash, DateTimeOffset Modified) stamp, Attachment wanted)
    {
        var language = FileLanguages.Of(path, file.Content);
        var view = new AttachedFile
        {
            Path = path,
            Language = language,
            Size = size,
            Lines = file.Lines,
        };
        var (range, note) =
            wanted.Mode == AttachmentMode.Summary || wanted.Range is null ? (null, file.Note) : Clamp(wanted.Range, file, ref view);
        if (view.Problem is not null)
        {
            return new(view);
        }

        var isSummary = wanted.Mode == AttachmentMode.Summary;
        var content =
            isSummary ? FileSummary.Of(file)
            : range is not null ? file.Part(range)
            : file.Content;
        var bytes = Encoding.UTF8.GetByteCount(content);
        if (bytes > MaxTextBytes && wanted.Mode == AttachmentMode.Whole)
        {
            return new(
                view with
                {
                    Range = range,
                    Problem = $"{path} is over 8 MiB, which is too much to send. Choose some lines or a summary.",
                }
            );
        }

        var masked = secrets.Current?.Mask(content) ?? content;
        view = view with
        {
            Range = range,
            Mode = wanted.Mode,
            Tokens = TokenEstimate.Of(masked),
            Questions = wanted.Mode is null && bytes > ConfirmedFromBytes ? [AttachmentQuestion.TooLarge] : [],
            Note = masked == content ? note : Join(note, "Keys from your vault are sent as ***."),
        };
        return new(
            view,
            new MessagePart.File(path, masked, null, language)
            {
                Size = size,
                Range = range,
                IsSummary = isSummary,
                Hash = stamp.Hash,
                ModifiedAt = stamp.Modified,
            }
        );
    }

    private static (LineRange? Range, string? Note) Clamp(LineRange range, FileText file, ref AttachedFile view)
    {
        if (range.Start < 1 || range.End < range.Start || range.Start > file.Lines)
        {
            var problem =
                range.Start > file.Lines
                    ? $"{view.Path} has only {Count(file.Lines, "line")}, so there is no line {range.Start}."
                    : $"{range.Start}-{range.End} is not a line range.";
            view = view with { Problem = problem };
            return (null, null);
        }

        return range.End <= file.Lines
            ? (range, file.Note)
            : (range with { End = file.Lines }, Join(file.Note, $"It ends at line {file.Lines}, so fewer lines are sent."));
    }

    private static Inspected OfImage(string path, byte[] content, (string Hash, DateTimeOffset Modified)? stamp)
    {
        var mediaType = ImageType.Detect(content);
        var view = new AttachedFile
        {
            Path = path,
            Kind = AttachmentKind.Image,
            MediaType = mediaType,
            Size = content.Length,
        };
        if (content.Length > MaxImageBytes)
        {
            return new(view with { Problem = $"{path} is {Size(content.Length)}; images over 20 MiB are not sent. Make it smaller." });
        }

        view = view with
        {
            Tokens = TokenEstimate.Image,
            Note = content.Length > LargeImageBytes ? $"It is {Size(content.Length)}; some vendors refuse images over 5 MiB." : null,
        };
        return new(
            view,
            new MessagePart.File(path, null)
            {
                MediaType = mediaType,
                Size = content.Length,
                Hash = stamp?.Hash,
                ModifiedAt = stamp?.Modified,
            },
            content
        );
    }

    private static Inspected OfBinary(string path, long size, (string Hash, DateTimeOffset Modified) stamp)
    {
        var part = new MessagePart.File(path, null)
        {
            Size = size,
            Hash = stamp.Hash,
            ModifiedAt = stamp.Modified,
        };
        var view = new AttachedFile
        {
            Path = path,
            Kind = AttachmentKind.Binary,
            Size = size,
            Tokens = TokenEstimate.Of(part),
        };
        return new(view with { Note = $"{path} is not text, so only its name and size are sent." }, part);
    }

    private Inspected OfBlob(string name, string blob)
    {
        try
        {
            var content = blobs.Read(blob);
            if (ImageType.Detect(content) is null)
            {
                return Refused(name, $"{name} is not an image. Attach the file itself.");
            }

            var look = OfImage(name, content, null);
            return look with { View = look.View with { Blob = blob } };
        }
        catch (FailureException fault)
        {
            return Refused(name, fault.Message);
        }
    }

    private static Inspected Refused(string path, string problem, long? size = null) =>
        new(
            new AttachedFile
            {
                Path = path,
                Size = size,
                Problem = problem,
            }
        );

    private static bool IsFileError(Exception exception) => exception is IOException or UnauthorizedAccessException or ArgumentException;

    private static string Sentence(string path, Exception exception) =>
        exception switch
        {
            FileNotFoundException or DirectoryNotFoundException => $"{path} does not exist.",
            UnauthorizedAccessException => $"{path} may not be read. Check its permissions.",
            NotAFileException { IsFolder: true } => $"{path} is a folder. Attach the files in it.",
            NotAFileException => $"{path} is not a regular file, so it is not read.",
            _ => $"{path} cannot be read: {exception.Message.TrimEnd('.')}.",
        };

    private static string? Join(string? one, string? other) => one is null || other is null ? one ?? other : $"{one} {other}";

    private static string Count(int number, string what) => number == 1 ? $"1 {what}" : $"{number} {what}s";

    private static string Size(long bytes) =>
        bytes < 1024 * 1024
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, bytes / 1024)} KiB")
            : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024.0:0.#} MiB");
}
