using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>A request to a provider. Equal requests result in equal bytes, so that the vendor's prompt cache works.</summary>
public sealed record ProviderRequest
{
    /// <summary>Identifies the conversation, for providers with one process per conversation.</summary>
    public required string CodexId { get; init; }
    public required string Model { get; init; }
    public string? System { get; init; }

    /// <summary>Oldest first, without empty assistant messages; the last is a user message.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }
    public IReadOnlyList<ToolDeclaration> Tools { get; init; } = [];

    /// <summary>For providers with <see cref="ProviderCapabilities.OwnToolLoop"/>; null if no tool may run.</summary>
    public IToolHost? ToolHost { get; init; }

    /// <summary>For providers with <see cref="ProviderCapabilities.IsAgent"/>; null if no action is allowed.</summary>
    public IAgentHost? AgentHost { get; init; }

    /// <summary>The user's choices among <see cref="IProvider.SessionOptions"/>, by their IDs.</summary>
    public IReadOnlyDictionary<string, string> SessionOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>The provider's own tools that are allowed, by their names in Plue: <c>read</c>, <c>bash</c>.</summary>
    public IReadOnlyList<string> OwnTools { get; init; } = [];

    /// <summary>The user allowed the program to use its own settings in the folder.</summary>
    public bool UsesOwnSettings { get; init; }
    public int? MaxTokens { get; init; }
    public double? Temperature { get; init; }
    public IReadOnlyList<string> StopSequences { get; init; } = [];
    public string? ReasoningLevel { get; init; }

    /// <summary>The folder that a started program may read; null without a trusted workspace.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Further workspace folders that a started program may read.</summary>
    public IReadOnlyList<string> OtherDirectories { get; init; } = [];
}

/// <param name="ParametersSchema">A JSON schema object as text.</param>
public sealed record ToolDeclaration(string Name, string Description, string ParametersSchema);
