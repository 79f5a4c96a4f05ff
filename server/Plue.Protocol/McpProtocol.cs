using System.Text.Json.Serialization;

namespace Plue.Protocol;

[JsonConverter(typeof(CamelCaseEnumConverter<McpState>))]
public enum McpState
{
    NotApproved,
    Stopped,
    Starting,
    Running,
    Failed,
    SignInNeeded,
}

/// <param name="Problems">Problems of the files that declare servers, one sentence each.</param>
public sealed record McpListResult(IReadOnlyList<McpServerView> Servers, IReadOnlyList<string> Problems);

/// <summary>A server of the Model Context Protocol that a file declares.</summary>
public sealed record McpServerView
{
    public required string Name { get; init; }

    /// <summary>The file that declares it.</summary>
    public required string Source { get; init; }
    public required McpState State { get; init; }

    /// <summary>The whole command with its arguments, or the address. Values of the environment are not in it.</summary>
    public required string Command { get; init; }

    /// <summary>The arguments one by one, as they are passed.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The absolute path of the program; null for an address, or if the program is missing.</summary>
    public string? Program { get; init; }

    /// <summary>The folder in which it runs; null for an address.</summary>
    public string? Folder { get; init; }

    /// <summary>The names of the variables or headers that it receives.</summary>
    public required IReadOnlyList<string> Environment { get; init; }
    public required string Fingerprint { get; init; }

    /// <summary>The origin that a key of the vault must allow for this server to receive it.</summary>
    public string? SecretOrigin { get; init; }

    /// <summary>The changes since the approval, in sentences; null without changes.</summary>
    public IReadOnlyList<string>? Changes { get; init; }
    public required IReadOnlyList<McpToolView> Tools { get; init; }

    /// <summary>The estimated tokens of its tools in each request.</summary>
    public long? Tokens { get; init; }

    /// <summary>Problems of its tools, one sentence each.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Why it is not running, in one sentence.</summary>
    public string? Error { get; init; }
}

/// <param name="Name">As a template names it: <c>SERVER/TOOL</c>.</param>
public sealed record McpToolView(string Name, string Description, long Tokens);

/// <param name="Fingerprint">The fingerprint that was shown to the user.</param>
public sealed record McpApproveParams(string Name, string Fingerprint);

public sealed record McpNameParams(string Name);

/// <param name="Url">The URL for the browser; null if the server needs no sign-in. The result is reported by <c>mcp/changed</c>.</param>
public sealed record McpSignInResult(string? Url);

/// <param name="UserFolder">The folder of the user settings of this VS Code; null to look only where they usually are.</param>
public sealed record McpImportableParams(string? UserFolder);

public sealed record McpImportableResult(IReadOnlyList<McpImportFileView> Files);

/// <summary>A file of another program that declares servers.</summary>
/// <param name="Problem">Why it could not be read, in one sentence.</param>
public sealed record McpImportFileView(string Program, string Path, IReadOnlyList<McpImportServerView> Servers, string? Problem);

/// <param name="Key">The path of the value in the file.</param>
/// <param name="Name">Its name in Plue.</param>
/// <param name="Command">The command with its arguments, or the address.</param>
/// <param name="Keys">The variables and headers whose values the vault would store.</param>
/// <param name="IsPresent">True if Plue already has it.</param>
/// <param name="Problem">Why it cannot be imported, in one sentence.</param>
public sealed record McpImportServerView(
    string Key,
    string Name,
    string Command,
    IReadOnlyList<string> Keys,
    bool IsPresent,
    string? Problem
);

/// <param name="StoreKeys">Stores their keys in the vault, each only for its server.</param>
public sealed record McpImportParams(IReadOnlyList<McpImportChoice> Servers, bool StoreKeys, string? UserFolder);

public sealed record McpImportChoice(string Path, string Key);

/// <param name="Notes">One sentence for each key that has to be stored by hand.</param>
public sealed record McpImportResult(IReadOnlyList<string> Imported, IReadOnlyList<string> Notes);

/// <summary>The prompts of the running servers.</summary>
public sealed record McpPromptsResult(IReadOnlyList<McpPromptView> Prompts);

/// <param name="Command">The slash command, without the slash: <c>SERVER.PROMPT</c>.</param>
public sealed record McpPromptView(
    string Server,
    string Name,
    string Command,
    string Description,
    IReadOnlyList<McpPromptArgumentView> Arguments
);

public sealed record McpPromptArgumentView(string Name, string Description, bool IsRequired);

/// <param name="ArgumentText">The text after the slash command.</param>
/// <param name="Values">Arguments that were asked for.</param>
public sealed record McpPromptParams(string Server, string Name, string ArgumentText, IReadOnlyList<McpPromptValue> Values);

public sealed record McpPromptValue(string Name, string Value);

/// <param name="Text">Null if required arguments are missing.</param>
/// <param name="Missing">The required arguments that were not given.</param>
public sealed record McpPromptResult(string? Text, IReadOnlyList<McpPromptArgumentView> Missing);
