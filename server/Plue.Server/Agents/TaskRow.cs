using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>A task as the tree shows it.</summary>
/// <param name="Status">Where it stands now: what it waits for counts.</param>
/// <param name="Waiting">Approvals that it waits for.</param>
/// <param name="ToolUseId">Id of the tool call that spawned the task; null without a waiting call.</param>
/// <param name="Note">Why it stands where it stands, one sentence; null where the status says it all.</param>
public sealed record TaskRow(
    string Uri,
    ChatSummary Summary,
    string TemplateName,
    string Status,
    Spend Spent,
    Spend SpentInAll,
    AgentBudget Budget,
    bool IsLocal,
    string? ProviderName,
    int Waiting,
    string? Note,
    string? ToolUseId
);
