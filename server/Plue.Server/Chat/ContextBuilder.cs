using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Templates;

namespace Plue.Server.Chat;

/// <summary>What the model is sent: the same messages give the same request, so that a vendor's prompt cache works.</summary>
public static class ContextBuilder
{
    /// <summary>Never stored: it only asks the model to go on.</summary>
    public const string ContinueRequest = "Your last response was interrupted. Continue exactly where it stops; do not repeat anything.";

    private static readonly string[] StartTriggers =
    [
        HookTriggers.NameOf(HookTrigger.SessionStart),
        HookTriggers.NameOf(HookTrigger.UserMessage),
    ];

    /// <param name="history">The chat as stored, oldest first.</param>
    /// <param name="goOn">True when the last answer is to be continued.</param>
    /// <param name="options">Of the chat and its template: they count before the provider's.</param>
    /// <param name="addedContext">Text of hooks for the last question, until a stored response has it.</param>
    public static ProviderRequest Build(
        string codexId,
        IReadOnlyList<Message> history,
        ProviderSettings settings,
        string model,
        string? system,
        string? workingDirectory,
        bool goOn,
        ChatOptions? options = null,
        IReadOnlyList<string>? addedContext = null
    )
    {
        var messages = WithContext(SentHistory.WithoutRefused(SentHistory.Of(history)), addedContext ?? [])
            .Where(message => message.Role != MessageRole.System && HasSomethingToSay(message))
            .SelectMany(Rounds)
            .ToList();
        // The answer that goes on may have asked for tools since: what it was asked stays where it was.
        if (goOn && BrokenOff(messages) is { } at)
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

    /// <summary>The text that hooks added at the start of a turn follows its question. It is stored with the response and stays where it was.</summary>
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
                response is { Role: MessageRole.Assistant } ? AddedAtStart(response)
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

    private static IReadOnlyList<string> AddedAtStart(Message response) =>
        [.. response.Hooks.Where(run => StartTriggers.Contains(run.Trigger)).Select(run => run.SentContext).OfType<string>()];

    /// <summary>Where the answer to the last question was broken off: at the end, or where its next part follows at once. Null where results are what the model is asked about.</summary>
    private static int? BrokenOff(List<Message> messages)
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

    /// <summary>A round as vendors know it: what the model asked for, then the results as an answer to it.</summary>
    private static IEnumerable<Message> Rounds(Message message)
    {
        if (message.Role != MessageRole.Assistant || !message.HasToolRound)
        {
            return [message];
        }

        // Images stand in an answer only as the results of its calls.
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

    /// <summary>A failed answer without any text would be an empty message, which every vendor refuses.</summary>
    private static bool HasSomethingToSay(Message message) =>
        message.Parts.Any(part => part is not MessagePart.Reasoning && (part is not MessagePart.Text text || text.Content.Length > 0));
}
