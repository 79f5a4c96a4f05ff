namespace Plue.Server.Permissions;

public enum FileChangeKind
{
    Create,
    Modify,
    Delete,
}

/// <summary>
/// An effect of a call, declared before it runs. A call has one or more. Each is evaluated separately, and the strictest verdict applies.
/// A closed set: every switch over it is complete.
/// </summary>
public abstract record ToolAction
{
    private ToolAction() { }

    /// <summary>It does something outside of the workspace, which the record of the workspace's changes does not have.</summary>
    public bool ReachesOut =>
        this is SpawnTask or CallServer or CallVsCodeTool or Fetch or SearchWeb or RunTests or RunCell or ChangeDocument;

    /// <param name="Path">Absolute, as it was named: where it leads is found out when it is judged, and again when it is opened.</param>
    public sealed record ReadFile(string Path) : ToolAction;

    /// <summary>Reads a file of a skill that is on, outside of the workspace.</summary>
    /// <param name="Path">Absolute, links followed.</param>
    public sealed record ReadSkill(string Path) : ToolAction;

    /// <param name="Path">As for <see cref="ReadFile"/>.</param>
    public sealed record ChangeFile(string Path, FileChangeKind Kind) : ToolAction;

    /// <summary>A line for the shell, letter for letter as it will run.</summary>
    /// <param name="Folder">Where it begins, absolute.</param>
    public sealed record RunCommand(string Command, string Folder) : ToolAction;

    /// <param name="Doubt">Why approval is required, as one sentence; null if it is not.</param>
    public sealed record SpawnTask(string TemplateId, string? Doubt = null) : ToolAction;

    public sealed record CallServer(string Server, string Tool) : ToolAction;

    /// <summary>Runs a tool of VS Code or of an extension, in the window.</summary>
    public sealed record CallVsCodeTool(string Tool) : ToolAction;

    /// <summary>Uses a tool of an agent that Plue hosts, whose effects are not known.</summary>
    public sealed record UseAgentTool : ToolAction;

    /// <summary>Runs tests of the workspace in the editor.</summary>
    public sealed record RunTests : ToolAction;

    /// <summary>Runs a cell of a notebook in its kernel, outside of the sandbox.</summary>
    public sealed record RunCell : ToolAction;

    public sealed record Fetch(Uri Address) : ToolAction;

    /// <summary>Sends a query to the search of a vendor.</summary>
    /// <param name="Vendor">The name of its provider.</param>
    public sealed record SearchWeb(string Vendor) : ToolAction;

    /// <summary>Changes a prompt, template, item or skill of the user. They decide what agents may do, so each change asks.</summary>
    /// <param name="Uri">Its address; the path of its file for a skill.</param>
    public sealed record ChangeDocument(string Uri) : ToolAction;

    /// <summary>Keeps to the agent's own record and cannot reach anything else: its list of steps, its report, or documents that are there for agents to read.</summary>
    public sealed record OwnRecord : ToolAction;
}
