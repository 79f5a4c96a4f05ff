using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Modules;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>plue codex</c>: the methods codex/* for documents as commands. <c>--json</c> prints the results of the protocol.</summary>
internal sealed class CodexCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Subcommands commands = new(_ => open(null), terminal);

    /// <param name="open">Opens the services. Called only if a subcommand runs.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal) => new CodexCommand(open, terminal).Build();

    private Command Build() =>
        new("codex", "Show providers, prompts, templates and items, and restore earlier versions")
        {
            List(),
            Get(),
            History(),
            Change(
                "undo",
                "Restore the previous version, for example: plue codex undo codex://prompts/review",
                (documents, uri) => documents.Undo(uri)
            ),
            Change(
                "redo",
                "Redo an undone change, for example: plue codex redo codex://prompts/review",
                (documents, uri) => documents.Redo(uri)
            ),
            Change(
                "restore",
                "Restore a deleted document from the trash, for example: plue codex restore codex://prompts/review",
                (documents, uri) => documents.Restore(uri)
            ),
            Rename(),
            Links(),
        };

    private Command List()
    {
        var collection = new Argument<string>("collection") { Description = "providers, prompts, templates or items" };
        var template = new Option<string?>("--template") { Description = "Only documents of this template or one that inherits from it" };
        var tag = new Option<string[]>("--tag") { Description = "Only documents with this tag; can be repeated" };
        var deleted = new Option<bool>("--deleted") { Description = "List the trash" };
        return Verb(
            "list",
            "List the documents of a collection, for example: plue codex list prompts",
            [collection, template, tag, deleted],
            (documents, parsed, json) =>
            {
                var listed = documents.List(
                    new CodexListParams(parsed.GetValue(collection)!, null)
                    {
                        TemplateId = parsed.GetValue(template),
                        Tags = parsed.GetValue(tag),
                        Deleted = parsed.GetValue(deleted),
                    }
                );
                if (json)
                {
                    commands.WriteJson(listed);
                }
                else
                {
                    foreach (var codex in listed.Items)
                    {
                        terminal.WriteLine(Line(codex));
                    }
                }
            }
        );
    }

    private Command Get()
    {
        var (uri, version) = (Uri(), new Option<long?>("--version") { Description = "Print this version" });
        return Verb(
            "get",
            "Print a document, for example: plue codex get codex://prompts/review",
            [uri, version],
            (documents, parsed, json) =>
            {
                var address = parsed.GetValue(uri)!;
                var got = parsed.GetValue(version) is { } number ? documents.GetVersion(address, number) : documents.Get(address);
                if (json)
                {
                    commands.WriteJson(got);
                }
                else
                {
                    terminal.Write(got.Document!.Text);
                    foreach (var problem in got.Document.Problems)
                    {
                        terminal.WriteError(
                            string.Create(CultureInfo.InvariantCulture, $"{problem.Line}:{problem.Column} {problem.Message}")
                        );
                    }
                }
            }
        );
    }

    private Command History()
    {
        var (uri, diff) = (Uri(), new Option<bool>("--diff") { Description = "Include the changes of each version" });
        return Verb(
            "history",
            "List the versions of a document, newest first, for example: plue codex history codex://prompts/review --diff",
            [uri, diff],
            (documents, parsed, json) =>
            {
                var history = documents.History(parsed.GetValue(uri)!);
                if (json)
                {
                    commands.WriteJson(history);
                    return;
                }

                foreach (var version in history.Versions)
                {
                    terminal.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{version.Version}  {version.Time.UtcDateTime:u}  {version.Author}  {version.Summary}{(version.IsCurrent ? "  (now)" : "")}"
                        )
                    );
                    if (parsed.GetValue(diff) && version.Diff is { } text)
                    {
                        terminal.Write(text);
                    }
                }
            }
        );
    }

    private Command Links()
    {
        var uri = Uri();
        return Verb(
            "links",
            "List references to and from a document, for example: plue codex links codex://prompts/review",
            [uri],
            (documents, parsed, json) =>
            {
                var links = documents.Links(parsed.GetValue(uri)!);
                if (json)
                {
                    commands.WriteJson(links);
                    return;
                }

                foreach (var link in links.Incoming)
                {
                    terminal.WriteLine($"from  {link.Kind}  {link.Target}  {link.Title}");
                }
                foreach (var link in links.Outgoing)
                {
                    terminal.WriteLine($"to  {link.Kind}  {link.Target}  {(link.Exists ? link.Title : "(not there)")}");
                }
            }
        );
    }

    private Command Rename()
    {
        var (uri, name, json) = (
            Uri(),
            new Argument<string>("name") { Description = "The new last part of its address" },
            CommonOptions.Json()
        );
        var dryRun = new Option<bool>("--dry-run") { Description = "Show the changes without making them" };
        return commands.Verb(
            "rename",
            "Give a document another name, and change what refers to it, for example: plue codex rename codex://prompts/review code-review",
            [uri, name, dryRun, json],
            async (services, parsed, cancellationToken) =>
            {
                var done = await DocumentsOf(services)
                    .RenameAsync(
                        new CodexRenameParams(parsed.GetValue(uri)!, parsed.GetValue(name)!, parsed.GetValue(dryRun)),
                        cancellationToken
                    );
                if (parsed.GetValue(json))
                {
                    commands.WriteJson(done);
                    return ExitCodes.Done;
                }

                terminal.WriteLine(done.Uri);
                foreach (var link in done.Updated)
                {
                    terminal.WriteLine($"changed  {link.Kind}  {link.Target}  {link.Title}");
                }
                foreach (var left in done.Skipped)
                {
                    terminal.WriteError($"left  {left.Target}  {left.Reason}");
                }
                return ExitCodes.Done;
            }
        );
    }

    private Command Change(string name, string description, Func<DocumentHandlers, string, CodexSummary> change)
    {
        var uri = Uri();
        return Verb(
            name,
            description,
            [uri],
            (documents, parsed, json) =>
            {
                var changed = change(documents, parsed.GetValue(uri)!);
                if (json)
                {
                    commands.WriteJson(changed);
                }
                else
                {
                    terminal.WriteLine(Line(changed));
                }
            }
        );
    }

    private Command Verb(string name, string description, IReadOnlyList<Symbol> symbols, Action<DocumentHandlers, ParseResult, bool> run)
    {
        var json = CommonOptions.Json();
        return commands.Verb(
            name,
            description,
            [.. symbols, json],
            (services, parsed, _) =>
            {
                run(DocumentsOf(services), parsed, parsed.GetValue(json));
                return Task.FromResult(ExitCodes.Done);
            }
        );
    }

    private static DocumentHandlers DocumentsOf(Services services) => DocumentHandlers.Of(services, (_, _) => { });

    private static Argument<string> Uri() => new("uri") { Description = "Its address, as in codex://prompts/default-assistant" };

    private static string Line(CodexSummary codex) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{codex.Uri}  {codex.Title}  {codex.Layer?.ToString().ToLowerInvariant()}  version {codex.Version}{(codex.Tags.Count > 0 ? "  #" : "")}{string.Join(" #", codex.Tags)}"
        );
}
