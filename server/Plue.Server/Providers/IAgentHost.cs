using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>What an agent asks of its client, and the record of what it changes by itself. Safe for concurrent calls.</summary>
public interface IAgentHost
{
    /// <summary>What the chat allows now.</summary>
    AgentMode Mode { get; }

    /// <summary>Whether the chat has a tool that changes files.</summary>
    bool MayChangeFiles { get; }

    /// <summary>Describes the sandbox of the agent's program, for approvals.</summary>
    string? Sandbox { get; set; }

    /// <summary>Starts to record what changes in the workspace.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing can be recorded, so nothing may be changed.</exception>
    Task BeginAsync(CancellationToken cancellationToken);

    /// <summary>Records what changed until now, as the changes of this tool call.</summary>
    /// <param name="paths">The files that the call changes, absolute: other changes are left to later calls. Empty if they are not known.</param>
    Task RecordAsync(string toolUseId, IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>Records the remaining changes and ends the record.</summary>
    Task EndAsync();

    /// <summary>Asks whether one of the agent's own tools may run.</summary>
    Task<ToolPermission> MayRunAsync(AgentCall call, CancellationToken cancellationToken);

    /// <summary>Gets the MCP servers that the agent may use by itself.</summary>
    Task<AgentServers> ServersAsync(CancellationToken cancellationToken);

    /// <summary>Has the user answer a question.</summary>
    /// <param name="asked">The parameters of an elicitation: a message with a form or an address.</param>
    /// <returns>The values of the form, a JSON object, or an empty text for an address that was opened; null if it was declined.</returns>
    Task<string?> AskAsync(string toolUseId, JsonElement asked, CancellationToken cancellationToken);

    /// <summary>Reads a text file with its unsaved changes.</summary>
    /// <returns>One of content and error is set.</returns>
    Task<(string? Content, string? Error)> ReadFileAsync(string toolUseId, string path, CancellationToken cancellationToken);

    /// <returns>Why it was not written; null if it was.</returns>
    Task<string?> WriteFileAsync(string toolUseId, string path, string content, CancellationToken cancellationToken);

    /// <param name="folder">Where it begins; null for the first workspace folder.</param>
    /// <param name="output">Receives the output as it comes.</param>
    Task<AgentCommandResult> RunCommandAsync(
        string toolUseId,
        string command,
        string? folder,
        Action<string> output,
        CancellationToken cancellationToken
    );

    /// <summary>Publishes output of a running call.</summary>
    void Report(string toolUseId, string text);

    /// <inheritdoc cref="IToolHost.WhyNotOnAsync"/>
    Task<Failure?> WhyNotOnAsync(Usage usage, int rounds);
}

public enum AgentMode
{
    /// <summary>Changes and commands need approval.</summary>
    Ask,

    /// <summary>Workspace files are changed without approval.</summary>
    Edit,

    /// <summary>Plans only.</summary>
    Plan,

    /// <summary>Questions only.</summary>
    Read,
}

/// <summary>A call of an agent's own tool, as the agent describes it.</summary>
/// <param name="Kind"><c>read</c>, <c>edit</c>, <c>delete</c>, <c>move</c>, <c>search</c>, <c>execute</c>, <c>fetch</c> or another word.</param>
/// <param name="Title">For people.</param>
public sealed record AgentCall(string ToolUseId, string Kind, string Title)
{
    /// <summary>The command line; null for other calls.</summary>
    public string? Command { get; init; }

    /// <summary>The folder of the command; null for the workspace folder.</summary>
    public string? Folder { get; init; }

    public string? Address { get; init; }

    /// <summary>The files that it is about, absolute.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The changes that it would make.</summary>
    public IReadOnlyList<AgentEdit> Edits { get; init; } = [];

    /// <summary>The input of the tool, a JSON object; null if the agent does not say it.</summary>
    public string? Input { get; init; }
}

/// <param name="Path">Absolute.</param>
/// <param name="Before">Null for a new file. May be a passage only.</param>
public sealed record AgentEdit(string Path, string? Before, string After);

/// <param name="ExitCode">Null if it was stopped or did not run.</param>
/// <param name="Error">Why it did not run; null if it did.</param>
public sealed record AgentCommandResult(string Output, int? ExitCode, string? Error);
