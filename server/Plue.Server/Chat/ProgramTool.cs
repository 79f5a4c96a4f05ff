using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Represents one call of a program's own tool in permission checks. The program itself runs the call while this tool is running. Single use.</summary>
/// <param name="editor">Rejects changes to files with unsaved changes, which the program would overwrite.</param>
internal sealed class ProgramTool(ProgramCall call, EditorWindow editor) : ITool
{
    private const int MaxFileBytes = 10 * 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly TaskCompletionSource allowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name =>
        call switch
        {
            ProgramCall.Search => "search",
            ProgramCall.Read => "read",
            ProgramCall.Write => "write",
            ProgramCall.Edit => "edit",
            ProgramCall.Command => "bash",
            ProgramCall.ServerTool(_, _, var server, var tool) => $"{server}{ToolNames.ServerSeparator}{tool}",
            _ => call.Name,
        };

    /// <summary>It comes from the program's own settings: a skill, an agent or a tool of an MCP server.</summary>
    public bool IsOfSettings => call is ProgramCall.OfSettings or ProgramCall.ServerTool;

    public ToolDeclaration Declaration => new(call.Name, "", "{}");

    public bool IsReadOnly => call is ProgramCall.Read;

    /// <summary>Completes when the program is allowed to run the call.</summary>
    public Task Allowed => allowed.Task;

