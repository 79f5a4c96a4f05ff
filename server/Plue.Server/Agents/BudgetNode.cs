using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>A task as the budget sees it, read from its journal.</summary>
/// <param name="ParentId">Null for a top-level task and for a child of a chat.</param>
/// <param name="Limits">The limits for the task and its subtasks together.</param>
/// <param name="Reserved">The part of the parent's budget that was explicitly reserved at creation; null parts were not.</param>
/// <param name="Answers">The number of responses. If it has grown, the request in flight has ended.</param>
/// <param name="HasEnded">True if unused budget has returned to the parent.</param>
internal sealed record BudgetNode(
    string Id,
    string? ParentId,
    string Title,
    AgentBudget Limits,
    AgentBudget Reserved,
    Spend Own,
    int Answers,
    bool HasEnded
);
