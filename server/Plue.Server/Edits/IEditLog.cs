using Plue.Server.Messages;

namespace Plue.Server.Edits;

/// <summary>The author of an edit.</summary>
/// <param name="TurnId">Its changes are undone together.</param>
/// <param name="ToolName">The tool that does it: <c>edit</c>, <c>bash</c>.</param>
public sealed record EditAuthor(string CodexId, string TurnId, string ToolUseId, string ToolName);

/// <summary>Keeps what agents change, so that it can be seen, accepted, rejected and undone.</summary>
public interface IEditLog
{
    /// <summary>Before a tool that may change files runs. What it needs to take the change back is durable when this returns.</summary>
    /// <param name="paths">Absolute paths; null if unknown, as for a command, which scans the entire workspace.</param>
    /// <param name="unsaved">By path, what counts as the state before where the editor has unsaved changes; null for none.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing could be kept, so nothing may be changed.</exception>
    ValueTask<IEditScope> BeginAsync(
        EditAuthor author,
        string workspace,
        IReadOnlyList<string>? paths,
        IReadOnlyDictionary<string, byte[]>? unsaved,
        CancellationToken cancellationToken
    );
}

/// <summary>One tool at work.</summary>
public interface IEditScope
{
    /// <summary>Ends the scope after the call, whatever its outcome. Scopes can overlap: a change belongs to the one with its path, otherwise to the one that ends first.</summary>
    /// <returns>The changes, by path.</returns>
    ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken);
}
