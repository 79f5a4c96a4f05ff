using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Providers.Connections;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>What steers a chat; bound in Composition.</summary>
/// <param name="Allow">Lets the text of a source count, in the version that the user saw.</param>
/// <param name="Command">A prompt by its address, with the values of the chat.</param>
internal sealed record SteeringServices(
    Func<StoredChat, Messages.Instructions> Of, Action<Messages.Instructions, string, string> Allow, Func<StoredChat, string, (Prompt Prompt, FilledPrompt Filled)> Command);

/// <summary>message/steering, message/allowSteering, message/prompt.</summary>
internal sealed class SteeringHandlers(RpcServer server, Conversations conversations, ProviderRegistry providers, SteeringServices services)
{
    public void Register()
    {
        server.Map(Methods.MessageSteering, async (parameters, cancellationToken) => View(await ChatAsync(parameters.CodexId, cancellationToken), providers, services.Of));
        server.Map(Methods.MessageAllowSteering, async (parameters, cancellationToken) =>
        {
            var chat = await ChatAsync(parameters.CodexId, cancellationToken);
            services.Allow(services.Of(chat), parameters.Source, parameters.Version);
            return View(chat, providers, services.Of);
        });
        server.Map(Methods.MessagePrompt, async (parameters, cancellationToken) =>
        {
            var (prompt, filled) = services.Command(await ChatAsync(parameters.CodexId, cancellationToken), parameters.Prompt);
            return new MessagePromptResult(
                filled.Text, [.. filled.Holes.Select(hole => new PromptHoleView(hole.Name, hole.Start, hole.Length))],
                [.. prompt.Arguments.Select(argument => new PromptArgumentView(argument.Name, argument.Description, argument.IsOptional))]);
        });
    }

    /// <summary>With the provider that the chat asks.</summary>
    public static MessageSteeringResult View(StoredChat chat, ProviderRegistry providers, Func<StoredChat, Messages.Instructions> steeringOf)
    {
        var steering = steeringOf(chat);
        var asked = chat.ProviderId is { } id && providers.Find(id)?.Settings is { } settings ? [ProviderFingerprint.Source(settings)] : Array.Empty<Messages.InstructionSource>();
        return new MessageSteeringResult([.. steering.Sources.Concat(asked).Select(ToProtocol.Steering)], steering.Note);
    }

    private async Task<StoredChat> ChatAsync(string codexId, CancellationToken cancellationToken) => (await conversations.GetAsync(codexId, cancellationToken)).Stored;
}
