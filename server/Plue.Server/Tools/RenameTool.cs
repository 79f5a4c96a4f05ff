using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Renames a symbol in all files with the language server, as one edit that is displayed, approved, recorded and undone as a whole.</summary>
/// <param name="description">The description of the tool for the model.</param>
internal sealed class RenameTool(string description, EditorWindow window) : ITool
{
    private const int MaxNameLength = 200;
    private const int MaxFiles = 200;
    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"line":{"type":"integer","minimum":1},"symbol":{"type":"string"},"new_name":{"type":"string"}},"required":["path","line","symbol","new_name"],"additionalProperties":false}""";

    public string Name => "rename";
    public ToolDeclaration Declaration { get; } = new("rename", description, Schema);
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "line", "symbol", "new_name");
        var (path, symbol) = ReferencesTool.Symbol(given, context);
        var name = given.Text("new_name");
        if (name.Length is 0 or > MaxNameLength || name.AsSpan().IndexOfAny("\n\r\0") >= 0 || HiddenCharacters.Count(name) > 0)
        {
            throw new ToolFailureException("`new_name` must be a name in one line, without hidden characters. Nothing was changed.");
        }

        var found = await EditorQuery.EditorOf(window).RenameAsync(symbol, name, cancellationToken);
        if (found.Problem is { } problem)
        {
            throw new ToolFailureException($"{EditorText.Line(problem)} Nothing was changed.");
        }
        if (found.Files.Count is 0 or > MaxFiles)
        {
            throw new ToolFailureException(
                found.Files.Count == 0
                    ? "The language server has no edit for this rename. Nothing was changed."
                    : $"The rename would change {found.Files.Count} files; at most {MaxFiles} are changed at once. Nothing was changed."
            );
        }

        List<FileRename> files = [];
        foreach (var file in found.Files)
        {
            files.Add(await PlanAsync(path.Folders, file, cancellationToken));
        }

        return new Call(
            path,
            $"{symbol.Text} → {name}",
            [.. files.OrderBy(file => file.Path.Shown, StringComparer.Ordinal)],
            context.Seen,
            window
        );
    }

    private async Task<FileRename> PlanAsync(WorkspaceFolders folders, EditorFileEdit edit, CancellationToken cancellationToken)
    {
        var found =
            WorkspacePath.Find(folders, edit.Path)
            ?? throw new ToolFailureException(
                $"The rename would change {EditorText.Line(edit.Path)}, which is outside the workspace. Nothing was changed."
            );
        var path = WorkspacePath.Resolve(folders, found.Full);
        var version = await WorkspaceFile.ReadAsync(path, window, cancellationToken);
        var text = FileText.Of(version.Content);
        if (text?.Encode(text.Content) is not { } same || !same.AsSpan().SequenceEqual(version.Content))
        {
            throw new ToolFailureException($"{path.Display} is not text that can be edited safely. Nothing was changed.");
        }
        if (edit.Hash != FolderHandle.HashOf(Encoding.UTF8.GetBytes(LineEnds.ToUnix(text.Content))))
        {
            throw new ToolFailureException(
                $"{path.Display} in the editor differs from the file on the disk. Nothing was changed. Try again."
            );
        }

        var after = Apply(text.Content, edit.Edits, path);
        return new FileRename(
            path,
            version,
            text.Encode(after)
                ?? throw new ToolFailureException($"The encoding of {path.Display} cannot represent the new name. Nothing was changed."),
            after,
            UnifiedDiff.Of(text.Content, after),
            edit.Edits.Count
        );
    }

    private static string Apply(string text, IReadOnlyList<EditorTextEdit> edits, WorkspacePath path)
    {
        List<int> starts = [0];
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\n' || (text[at] == '\r' && (at + 1 == text.Length || text[at + 1] != '\n')))
            {
                starts.Add(at + 1);
            }
        }

        int? Offset(int line, int column) =>
            line >= 1 && line <= starts.Count && column >= 1 && starts[line - 1] + column - 1 is var at && at <= text.Length ? at : null;

        var output = new StringBuilder();
        var last = 0;
        foreach (
            var (start, end, with) in edits
                .Select(edit => (Offset(edit.Line, edit.Column), Offset(edit.EndLine, edit.EndColumn), edit.Text))
                .OrderBy(edit => edit.Item1)
        )
        {
            if (start is not { } from || end is not { } to || from < last || to < from)
            {
                throw new ToolFailureException(
                    $"The language server returned edits of {path.Display} that do not fit. Nothing was changed."
                );
            }

            output.Append(text, last, from - last).Append(with);
            last = to;
        }

        return output.Append(text, last, text.Length - last).ToString();
    }

    private sealed record FileRename(WorkspacePath Path, FileVersion Before, byte[] After, string Text, string Diff, int Count);

    private sealed class Call(WorkspacePath about, string what, IReadOnlyList<FileRename> files, SeenFiles seen, EditorWindow window)
        : PlannedCall
    {
        private NewProblems? problems;

        public override IReadOnlyList<ToolAction> Actions { get; } =
        [
            .. files.SelectMany(file => file.Path.ActionsFor(one => new ToolAction.ChangeFile(one, FileChangeKind.Modify))),
            .. files.SelectMany(file => SchemaUrls.Added(file.Before.Content, file.After)).Select(address => new ToolAction.Fetch(address)),
        ];
        public override ApprovalKind Kind => ApprovalKind.Edit;
        public override string ActionText => what;
        public override string? Diff { get; } =
            string.Concat(files.Select(file => $"@@ {file.Path.Display} @@\n{file.Diff.TrimEnd('\n')}\n"));
        public override IReadOnlyList<ProposedFile> Proposed =>
            [.. files.Select(file => new ProposedFile(file.Path.Full, FileText.Of(file.Before.Content)?.Content ?? "", file.Text))];
        public override string? Location => files.Count == 1 ? files[0].Path.Full : about.Workspace;
        public override IReadOnlyList<string>? Changes { get; } = [.. files.Select(file => file.Path.Full)];
        public override IReadOnlyDictionary<string, byte[]>? Unsaved { get; } =
            files.Where(file => file.Before.Unsaved is not null).ToDictionary(file => file.Path.Full, file => file.Before.Content);

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            problems = await NewProblems.BeforeAsync(window, [.. files.Select(file => file.Path)], cancellationToken);
            foreach (var file in files)
            {
                var now = await WorkspaceFile.ReadAsync(file.Path, window, cancellationToken);
                if (!now.Content.AsSpan().SequenceEqual(file.Before.Content))
                {
                    throw new ToolFailureException($"{file.Path.Display} changed in the meantime. Nothing was changed. Call it again.");
                }
            }

            var text = new StringBuilder();
            List<string> done = [];
            foreach (var file in files)
            {
                try
                {
                    var wasSeen = seen.HashOf(file.Path.Full) == FolderHandle.HashOf(file.Before.Content);
                    var earlier = seen.HashOf(file.Path.Full);
                    var note = await WorkspaceFile.WriteAsync(file.Path, file.Before, file.After, file.Text, window, seen);
                    if (!wasSeen)
                    {
                        // The model knows only the renamed lines.
                        seen.Record(file.Path.Full, earlier ?? "");
                    }

                    done.Add(file.Path.Display);
                    text.Append(CultureInfo.InvariantCulture, $"{file.Path.Display}: {Plural.Of(file.Count, "place")}.{note}\n");
                }
                catch (ToolFailureException fault) when (done.Count > 0)
                {
                    throw new ToolFailureException(
                        $"{fault.Message} The rename is incomplete. Already changed: {string.Join(", ", done)}. Check these files, and rename the rest.",
                        fault
                    );
                }
            }

            return new ToolOutcome($"Renamed {what} in {Plural.Of(files.Count, "file")}:\n{text}");
        }

        public override Task<string> FollowUpAsync(CancellationToken cancellationToken) =>
            problems?.AfterAsync(cancellationToken) ?? Task.FromResult("");
    }
}
