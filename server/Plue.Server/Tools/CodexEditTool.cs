using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Tools.Hooks;

namespace Plue.Server.Tools;

/// <summary>
/// Creates and changes prompts, templates and items: checked as in the editor before the user is asked, with approval each time, and as a version that the user can undo.
/// Skills are changed in the same way. A document or skill of the workspace is changed like any other file of the workspace.
/// </summary>
/// <param name="follow">Publishes a change, and runs the hooks of an item.</param>
/// <param name="editor">Rejects changes of workspace documents with unsaved changes; null checks only the disk.</param>
internal sealed class CodexEditTool(
    Documents documents,
    SkillCatalog skills,
    Func<string, string?> textOf,
    Func<FileCodex?, FileCodex, CancellationToken, Task> follow,
    EditorWindow? editor = null
) : IToolSource
{
    public const string Name = "edit_codex";

    public Task<IReadOnlyList<ITool>> FindAsync(IReadOnlyList<string> names, List<string> notes, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ITool>>(
            names.Contains(Name) ? [new Tool(documents, skills, textOf(Name) ?? "", follow, editor)] : []
        );

    private sealed class Tool(
        Documents documents,
        SkillCatalog skills,
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
            if (skills.FindText(given.Text("uri")) is { } skill)
            {
                return Task.FromResult(PlanSkill(skill, given, context));
            }

            var uri = CodexTool.AddressOf(given.Text("uri"));
            var files = documents.Of(uri.Collection);
            var codex = files.Get(uri.Name);
            var before = codex is null ? null : files.BytesOf(codex);
            var old = OldText(uri.ToString(), before, context.Seen);
            var text = NewText(given, uri.ToString(), old);
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

        private PlannedCall PlanSkill(Skill skill, ToolParameters given, ToolContext context)
        {
            var before = skill.ReadText() ?? throw new ToolFailureException($"{skill.Path} cannot be changed. {skill.Failure}");
            var old = OldText(skill.Path, before, context.Seen);
            var text = NewText(given, skill.Path, old);
            var after = Encoding.UTF8.GetBytes(text);
            if (SkillCatalog.FailureOf(skill, text) is { } failure && skill.Failure is null)
            {
                throw new ToolFailureException(
                    $"{skill.Path} was not changed, because the skill could not be used then: {failure} Correct it and send the call again."
                );
            }

            var (diff, done) = (UnifiedDiff.Of(old ?? "", text), $"Changed {skill.Path}.");
            return skill.Place.IsWorkspace
                ? new PlannedFileWrite(
                    WorkspacePath.Resolve(context.Folders, skill.Path),
                    new FileVersion(before, null),
                    (after, text),
                    diff,
                    diff,
                    ApprovalKind.Edit,
                    context.Seen,
                    editor,
                    $"{done} The user has to approve the skill again (Plue: Show Skills) before it is used."
                )
                : new SkillCall(skill, skills, (old ?? "", text), diff, done)
                {
                    Written = () => context.Seen.Record(skill.Path, VersionStore.HashOf(after)),
                };
        }

        private const int MaxProblems = 10;

        /// <exception cref="ToolFailureException">The agent has not read it as it is now.</exception>
        private static string? OldText(string address, byte[]? before, SeenFiles seen)
        {
            if (before is not null && seen.HashOf(address) != VersionStore.HashOf(before))
            {
                throw new ToolFailureException(
                    $"You have not read the current version of {address}. Nothing was changed. Read it with `{CodexTool.Name}` first."
                );
            }

            return before is null ? null : PromptFormat.Decode(before) ?? throw new ToolFailureException($"{address} is not text.");
        }

        private static string NewText(ToolParameters given, string address, string? before)
        {
            var (text, old, @new) = (given.OptionalText("text"), given.OptionalText("old"), given.OptionalText("new"));
            if (text is null == old is null || old is null != @new is null)
            {
                throw new ToolFailureException(
                    "Set `text` to the whole document, or `old` and `new` to replace a passage. Nothing was done."
                );
            }

            text ??= before is null
                ? throw new ToolFailureException($"{address} does not exist. Nothing was changed. Set `text` to create it.")
                : TextReplacement.Replace(before, old!, @new!, all: false).Text;
            return text == before ? throw new ToolFailureException($"The change would not change {address}. Nothing was done.") : text;
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
        public override string ActionText => what;
        public override string? Diff => diff;
        public override IReadOnlyList<ProposedFile> Proposed =>
            [
                new ProposedFile(
                    codex?.Path ?? uri.ToString(),
                    content.Before is { } old ? PromptFormat.Decode(old) : null,
                    Encoding.UTF8.GetString(content.After)
                ),
            ];
        public override string? Location => uri.ToString();
        public required Func<FileCodex, CancellationToken, Task> Follow { get; init; }

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = files.Put(uri.Name, content.Before, content.After, VersionAuthor.Agent);
            await Follow(now, CancellationToken.None);
            return new ToolOutcome(done);
        }
    }

    /// <summary>Changes the text of a skill outside of the workspace.</summary>
    private sealed class SkillCall(Skill skill, SkillCatalog skills, (string Before, string After) text, string diff, string done)
        : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.ChangeDocument(skill.Path)];
        public override ApprovalKind Kind => ApprovalKind.Edit;
        public override string ActionText => diff;
        public override string? Diff => diff;
        public override IReadOnlyList<ProposedFile> Proposed => [new ProposedFile(skill.Path, text.Before, text.After)];
        public override string? Location => skill.Path;
        public required Action Written { get; init; }

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            skills.Put(skill, Encoding.UTF8.GetBytes(text.After));
            Written();
            return Task.FromResult(new ToolOutcome(done));
        }
    }
}
