using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary><c>plue edits</c>: lists, accepts, rejects and undoes changes of agents in a folder, as in VS Code.</summary>
internal sealed class EditsCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string[]> paths = new("path") { Arity = ArgumentArity.ZeroOrMore, Description = "Changed files" };
    private readonly Option<string?> workspace = TemplateOptions.Folder(
        "The folder that the agents worked in; defaults to the current one"
    );
    private readonly Option<string?> chat = new("--chat")
    {
        Description = "Only changes of this chat or task and its subtasks: its codex:// address",
    };
    private readonly Option<bool> all = new("--all") { Description = "All files with undecided changes" };
    private readonly Option<string?> hunk = new("--hunk") { Description = "One change of one file: its ID in plue edits show" };
    private readonly Option<bool> json = new("--json") { Description = "Print the result of edit/list as JSON" };

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new EditsCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands(parsed => open(FolderOf(parsed)), terminal);
        return new("edits", "List, show, accept, reject, and undo changes of agents in a folder")
        {
            commands.Verb("list", "List changed files, for example: plue edits list", [chat, workspace, json], Sync(List)),
            commands.Verb(
                "show",
                "Show undecided changes with their IDs, for example: plue edits show src/date.ts",
                [paths, chat, workspace, json],
                Sync(Show)
            ),
            commands.Verb(
                "accept",
                "Keep changes, for example: plue edits accept --all",
                [paths, all, hunk, chat, workspace, json],
                Sync((services, parsed) => Decide(services, parsed, isAccepted: true))
            ),
            commands.Verb(
                "reject",
                "Revert changes, for example: plue edits reject src/date.ts",
                [paths, all, hunk, chat, workspace, json],
                Sync((services, parsed) => Decide(services, parsed, isAccepted: false))
            ),
            commands.Verb(
                "undo",
                "Undo the last turn that changed files, for example: plue edits undo",
                [chat, workspace, json],
                (services, parsed, cancellationToken) => TakeBackAsync(services, parsed, isUndo: true, cancellationToken)
            ),
            commands.Verb(
                "redo",
                "Apply the changes of the last undone turn again, for example: plue edits redo",
                [chat, workspace, json],
                (services, parsed, cancellationToken) => TakeBackAsync(services, parsed, isUndo: false, cancellationToken)
            ),
        };
    }

    private static Func<Services, ParseResult, CancellationToken, Task<int>> Sync(Func<Services, ParseResult, int> run) =>
        (services, parsed, _) => Task.FromResult(run(services, parsed));

    private int List(Services services, ParseResult parsed) => Report(services, parsed, HandlersOf(services).List(parsed.GetValue(chat)));

    private int Show(Services services, ParseResult parsed)
    {
        var mask = services.Platform.Redactor.Mask;
        var handlers = HandlersOf(services);
        var pending = Pending(handlers, parsed);
        if (parsed.GetValue(json))
        {
            terminal.WriteLine(mask(Subcommands.ToJson(handlers.List(parsed.GetValue(chat)) with { Files = pending })));
            return ExitCodes.Done;
        }

        foreach (var file in pending)
        {
            terminal.WriteLine(mask(Line(file)));
            if (file.Conflict is { } conflict)
            {
                terminal.WriteLine(mask(SearchSnippet.Clean(conflict)));
            }
            foreach (var change in file.Hunks)
            {
                terminal.WriteLine(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"@@ -{change.OldStart},{change.OldLines} +{change.NewStart},{change.NewLines} @@ {change.Id}"
                    )
                );
                terminal.WriteLine(mask(HiddenCharacters.Visible(change.Text)).TrimEnd('\n'));
            }
        }

        return ExitCodes.Done;
    }

    private int Decide(Services services, ParseResult parsed, bool isAccepted)
    {
        var named = parsed.GetValue(paths) ?? [];
        if (named.Length == 0 && !parsed.GetValue(all))
        {
            throw new FailureException(FailureKind.BadRequest, "Name the files, or use --all.");
        }
        if (parsed.GetValue(hunk) is not null && named.Length != 1)
        {
            throw new FailureException(FailureKind.BadRequest, "Name the file of the change.");
        }

        var handlers = HandlersOf(services);
        List<string> conflicts = [];
        foreach (var file in Pending(handlers, parsed))
        {
            conflicts.AddRange(handlers.Decide(new EditDecideParams(file.CodexId, file.Path, parsed.GetValue(hunk)), isAccepted).Conflicts);
        }

        return Report(services, parsed, handlers.List(parsed.GetValue(chat)) with { Conflicts = conflicts });
    }

    private async Task<int> TakeBackAsync(Services services, ParseResult parsed, bool isUndo, CancellationToken cancellationToken)
    {
        var handlers = HandlersOf(services);
        var turn =
            handlers.List(parsed.GetValue(chat)).Turns.FirstOrDefault(turn => turn.IsUndone != isUndo)
            ?? throw new FailureException(
                FailureKind.NotFound,
                isUndo ? "There is no turn whose changes can be undone." : "There is no turn whose changes were undone."
            );
        var result = await handlers.TakeBackAsync(new EditTurnParams(turn.CodexId, turn.TurnId), isUndo, cancellationToken);
        terminal.WriteError(
            services.Platform.Redactor.Mask($"{(isUndo ? "Undone" : "Applied again")}: a turn of “{SearchSnippet.Clean(turn.Title)}”.")
        );
        return Report(services, parsed, result);
    }

    /// <summary>Returns undecided files: those named, or all of them.</summary>
    /// <exception cref="FailureException">NotFound: a named file has no undecided change.</exception>
    private List<FileEditView> Pending(EditHandlers handlers, ParseResult parsed)
    {
        var pending = handlers.List(parsed.GetValue(chat)).Files.Where(file => file.State == EditState.Pending).ToList();
        if (parsed.GetValue(paths) is not { Length: > 0 } named)
        {
            return pending;
        }

        var folder = FolderOf(parsed);
        var wanted = named.Select(path => Path.GetRelativePath(folder, Path.GetFullPath(path, folder)).Replace('\\', '/')).ToList();
        return wanted.Find(path => pending.TrueForAll(file => file.Path != path)) is { } missing
            ? throw new FailureException(FailureKind.NotFound, $"There is no undecided change in {missing}.")
            : [.. pending.Where(file => wanted.Contains(file.Path))];
    }

    private int Report(Services services, ParseResult parsed, EditListResult result)
    {
        var mask = services.Platform.Redactor.Mask;
        if (parsed.GetValue(json))
        {
            terminal.WriteLine(mask(Subcommands.ToJson(result)));
        }
        else
        {
            foreach (var file in result.Files)
            {
                terminal.WriteLine(mask(Line(file)));
            }
            if (result.Files.Count == 0)
            {
                terminal.WriteError($"There are no changes of agents in {FolderOf(parsed)}.");
            }
        }

        foreach (var sentence in result.Conflicts)
        {
            terminal.WriteError(mask(SearchSnippet.Clean(sentence)));
        }

        return result.Conflicts.Count == 0 ? ExitCodes.Done : ExitCodes.Failed;
    }

    private static string Line(FileEditView file) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Name(file.State), -8}  {Name(file.Kind), -8}  {$"+{file.Added} -{file.Removed}", 11}  {SearchSnippet.Clean(file.Path)}  {file.CodexId}"
        );

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static EditHandlers HandlersOf(Services services) =>
        // Those of worktrees are reviewed with --workspace and their folder.
        new(services.Edits, services.Platform.Workspace, services.Store.Chats.ListAll, _ => []);

    private string FolderOf(ParseResult parsed) => Path.GetFullPath(parsed.GetValue(workspace) ?? Environment.CurrentDirectory);
}
