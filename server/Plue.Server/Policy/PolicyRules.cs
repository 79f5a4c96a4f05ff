using System.IO.Enumeration;

namespace Plue.Server.Policy;

/// <summary>The rules of one policy file. A list that is null restricts nothing; an empty list allows nothing.</summary>
/// <param name="Path">The file, for messages.</param>
internal sealed record PolicyRules(string Path)
{
    /// <summary>Kinds of providers, such as <c>anthropic</c>.</summary>
    public IReadOnlyList<string>? AllowedProviders { get; init; }

    /// <summary>Patterns of model IDs.</summary>
    public IReadOnlyList<string>? AllowedModels { get; init; }

    /// <summary>Origins that providers may contact.</summary>
    public IReadOnlyList<string>? AllowedEndpoints { get; init; }
    public IReadOnlyList<PolicyServer>? AllowedServers { get; init; }

    /// <summary>Patterns of tool names in template notation.</summary>
    public IReadOnlyList<string>? AllowedTools { get; init; }
    public IReadOnlyList<string> DeniedTools { get; init; } = [];

    /// <summary>Values of <c>permission_mode</c>.</summary>
    public IReadOnlyList<string>? AllowedModes { get; init; }

    /// <summary>Hosts that the sidecar may contact for any purpose.</summary>
    public IReadOnlyList<string>? AllowedHosts { get; init; }

    /// <summary>The days after which chats and tasks without activity are deleted; null for never.</summary>
    public double? MaxChatDays { get; init; }

    public IReadOnlyList<PolicyLimit> Limits { get; init; } = [];

    /// <summary>The names of the restricted features, in the order of the documentation.</summary>
    public IReadOnlyList<string> Restricted =>
        [
            .. new (string Name, bool IsSet)[]
            {
                ("providers", AllowedProviders is not null),
                ("models", AllowedModels is not null),
                ("endpoints", AllowedEndpoints is not null),
                ("MCP servers", AllowedServers is not null),
                ("tools", AllowedTools is not null || DeniedTools.Count > 0),
                ("permission modes", AllowedModes is not null),
                ("hosts", AllowedHosts is not null),
                ("the age of chats and tasks", MaxChatDays is not null),
            }
                .Where(part => part.IsSet)
                .Select(part => part.Name),
            .. Limits.Select(limit => limit.Setting),
        ];

    /// <summary>True if a text matches one of the patterns, in which <c>*</c> matches any text.</summary>
    internal static bool MatchesAny(IReadOnlyList<string> patterns, string text, bool ignoreCase = false) =>
        patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern.Replace(@"\", @"\\"), text, ignoreCase));
}

/// <summary>A server that a policy allows: either an address or a command line.</summary>
/// <param name="Url">A pattern of addresses; null for a program.</param>
/// <param name="Command">The command with its arguments, as in the declaration; null for an address or for any command with this program.</param>
/// <param name="Sha256">The hash of the program's content in hexadecimal; null for any.</param>
internal sealed record PolicyServer(string? Url, IReadOnlyList<string>? Command, string? Sha256);

/// <summary>A limit of a setting: a maximum, or off.</summary>
/// <param name="Max">Null if the setting is off.</param>
internal sealed record PolicyLimit(string Setting, double? Max);
