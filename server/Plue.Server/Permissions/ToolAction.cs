namespace Plue.Server.Permissions;

internal enum FileChangeKind
{
    Create,
    Modify,
    Delete,
}

/// <summary>
/// An effect of a call, declared before it runs. A call has one or more. Each is evaluated separately, and the strictest verdict applies. The set is closed:
/// every switch over it is complete.
/// </summary>
internal abstract record ToolAction
{
    private ToolAction() { }

    /// <summary>True if the action affects something outside of the workspace, which the edit journal does not record.</summary>
    public bool HasExternalEffect =>
        this is SpawnTask or SendInput or CallServer or CallVsCodeTool or Fetch or SearchWeb or RunTests or RunCell or ChangeDocument;

    /// <param name="Path">The absolute path as given. Links are resolved when it is evaluated, and again when it is opened.</param>
    public sealed record ReadFile(string Path) : ToolAction;

    /// <summary>Reads a file of an enabled skill outside of the workspace.</summary>
    /// <param name="Path">The absolute path with links resolved.</param>
    public sealed record ReadSkill(string Path) : ToolAction;

    /// <param name="Path">As for <see cref="ReadFile"/>.</param>
    public sealed record ChangeFile(string Path, FileChangeKind Kind) : ToolAction;

    /// <summary>Runs exactly this shell command line.</summary>
    /// <param name="Folder">The absolute path of the working folder.</param>
    public sealed record RunCommand(string Command, string Folder) : ToolAction;

    /// <summary>Types text into a command that runs in the background.</summary>
    /// <param name="Command">The shell command line that reads it.</param>
    /// <param name="Folder">As for <see cref="RunCommand"/>.</param>
    public sealed record SendInput(string Command, string Folder) : ToolAction;

    /// <param name="Doubt">Why approval is required, as one sentence; null if it is not.</param>
    public sealed record SpawnTask(string TemplateId, string? Doubt = null) : ToolAction;

    public sealed record CallServer(string Server, string Tool) : ToolAction;

    /// <summary>Runs a tool of VS Code or of an extension, in the window.</summary>
    public sealed record CallVsCodeTool(string Tool) : ToolAction;

    /// <summary>Uses a tool of a hosted agent, whose effects are unknown.</summary>
    public sealed record UseAgentTool : ToolAction;

    /// <summary>Runs tests of the workspace in the editor.</summary>
    public sealed record RunTests : ToolAction;

    /// <summary>Runs a cell of a notebook in its kernel, outside of the sandbox.</summary>
    public sealed record RunCell : ToolAction;

    public sealed record Fetch(Uri Address) : ToolAction;

    /// <param name="Vendor">The name of the provider.</param>
    public sealed record SearchWeb(string Vendor) : ToolAction;

    /// <summary>Changes a prompt, template, item or skill of the user. They decide what agents may do, so each change asks.</summary>
    /// <param name="Uri">Its address; the path of its file for a skill.</param>
    public sealed record ChangeDocument(string Uri) : ToolAction;

    /// <summary>Affects only the agent's own data, such as its todo list or report, or reads documents meant for agents.</summary>
    public sealed record OwnRecord : ToolAction;
}
