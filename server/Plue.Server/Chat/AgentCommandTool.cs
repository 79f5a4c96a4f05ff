using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Runs one command for a hosted agent with the <c>bash</c> tool and forwards its output. Single use.</summary>
/// <param name="isAllowed">True if the user has approved exactly this command.</param>
internal sealed class AgentCommandTool(ITool bash, string command, string? folder, Action<string> output, bool isAllowed) : ITool
{
    private const int Seconds = 1_800;

    public string Name => bash.Name;
    public ToolDeclaration Declaration => new(Name, "", "{}");
    public bool IsReadOnly => false;

    /// <summary>Gets the full output; null if the command did not run.</summary>
    public string? Output { get; private set; }

    public async Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken)
    {
        var isElsewhere = folder is not null && context.Workspace is { } workspace && Path.GetFullPath(folder) != workspace;
        var line = isElsewhere ? $"cd '{folder!.Replace("'", @"'\''", StringComparison.Ordinal)}' && {command}" : command;
        using var arguments = JsonDocument.Parse(Arguments(line));
        var planned = await bash.PlanAsync(arguments.RootElement, context, cancellationToken);
        return new Call(this, isAllowed && !isElsewhere ? new Approved(planned) : planned);
    }

    private static byte[] Arguments(string line)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("command"u8, line);
            writer.WriteNumber("timeout_s"u8, Seconds);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    private sealed class Call(AgentCommandTool tool, PlannedCall planned) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => planned.Actions;
        public override ApprovalKind Kind => planned.Kind;
        public override string ActionText => planned.ActionText;
        public override string? Location => planned.Location;
        public override string? Sandbox => planned.Sandbox;
        public override IReadOnlyList<string>? Changes => planned.Changes;

        public override async Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken)
        {
            var outcome = await planned.RunAsync(new Progress(tool, progress), cancellationToken);
            tool.Output = outcome.Text;
            return outcome;
        }
    }

    private void Pass(string text) => output(text);

    private sealed class Progress(AgentCommandTool tool, IToolProgress inner) : IToolProgress
    {
        public CancellationToken Stopped => inner.Stopped;

        public void Report(string text)
        {
            tool.Pass(text);
            inner.Report(text);
        }
    }
}
