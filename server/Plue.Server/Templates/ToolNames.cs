using Plue.Server.Platform;

namespace Plue.Server.Templates;

/// <summary>A tool, by its name in templates.</summary>
/// <param name="Description">One sentence, for lists and hovers. The description for models is in <c>codex://prompts/tool-NAME</c>.</param>
/// <param name="MayChange">True if it can write files, run commands or spend money.</param>
/// <param name="NeedsFolder">True if it needs a trusted workspace folder.</param>
internal sealed record ToolName(string Name, string Description, bool MayChange, bool NeedsFolder = true);

internal static class ToolNames
{
    /// <summary>Separates an MCP server and its tool: <c>github/create_issue</c>.</summary>
    public const char ServerSeparator = '/';

    /// <summary>Replaces the server in names of tools of VS Code and its extensions: <c>vscode/NAME</c>. No MCP server can have this name.</summary>
    public const string VsCode = "vscode";

    /// <summary>Replaces the server in names of server tools that the user selected for all chats. No MCP server can have this name.</summary>
    public const string Selected = "mcp";

    /// <summary>The name for all server tools that the user selected for all chats.</summary>
    public const string AllSelected = "mcp/*";

    public const string Skill = "skill";

    public const string Bash = "bash";

    /// <summary>An agent that has <c>bash</c> also has this tool.</summary>
    public const string BashProcess = "bash_process";

    /// <summary>Writes a plan. Offered in plan mode only.</summary>
    public const string WritePlan = "write_plan";

    public static readonly IReadOnlyList<ToolName> All =
    [
        new("read", "Reads a file or a range of its lines.", MayChange: false),
        new("write", "Writes a file.", MayChange: true),
        new("edit", "Replaces text in a file.", MayChange: true),
        new("edit_cell", "Changes a cell of a notebook.", MayChange: true),
        new("run_cell", "Runs a cell of a notebook in the editor.", MayChange: true),
        new(Bash, "Runs a command.", MayChange: true),
        new(BashProcess, "Reads, waits for, or stops a background command, or sends input to it. Comes with bash.", MayChange: true),
        new("search", "Finds files by name and lines by content.", MayChange: false),
        new("problems", "Lists the problems that the editor shows.", MayChange: false),
        new("symbols", "Lists the symbols of a file or finds symbols by name.", MayChange: false),
        new("references", "Finds the definition, references and calls of a symbol.", MayChange: false),
        new("rename", "Renames a symbol in all files.", MayChange: true),
        new("tests", "Runs tests in the editor.", MayChange: true),
        new("todo", "Manages the list of steps.", MayChange: false, NeedsFolder: false),
        new("ask_user", "Asks you a question.", MayChange: false, NeedsFolder: false),
        new(Skill, "Loads a skill: instructions for one kind of work.", MayChange: false, NeedsFolder: false),
        new("codex", "Lists and reads prompts, templates and items.", MayChange: false, NeedsFolder: false),
        new(
            "edit_codex",
            "Creates and changes prompts, templates and items, with approval each time.",
            MayChange: true,
            NeedsFolder: false
        ),
        new("fetch", "Fetches a web page as text.", MayChange: true, NeedsFolder: false),
        new("web_search", "Searches the web with the provider of the chat.", MayChange: true, NeedsFolder: false),
        new("spawn_task", "Starts a subtask with another agent.", MayChange: true),
        new("task_status", "Reports the states of subtasks.", MayChange: false),
        new("task_wait", "Waits for subtasks and returns their results.", MayChange: false),
        new("send_message", "Sends a message to a subtask or to the parent task.", MayChange: false),
        new(WritePlan, "Writes a plan for your approval, in plan mode.", MayChange: false),
        new("board_post", "Posts a short note that all agents of the task tree can read.", MayChange: false),
        new("board_read", "Reads the notes of the agents of the task tree.", MayChange: false),
    ];

    /// <summary>True if agents change files of the workspace with this tool. Tools of servers are not known to.</summary>
    public static bool ChangesFiles(string name) =>
        name is "write" or "edit" or "edit_cell" or "run_cell" or Bash or "rename" or "spawn_task";

    public static ToolName? Find(string name) => All.FirstOrDefault(tool => tool.Name == name);

    public static bool IsVsCodeTool(string name) => name.StartsWith($"{VsCode}{ServerSeparator}", StringComparison.Ordinal);

    /// <summary>True for a tool of an MCP server, and for all tools of one.</summary>
    public static bool IsServerTool(string name) => Find(name) is null && IsValidName(name) && !IsVsCodeTool(name) && name != AllSelected;

    /// <summary>True if the name can be a tool: a built-in one, or one of a server.</summary>
    public static bool IsValidName(string name) =>
        Find(name) is not null || (name.IndexOf(ServerSeparator, StringComparison.Ordinal) is > 0 and var at && at < name.Length - 1);

    /// <summary>Gets why there is no such tool, as a sentence.</summary>
    public static string Unknown(string name) =>
        $"The tool `{name}` does not exist.{NearestName.Hint(name, [.. All.Select(tool => tool.Name)])}";
}
