using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Store;
using Plue.Server.Transfer.Programs;

namespace Plue.Server.Cli;

/// <summary><c>plue import</c>: the methods switch/* as commands. Imports only the named programs and kinds.</summary>
internal sealed class ImportCommand
{
    private readonly Terminal terminal;
    private readonly Subcommands commands;
    private readonly Option<string?> workspace = new("--workspace")
    {
        Description = "A folder whose agents, prompts, rules and keys are searched too",
    };
    private readonly Option<bool> json = CommonOptions.Json();

    private ImportCommand(Func<string?, Services> open, Terminal terminal)
    {
        this.terminal = terminal;
        commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
    }

    /// <param name="open">Opens the services. Called only if a subcommand runs.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal)
    {
        var command = new ImportCommand(open, terminal);
        return new Command("import", "Import chats, agents, prompts, instructions, keys and MCP servers of other programs")
        {
            command.Find(),
            command.Run(),
            command.Undo(),
        };
    }

    private Command Find() =>
        commands.Verb(
            "find",
            "List what can be imported, for example: plue import find",
            [workspace, json],
            (services, parsed, cancellationToken) =>
            {
                var handlers = Handlers(services);
                foreach (var program in ImportProgram.All)
                {
                    var found = handlers.Find(new ProgramImportFindParams(program.Id), cancellationToken);
                    if (parsed.GetValue(json))
                    {
                        commands.WriteJson(found);
                        continue;
                    }

                    foreach (var group in found.Groups)
                    {
                        var kind = group.Kind.ToString().ToLowerInvariant();
                        var known = group.Items.Count(item => item.Address is not null);
                        terminal.WriteLine(
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"{program.Id, -12} {kind, -12} {group.Items.Count, 5}  {group.Items.Sum(item => item.Size) / 1024, 8:N0} KB{(known > 0 ? $"  {known} imported before" : "")}"
                            )
                        );
                    }
                }

                return Task.FromResult(ExitCodes.Done);
            }
        );

    private Command Run()
    {
        var program = new Argument<string>("program") { Description = string.Join(", ", ImportProgram.All.Select(one => one.Id)) };
        var kinds = new Option<ProgramImportKind[]>("--kind")
        {
            Description =
                "chats, agents, prompts, instructions, keys or mcpServers, whose keys are stored only together with keys; can be repeated",
            Required = true,
            AllowMultipleArgumentsPerToken = true,
        };
        var passphrase = CommonOptions.PassphraseFd();
        return commands.Verb(
            "run",
            "Import everything of these kinds from one program, for example: plue import run claude-code --kind prompts",
            [program, kinds, workspace, json, passphrase],
            async (services, parsed, cancellationToken) =>
            {
                var (handlers, runId) = (Handlers(services), Ids.New("import", TimeProvider.System));
                var named = ProgramImport.Program(parsed.GetRequiredValue(program));
                var chosen = parsed.GetRequiredValue(kinds);
                if (chosen.Contains(ProgramImportKind.Keys))
                {
                    await VaultCommand.UnlockAsync(services.Vault.Vault, parsed.GetValue(passphrase), terminal, cancellationToken);
                }

                var failed = 0;
                foreach (
                    var group in handlers
                        .Find(new ProgramImportFindParams(named.Id), cancellationToken)
                        .Groups.Where(one => chosen.Contains(one.Kind))
                )
                {
                    var ids = group.Items.Where(item => item.Address is null).Select(item => item.Id).ToList();
                    var result = await handlers.ImportAsync(
                        new ProgramImportRunParams(runId, named.Id, group.Kind, ids)
                        {
                            StoreKeys = chosen.Contains(ProgramImportKind.Keys),
                        },
                        cancellationToken
                    );
                    failed += result.Failed.Count;
                    Report(result, services, parsed.GetValue(json));
                }

                terminal.WriteError($"To undo it: plue import undo {runId}");
                return failed == 0 ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    private Command Undo()
    {
        var run = new Argument<string?>("run")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "The ID of an import; the last one by default",
        };
        var passphrase = CommonOptions.PassphraseFd();
        return commands.Verb(
            "undo",
            "Move everything that an import created to the trash, for example: plue import undo import_1",
            [run, json, passphrase],
            async (services, parsed, cancellationToken) =>
            {
                var last = services.ProgramImport.LastRun;
                var id =
                    parsed.GetValue(run)
                    ?? last?.Id
                    ?? throw new FailureException(FailureKind.NotFound, "There is no import to undo. It may have been undone already.");
                if (last?.Id == id && last.HasKeys)
                {
                    await VaultCommand.UnlockAsync(services.Vault.Vault, parsed.GetValue(passphrase), terminal, cancellationToken);
                }

                var result = await Handlers(services).UndoAsync(new ProgramImportUndoParams(id), cancellationToken);
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(result);
                }
                else
                {
                    terminal.WriteLine(result.Removed == 1 ? "1 item was removed." : $"{result.Removed} items were removed.");
                    result.Kept.ToList().ForEach(terminal.WriteError);
                }
                return result.Kept.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
            }
        );
    }

    private void Report(ProgramImportRunResult result, Services services, bool asJson)
    {
        if (asJson)
        {
            commands.WriteJson(result);
            return;
        }

        foreach (var item in result.Imported)
        {
            terminal.WriteLine(services.Platform.Redactor.Mask($"{item.Address}  {SearchSnippet.Clean(item.Id)}"));
        }
        foreach (var failure in result.Failed)
        {
            terminal.WriteError($"{SearchSnippet.Clean(failure.Path)}: {failure.Message}");
        }
    }

    private static ProgramImportHandlers Handlers(Services services) =>
        new(
            services.ProgramImport,
            services.Store.Chats,
            (_, _) => { },
            (address, _) =>
            {
                services.Store.Chats.Delete(CodexUri.Parse(address).Name);
                return Task.CompletedTask;
            },
            DocumentHandlers.Of(services, (_, _) => { }).Delete
        );
}
