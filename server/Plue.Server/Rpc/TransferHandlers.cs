using System.Text;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;
using Plue.Server.Transfer;

namespace Plue.Server.Rpc;

/// <summary>codex/export, codex/import, codex/importable: exports chats to files and imports them.</summary>
/// <param name="imported">Called with each new chat.</param>
/// <param name="record">Called with the id of the import and the addresses of its chats, so that it can be undone.</param>
internal sealed class TransferHandlers(
    TransferServices services,
    Action<string, ChatSummary> imported,
    Action<string?, IReadOnlyList<string>> record
)
{
    /// <summary>The maximum length of an export that is returned in a response; longer ones need a file.</summary>
    private const int MaxReturnedCharacters = 64 * 1024 * 1024;

    public void Register(RpcServer server)
    {
        server.Map(Methods.CodexExport, (asked, _) => Task.Run(() => Export(asked)));
        server.Map(Methods.CodexImport, (asked, cancellationToken) => Task.Run(() => Import(asked, cancellationToken), cancellationToken));
        server.Map(
            Methods.CodexImportable,
            (asked, cancellationToken) => Task.Run(() => Importable(asked, cancellationToken), cancellationToken)
        );
    }

    public CodexExportResult Export(CodexExportParams asked)
    {
        var uri = CodexUri.Parse(asked.Uri);
        if (uri.Collection != CodexCollection.Chats)
        {
            throw new FailureException(FailureKind.BadRequest, "Only chats are exported; other codices are files already. Open the file.");
        }
        if (asked.Path is { } path && !Path.IsPathFullyQualified(path))
        {
            throw new FailureException(FailureKind.BadRequest, "Give the absolute path of the file to write.");
        }

        var made = services.Export.Make(services.Chats.Read(uri.Name), (ChatFileFormat)asked.Format);
        if (asked.Path is null)
        {
            return made.Content.Length <= MaxReturnedCharacters
                ? new CodexExportResult(made.FileName, made.Content)
                : throw new FailureException(
                    FailureKind.BadRequest,
                    "This chat is too long to show as one document. Choose a file to write it to."
                );
        }

        Write(asked.Path, made.Content);
        return new CodexExportResult(made.FileName, null);
    }

    public CodexImportResult Import(CodexImportParams asked, CancellationToken cancellationToken)
    {
        var report = services.Import.Run(asked.Paths, FormatOf(asked.Format), asked.AllowDuplicates ?? false, cancellationToken);
        record(asked.RunId, [.. report.ChatIds.Select(Address)]);
        List<CodexSummary> summaries = [];
        foreach (var id in report.ChatIds)
        {
            var summary = services.Chats.Read(id).Summarize();
            summaries.Add(CodexHandlers.Summary(summary));
            imported(Address(id), summary);
        }

        return new CodexImportResult(
            summaries,
            report.Omitted,
            [
                .. report.Failed.Select(failure => new ImportFailureView(failure.Path, failure.Message)
                {
                    Uri = failure.ExistingChatId is { } id ? Address(id) : null,
                }),
            ]
        );
    }

    private CodexImportableResult Importable(CodexImportableParams asked, CancellationToken cancellationToken)
    {
        if (FormatOf(asked.Format) is not { } format)
        {
            throw new FailureException(FailureKind.BadRequest, "Choose whose sessions to find.");
        }

        var found = services.Import.Find(format, asked.Paths, cancellationToken);
        return new CodexImportableResult(
            [
                .. found.Sessions.Select(session => new ImportableView(session.Path, session.Title, session.UpdatedAt, session.Size)
                {
                    Uri = session.ChatId is { } id ? Address(id) : null,
                }),
            ],
            found.IsTruncated
        );
    }

    /// <summary>Returns the file name for an export of this chat.</summary>
    public string NameOf(string uri, ExportFormat format) =>
        services.Export.NameOf(services.Chats.Read(CodexUri.Parse(uri).Name).Title, (ChatFileFormat)format);

    private static void Write(string path, string content)
    {
        try
        {
            DurableFile.Replace(path, Encoding.UTF8.GetBytes(content));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.BadRequest,
                $"{path} could not be written ({exception.Message.TrimEnd('.')}). Choose another place.",
                exception
            );
        }
    }

    private static SessionFormat? FormatOf(ImportFormat? format) =>
        format switch
        {
            ImportFormat.Plue => SessionFormat.Plue,
            ImportFormat.ClaudeCode => SessionFormat.ClaudeCode,
            ImportFormat.Codex => SessionFormat.Codex,
            ImportFormat.GeminiCli => SessionFormat.GeminiCli,
            ImportFormat.OpenCode => SessionFormat.OpenCode,
            ImportFormat.VsCode => SessionFormat.VsCode,
            ImportFormat.Cline => SessionFormat.Cline,
            ImportFormat.RooCode => SessionFormat.RooCode,
            ImportFormat.KiloCode => SessionFormat.KiloCode,
            ImportFormat.Continue => SessionFormat.Continue,
            _ => null,
        };

    private static string Address(string id) => CodexUri.OfChannel(id).ToString();
}
