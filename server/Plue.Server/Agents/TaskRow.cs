using Plue.Server.Store;
using Plue.Server.Templates;
using Plue.Server.Worktrees;

namespace Plue.Server.Agents;

/// <param name="Status">The current status, including what it waits for.</param>
/// <param name="Waiting">The pending approvals of the task.</param>
/// <param name="ToolUseId">Id of the tool call that spawned the task; null without a waiting call.</param>
/// <param name="Note">The reason for the status, in one sentence; null if the status is sufficient.</param>
/// <param name="Worktree">The git worktree in which it works: its own or that of a parent; null for none.</param>
internal sealed record TaskRow(
    string Uri,
    ChatSummary Summary,
    string TemplateName,
    string Status,
    Spend Spent,
    Spend TotalSpent,
    AgentBudget Budget,
    bool IsLocal,
    string? ProviderName,
    int Waiting,
    string? Note,
    string? ToolUseId,
    StoredWorktree? Worktree
);
