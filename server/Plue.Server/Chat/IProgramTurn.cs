using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>A turn of a program that calls its model itself.</summary>
internal interface IProgramTurn
{
    /// <summary>Gets the mask for tool results; null for none.</summary>
    ITextMask? Secrets { get; }

    ToolContext ContextOf(string toolUseId);

    /// <summary>Checks the usage and rounds of the running response against the budgets, before another round.</summary>
    /// <param name="vendorCost">USD that the program reported; null to use the catalog's price.</param>
    /// <returns>Null if the response can continue.</returns>
    Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds, decimal? vendorCost = null);

    /// <summary>Records instructions that a call loaded. Skills among them restrict later calls.</summary>
    void SkillsLoaded(IReadOnlyList<InstructionSource> sources);
}
