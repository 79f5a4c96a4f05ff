namespace Plue.Server.Permissions;

public enum FileChangeKind { Create, Modify, Delete }

/// <summary>
/// What a call would do to the world, told before anything is done. A call has one or several; each is judged alone, and the strictest verdict counts.
/// A closed set: every switch over it is complete.
/// </summary>
public abstract record ToolAction
{
    private ToolAction() { }

    /// <summary>It does something outside of the workspace that nothing here can take back.</summary>
    public bool ReachesOut => this is SpawnTask or CallServer or Fetch;

    /// <param name="Path">Absolute, as it was named: where it leads is found out when it is judged, and again when it is opened.</param>
    public sealed record ReadFile(string Path) : ToolAction;

    /// <param name="Path">As for <see cref="ReadFile"/>.</param>
    public sealed record ChangeFile(string Path, FileChangeKind Kind) : ToolAction;

    /// <summary>A line for the shell, letter for letter as it will run.</summary>
    /// <param name="Folder">Where it begins, absolute.</param>
    public sealed record RunCommand(string Command, string Folder) : ToolAction;

    /// <param name="Doubt">Why the user is asked first, one sentence; null when nothing speaks against it.</param>
    public sealed record SpawnTask(string TemplateId, string? Doubt = null) : ToolAction;

    public sealed record CallServer(string Server, string Tool) : ToolAction;

    public sealed record Fetch(Uri Address) : ToolAction;

    /// <summary>Keeps to the agent's own record and cannot reach anything else: its list of steps, its report, or documents that are there for agents to read.</summary>
    public sealed record OwnRecord : ToolAction;
}
