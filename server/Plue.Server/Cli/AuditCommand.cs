using System.CommandLine;
using System.Globalization;
using Plue.Server.Audit;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;

namespace Plue.Server.Cli;

/// <summary><c>plue audit</c>: exports the audit log to a file with a hash chain, and verifies such a file.</summary>
internal sealed class AuditCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Subcommands commands = new(_ => open(null), terminal);

    public static Command Create(Func<string?, Services> open, Terminal terminal)
    {
        var command = new AuditCommand(open, terminal);
        return new Command(
            "audit",
            "Export requests, tool calls, approvals and policy refusals as JSON Lines with a hash chain, for example: plue audit export --from 2026-11-01 --out audit.jsonl"
        )
        {
            command.Export(),
            command.Verify(),
        };
    }

    private Command Export()
    {
        var from = CommonOptions.Day("--from", "The first day (UTC), as 2026-11-21");
        var to = CommonOptions.Day("--to", "The last day (UTC)");
        var content = new Option<bool>("--content")
        {
            Description = "Include messages, and arguments and results of tools. Keys of the vault are masked",
        };
        var json = CommonOptions.Json();
        var file = new Option<string>("--out") { Description = "The file to write to, which must not exist", Required = true };
        var command = commands.Verb(
            "export",
            "Write what happened to a file, for example: plue audit export --from 2026-11-01 --to 2026-11-30 --out audit.jsonl",
            [from, to, content, file, json],
            async (services, parsed, cancellationToken) =>
            {
                var path = Path.GetFullPath(parsed.GetValue(file)!);
                var range = new AuditRange(
                    Day.Midnight(parsed.GetValue(from), DateTimeKind.Utc),
                    Day.Midnight(parsed.GetValue(to), DateTimeKind.Utc, daysLater: 1),
                    parsed.GetValue(content)
                );
                var summary = await WriteAsync(services.Audit.Export, path, range, cancellationToken);
                foreach (var sentence in summary.Unreadable)
                {
                    terminal.WriteError(services.Platform.Redactor.Mask(sentence));
                }
                if (parsed.GetValue(json))
                {
                    Write(path, summary.Lines, summary.Sha256, null);
                    return summary.Unreadable.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
                }

                terminal.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{summary.Lines} lines written to {path}. Keep this hash elsewhere to find a replaced file: {summary.Sha256}"
                    )
                );
                return summary.Unreadable.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
        return command;
    }

    private Command Verify()
    {
        var file = new Argument<string>("file") { Description = "A file of plue audit export" };
        var json = CommonOptions.Json();
        var hash = new Option<string?>("--sha256") { Description = "The hash that was printed when the file was written" };
        return commands.Verb(
            "verify",
            "Check that an export is complete and unchanged, for example: plue audit verify audit.jsonl",
            [file, hash, json],
            (_, parsed, cancellationToken) =>
            {
                var path = Path.GetFullPath(parsed.GetValue(file)!);
                AuditVerdict verdict;
                try
                {
                    verdict = AuditVerifier.Verify(path, parsed.GetValue(hash), cancellationToken);
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
                {
                    throw new FailureException(FailureKind.BadRequest, $"{path} could not be read ({fault.Message.TrimEnd('.')}).");
                }

                if (parsed.GetValue(json))
                {
                    Write(path, verdict.Lines, verdict.Sha256, verdict.Problem);
                    return Task.FromResult(verdict.Problem is null ? ExitCodes.Done : ExitCodes.Failed);
                }
                if (verdict.Problem is { } problem)
                {
                    terminal.WriteError(problem);
                    return Task.FromResult(ExitCodes.Failed);
                }

                terminal.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{path} is complete and unchanged: {verdict.Lines} lines, hash of the last line {verdict.Sha256}"
                    )
                );
                return Task.FromResult(ExitCodes.Done);
            }
        );
    }

    private void Write(string path, long lines, string? sha256, string? problem) =>
        commands.WriteObject(writer =>
        {
            writer.WriteString("path"u8, path);
            writer.WriteNumber("lines"u8, lines);
            writer.WriteString("sha256"u8, sha256);
            writer.WriteString("problem"u8, problem);
        });

    private static async Task<AuditSummary> WriteAsync(
        AuditExport export,
        string path,
        AuditRange range,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using var stream = DurableFile.OpenPrivate(path, FileMode.CreateNew, FileAccess.Write);
            await using var buffered = new BufferedStream(stream, 64 * 1024);
            var summary = await export.WriteAsync(buffered, range, cancellationToken);
            await buffered.FlushAsync(cancellationToken);
            DurableFile.Sync(stream.SafeFileHandle);
            return summary;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The export could not be written to {path} ({fault.Message.TrimEnd('.')}). Choose another file.",
                fault
            );
        }
    }
}
