using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>Builds the request for the model. The same messages produce the same request, so that the vendor's prompt cache works.</summary>
internal static class ContextBuilder
{
    /// <summary>Sent to continue a response, but never stored.</summary>
    public const string ContinueRequest = "Your last response was interrupted. Continue exactly where it stops; do not repeat anything.";

    private static readonly string[] StartTriggers =
    [
        HookTriggers.NameOf(HookTrigger.SessionStart),
        HookTriggers.NameOf(HookTrigger.UserMessage),
    ];

    /// <param name="history">The stored chat, oldest first.</param>
    /// <param name="isContinuation">True to continue the last response.</param>
    /// <param name="options">From the chat and its template; they override the provider's.</param>
    /// <param name="addedContext">Text added by hooks for the last question, until a stored response contains it.</param>
    public static ProviderRequest Build(
        string codexId,
        IReadOnlyList<Message> history,
        ProviderSettings settings,
        string model,
        string? system,
        string? workingDirectory,
        bool isContinuation,
        ChatOptions? options = null,
        IReadOnlyList<string>? addedContext = null
    )
    {
        var messages = WithContext(SentHistory.WithoutRefused(SentHistory.Of(history)), addedContext ?? [])
            .Where(message => message.Role != MessageRole.System && HasContent(message))
            .SelectMany(Rounds)
            .ToList();
        // If the continued response has called tools since, the request to continue stays in its place.
        if (isContinuation && InterruptedResponseIndex(messages) is { } at)
        {
            messages.Insert(at + 1, Continue(messages[at]));
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

    /// <summary>Appends the text that hooks added at the start of a turn to its question. It is stored with the response and keeps its position.</summary>
    private static IEnumerable<Message> WithContext(IReadOnlyList<Message> messages, IReadOnlyList<string> added)
    {
        for (var at = 0; at < messages.Count; at++)
        {
            var message = messages[at];
            if (message.Role != MessageRole.User)
            {
                yield return message;
                continue;
            }

            var response = messages.Skip(at + 1).FirstOrDefault(next => next.Role is MessageRole.Assistant or MessageRole.User);
            IReadOnlyList<string> texts =
                response is { Role: MessageRole.Assistant } ? StartHookContext(response)
                : response is null ? added
                : [];
            yield return texts.Count == 0
                ? message
                : message with
                {
                    Parts = [.. message.Parts, new MessagePart.Text(string.Join('\n', texts))],
                };
        }
    }

    private static IReadOnlyList<string> StartHookContext(Message response) =>
        [.. response.Hooks.Where(run => StartTriggers.Contains(run.Trigger)).Select(run => run.SentContext).OfType<string>()];

    /// <summary>
    /// Gets the index of the interrupted response to the last question: the last message, or one followed directly by its continuation. Null if the request
    /// follows tool results.
    /// </summary>
    private static int? InterruptedResponseIndex(List<Message> messages)
    {
        if (messages is [.., { Role: MessageRole.Assistant }])
        {
            return messages.Count - 1;
        }

        for (
            var at = messages.Count - 2;
            at >= 0 && (messages[at].Role == MessageRole.Assistant || messages[at].Parts.Any(part => part is MessagePart.ToolResult));
            at--
        )
        {
            if (messages[at].Role == MessageRole.Assistant && messages[at + 1].Role == MessageRole.Assistant)
            {
                return at;
            }
        }

        return null;
    }

    private static Message Continue(Message last) =>
        last with
        {
            Id = last.Id + "_continue",
            Role = MessageRole.User,
            CreatedAt = last.UpdatedAt,
            Parts = [new MessagePart.Text(ContinueRequest)],
            ProviderInfo = null,
        };

    /// <summary>Splits a round into the format of vendors: the model's calls, then the results as a user message.</summary>
    private static IEnumerable<Message> Rounds(Message message)
    {
        if (message.Role != MessageRole.Assistant || !message.HasToolRound)
        {
            return [message];
        }

        // Images in a response are always results of its calls.
        var results = message.Parts.Where(part => part is MessagePart.ToolResult or MessagePart.File).ToList();
        return results.Count == 0
            ? [message]
            :
            [
                message with
                {
                    Parts = [.. message.Parts.Where(part => part is not (MessagePart.ToolResult or MessagePart.File))],
                },
                message with
                {
                    Id = message.Id + "_results",
                    Role = MessageRole.User,
                    Parts = results,
                    ProviderInfo = null,
                },
            ];
    }

    /// <summary>False for a failed response without text: vendors reject empty messages.</summary>
    private static bool HasContent(Message message) =>
        message.Parts.Any(part => part is not MessagePart.Reasoning && (part is not MessagePart.Text text || text.Content.Length > 0));
}
