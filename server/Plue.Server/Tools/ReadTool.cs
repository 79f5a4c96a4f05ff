using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Codices.Skills;
using Plue.Server.Editor;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;

namespace Plue.Server.Tools;

/// <summary>Reads a file of the workspace, an image, a notebook, or the rest of a truncated output.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="editor">Reads files with unsaved changes; null reads only the disk.</param>
/// <param name="skills">The skills whose files can be read; null for none.</param>
internal sealed class ReadTool(string description, ToolResults results, EditorWindow? editor = null, SkillCatalog? skills = null) : ITool
{
    /// <summary>The maximum number of lines per result.</summary>
    public const int MaxLines = 2_000;

    /// <summary>The maximum number of characters per result, below the limit of <see cref="ToolRunner"/>.</summary>
    public const int MaxCharacters = 36_000;

    /// <summary>The maximum number of characters per line.</summary>
    public const int MaxLineLength = 2_000;
    private const int MaxImageBytes = 5 * 1024 * 1024;

    private const string Schema =
        """{"type":"object","properties":{"path":{"type":"string"},"from":{"type":"integer","minimum":1},"to":{"type":"integer","minimum":1}},"required":["path"],"additionalProperties":false}""";

    public string Name => "read";
    public ToolDeclaration Declaration { get; } = new("read", description, Schema);
    public bool IsReadOnly => true;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "path", "from", "to");
        var (from, to) = (given.OptionalNumber("from", 1, int.MaxValue), given.OptionalNumber("to", 1, int.MaxValue));
        if (to < from)
        {
            throw new ToolFailureException($"`to` ({to}) is before `from` ({from}).");
        }

        var named = given.Text("path");
        if (named.StartsWith(ToolResults.Scheme, StringComparison.Ordinal))
        {
            return Task.FromResult<PlannedCall>(new OutputCall(results, context.CodexId, named, from ?? 1, to));
        }

        if (skills?.FindFile(named) is { } found)
        {
            return Task.FromResult<PlannedCall>(new SkillCall(found.Skill, found.File, from ?? 1, to));
        }

        return Task.FromResult<PlannedCall>(
            new FileCall(WorkspacePath.Resolve(context.Folders, named), context.Seen, editor, from ?? 1, to)
        );
    }

    /// <summary>Gets a range of lines with line numbers, truncated if it is too long.</summary>
    internal static string Numbered(string text, int from, int? to, string? note)
    {
        var output = new StringBuilder();
        var (line, last, isTruncated, hidden) = (0, 0, false, 0);
        foreach (var one in Lines(text))
        {
            line++;
            if (line < from || isTruncated || line > (to ?? int.MaxValue))
            {
                continue;
            }
            if (line - from >= MaxLines || output.Length + Math.Min(one.Length, MaxLineLength) > MaxCharacters)
            {
                isTruncated = true;
                continue;
            }

            output.Append(CultureInfo.InvariantCulture, $"{line, 6}\t");
            var start = one.Length <= MaxLineLength ? one : one[..MaxLineLength];
            hidden += HiddenCharacters.Count(start);
            output
                .Append(HiddenCharacters.Visible(start))
                .Append(one.Length <= MaxLineLength ? "" : $" [{one.Length - MaxLineLength} more characters in this line]")
                .Append('\n');
            last = line;
        }

        if (line == 0)
        {
            return "[The file is empty.]";
        }
        if (from > line)
        {
            throw new ToolFailureException($"The file has only {line} lines.");
        }
        if (isTruncated)
        {
            output.Append(
                CultureInfo.InvariantCulture,
                $"[These are lines {from} to {last} of {line}. Continue with `from: {last + 1}`.]\n"
            );
        }
        else if (from > 1 || last < line)
        {
            output.Append(CultureInfo.InvariantCulture, $"[These are lines {from} to {last} of {line}.]\n");
        }

        if (hidden > 0)
        {
            output.Append(CultureInfo.InvariantCulture, $"[{hidden} invisible characters are shown as ⟨U+…⟩.]\n");
        }
        if (note is not null)
        {
            output.Append(CultureInfo.InvariantCulture, $"[{note}]\n");
        }
        return output.ToString();
    }

    private static IEnumerable<string> Lines(string text)
    {
        for (var start = 0; start < text.Length; )
        {
            var end = text.IndexOf('\n', start) is var found and >= 0 ? found : text.Length;
            yield return text[start..(end > start && text[end - 1] == '\r' ? end - 1 : end)];
            start = end + 1;
        }
    }

    private sealed class FileCall(WorkspacePath path, SeenFiles seen, EditorWindow? editor, int from, int? to) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = path.ActionsFor(one => new ToolAction.ReadFile(one));
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText { get; } = path.Shown;
        public override string? Location => path.Full;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var version = await WorkspaceFile.ReadAsync(path, editor, cancellationToken);
            var content = version.Content;
            if (ProtectedPaths.DenialReason(content) is { } why)
            {
                throw new ToolFailureException($"{path.Display} {why}.");
            }

            var outcome = ImageType.Detect(content) is { } mediaType ? Image(content, mediaType) : new ToolOutcome(Shown(content));
            seen.Record(path.Full, FolderHandle.HashOf(content));
            return version.Unsaved is null
                ? outcome
                : outcome with
                {
                    Text =
                        $"{outcome.Text}{(outcome.Text.EndsWith('\n') ? "" : "\n")}[{path.Display} has {EditorWindow.UnsavedNote}; they are shown.]\n",
                };
        }

        private ToolOutcome Image(byte[] content, string mediaType) =>
            content.Length > MaxImageBytes
                ? throw new ToolFailureException(
                    $"{path.Display} is an image of {content.Length / 1024 / 1024} MiB; only up to {MaxImageBytes / 1024 / 1024} MiB can be shown. Create a smaller copy."
                )
                : new ToolOutcome($"[{path.Display} is an image, {mediaType}, {content.Length} bytes. It is attached to this result.]")
                {
                    Images =
                    [
                        new MessagePart.File(path.Display, null)
                        {
                            MediaType = mediaType,
                            Size = content.Length,
                            Hash = FolderHandle.HashOf(content),
                            Data = content,
                        },
                    ],
                };

        private string Shown(byte[] content)
        {
            var text =
                FileText.Of(content)
                ?? throw new ToolFailureException($"{path.Display} is not text ({content.Length} bytes) and cannot be shown.");
            if (Notebook.IsNotebook(path.Relative) && Notebook.Of(text.Content) is { } notebook)
            {
                seen.Record(Notebook.SeenKey(path.Full), notebook.HashOfCells);
                return notebook.Cells.Count == 0
                    ? "[The notebook has no cells. `edit_cell` can insert cell 1.]"
                    : Numbered(
                        notebook.Shown(),
                        from,
                        to,
                        "This notebook is shown as cells. `edit_cell` changes a cell by its number. The file itself is JSON, which `search` shows."
                    );
            }

            return Numbered(text.Content, from, to, text.Note);
        }
    }

    private sealed class SkillCall(Skill skill, SkillFile file, int from, int? to) : PlannedCall
    {
        private string Shown => $"{skill.Place.Title}/{Path.GetFileName(skill.Folder)}/{file.Path}";
        private string FullPath => Path.Combine(skill.Folder, file.Path.Replace('/', Path.DirectorySeparatorChar));

        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.ReadSkill(FullPath)];
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText => Shown;
        public override string? Location => FullPath;

        /// <summary>Empty, because no instructions of the workspace apply.</summary>
        public override IReadOnlyList<string> Touches => [];

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var name = HiddenCharacters.VisibleLine(file.Path);
            if (file.IsLinkOut || skill.ReadFile(file) is not { } content)
            {
                throw new ToolFailureException(
                    $"{name} changed since the skill {skill.Name} was loaded, or is a link. Load the skill again."
                );
            }
            if (ProtectedPaths.DenialReason(content) is { } why)
            {
                throw new ToolFailureException($"{name} {why}.");
            }

            var text =
                FileText.Of(content) ?? throw new ToolFailureException($"{name} is not text ({content.Length} bytes) and cannot be shown.");
            return Task.FromResult(new ToolOutcome(Numbered(text.Content, from, to, text.Note)));
        }
    }

    private sealed class OutputCall(ToolResults results, string codexId, string name, int from, int? to) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Read;
        public override string ActionText => name;

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(Numbered(results.Read(codexId, name), from, to, null)));
    }
}
