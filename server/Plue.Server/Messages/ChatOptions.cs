namespace Plue.Server.Messages;

/// <summary>The model options of a chat. Null means the default of the template or the provider.</summary>
/// <param name="StopSequences">Never empty.</param>
public sealed record ChatOptions(
    double? Temperature = null,
    int? MaxTokens = null,
    IReadOnlyList<string>? StopSequences = null,
    string? ReasoningLevel = null
)
{
    public static readonly ChatOptions None = new();

    /// <summary>Returns these options, with values from <paramref name="farther"/> where they are null.</summary>
    public ChatOptions Over(ChatOptions farther) =>
        new(
            Temperature ?? farther.Temperature,
            MaxTokens ?? farther.MaxTokens,
            StopSequences ?? farther.StopSequences,
            ReasoningLevel ?? farther.ReasoningLevel
        );
}
