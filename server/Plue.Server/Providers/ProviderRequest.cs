using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>Everything a provider needs to answer once. Equal inputs give equal bytes, so that the vendor's prompt cache works.</summary>
public sealed record ProviderRequest
{
    /// <summary>The conversation; a provider with a process per conversation keys it by this.</summary>
    public required string CodexId { get; init; }
    public required string Model { get; init; }
    public string? System { get; init; }
    /// <summary>Oldest first, ending with a user message. Empty assistant messages were left out.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }
    public IReadOnlyList<ToolDeclaration> Tools { get; init; } = [];
    /// <summary>For a program that runs its own rounds; null where nothing may be run. No other provider uses it: there the turn runs what the model calls.</summary>
    public IToolHost? ToolHost { get; init; }
    /// <summary>Of the program's own tools those that the template's list means, as Plue names them: <c>read</c>, <c>bash</c>.</summary>
    public IReadOnlyList<string> OwnTools { get; init; } = [];
    public int? MaxTokens { get; init; }
    public double? Temperature { get; init; }
    public IReadOnlyList<string> StopSequences { get; init; } = [];
    public string? ReasoningLevel { get; init; }
    /// <summary>The folder that a spawned program may read; null where no workspace is open or it is not trusted.</summary>
    public string? WorkingDirectory { get; init; }
}

/// <param name="ParametersSchema">A JSON schema object as text.</param>
public sealed record ToolDeclaration(string Name, string Description, string ParametersSchema);
