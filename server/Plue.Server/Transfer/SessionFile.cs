using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Transfer;

/// <summary>A file with one session, or a database with several. The file itself is never changed.</summary>
/// <param name="Path">For one session of a database, followed by <c>#</c> and its ID.</param>
internal sealed record SessionFile(string Path)
{
    private const long PreviewBytes = 256 * 1024;
    private const long MaxPreviewedDocument = 8 * 1024 * 1024;
    private const int MaxAttempts = 3;

    private string FilePath => SessionId is null ? Path : Path[..Path.LastIndexOf('#')];

    private string? SessionId =>
        Path.LastIndexOf('#') is var mark and > 0 && Path[..mark].EndsWith(".db", StringComparison.Ordinal) ? Path[(mark + 1)..] : null;

    /// <summary>Reads the sessions, each with its omitted content.</summary>
    /// <param name="format">Null detects the format.</param>
    /// <param name="inFolder">True if the file was found in a folder, so that it may be something else.</param>
    /// <exception cref="FailureException">BadRequest.</exception>
    /// <exception cref="IOException">A disk error.</exception>
    public IReadOnlyList<(ImportedSession Session, OmittedContent Omitted)> Read(
        SessionFormat? format,
        bool inFolder,
        CancellationToken cancellationToken
    )
    {
        if (!System.IO.Path.IsPathFullyQualified(Path))
        {
            throw new FailureException(FailureKind.BadRequest, "Enter the absolute path of the file.");
        }

        using var stream = RegularFile.OpenRead(FilePath);
        var seen = SessionFormats.Of(FilePath, stream);
        stream.Position = 0;
        if ((inFolder ? seen : format ?? seen) is not { } kind || (inFolder && format is not null && format != kind))
        {
            return inFolder
                ? []
                : throw new FailureException(
                    FailureKind.BadRequest,
                    "The file format is not supported. Choose a chat of Plue, Claude Code, Codex CLI, Gemini CLI, opencode, VS Code, Cline, Roo Code, Kilo Code or Continue."
                );
        }
        if (kind == SessionFormat.OpenCode)
        {
            return ReadDatabase(cancellationToken);
        }
        if (stream.Length > ImportLimits.MaxFileBytes)
        {
            throw new FailureException(FailureKind.BadRequest, "This file is larger than 512 MiB. Split it and import the parts.");
        }

        var omitted = new OmittedContent();
        var session = Read(stream, kind, omitted, long.MaxValue, cancellationToken);
        if (session.Messages.Count > 0 || kind == SessionFormat.Plue)
        {
            return [(session, omitted)];
        }

        return inFolder ? [] : throw new FailureException(FailureKind.BadRequest, "The file contains no messages. Choose another.");
    }