    /// <summary>Reports that the program has run the call or abandoned it.</summary>
    public void End() => ended.TrySetResult();

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var folder = context.Workspace ?? throw new ToolFailureException("No folder is open, so there is nothing to work on.");
        return Task.FromResult<PlannedCall>(
            call switch
            {
                ProgramCall.Read read => PlanRead(read, context, folder),
                ProgramCall.Write write => PlanWrite(PathIn(write.Path, folder), write.Content),
                ProgramCall.Edit edit => PlanEdit(PathIn(edit.Path, folder), edit),
                ProgramCall.Command command => new Call(
                    this,
                    [new ToolAction.RunCommand(command.Text, folder)],
                    ApprovalKind.Command,
                    command.Text
                )
                {
                    AtPath = folder,
                    SandboxText = OutsideSandbox,
                    Paths = null,
                },
                ProgramCall.OfSettings => new Call(this, [new ToolAction.OwnRecord()], ApprovalKind.Other, $"{call.Name} {call.Input}")
                {
                    AtPath = folder,
                },
                ProgramCall.ServerTool(_, _, var server, var tool) => new Call(
                    this,
                    [new ToolAction.CallServer(server, tool)],
                    ApprovalKind.ServerTool,
                    $"{Name}\n{call.Input}"
                )
                {
                    AtPath = folder,
                    SandboxText = OutsideSandbox,
                    Paths = null,
                },
                ProgramCall.Invalid invalid => throw new ToolFailureException(invalid.Reason),
                _ => throw new InvalidOperationException($"Calls do not know {call.GetType().Name}."),
            }
        );
    }

    private string OutsideSandbox => $"{call.Program} runs this itself, outside Plue's sandbox.";

    private Call PlanRead(ProgramCall.Read read, ToolContext context, string folder)
    {
        var path = Path.GetFullPath(
            read.Path
                ?? throw new ToolFailureException(
                    "The files that this would read are not known. Give an absolute path, and a pattern that stays inside it."
                ),
            folder
        );
        if (read is ProgramCall.Search { ReadsContent: true } && Directory.Exists(path) && context.Rights().Any(RestrictsFiles))
        {
            // The program itself searches all files of a folder, including those that rules exclude (SEC-25).
            throw new ToolFailureException(
                "Some files of this folder may not be read, so the whole folder is not searched. Search a single file, or read it."
            );
        }

        return new Call(this, [new ToolAction.ReadFile(path)], ApprovalKind.Read, $"{call.Name} {call.Input}") { AtPath = path };
    }

    private static bool RestrictsFiles(Rights rights) =>
        rights
            .Permissions.Deny.Concat(rights.Permissions.Ask)
            .Any(rule => rule.StartsWith("read", StringComparison.Ordinal) || rule.StartsWith("search", StringComparison.Ordinal));

    private Call PlanWrite(string path, string content) => Change(path, Read(path), content, content);

    private Call PlanEdit(string path, ProgramCall.Edit edit)
    {
        var before = Read(path);
        if (edit.Before.Length == 0)
        {
            return before is null
                ? Change(path, null, edit.After, edit.After)
                : throw new ToolFailureException("The text to replace is empty, but the file exists. Write the whole file instead.");
        }

        // The program reads all line endings as line feeds and matches passages loosely. The approval must show exactly what will happen.
        var text = (before ?? throw new ToolFailureException("There is no such file.")).Replace("\r\n", "\n", StringComparison.Ordinal);
        var at = text.IndexOf(edit.Before, StringComparison.Ordinal);
        if (at < 0)
        {
            throw new ToolFailureException("The text to replace was not found in the file. Read the file again and copy the text exactly.");
        }
        if (!edit.All && text.IndexOf(edit.Before, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new ToolFailureException(
                "The text to replace occurs in the file more than once. Include more lines around it, or replace all occurrences."
            );
        }

        var after = edit.All
            ? text.Replace(edit.Before, edit.After, StringComparison.Ordinal)
            : string.Concat(text.AsSpan(0, at), edit.After, text.AsSpan(at + edit.Before.Length));
        return Change(path, text, after, UnifiedDiff.Of(text, after));
    }

    private Call Change(string path, string? before, string after, string what) =>
        IsUnsaved(RealPath.Of(path))
            ? throw new ToolFailureException(
                $"{Path.GetFileName(path)} has {EditorWindow.UnsavedNote}. Nothing was changed. Ask the user to save or discard them first."
            )
            : new(
                this,
                [new ToolAction.ChangeFile(path, before is null ? FileChangeKind.Create : FileChangeKind.Modify)],
                call is ProgramCall.Write ? ApprovalKind.Write : ApprovalKind.Edit,
                what
            )
            {
                AtPath = path,
                ChangeDiff = UnifiedDiff.Of(before ?? "", after),
                Files = [new ProposedFile(path, before, after)],
                Paths = [path],
                Before = (RealPath.Of(path), before),
            };

    private bool IsUnsaved(string realPath) => editor.IsUnsaved(realPath);

    private static string PathIn(string path, string folder) =>
        path.Length > 0 && !path.StartsWith('~') && !path.Contains('\0')
            ? Path.GetFullPath(path, folder)
            : throw new ToolFailureException("Give the absolute path of the file.");

    /// <returns>Null if the file does not exist.</returns>
    private static string? Read(string path)
    {
        try
        {
            var content =
                RegularFile.Read(path, MaxFileBytes) ?? throw new ToolFailureException("The file is too large to be changed here.");
            return Strict.GetString(content);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (DecoderFallbackException e)
        {
            throw new ToolFailureException("The file is not UTF-8 text, so the change cannot be shown.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ToolFailureException($"The file cannot be read: {e.Message}", e);
        }
    }

    private sealed class Call(ProgramTool tool, IReadOnlyList<ToolAction> actions, ApprovalKind kind, string what) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => actions;
        public override ApprovalKind Kind => kind;
        public override string ActionText => what;
        public override string? Diff => ChangeDiff;
        public override IReadOnlyList<ProposedFile> Proposed => Files;

        // The program has its own result, which cannot be extended.
        public override IReadOnlyList<string> Touches => [];
        public override string? Location => AtPath;
        public override string? Sandbox => SandboxText;
        public override IReadOnlyList<string>? Changes => Paths;
        public override bool CanStopAlone => false;
        public required string AtPath { get; init; }
        public string? ChangeDiff { get; init; }
        public IReadOnlyList<ProposedFile> Files { get; init; } = [];
        public string? SandboxText { get; init; }
        public IReadOnlyList<string>? Paths { get; init; } = [];

        /// <summary>Gets the real path and content of the file when the call was planned.</summary>
        public (string RealPath, string? Content)? Before { get; init; }

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (
                Before is var (real, content)
                && (tool.IsUnsaved(real) || RealPath.Of(AtPath) != real || Normal(Read(AtPath)) != Normal(content))
            )
            {
                throw new ToolFailureException("The file changed while this call was waiting, so it did not run. Read the file again.");
            }

            tool.allowed.TrySetResult();
            // The program is running the call, so its result is awaited even after a stop.
            await tool.ended.Task;
            return new ToolOutcome("");
        }

        private static string? Normal(string? text) => text?.Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}
