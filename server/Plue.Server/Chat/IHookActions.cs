using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>What hooks do outside of their own codex.</summary>
internal interface IHookActions
{
    /// <summary>Starts a task.</summary>
    /// <param name="depth">How many hooks led to it.</param>
    /// <returns>Its address.</returns>
    /// <exception cref="FailureException">Why it cannot be started.</exception>
    Task<string> SpawnForHookAsync(string templateId, Json5Object values, string spawnedBy, int depth, CancellationToken cancellationToken);

    /// <summary>Tells the user something about the codex of an address.</summary>
    void Notify(string message, string uri);
}
