using Plue.Protocol;
using Plue.Server.Chat;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Message = Plue.Server.Messages.Message;
using MessagePart = Plue.Server.Messages.MessagePart;
using MessageRole = Plue.Server.Messages.MessageRole;

namespace Plue.Server.Rpc;

/// <summary>model/*: requests of VS Code's chat to a model.</summary>
internal sealed class ModelHandlers(RpcServer server, ModelRequests requests)
{
    public void Register()
    {
        server.Map(
            Methods.ModelList,
            (_, _) =>
                Task.FromResult(
                    new ModelListResult([
                        .. requests
                            .List()
                            .Select(listed => new ModelProvider(
                                listed.Provider.Id,
                                listed.Provider.Name,
                                [.. listed.Models.Select(model => ModelViews.Of(model, typical: null))]
                            )),
                    ])
                )
        );
        server.Map(Methods.ModelSendRequest, AskAsync);
    }

    private async Task<ModelSendRequestResult> AskAsync(ModelSendRequestParams parameters, CancellationToken cancellationToken)
    {
        var reason = Messages.StopReason.EndTurn;
        await foreach (var next in requests.StreamAsync(parameters.ProviderId, RequestOf(parameters), cancellationToken))
        {
            HostModelEvent? modelEvent = next switch
            {
                ProviderEvent.TextDelta { Text.Length: > 0 } text => new HostModelText(text.Text),
                ProviderEvent.ToolCallFinished call => new HostModelToolCall(call.ToolUseId, call.ToolName, call.Parameters),
                _ => null,
            };
            if (modelEvent is not null)
            {
                await server.NotifyAsync(Methods.ModelEvent, new ModelEventParams(parameters.StreamId, modelEvent), cancellationToken);
            }
            if (next is ProviderEvent.Failed { Failure: var failure })
            {
                throw new FailureException(failure);
            }
            if (next is ProviderEvent.Finished finished)
            {
                reason = finished.Reason;
            }
        }

        return new ModelSendRequestResult((Protocol.StopReason)reason);
    }

    private static ProviderRequest RequestOf(ModelSendRequestParams parameters) =>
        new()
        {
            CodexId = "",
            Model = parameters.Model,
            System = parameters.System,
            Messages = [.. parameters.Messages.Select((message, at) => MessageOf(message, at))],
            Tools = [.. parameters.Tools.Select(tool => new ToolDeclaration(tool.Name, tool.Description, tool.Schema))],
        };

    private static Message MessageOf(HostMessage message, int at) =>
        new()
        {
            Id = $"vscode_{at}",
            CodexId = "",
            Role = message.Role == HostRole.Assistant ? MessageRole.Assistant : MessageRole.User,
            CreatedAt = DateTimeOffset.UnixEpoch,
            Parts = [.. message.Parts.Select(PartOf)],
        };

    /// <exception cref="FailureException">BadRequest: an image is not base64.</exception>
    private static MessagePart PartOf(HostPart part) =>
        part switch
        {
            HostText text => new MessagePart.Text(text.Text),
            HostImage image => new MessagePart.File("image", null) { MediaType = image.MediaType, Data = BytesOf(image.Data) },
            HostToolUse use => new MessagePart.ToolUse(use.ToolUseId, use.ToolName, use.Parameters),
            HostToolResult result => new MessagePart.ToolResult(result.ToolUseId, result.Text, null),
            _ => throw new InvalidOperationException(part.GetType().Name),
        };

    private static byte[] BytesOf(string base64)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException)
        {
            throw new FailureException(FailureKind.BadRequest, "An image is not valid base64. Remove it and try again.");
        }
    }
}
