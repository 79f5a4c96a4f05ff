using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Providers;
using Plue.Server.Templates;
using Plue.Server.Tools.Background;

namespace Plue.Server.Tools;

/// <summary>The bash_process tool, with which an agent reads, awaits, answers and stops commands that it started in the background.</summary>
/// <param name="description">The tool description for the model.</param>
internal sealed class BashProcessTool(string description, BackgroundCommands commands) : ITool
{
    public const string ToolName = ToolNames.BashProcess;
    private const int DefaultSeconds = 30;
    private const int MaxSeconds = 600;
    private const int MaxPort = 65_535;
    private const int MaxInput = 4_000;
    private const int MaxPattern = 500;

    public string Name => ToolName;

    // It follows the calls of bash in the same round.
    public bool IsReadOnly => false;

    public ToolDeclaration Declaration { get; } =
        new(
            ToolName,
            description,
            """
            {"type":"object","properties":{"id":{"type":"string"},
            "input":{"type":"string","description":"Lines to type into the command."},
            "wait_for":{"type":"string","description":"Waits until new output matches this regular expression."},
            "port":{"type":"integer","minimum":1,"maximum":65535,"description":"Waits until the command accepts connections at this port."},
            "timeout_s":{"type":"integer","minimum":1,"maximum":600,"description":"The limit of a wait; alone, waits for the command to end. Default of a wait: 30."},
            "stop":{"type":"boolean"}},"required":["id"],"additionalProperties":false}
            """.ReplaceLineEndings("")
        );

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var given = new ToolParameters(parameters, "id", "input", "wait_for", "port", "timeout_s", "stop");
        var id = given.Text("id");
        // The same sentence for commands of other agents, which must not learn of each other.
        var command = commands.Find(id) is { } found && found.CodexId == context.CodexId ? found : throw Unknown(id, context.CodexId);
        var request = new Request(
            given.OptionalText("input") is { } input ? CheckedInput(input) : null,
            given.OptionalText("wait_for") is { Length: > 0 } pattern ? Expression(pattern) : null,
            given.OptionalNumber("port", 1, MaxPort),
            given.OptionalNumber("timeout_s", 1, MaxSeconds),
            given.Flag("stop")
        );
        if (request is { WaitFor: not null, Port: not null })
        {
            throw new ToolFailureException("Set `wait_for` or `port`, not both. Nothing was done. Send the call again.");
        }
        if (request is { Stop: true } and not { Input: null, WaitFor: null, Port: null })
        {
            throw new ToolFailureException("`stop` allows no other parameter. Nothing was done. Send the call again.");
        }

        return Task.FromResult<PlannedCall>(new Call(command, request));
    }

    private ToolFailureException Unknown(string id, string codexId)
    {
        var known = commands.Of(codexId);
        return new(
            $"There is no background command {HiddenCharacters.VisibleLine(TextCut.Head(id, 40))}. "
                + (
                    known.Count == 0
                        ? "Start one with `bash` and `background: true`. Commands end with Plue."
                        : $"Use {string.Join(", ", known.Select(one => one.Id))}."
                )
        );
    }

    private static string CheckedInput(string input)
    {
        var text = input.EndsWith('\n') ? input[..^1] : input;
        return text.Length > MaxInput ? throw new ToolFailureException($"`input` is longer than {MaxInput} characters. Nothing was sent.")
            : text.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\t'))
                ? throw new ToolFailureException("`input` has a control character. Nothing was sent. Use `stop` to end the command.")
            : text;
    }

    private static Regex Expression(string pattern)
    {
        try
        {
            return pattern.Length > MaxPattern
                ? throw new ToolFailureException($"`wait_for` is longer than {MaxPattern} characters. Nothing was done.")
                : new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.NonBacktracking);
        }
        catch (Exception fault) when (fault is ArgumentException or NotSupportedException)
        {
            throw new ToolFailureException(
                $"`wait_for` is not a regular expression without lookarounds and back-references ({fault.Message.TrimEnd('.')}). Nothing was done.",
                fault
            );
        }
    }

    private sealed record Request(string? Input, Regex? WaitFor, int? Port, int? Seconds, bool Stop);

    private sealed class Call(BackgroundCommand command, Request request) : PlannedCall
    {
        private static readonly TimeSpan PortInterval = TimeSpan.FromMilliseconds(100);
        private static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(100);

        public override IReadOnlyList<ToolAction> Actions =>
            request.Input is null ? [new ToolAction.OwnRecord()] : [new ToolAction.SendInput(command.Command, command.Folder)];

        // Waiting is no progress of its own, but the call can take long.
        public override ApprovalKind Kind => ApprovalKind.Command;
        public override string ActionText => request.Input ?? "";
        public override string? Location => command.Folder;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            if (request.Stop)
            {
                await command.StopAsync($"[{command.Id} was stopped.]");
                return new ToolOutcome($"{Unread()}{command.StatusLine}");
            }

            var before = command.Length;
            if (request.Input is { } input)
            {
                try
                {
                    await command.SendAsync(input, cancellationToken);
                }
                catch (IOException fault)
                {
                    return new ToolOutcome($"{Unread()}[Nothing was sent: {fault.Message}]\n{command.StatusLine}");
                }
            }

            // Output that no call has returned counts, so that a fast command is not missed.
            var note = await WaitAsync(request.Input is null ? command.UnreadPosition : before, progress, cancellationToken);
            return new ToolOutcome($"{Unread()}{note}{command.StatusLine}");
        }

        private string Unread() => command.ReadUnread() is { Length: > 0 } text ? (text[^1] == '\n' ? text : text + '\n') : "";

        /// <returns>A line about the wait; empty for none.</returns>
        private async Task<string> WaitAsync(long from, IToolProgress progress, CancellationToken cancellationToken)
        {
            if (request is { WaitFor: null, Port: null, Seconds: null })
            {
                return "";
            }

            var seconds = request.Seconds ?? DefaultSeconds;
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, progress.Stopped);
            time.CancelAfter(TimeSpan.FromSeconds(seconds));
            var reported = command.Length;
            try
            {
                while (true)
                {
                    var change = command.NextChangeAsync();
                    var isOver = !command.IsRunning;
                    if (request.WaitFor?.IsMatch(command.ReadFrom(from).Text) == true)
                    {
                        return "[The output matches.]\n";
                    }
                    if (request.Port is { } port && BackgroundCommands.IsListening(command, port))
                    {
                        return string.Create(CultureInfo.InvariantCulture, $"[Port {port} accepts connections.]\n");
                    }
                    if (isOver)
                    {
                        return request is { WaitFor: null, Port: null } ? "" : "[It ended before.]\n";
                    }

                    var (text, next, _) = command.ReadFrom(reported);
                    progress.Report(text);
                    reported = next;
                    await (request.Port is null ? change : Task.WhenAny(change, Task.Delay(PortInterval, time.Token))).WaitAsync(
                        time.Token
                    );
                    // Merges output that comes in small pieces.
                    await Task.WhenAny(command.Ended, Task.Delay(ReportInterval, time.Token)).WaitAsync(time.Token);
                }
            }
            catch (OperationCanceledException) when (progress.Stopped.IsCancellationRequested || !cancellationToken.IsCancellationRequested)
            {
                return progress.Stopped.IsCancellationRequested ? "[The user stopped the wait. The command is still running.]\n"
                    : request is { WaitFor: null, Port: null } ? ""
                    : string.Create(CultureInfo.InvariantCulture, $"[This did not happen within {seconds} s.]\n");
            }
        }
    }
}
