using Plue.Server.Templates;

namespace Plue.Server.Agents;

/// <summary>A task as the budget sees it, all of it read from its journal.</summary>
/// <param name="ParentId">Null at the top, and under a chat.</param>
/// <param name="Limits">The most that it and everything under it may use.</param>
/// <param name="Reserved">What of its parent's budget was kept for it by name when it was made; null parts were not.</param>
/// <param name="Answers">How many answers it has: one more, and the request that was under way is over.</param>
/// <param name="HasEnded">What it did not use is its parent's again.</param>
public sealed record BudgetNode(
    string Id,
    string? ParentId,
    string Title,
    AgentBudget Limits,
    AgentBudget Reserved,
    Spend Own,
    int Answers,
    bool HasEnded
);
