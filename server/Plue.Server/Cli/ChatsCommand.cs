using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary><c>plue chats</c>: exports chats to files and imports them.</summary>
internal static class ChatsCommand
{
    private const string Prefix = "codex://chats/";

    public static Command Create(Func<string?, Services> open, Terminal terminal)
    {
        var commands = new Subcommands(_ => open(null), terminal);
        return new("chats", "List, export and import chats")
        {
            List(commands, terminal),
            Export(commands, open, terminal),
            Import(commands, terminal),
        };
    }

    private static Command List(Subcommands commands, Terminal terminal)
    {
        var archived = new Option<bool>("--archived") { Description = "Include archived chats" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object per line, as in codex/list" };
        return commands.Verb(
            "list",
            "List chats, most recently used first, for example: plue chats list",
            [archived, json],
            (services, parsed, _) =>
            {
                foreach (var chat in services.Store.Chats.List().Where(chat => parsed.GetValue(archived) || !chat.Archived))
                {
                    terminal.WriteLine(
                        services.Platform.Redactor.Mask(
                            parsed.GetValue(json)
                                ? Subcommands.ToJson(CodexHandlers.Summary(chat))
                                : string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"{chat.Id}  {chat.UpdatedAt.ToLocalTime():yyyy-MM-dd HH:mm}  {chat.MessageCount, 5}  {SearchSnippet.Clean(chat.Title)}"
                                )
                        )
                    );
                }

                return Task.FromResult(ExitCodes.Done);
            }
        );
    }

    private static Command Export(Subcommands commands, Func<string?, Services> open, Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "A chat id from plue chats list, or its codex:// address" };
        var format = new Option<ExportFormat>("--format")
        {
            Description = "markdown or html for reading, json for importing",
            DefaultValueFactory = _ => ExportFormat.Markdown,
        };
        id.CompletionSources.Add(context => CompletionIds.Of(open, services => services.Store.Chats.List()));
        var json = new Option<bool>("--json") { Description = "Print the result of codex/export as JSON" };
        var file = new Option<string?>("--out") { Description = "The file or folder to write to; defaults to stdout" };
        return commands.Verb(
            "export",
            "Write a chat to a file, for example: plue chats export chat_1 --format html --out chat.html",
            [id, format, file, json],
            (services, parsed, _) =>
            {
                var given = parsed.GetValue(id) ?? "";
                var uri = given.StartsWith(Prefix, StringComparison.Ordinal) ? given : Prefix + given;
                var handlers = new TransferHandlers(services.Transfer, (_, _) => { }, services.ProgramImport.RecordChats);
                if (parsed.GetValue(file) is not { } named)
                {
                    if (parsed.GetValue(json))
                    {
                        terminal.WriteLine(Subcommands.ToJson(handlers.Export(new CodexExportParams(uri, parsed.GetValue(format), null))));
                        return Task.FromResult(ExitCodes.Done);
                    }

                    terminal.Write(handlers.Export(new CodexExportParams(uri, parsed.GetValue(format), null)).Content);
                    terminal.Flush();
                    return Task.FromResult(ExitCodes.Done);
                }

                var path = Path.GetFullPath(named);
                if (Directory.Exists(path))
                {
                    path = Path.Combine(path, handlers.NameOf(uri, parsed.GetValue(format)));
                }
                var written = handlers.Export(new CodexExportParams(uri, parsed.GetValue(format), path));
                if (parsed.GetValue(json))
                {
                    terminal.WriteLine(Subcommands.ToJson(written));
                }
                terminal.WriteError($"Written to {path}.");
                return Task.FromResult(ExitCodes.Done);
            }
        );
    }

    private static Command Import(Subcommands commands, Terminal terminal)
    {
        var paths = new Argument<string[]>("path")
        {
            Arity = ArgumentArity.OneOrMore,
            Description = "Chat files of Plue or of another program, or folders that contain them",
        };
        var format = new Option<ImportFormat>("--format")
        {
            Description = "auto, plue, claudeCode, codex, geminiCli, openCode, vsCode, cline, rooCode, kiloCode or continue",
            DefaultValueFactory = _ => ImportFormat.Auto,
        };
        var again = new Option<bool>("--again") { Description = "Create a second copy of chats that were already imported" };
        var json = new Option<bool>("--json") { Description = "Print the result of codex/import as JSON" };
        return commands.Verb(
            "import",
            "Import chats from files, for example: plue chats import chat.json",
            [paths, format, again, json],
            (services, parsed, cancellationToken) =>
            {
                var result = new TransferHandlers(services.Transfer, (_, _) => { }, services.ProgramImport.RecordChats).Import(
                    new CodexImportParams([.. (parsed.GetValue(paths) ?? []).Select(Path.GetFullPath)], parsed.GetValue(format))
                    {
                        AllowDuplicates = parsed.GetValue(again),
                    },
                    cancellationToken
                );
                if (parsed.GetValue(json))
                {
                    terminal.WriteLine(services.Platform.Redactor.Mask(Subcommands.ToJson(result)));
                }
                else
                {
                    Report(result, services, terminal);
                }
                return Task.FromResult(result.Failed.Count == 0 ? ExitCodes.Done : ExitCodes.Failed);
            }
        );
    }

    private static void Report(CodexImportResult result, Services services, Terminal terminal)
    {
        foreach (var chat in result.Imported)
        {
            terminal.WriteLine(services.Platform.Redactor.Mask($"{chat.Uri}  {SearchSnippet.Clean(chat.Title)}"));
        }
        foreach (var sentence in result.Omitted)
        {
            terminal.WriteError(sentence);
        }
        foreach (var failure in result.Failed)
        {
            terminal.WriteError($"{SearchSnippet.Clean(failure.Path)}: {failure.Message}");
        }
    }
}
