using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>The hook actions outside of the hook's own codex.</summary>
internal interface IHookActions
{
    /// <param name="depth">The number of hooks that led to it.</param>
    /// <returns>The address of the task.</returns>
    /// <exception cref="FailureException">The task cannot be started.</exception>
    Task<string> SpawnForHookAsync(string templateId, Json5Object values, string spawnedBy, int depth, CancellationToken cancellationToken);

    /// <summary>Shows a notification about a codex.</summary>
    void Notify(string message, string uri);
}
