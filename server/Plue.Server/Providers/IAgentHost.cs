using System.Text.Json;
using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The services that an agent can request, and the record of the changes that it makes itself. Thread-safe.</summary>
public interface IAgentHost
{
    /// <summary>The current mode of the chat.</summary>
    AgentMode Mode { get; }

    /// <summary>True if the chat has a tool that changes files.</summary>
    bool MayChangeFiles { get; }

    /// <summary>The description of the program's sandbox, shown in approvals.</summary>
    string? Sandbox { get; set; }

    /// <summary>Starts to record changes in the workspace.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing can be recorded, so nothing may be changed.</exception>
    Task BeginAsync(CancellationToken cancellationToken);

    /// <summary>Records the changes so far as those of this tool call.</summary>
    /// <param name="paths">The absolute paths of the files that the call changes; other changes are left to later calls. Empty if unknown.</param>
    Task RecordAsync(string toolUseId, IReadOnlyList<string> paths, CancellationToken cancellationToken);

    /// <summary>Records the remaining changes and stops recording.</summary>
    Task EndAsync();

    /// <summary>Requests approval for one of the agent's own tools.</summary>
    Task<ToolPermission> MayRunAsync(AgentCall call, CancellationToken cancellationToken);

    /// <summary>Gets the MCP servers that the agent may use by itself.</summary>
    Task<AgentServers> ServersAsync(CancellationToken cancellationToken);

    /// <summary>Has the user answer a question.</summary>
    /// <param name="asked">The parameters of an elicitation: a message with a form or an address.</param>
    /// <returns>The values of the form, a JSON object, or an empty text for an address that was opened; null if it was declined.</returns>
    Task<string?> AskAsync(string toolUseId, JsonElement asked, CancellationToken cancellationToken);

    /// <summary>Reads a text file, including unsaved changes.</summary>
    /// <returns>Either the content or an error.</returns>
    Task<(string? Content, string? Error)> ReadFileAsync(string toolUseId, string path, CancellationToken cancellationToken);

    /// <returns>Why the file was not written; null if it was.</returns>
    Task<string?> WriteFileAsync(string toolUseId, string path, string content, CancellationToken cancellationToken);

    /// <param name="folder">The working directory; null for the first workspace folder.</param>
    /// <param name="output">Receives output while the command runs.</param>
    Task<AgentCommandResult> RunCommandAsync(
        string toolUseId,
        string command,
        string? folder,
        Action<string> output,
        CancellationToken cancellationToken
    );

    /// <summary>Publishes output of a running call.</summary>
    void Report(string toolUseId, string text);

    /// <inheritdoc cref="IToolHost.CheckRoundLimitsAsync"/>
    /// <param name="vendorCost">USD that the agent reported; null if it reports none.</param>
    Task<Failure?> CheckRoundLimitsAsync(Usage usage, int rounds, decimal? vendorCost);
}

public enum AgentMode
{
    /// <summary>Changes and commands need approval.</summary>
    Ask,

    /// <summary>Workspace files are changed without approval.</summary>
    Edit,

    /// <summary>The agent only plans.</summary>
    Plan,

    /// <summary>The agent only answers questions.</summary>
    Read,
}

/// <summary>A call of an agent's own tool, as described by the agent.</summary>
/// <param name="Kind"><c>read</c>, <c>edit</c>, <c>delete</c>, <c>move</c>, <c>search</c>, <c>execute</c>, <c>fetch</c> or another text.</param>
/// <param name="Title">The display title.</param>
public sealed record AgentCall(string ToolUseId, string Kind, string Title)
{
    /// <summary>The command line; null for other calls.</summary>
    public string? Command { get; init; }

    /// <summary>The folder of the command; null for the workspace folder.</summary>
    public string? Folder { get; init; }

    public string? Address { get; init; }

    /// <summary>The absolute paths of the affected files.</summary>
    public IReadOnlyList<string> Paths { get; init; } = [];

    /// <summary>The changes that the call would make.</summary>
    public IReadOnlyList<AgentEdit> Edits { get; init; } = [];

    /// <summary>The input of the tool as a JSON object; null if the agent does not provide it.</summary>
    public string? Input { get; init; }
}

/// <param name="Path">An absolute path.</param>
/// <param name="Before">The replaced text, possibly only a part of the file; null for a new file.</param>
public sealed record AgentEdit(string Path, string? Before, string After);

/// <param name="ExitCode">Null if the command was stopped or did not run.</param>
/// <param name="Error">Why it did not run; null if it did.</param>
public sealed record AgentCommandResult(string Output, int? ExitCode, string? Error);