    /// <summary>Previews the sessions from the start of the file; empty if the file has another format.</summary>
    public IReadOnlyList<SessionPreview> Preview(SessionFormat format, CancellationToken cancellationToken)
    {
        try
        {
            using var stream = RegularFile.OpenRead(FilePath);
            if (SessionFormats.Of(FilePath, stream) != format)
            {
                return [];
            }
            if (format == SessionFormat.OpenCode)
            {
                using var database = SqliteFile.Open(FilePath);
                return
                [
                    .. OpenCodeReader
                        .List(database, cancellationToken)
                        .Select(found => new SessionPreview(
                            $"{FilePath}#{found.Id}",
                            OpenCodeReader.SourceOf(found.Id),
                            found.Title ?? found.Id,
                            found.UpdatedAt,
                            found.Size
                        )),
                ];
            }

            var (length, written) = (stream.Length, new DateTimeOffset(File.GetLastWriteTimeUtc(FilePath), TimeSpan.Zero));
            if (IsDocument(format) && length > MaxPreviewedDocument)
            {
                return [new SessionPreview(Path, NamedSource(format), System.IO.Path.GetFileName(Path), written, length)];
            }

            stream.Position = 0;
            var session = Read(stream, format, new OmittedContent(), IsDocument(format) ? long.MaxValue : PreviewBytes, cancellationToken);
            return session.Messages.Count == 0
                ? []
                : [new SessionPreview(Path, session.Source, session.Title ?? Store.StoredChat.TitleOf(session.Messages), written, length)];
        }
        catch (Exception exception) when (exception is FailureException or IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Reads the database; retries if the program wrote to it in the meantime.</summary>
    private List<(ImportedSession, OmittedContent)> ReadDatabase(CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            using var database = SqliteFile.Open(FilePath);
            List<(ImportedSession Session, OmittedContent)> sessions = [];
            foreach (
                var found in OpenCodeReader.List(database, cancellationToken).Where(found => SessionId is null || found.Id == SessionId)
            )
            {
                var omitted = new OmittedContent();
                var session = new OpenCodeReader(omitted).Read(database, found, cancellationToken);
                if (session.Messages.Count > 0)
                {
                    sessions.Add((session, omitted));
                }
            }

            if (!database.HasChanged)
            {
                return sessions.Count > 0
                    ? sessions
                    : throw new FailureException(
                        FailureKind.BadRequest,
                        "The database has no such session. It may have been deleted. Choose another."
                    );
            }
            if (attempt == MaxAttempts)
            {
                throw new FailureException(FailureKind.BadRequest, "opencode is writing to its database. Close it, then import again.");
            }
        }
    }

    private ImportedSession Read(
        Stream stream,
        SessionFormat format,
        OmittedContent omitted,
        long maxBytes,
        CancellationToken cancellationToken
    )
    {
        IEnumerable<System.Text.Json.JsonElement> Lines() => SessionLines.Read(stream, omitted, maxBytes, cancellationToken);
        var isLog = System.IO.Path.GetExtension(Path) == ".jsonl";
        var session = format switch
        {
            SessionFormat.ClaudeCode => new ClaudeCodeReader(omitted).Read(Lines()),
            SessionFormat.Codex => new CodexCliReader(omitted).Read(Lines()),
            SessionFormat.GeminiCli => new GeminiCliReader(omitted).Read(isLog ? Lines() : [SessionDocument.Read(stream)]),
            SessionFormat.VsCode => new VsCodeChatReader(omitted).Read(
                isLog ? VsCodeChatState.Replay(Lines(), omitted) : SessionDocument.Read(stream)
            ),
            SessionFormat.Continue => new ContinueReader(omitted, new DateTimeOffset(File.GetLastWriteTimeUtc(Path), TimeSpan.Zero)).Read(
                SessionDocument.Read(stream)
            ),
            SessionFormat.Cline or SessionFormat.RooCode or SessionFormat.KiloCode => new ClineReader(
                omitted,
                $"{NameOf(format)} (imported)",
                StartOfTask
            ).Read(SessionDocument.Read(stream), View(), NamedSource(format)),
            _ => PlueChatFile.Read(stream, omitted),
        };
        ImportLimits.Check(session.Messages.Count);
        return session.Source.EndsWith(':') ? session with { Source = session.Source + System.IO.Path.GetFileName(Path) } : session;
    }

    private static bool IsDocument(SessionFormat format) =>
        format is SessionFormat.VsCode or SessionFormat.Continue or SessionFormat.Cline or SessionFormat.RooCode or SessionFormat.KiloCode;

    private static string NameOf(SessionFormat format) =>
        format switch
        {
            SessionFormat.RooCode => "Roo Code",
            SessionFormat.KiloCode => "Kilo Code",
            _ => "Cline",
        };

    /// <summary>Identifies the session by the name of its file or folder, which these programs derive from its ID.</summary>
    private string NamedSource(SessionFormat format) =>
        format switch
        {
            SessionFormat.Cline => "cline:" + FolderName,
            SessionFormat.RooCode => "roo-code:" + FolderName,
            SessionFormat.KiloCode => "kilo-code:" + FolderName,
            SessionFormat.Continue => "continue:" + System.IO.Path.GetFileNameWithoutExtension(Path),
            _ => "vscode-chat:" + System.IO.Path.GetFileNameWithoutExtension(Path),
        };

    /// <summary>Gets the start time from the ID of a task, which usually is that time.</summary>
    private DateTimeOffset StartOfTask =>
        long.TryParse(FolderName, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds is > 1_000_000_000_000 and < 10_000_000_000_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : new DateTimeOffset(File.GetLastWriteTimeUtc(Path), TimeSpan.Zero);

    private string FolderName => System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(Path) ?? "");

    /// <summary>Reads the lines of the view beside the history of a task; null if they cannot be read, because the history is sufficient.</summary>
    private System.Text.Json.JsonElement? View()
    {
        foreach (var name in (string[])["ui_messages.json", "claude_messages.json"])
        {
            try
            {
                using var stream = RegularFile.OpenRead(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name));
                return SessionDocument.Read(stream);
            }
            catch (Exception exception) when (exception is FailureException or IOException or UnauthorizedAccessException)
            {
                // Without it, the messages have no costs.
            }
        }

        return null;
    }
}

/// <param name="Source">Identifies program and session.</param>
/// <param name="Size">The size in bytes.</param>
internal sealed record SessionPreview(string Path, string Source, string Title, DateTimeOffset UpdatedAt, long Size);
