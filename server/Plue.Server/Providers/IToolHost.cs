using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>Approves and runs tools for a provider with its own tool loop. Thread-safe.</summary>
public interface IToolHost
{
    /// <summary>Requests approval for one of the program's own tools.</summary>
    Task<ToolPermission> MayUseAsync(string toolUseId, ProgramCall call, CancellationToken cancellationToken);

    /// <summary>Runs one of Plue's tools (<see cref="ProviderRequest.Tools"/>), which the program calls over MCP.</summary>
    /// <param name="parameters">A JSON object.</param>
    /// <returns>Either the result or an error.</returns>
    Task<(string? Result, string? Error)> CallAsync(string toolUseId, string name, string parameters, CancellationToken cancellationToken);

    /// <summary>Records the changes of one of the program's own tools after it ran.</summary>
    Task EndedAsync(string toolUseId, CancellationToken cancellationToken);

    /// <summary>Checks the limits before the program starts another round.</summary>
    /// <param name="usage">The usage of the response so far.</param>
    /// <param name="rounds">The number of rounds so far.</param>
    /// <returns>The failure that ends the response; null if another round may start.</returns>
    Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds);

    /// <summary>Shows a step of an agent that a call started, under the call.</summary>
    void Report(string toolUseId, string toolName, string text) { }
}

/// <param name="Reason">The reason for the model if it is not allowed; otherwise null.</param>
public sealed record ToolPermission(bool IsAllowed, string? Reason = null);
