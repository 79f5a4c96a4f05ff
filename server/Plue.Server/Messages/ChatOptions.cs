namespace Plue.Server.Messages;

/// <summary>What a chat asks of the model beside the text. Null means what the template or the provider says.</summary>
/// <param name="StopSequences">Never empty.</param>
public sealed record ChatOptions(
    double? Temperature = null,
    int? MaxTokens = null,
    IReadOnlyList<string>? StopSequences = null,
    string? ReasoningLevel = null
)
{
    public static readonly ChatOptions None = new();

    /// <summary>These, and those of <paramref name="farther"/> where these say nothing.</summary>
    public ChatOptions Over(ChatOptions farther) =>
        new(
            Temperature ?? farther.Temperature,
            MaxTokens ?? farther.MaxTokens,
            StopSequences ?? farther.StopSequences,
            ReasoningLevel ?? farther.ReasoningLevel
        );
}
