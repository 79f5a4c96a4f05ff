using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>What the model is sent: the same messages give the same request, so that a vendor's prompt cache works.</summary>
public static class ContextBuilder
{
    /// <summary>Never stored: it only asks the model to go on.</summary>
    public const string ContinueRequest = "Your last answer was interrupted. Go on exactly where it stops; do not repeat anything.";

    /// <param name="history">The chat as stored, oldest first.</param>
    /// <param name="goOn">True when the last answer is to be continued.</param>
    /// <param name="options">Of the chat and its template: they count before the provider's.</param>
    public static ProviderRequest Build(
        string codexId, IReadOnlyList<Message> history, ProviderSettings settings, string model, string? system, string? workingDirectory, bool goOn, ChatOptions? options = null)
    {
        var messages = SentHistory.Of(history).Where(message => message.Role != MessageRole.System && HasSomethingToSay(message)).ToList();
        if (goOn && messages is [.., { Role: MessageRole.Assistant } last])
        {
            messages.Add(new Message
            {
                Id = last.Id + "_continue",
                CodexId = codexId,
                Role = MessageRole.User,
                CreatedAt = last.UpdatedAt,
                UpdatedAt = last.UpdatedAt,
                Parts = [new MessagePart.Text(ContinueRequest)],
            });
        }

        return new ProviderRequest
        {
            CodexId = codexId,
            Model = model,
            System = string.IsNullOrWhiteSpace(system) ? null : system,
            Messages = messages,
            MaxTokens = options?.MaxTokens ?? settings.MaxTokens,
            Temperature = options?.Temperature ?? settings.Temperature,
            StopSequences = options?.StopSequences ?? settings.StopSequences,
            ReasoningLevel = options?.ReasoningLevel ?? settings.ReasoningLevel,
            WorkingDirectory = workingDirectory,
        };
    }

    /// <summary>A failed answer without any text would be an empty message, which every vendor refuses.</summary>
    private static bool HasSomethingToSay(Message message) =>
        message.Parts.Any(part => part is not MessagePart.Reasoning && (part is not MessagePart.Text text || text.Content.Length > 0));
}
