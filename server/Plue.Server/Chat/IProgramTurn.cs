using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>A turn whose program calls its model itself.</summary>
internal interface IProgramTurn
{
    /// <summary>Taken out of the results of tools; null leaves them as they are.</summary>
    ITextMask? Secrets { get; }

    /// <summary>What a call of this id runs with.</summary>
    ToolContext ContextOf(string toolUseId);

    /// <summary>Holds the usage and the rounds of the response so far against the budgets, before another round.</summary>
    /// <returns>Null when it may go on.</returns>
    Task<Failure?> WhyNotOnAsync(Usage usage, int rounds);

    /// <summary>A call of the turn had these instructions. Skills among them restrict the calls that follow.</summary>
    void SkillsLoaded(IReadOnlyList<InstructionSource> sources);
}
