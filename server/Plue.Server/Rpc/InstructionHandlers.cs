using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Providers;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>message/instructions, message/allowInstructions, message/prompt, message/commands.</summary>
internal sealed class InstructionHandlers(
    RpcServer server,
    Conversations conversations,
    ProviderRegistry providers,
    InstructionBuilder instructions
)
{
    public void Register()
    {
        server.Map(
            Methods.MessageInstructions,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                return View(conversation.Stored, providers, conversation.Instructions);
            }
        );
        server.Map(
            Methods.MessageAllowInstructions,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                var (chat, own) = (conversation.Stored, conversation.Instructions);
                var all = own.Build(chat);
                own.Allow(all with { Sources = [.. all.Sources, .. FileInstructionsOf(chat, own)] }, parameters.Source, parameters.Version);
                return View(chat, providers, own);
            }
        );
        server.Map(
            Methods.MessagePrompt,
            async (parameters, cancellationToken) =>
            {
                var (prompt, filled) = instructions.Command(await ChatAsync(parameters.CodexId, cancellationToken), parameters.Prompt);
                return new MessagePromptResult(
                    filled.Text,
                    [.. filled.Holes.Select(hole => new PromptPlaceholderView(hole.Name, hole.Start, hole.Length))],
                    [
                        .. prompt.Arguments.Select(argument => new PromptArgumentView(
                            argument.Name,
                            argument.Description,
                            argument.IsOptional
                        )),
                    ]
                );
            }
        );
        server.Map(
            Methods.MessageCommands,
            async (parameters, cancellationToken) =>
            {
                var agent = AgentOf(await ChatAsync(parameters.CodexId, cancellationToken));
                return new MessageCommandsResult([
                    .. (agent?.Commands ?? []).Select(command => new AgentCommandView(command.Name, command.Description, command.Hint)),
                ]);
            }
        );
        server.Map(
            Methods.MessageSessionOptions,
            async (parameters, cancellationToken) =>
            {
                var conversation = await conversations.GetAsync(parameters.CodexId, cancellationToken);
                return new MessageSessionOptionsResult([
                    .. (AgentOf(conversation.Stored)?.SessionOptions(conversation.CodexId) ?? []).Select(option => new SessionOptionView(
                        option.Id,
                        option.Name,
                        option.Description,
                        option.Current,
                        [.. option.Choices.Select(choice => new SessionChoiceView(choice.Value, choice.Name, choice.Description))]
                    )),
                ]);
            }
        );
    }

    /// <summary>Returns the instruction sources of a chat, including the system prompt of its provider.</summary>
    public static MessageInstructionsResult View(StoredChat chat, ProviderRegistry providers, InstructionBuilder instructions)
    {
        var settings = chat.ProviderId is { } id ? providers.Find(id)?.Settings : null;
        var built = instructions.Build(chat);
        built = settings is { Capabilities.OwnSkills: true } ? built.WithoutSkills : built;
        var asked = settings is null ? [] : new[] { ProviderFingerprint.Source(settings) };
        return new MessageInstructionsResult(
            [.. built.Sources.Concat(FileInstructionsOf(chat, instructions)).Concat(asked).Select(ToProtocol.InstructionSource)],
            built.Note
        );
    }

    /// <summary>Returns the instruction files that the last response received for the files that it touched.</summary>
    private static IReadOnlyList<Messages.InstructionSource> FileInstructionsOf(StoredChat chat, InstructionBuilder instructions) =>
        chat.Messages.LastOrDefault(message => message.Role == Messages.MessageRole.Assistant) is { } last
            ? instructions.Current(last.Instructions)
            : [];

    /// <summary>The agent that responds in the chat; null for other providers.</summary>
    private IProvider? AgentOf(StoredChat chat) =>
        chat.ProviderId is { } id && providers.Find(id) is { Settings: { Enabled: true, Capabilities.IsAgent: true }, Fault: null }
            ? providers.Get(id)
            : null;

    private async Task<StoredChat> ChatAsync(string codexId, CancellationToken cancellationToken) =>
        (await conversations.GetAsync(codexId, cancellationToken)).Stored;
}
