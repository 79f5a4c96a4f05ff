using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Tools;

/// <summary>
/// Creates and changes prompts, templates and items. Changes are checked as in the editor before the user is asked, require approval each time, and can be
/// undone as versions. Documents of the workspace are changed like any workspace file.
/// </summary>
/// <param name="follow">Publishes a change, and runs the hooks of an item.</param>
/// <param name="editor">Rejects changes of workspace documents with unsaved changes; null checks only the disk.</param>
internal sealed class CodexEditTool(
    Documents documents,
    Func<string, string?> textOf,
    Func<FileCodex?, FileCodex, CancellationToken, Task> follow,
    EditorWindow? editor = null
) : IToolSource
{
    public const string Name = "edit_codex";

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>(names.Contains(Name) ? [new Tool(documents, textOf(Name) ?? "", follow, editor)] : []);

    private sealed class Tool(
        Documents documents,
        string description,
        Func<FileCodex?, FileCodex, CancellationToken, Task> follow,
        EditorWindow? editor
    ) : ITool
    {
        private const string Schema =
            """{"type":"object","properties":{"uri":{"type":"string"},"text":{"type":"string"},"old":{"type":"string"},"new":{"type":"string"}},"required":["uri"],"additionalProperties":false}""";

        public string Name => CodexEditTool.Name;
        public ToolDeclaration Declaration { get; } = new(CodexEditTool.Name, description, Schema);
        public bool IsReadOnly => false;

        public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
        {
            var given = new ToolParameters(parameters, "uri", "text", "old", "new");
            var uri = CodexTool.AddressOf(given.Text("uri"));
            var files = documents.Of(uri.Collection);
            var codex = files.Get(uri.Name);
            var before = codex is null ? null : files.BytesOf(codex);
            if (before is not null && context.Seen.HashOf(uri.ToString()) != VersionStore.HashOf(before))
            {
                throw new ToolFailureException(
                    $"You have not read the current version of {uri}. Nothing was changed. Read it with `{CodexTool.Name}` first."
                );
            }

            var old = before is null ? null : PromptFormat.Decode(before) ?? throw new ToolFailureException($"{uri} is not text.");
            var text = NewText(given, uri, old);
            if (text == old)
            {
                throw new ToolFailureException($"The change would not change {uri}. Nothing was done.");
            }

            if (HookText.Added(old, text))
            {
                throw new ToolFailureException(
                    $"{uri} was not changed, because the new text adds or changes a hook that runs a command. Only the user can do that, in the editor. Show the user the hook instead."
                );
            }

            var layer = codex?.Layer == TemplateLayer.Workspace ? TemplateLayer.Workspace : TemplateLayer.User;
            var after = Encoding.UTF8.GetBytes(text);
            var read = files.Format.Read(uri.Name, after, layer);
            // A document with errors may be repaired in several steps.
            if (codex?.HasErrors != true && read.Problems.FirstOrDefault(problem => problem.IsError) is { } error)
            {
                throw new ToolFailureException(
                    $"{uri} was not changed, because line {error.Line} of the new text has an error: {error.Message} Correct it and send the call again."
                );
            }

            var problems = string.Concat(read.Problems.Take(MaxProblems).Select(problem => $"\nLine {problem.Line}: {problem.Message}"));
            var done =
                $"{(codex is null ? "Created" : "Changed")} {uri}.{(problems.Length > 0 ? $" Problems that remain:{problems}" : "")}";
            var diff = UnifiedDiff.Of(old ?? "", text);
            if (layer == TemplateLayer.Workspace)
            {
                return Task.FromResult<PlannedCall>(
                    new PlannedFileWrite(
                        WorkspacePath.Resolve(context.Folders, codex!.Path),
                        before is null ? null : new FileVersion(before, null),
                        (after, text),
                        diff,
                        diff,
                        ApprovalKind.Edit,
                        context.Seen,
                        editor,
                        done
                    )
                );
            }

            return Task.FromResult<PlannedCall>(
                new Call(uri, codex, files, (before, after), diff, codex is null ? text : diff, done)
                {
                    Follow = async (now, token) =>
                    {
                        context.Seen.Record(uri.ToString(), VersionStore.HashOf(after));
                        await follow(codex, now, token);
                    },
                }
            );
        }

        private const int MaxProblems = 10;

        private static string NewText(ToolParameters given, CodexUri uri, string? before)
        {
            var (text, old, @new) = (given.OptionalText("text"), given.OptionalText("old"), given.OptionalText("new"));
            if (text is null == old is null || old is null != @new is null)
            {
                throw new ToolFailureException(
                    "Set `text` to the whole document, or `old` and `new` to replace a passage. Nothing was done."
                );
            }

            return text
                ?? (
                    before is null
                        ? throw new ToolFailureException($"{uri} does not exist. Nothing was changed. Set `text` to create it.")
                        : TextReplacement.Replace(before, old!, @new!, all: false).Text
                );
        }
    }

    private sealed class Call(
        CodexUri uri,
        FileCodex? codex,
        FileCodices files,
        (byte[]? Before, byte[] After) content,
        string diff,
        string what,
        string done
    ) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } =
        [
            new ToolAction.ChangeDocument(uri.ToString()),
            .. SchemaUrls.Added(content.Before, content.After).Select(address => new ToolAction.Fetch(address)),
        ];
        public override ApprovalKind Kind => codex is null ? ApprovalKind.Write : ApprovalKind.Edit;
        public override string What => what;
        public override string? Diff => diff;
        public override IReadOnlyList<ProposedFile> Proposed =>
            [
                new ProposedFile(
                    codex?.Path ?? uri.ToString(),
                    content.Before is { } old ? PromptFormat.Decode(old) : null,
                    Encoding.UTF8.GetString(content.After)
                ),
            ];
        public override string? Where => uri.ToString();
        public required Func<FileCodex, CancellationToken, Task> Follow { get; init; }

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = files.Put(uri.Name, content.Before, content.After, VersionAuthor.Agent);
            await Follow(now, CancellationToken.None);
            return new ToolOutcome(done);
        }
    }
}
