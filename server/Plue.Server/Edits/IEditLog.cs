using Plue.Server.Messages;

namespace Plue.Server.Edits;

/// <summary>Who changes files.</summary>
/// <param name="TurnId">Its changes are taken back together.</param>
/// <param name="ToolName">The tool that does it: <c>edit</c>, <c>bash</c>.</param>
public sealed record EditAuthor(string CodexId, string TurnId, string ToolUseId, string ToolName);

/// <summary>Keeps what agents change, so that it can be seen, accepted, rejected and taken back.</summary>
public interface IEditLog
{
    /// <summary>Before a tool that may change files runs. What it needs to take the change back is durable when this returns.</summary>
    /// <param name="paths">Absolute; null when nobody can tell: a command. Then the whole workspace is looked at.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing could be kept, so nothing may be changed.</exception>
    ValueTask<IEditScope> BeginAsync(EditAuthor author, string workspace, IReadOnlyList<string>? paths, CancellationToken cancellationToken);
}

/// <summary>One tool at work.</summary>
public interface IEditScope
{
    /// <summary>After it ran, whatever came of it. Several may be open at the same time: a change counts for the one whose paths it is in, else for the one that ends first.</summary>
    /// <returns>What changed, by path.</returns>
    ValueTask<IReadOnlyList<FileChange>> EndAsync(CancellationToken cancellationToken);
}
