using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Plue.Server.Permissions;
using Plue.Server.Providers;
using Plue.Server.Tools;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Chat;

/// <summary>A question of a hosted agent to the user. Used once.</summary>
internal sealed class AgentQuestionTool : ITool
{
    private readonly Call call;

    private AgentQuestionTool(Call call) => this.call = call;

    public string Name => AskUserTool.ToolName;
    public ToolDeclaration Declaration => new(Name, "", "{}");
    public bool IsReadOnly => true;

    /// <summary>The answer, a JSON object; empty for an address that was opened, null if it was declined.</summary>
    public string? Values => call.Values;

    /// <param name="asked">The parameters of an elicitation; MCP and ACP use the same.</param>
    /// <returns>Null for what is never asked, such as a form for a key.</returns>
    public static AgentQuestionTool? Of(JsonElement asked)
    {
        try
        {
            return
                asked.Deserialize(
                    (JsonTypeInfo<ElicitRequestParams>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(ElicitRequestParams))
                )
                    is { } request
                && McpForm.QuestionOf(request) is { } question
                ? new AgentQuestionTool(new Call(McpForm.Text(request.Message), question))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public Task<PlannedCall> PlanAsync(JsonElement parameters, ToolContext context, CancellationToken cancellationToken) =>
        Task.FromResult<PlannedCall>(call);

    private sealed class Call(string message, Question question) : PlannedCall
    {
        public string? Values { get; private set; }

        public override IReadOnlyList<ToolAction> Actions { get; } = [new ToolAction.OwnRecord()];
        public override ApprovalKind Kind => ApprovalKind.Question;
        public override string ActionText => message;
        public override string? Location => question.Url?.OriginalString;
        public override Question? Question => question;

        public override void Answered(ApprovalAnswer given) =>
            Values =
                given.Decision == ApprovalDecision.Deny ? null
                : question.Url is null ? given.Values ?? "{}"
                : "";

        public override Task<ToolOutcome> RunAsync(IToolProgress progress, CancellationToken cancellationToken) =>
            Task.FromResult(new ToolOutcome(""));
    }
}
