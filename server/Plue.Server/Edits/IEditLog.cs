using Plue.Server.Messages;

namespace Plue.Server.Edits;

/// <param name="TurnId">The turn whose changes are undone together.</param>
/// <param name="ToolName">The name of the tool, such as <c>edit</c> or <c>bash</c>.</param>
internal sealed record EditAuthor(string CodexId, string TurnId, string ToolUseId, string ToolName);

/// <summary>Records the file changes of agents, so that they can be reviewed, accepted, rejected and undone.</summary>
internal interface IEditLog
{
    /// <summary>Starts a scope before a tool that may change files. Everything needed to undo its changes is durable when this returns.</summary>
    /// <param name="paths">Absolute paths; null if unknown, as for a command, which scans the entire workspace.</param>
    /// <param name="unsaved">Unsaved editor text by path, which replaces the state on disk; null for none.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing could be recorded, so no file may be changed.</exception>
    ValueTask<IEditScope> BeginAsync(
        EditAuthor author,
        string workspace,
        IReadOnlyList<string>? paths,
        IReadOnlyDictionary<string, byte[]>? unsaved,
        CancellationToken cancellationToken
    );
}

/// <summary>The edits of one tool call.</summary>
internal interface IEditScope
{
    /// <summary>
    /// Ends the scope after the call, even if it failed. Scopes can overlap: a change belongs to the one with its path, otherwise to the one that ends first.
    /// </summary>
    /// <returns>The changes, by path.</returns>
    ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken);
}
