using System.Text;
using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Providers.ClaudeCode;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Represents one call of a Claude Code tool in permission checks. The program itself runs the call while this tool is running. Single use.</summary>
/// <param name="name">The name in the program, such as <c>Read</c> or <c>Bash</c>.</param>
/// <param name="editor">Rejects changes to files with unsaved changes, which the program would overwrite.</param>
internal sealed class ProgramTool(string name, EditorWindow editor) : ITool
{
    private const int MaxFileBytes = 10 * 1024 * 1024;
    private const string OutsideSandbox = "Claude Code runs this itself, outside Plue's sandbox.";
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly TaskCompletionSource allowed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name =>
        name switch
        {
            "Read" => "read",
            "Grep" or "Glob" => "search",
            "Write" => "write",
            "Edit" => "edit",
            "Bash" => "bash",
            _ when ServerTool is var (server, tool) => $"{server}{ToolNames.ServerSeparator}{tool}",
            _ => name,
        };

    /// <summary>It comes from the program's own settings: a skill, an agent or a tool of an MCP server.</summary>
    public bool IsOfSettings => ClaudeCodeTools.OfSettings.Contains(name) || ServerTool is not null;

    private (string Server, string Tool)? ServerTool =>
        name.StartsWith(ClaudeCodeTools.ServerPrefix, StringComparison.Ordinal)
        && name[ClaudeCodeTools.ServerPrefix.Length..].Split("__", 2) is [{ Length: > 0 } server, { Length: > 0 } tool]
            ? (server, tool)
            : null;

    public ToolDeclaration Declaration => new(name, "", "{}");

    public bool IsReadOnly => name is "Read" or "Grep" or "Glob";

    /// <summary>Completes when the program is allowed to run the call.</summary>
    public Task Allowed => allowed.Task;

    /// <summary>Reports that the program has run the call or abandoned it.</summary>
    public void End() => ended.TrySetResult();

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var folder = context.Workspace ?? throw new ToolFailureException("No folder is open, so there is nothing to work on.");
        return Task.FromResult<PlannedCall>(
            name switch
            {
                "Read" or "Grep" or "Glob" => PlanRead(parameters, context, folder),
                "Write" => PlanWrite(parameters, folder),
                "Edit" => PlanEdit(parameters, folder),
                "Bash" => PlanCommand(parameters, folder),
                // What an agent of it does is judged call by call.
                _ when ClaudeCodeTools.OfSettings.Contains(name) => new Call(
                    this,
                    [new ToolAction.OwnRecord()],
                    ApprovalKind.Other,
                    $"{name} {parameters.GetRawText()}"
                )
                {
                    AtPath = folder,
                },
                _ when ServerTool is var (server, tool) => new Call(
                    this,
                    [new ToolAction.CallServer(server, tool)],
                    ApprovalKind.ServerTool,
                    $"{Name}\n{parameters.GetRawText()}"
                )
                {
                    AtPath = folder,
                    HeldBy = OutsideSandbox,
                    Paths = null,
                },
                _ => throw new ToolFailureException($"There is no tool {name} here. Use only the tools you were given."),
            }
        );
    }

    private Call PlanRead(JsonElement parameters, ToolContext context, string folder)
    {
        var path =
            ClaudeCodeTools.ReadPath(name, parameters.GetRawText(), folder)
            ?? throw new ToolFailureException(
                "The files that this would read are not known. Give an absolute path, and a pattern that stays inside it."
            );
        if (name == "Grep" && Directory.Exists(path) && context.Rights().Any(RestrictsFiles))
        {
            // The program itself searches all files of a folder, including those that rules exclude (SEC-25).
            throw new ToolFailureException(
                "Some files of this folder may not be read, so the whole folder is not searched. Search a single file, or read it."
            );
        }

        return new Call(this, [new ToolAction.ReadFile(path)], ApprovalKind.Read, $"{name} {parameters.GetRawText()}") { AtPath = path };
    }

    private static bool RestrictsFiles(Rights rights) =>
        rights
            .Permissions.Deny.Concat(rights.Permissions.Ask)
            .Any(rule => rule.StartsWith("read", StringComparison.Ordinal) || rule.StartsWith("search", StringComparison.Ordinal));

    private Call PlanWrite(JsonElement parameters, string folder)
    {
        var (path, content) = (PathIn(parameters, folder), Text(parameters, "content"));
        var before = Read(path);
        return Change(path, before, content, content);
    }

    private Call PlanEdit(JsonElement parameters, string folder)
    {
        var (path, oldText, replacement) = (PathIn(parameters, folder), Text(parameters, "old_string"), Text(parameters, "new_string"));
        var before = Read(path);
        if (oldText.Length == 0)
        {
            return before is null
                ? Change(path, null, replacement, replacement)
                : throw new ToolFailureException("old_string is empty, but the file exists. Write the whole file instead.");
        }

        // The program reads all line endings as line feeds and matches passages loosely. The approval must show exactly what will happen.
        var text = (before ?? throw new ToolFailureException("There is no such file.")).Replace("\r\n", "\n", StringComparison.Ordinal);
        var all = parameters.TryGetProperty("replace_all", out var value) && value.ValueKind == JsonValueKind.True;
        var at = text.IndexOf(oldText, StringComparison.Ordinal);
        if (at < 0)
        {
            throw new ToolFailureException("old_string was not found in the file. Read the file again and copy the text exactly.");
        }
        if (!all && text.IndexOf(oldText, at + 1, StringComparison.Ordinal) >= 0)
        {
            throw new ToolFailureException(
                "old_string occurs in the file more than once. Include more lines around it, or set replace_all."
            );
        }

        var after = all
            ? text.Replace(oldText, replacement, StringComparison.Ordinal)
            : string.Concat(text.AsSpan(0, at), replacement, text.AsSpan(at + oldText.Length));
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
                Name == "write" ? ApprovalKind.Write : ApprovalKind.Edit,
                what
            )
            {
                AtPath = path,
                ChangeDiff = UnifiedDiff.Of(before ?? "", after),
                Files = [new ProposedFile(path, before, after)],
                Paths = [path],
                Before = (RealPath.Of(path), before),
            };

    private Call PlanCommand(JsonElement parameters, string folder)
    {
        foreach (var wish in new[] { "run_in_background", "dangerouslyDisableSandbox" })
        {
            if (parameters.TryGetProperty(wish, out var value) && value.ValueKind != JsonValueKind.False)
            {
                throw new ToolFailureException($"Omit {wish}: it is not available here.");
            }
        }

        var command = Text(parameters, "command");
        return new Call(this, [new ToolAction.RunCommand(command, folder)], ApprovalKind.Command, command)
        {
            AtPath = folder,
            HeldBy = OutsideSandbox,
            Paths = null,
        };
    }

    private bool IsUnsaved(string realPath) => editor.IsUnsaved(realPath);

    private static string PathIn(JsonElement parameters, string folder) =>
        Text(parameters, "file_path") is { Length: > 0 } path && !path.StartsWith('~') && !path.Contains('\0')
            ? Path.GetFullPath(path, folder)
            : throw new ToolFailureException("Give the absolute path of the file.");

    private static string Text(JsonElement parameters, string field) =>
        parameters.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() ?? ""
            : throw new ToolFailureException($"The parameter {field} is missing.");

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
        public override string? Sandbox => HeldBy;
        public override IReadOnlyList<string>? Changes => Paths;
        public override bool CanStopAlone => false;
        public required string AtPath { get; init; }
        public string? ChangeDiff { get; init; }
        public IReadOnlyList<ProposedFile> Files { get; init; } = [];
        public string? HeldBy { get; init; }
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
