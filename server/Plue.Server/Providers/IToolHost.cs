using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>What a program that runs its own rounds (Claude Code) asks of Plue while it answers. Calls can come beside each other.</summary>
public interface IToolHost
{
    /// <summary>One of the program's own tools is about to run.</summary>
    /// <param name="input">The JSON object that the tool would get.</param>
    Task<ToolPermission> MayUseAsync(string toolUseId, string toolName, string input, CancellationToken cancellationToken);

    /// <summary>One of Plue's tools (<see cref="ProviderRequest.Tools"/>), which the program reaches as a server of ours.</summary>
    /// <param name="parameters">A JSON object.</param>
    /// <returns>One of result and error is set.</returns>
    Task<(string? Result, string? Error)> CallAsync(string toolUseId, string name, string parameters, CancellationToken cancellationToken);

    /// <summary>One of the program's own tools has run, whatever came of it: what it changed is looked at.</summary>
    Task EndedAsync(string toolUseId, CancellationToken cancellationToken);

    /// <summary>Asked before the program goes on with another round.</summary>
    /// <param name="usage">Of the answer so far.</param>
    /// <param name="rounds">That it has had.</param>
    /// <returns>Why it may not, with which the answer ends; null when it may.</returns>
    Task<Failure?> WhyNotOnAsync(Usage usage, int rounds);
}

/// <param name="Reason">Why not, for the model; null when it may.</param>
public sealed record ToolPermission(bool IsAllowed, string? Reason = null);
