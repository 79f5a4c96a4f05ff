using System.Text;
using System.Text.Json;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tools.VsCode;

/// <summary>A tool of VS Code or of an extension. Its effects are unknown, so each call is evaluated as one that can do anything.</summary>
internal sealed class VsCodeTool(McpToolInfo info, VsCodeTools tools) : ITool
{
    private const int MaxParametersLength = 1024 * 1024;

    public string Name => info.FullName;

    public ToolDeclaration Declaration => info.Declaration;

    public bool IsReadOnly => false;

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetByteCount(parameters.GetRawText()) > MaxParametersLength
            ? throw new ToolFailureException("The parameters are longer than 1 MiB. Send less.")
            : Task.FromResult<PlannedCall>(new Call(info, parameters, context.Workspace is not null, tools));

    private sealed class Call(McpToolInfo info, JsonElement parameters, bool hasWorkspace, VsCodeTools tools) : PlannedCall
    {
        public override IReadOnlyList<ToolAction> Actions => [new ToolAction.CallVsCodeTool(info.Name)];

        public override ApprovalKind Kind => ApprovalKind.ServerTool;

        public override string ActionText => $"{info.FullName}\n{parameters.GetRawText()}";

        public override IReadOnlyList<string>? Changes => hasWorkspace ? null : [];

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            tools.CallAsync(info, parameters, cancellationToken);
    }
}
