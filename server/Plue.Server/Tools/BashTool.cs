using System.Globalization;
using System.Text;
using System.Text.Json;
using Plue.Server.Editor;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Tools.Background;

namespace Plue.Server.Tools;

/// <summary>Runs a shell command in the workspace, in the sandbox of this machine. Shell state does not persist between calls.</summary>
/// <param name="description">The description of the tool for the model.</param>
/// <param name="allowsNetwork">The user's setting, which a call cannot change.</param>
/// <param name="editor">Provides the note about files with unsaved changes; null for none.</param>
/// <param name="folders">The workspace of the window. With several folders, a call can choose one. Null for one folder.</param>
/// <param name="background">Runs commands that go on after the call; null if calls cannot start any.</param>
internal sealed class BashTool(
    string description,
    Sandbox sandbox,
    ToolResults results,
    Func<bool> allowsNetwork,
    EditorWindow? editor = null,
    Func<WorkspaceFolders?>? folders = null,
    BackgroundCommands? background = null
) : ITool
{
    private const int DefaultSeconds = 120;
    private const int MaxSeconds = 1_800;
    private const int MaxNamed = 5;

    /// <summary>Linux limits an argument to 128 KiB.</summary>
    private const int MaxCommandLength = 100_000;

    /// <summary>Windows limits a command line to 32,767 characters, and a line for PowerShell is encoded.</summary>
    private const int MaxEncodedLength = 10_000;
    private const string FolderProperty =
        "\"folder\":{\"type\":\"string\",\"description\":\"The name of the workspace folder to run in; the first by default.\"},";
    private const string BackgroundProperty =
        "\"background\":{\"type\":\"boolean\",\"description\":\"Returns at once with an id for bash_process while the command runs.\"},";

    public string Name => "bash";
    public ToolDeclaration Declaration { get; } =
        new("bash", $"{description}{ShellNote}", SchemaOf(folders?.Invoke() is { AreSeveral: true }, background is not null));
    public bool IsReadOnly => false;

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var several = context.Folders is { AreSeveral: true } all ? all : null;
        var given = new ToolParameters(
            parameters,
            [
                .. (string[])["command", "timeout_s"],
                .. several is null ? (string[])[] : ["folder"],
                .. background is null ? (string[])[] : ["background"],
            ]
        );
        var command = given.Text("command");
        var seconds = given.OptionalNumber("timeout_s", 1, MaxSeconds);
        if (context.Folders is not { } workspace)
        {
            throw new ToolFailureException("No workspace folder is open, so no command can run.");
        }
        var folder = several is null ? workspace.First : Chosen(workspace, given.OptionalText("folder"));
        if (string.IsNullOrWhiteSpace(command) || command.Contains('\0', StringComparison.Ordinal))
        {
            throw new ToolFailureException("`command` is empty or contains a NUL character. Nothing was run.");
        }
        if (Encoding.UTF8.GetByteCount(command) > MaxCommandLength)
        {
            throw new ToolFailureException("`command` is longer than 100,000 bytes. Write a script with `write` and run the script.");
        }
        if (CommandShell.OfThisMachine is { Kind: ShellKind.PowerShell } && command.Length > MaxEncodedLength)
        {
            throw new ToolFailureException(
                $"`command` is longer than {MaxEncodedLength} characters. Write a script with `write` and run the script."
            );
        }
        if (CommandShell.OfThisMachine is not { } shell)
        {
            throw new ToolFailureException("No shell was found on this machine. Use the other tools.");
        }

        return new Call(
            command,
            seconds,
            shell,
            await sandbox.KindAsync(cancellationToken),
            new SandboxRules(folder.Path)
            {
                AllowNetwork = allowsNetwork(),
                Others = [.. workspace.Paths.Where(path => path != folder.Path)],
            },
            sandbox,
            () => results.Create(context.CodexId),
            UnsavedNote(workspace)
        )
        {
            CodexId = context.CodexId,
            Background = background,
            IsBackground = background is not null && given.Flag("background"),
        };
    }

    private static string SchemaOf(bool hasFolders, bool hasBackground)
    {
        var folder = hasFolders ? FolderProperty : "";
        var background = hasBackground ? BackgroundProperty : "";
        return $$$"""{"type":"object","properties":{"command":{"type":"string"},{{{folder}}}{{{background}}}"timeout_s":{"type":"integer","minimum":1,"maximum":1800}},"required":["command"],"additionalProperties":false}""";
    }

    /// <summary>Gets the arguments that run a line in PowerShell. It is encoded, because no quoting is safe in all versions.</summary>
    internal static IReadOnlyList<string> PowerShellArguments(string command)
    {
        const string Before = "[Console]::OutputEncoding = [Text.Encoding]::UTF8; $ProgressPreference = 'SilentlyContinue'\n";
        const string After = "\nexit $(if ($?) { 0 } elseif ($LASTEXITCODE) { $LASTEXITCODE } else { 1 })";
        return
        [
            "-NoLogo",
            "-NoProfile",
            "-NonInteractive",
            "-OutputFormat",
            "Text",
            "-EncodedCommand",
            Convert.ToBase64String(Encoding.Unicode.GetBytes($"{Before}{command}{After}")),
        ];
    }

    private static string ShellNote =>
        CommandShell.OfThisMachine is { Kind: ShellKind.PowerShell }
            ? "\n\nThe shell is PowerShell, not sh. Use full names of cmdlets, and quotes only around whole words."
            : "";

    private static WorkspaceFolder Chosen(WorkspaceFolders workspace, string? name) =>
        string.IsNullOrEmpty(name)
            ? workspace.First
            : workspace.All.FirstOrDefault(folder => folder.Name == name || folder.Path == name)
                ?? throw new ToolFailureException(
                    $"`folder` must be a folder of the workspace: {string.Join(", ", workspace.All.Select(folder => HiddenCharacters.VisibleLine(folder.Name)))}. Nothing was run."
                );

    private string UnsavedNote(WorkspaceFolders workspace)
    {
        var files = (editor?.Unsaved ?? [])
            .Where(path => workspace.FolderOf(path) is not null)
            .Take(MaxNamed)
            .Select(path => WorkspacePath.Find(workspace, path)!.Display)
            .ToList();
        return files.Count == 0
            ? ""
            : $"\n[Commands do not see {EditorWindow.UnsavedNote} of {string.Join(", ", files.Order(StringComparer.Ordinal))}.]";
    }

    private sealed class Call(
        string command,
        int? timeout,
        CommandShell shell,
        SandboxKind kind,
        SandboxRules rules,
        Sandbox sandbox,
        Func<StoredOutput> createOutput,
        string unsavedNote
    ) : PlannedCall
    {
        /// <summary>
        /// The outer shell joins the two outputs in order and restores the SIGPIPE default, because .NET ignores the signal. The command line is an argument
        /// and is parsed only by the inner shell.
        /// </summary>
        private const string Joined =
            "exec 2>&1 </dev/null; /usr/bin/env --default-signal=PIPE true 2>/dev/null && exec /usr/bin/env --default-signal=PIPE \"$0\" \"$@\"; exec \"$0\" \"$@\"";

        /// <summary>As <see cref="Joined"/>, with input, and without the signals that the launcher of a background command ignores.</summary>
        private const string JoinedWithInput =
            "exec 2>&1; /usr/bin/env --default-signal=PIPE,INT,QUIT true 2>/dev/null && exec /usr/bin/env --default-signal=PIPE,INT,QUIT \"$0\" \"$@\"; exec \"$0\" \"$@\"";

        /// <summary>How long a background command is watched for an early end, such as that of a mistyped program.</summary>
        private static readonly TimeSpan EarlyEnd = TimeSpan.FromMilliseconds(250);
        private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);
        private const int MaxReportedAtOnce = 8_000;

        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.RunCommand(command, rules.Workspace)];
        public override ApprovalKind Kind => ApprovalKind.Command;
        public override string ActionText => command;
        public override string? Location => rules.Workspace;
        public override string? Sandbox { get; } = Permissions.Sandbox.Describe(kind, rules);
        public override IReadOnlyList<string>? Changes => null;

        public required string CodexId { get; init; }
        public required BackgroundCommands? Background { get; init; }
        public required bool IsBackground { get; init; }

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = new ChildProcessStart
            {
                Program = shell.Path,
                Arguments = shell.Kind == ShellKind.PowerShell ? PowerShellArguments(command) : PosixArguments(),
                Environment = ShellEnvironment.Of(OwnEnvironment.Read(), rules.AllowNetwork),
                WorkingDirectory = rules.Workspace,
            };
            try
            {
                if (IsBackground)
                {
                    return await StartAsync(Background!, start, cancellationToken);
                }

                await using var network = Background is null ? null : await Background.JoinNetworkAsync(CodexId, rules, cancellationToken);
                using var output = new ShellOutput(createOutput);
                using var held = sandbox.Prepare(kind, start, rules with { Network = network?.Network });
                return await RunAsync(held, output, progress, cancellationToken);
            }
            catch (IOException fault)
            {
                throw new ToolFailureException($"The command was not run: {fault.Message}", fault);
            }
        }

        private IReadOnlyList<string> PosixArguments() =>
            [
                "-c",
                IsBackground ? JoinedWithInput : Joined,
                shell.Path,
                .. shell.Name.StartsWith("bash", StringComparison.Ordinal) ? (string[])["--noprofile", "--norc"] : [],
                "-c",
                command,
            ];

        private async Task<ToolOutcome> StartAsync(
            BackgroundCommands background,
            ChildProcessStart start,
            CancellationToken cancellationToken
        )
        {
            var started = await background.StartAsync(
                new BackgroundStart
                {
                    CodexId = CodexId,
                    Command = command,
                    Process = start,
                    Sandbox = kind,
                    Rules = rules,
                    Timeout = timeout is { } limit ? TimeSpan.FromSeconds(limit) : null,
                },
                cancellationToken
            );
            await Task.WhenAny(started.Ended, Task.Delay(EarlyEnd, cancellationToken));
            // The output of a running command stays unread, so that the first wait finds it.
            return new ToolOutcome($"{(started.IsRunning ? "" : started.ReadUnread())}{started.StatusLine}{unsavedNote}");
        }

        private async Task<ToolOutcome> RunAsync(
            SandboxedStart start,
            ShellOutput output,
            IToolProgress progress,
            CancellationToken cancellationToken
        )
        {
            var seconds = timeout ?? DefaultSeconds;
            var began = TimeProvider.System.GetTimestamp();
            await using var child = ChildProcess.Start(start.Start);
            await using var killing = start.Violation.Register(child.Kill);
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            time.CancelAfter(TimeSpan.FromSeconds(seconds));
            string? ended = null;
            try
            {
                await ReadAsync(child, output, progress, time.Token);
            }
            catch (OperationCanceledException) when (progress.Stopped.IsCancellationRequested || !cancellationToken.IsCancellationRequested)
            {
                ended = progress.Stopped.IsCancellationRequested
                    ? "[Stopped by the user together with all processes it started.]"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"[Stopped after {seconds} s together with all processes it started. Set `timeout_s` if it needs longer.]"
                    );
                await child.EndAsync(urgent: true);
            }

            var code = await child.Exited.WaitAsync(ended is null ? cancellationToken : CancellationToken.None);
            var took = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
            var text = new StringBuilder(output.ToString());
            if (text.Length > 0 && text[^1] != '\n')
            {
                text.Append('\n');
            }
            // Only the launcher writes to stderr, because the outputs of the command are joined.
            if (child.StderrTail is { Length: > 0 } problem)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{HiddenCharacters.Visible(problem)}]\n");
            }

            if (start.Finish() is { } note)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{HiddenCharacters.Visible(note)}]\n");
            }

            text.Append(ended ?? string.Create(CultureInfo.InvariantCulture, $"[Exit code {code}, {took:0.0} s.]"));
            text.Append(unsavedNote);
            return new ToolOutcome(text.ToString()) { ExitCode = ended is null ? code : null };
        }

        /// <summary>Reads the output and reports it at most ten times a second. If there is too much, only the end is reported.</summary>
        private static async Task ReadAsync(
            ChildProcess child,
            ShellOutput output,
            IToolProgress progress,
            CancellationToken cancellationToken
        )
        {
            var buffer = new byte[64 * 1024];
            var pending = new StringBuilder();
            var last = TimeProvider.System.GetTimestamp();
            void Report()
            {
                if (pending.Length == 0)
                {
                    return;
                }

                progress.Report(TextCut.Tail(pending.ToString(), MaxReportedAtOnce));
                pending.Clear();
                last = TimeProvider.System.GetTimestamp();
            }

            while (true)
            {
                var reading = child.ReadAsync(buffer, cancellationToken).AsTask();
                if (pending.Length > 0 && await Task.WhenAny(reading, Task.Delay(ProgressInterval, CancellationToken.None)) != reading)
                {
                    Report();
                }

                var count = await reading;
                if (count == 0)
                {
                    break;
                }

                pending.Append(output.Add(buffer.AsSpan(0, count)));
                if (pending.Length > 4 * MaxReportedAtOnce)
                {
                    pending.Remove(0, pending.Length - (2 * MaxReportedAtOnce));
                }
                if (TimeProvider.System.GetElapsedTime(last) >= ProgressInterval)
                {
                    Report();
                }
            }

            Report();
        }
    }
}
