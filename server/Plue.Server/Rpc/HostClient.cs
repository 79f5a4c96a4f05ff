using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Providers;
using Plue.Server.Providers.Requests;
using Message = Plue.Server.Messages.Message;
using MessageRole = Plue.Server.Messages.MessageRole;

namespace Plue.Server.Rpc;

/// <summary>host/*: requests to the editor for language models. The events of a response arrive as notifications and are handled before the reply.</summary>
internal sealed class HostClient(RpcServer server, ProviderFactory providers) : IEditorModels
{
    /// <summary>The maximum number of unread characters. The editor cannot be slowed down, so a longer response is an error.</summary>
    private const int MaxUnreadCharacters = 32 * 1024 * 1024;

    private readonly ConcurrentDictionary<string, Answer> answers = new(StringComparer.Ordinal);

    public void Register()
    {
        providers.Editor = this;
        server.Map(
            Methods.HostLanguageModelEvent,
            (parameters, _) =>
            {
                // Events that arrive after a cancellation are ignored.
                if (answers.TryGetValue(parameters.StreamId, out var answer))
                {
                    answer.Take(parameters.Event);
                }
                return Task.CompletedTask;
            }
        );
    }

    public async Task<IReadOnlyList<EditorModel>> ListAsync(string? vendor, CancellationToken cancellationToken)
    {
        var result = await server.RequestAsync(Methods.HostLanguageModels, new HostLanguageModelsParams(vendor), cancellationToken);
        return
        [
            .. result.Models.Select(model => new EditorModel(
                model.Id,
                model.Name,
                model.Vendor,
                model.Family,
                model.MaxInputTokens,
                model.SupportsTools,
                model.SupportsVision
            )),
        ];
    }

    public async IAsyncEnumerable<EditorModelEvent> StreamAsync(
        string vendor,
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var streamId = Ids.New("stream");
        var answer = answers[streamId] = new Answer();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = AskAsync(answer, Params(streamId, vendor, request), stop.Token);
        try
        {
            await foreach (var next in answer.ReadAsync(cancellationToken))
            {
                yield return next;
            }
            yield return new EditorModelEvent.Finished((Messages.StopReason)(await asking).StopReason);
        }
        finally
        {
            answers.TryRemove(streamId, out _);
            // Cancels the model when the consumer stops reading.
            await stop.CancelAsync();
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<HostLanguageModelResult> AskAsync(
        Answer answer,
        HostLanguageModelParams parameters,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await server.RequestAsync(Methods.HostLanguageModel, parameters, cancellationToken);
        }
        finally
        {
            answer.End();
        }
    }

    private static HostLanguageModelParams Params(string streamId, string vendor, ProviderRequest request) =>
        new(
            streamId,
            vendor,
            request.Model,
            [.. request.Messages.Select(ToHost).Where(message => message.Parts.Count > 0)],
            [.. request.Tools.Select(tool => new HostTool(tool.Name, tool.Description, tool.ParametersSchema))],
            new HostModelOptions(
                request.Temperature,
                request.MaxTokens,
                request.StopSequences.Count > 0 ? request.StopSequences : null,
                request.ReasoningLevel
            )
        );

    private static HostMessage ToHost(Message message) =>
        new(
            message.Role == MessageRole.Assistant ? HostRole.Assistant : HostRole.User,
            [.. message.Parts.Select(ToHost).OfType<HostPart>()]
        );

    private static HostPart? ToHost(Messages.MessagePart part) =>
        part switch
        {
            Messages.MessagePart.ToolUse use => new HostToolUse(use.ToolUseId, use.ToolName, use.Parameters),
            Messages.MessagePart.ToolResult result => new HostToolResult(result.ToolUseId, RequestMessages.Text(result)),
            Messages.MessagePart.File { IsImage: true, Data: { } data } image => new HostImage(
                image.MediaType!,
                Convert.ToBase64String(data.Span)
            ),
            _ => RequestMessages.Text(part) is { } text ? new HostText(text) : null,
        };

    /// <summary>The received events of a response that were not read yet. Adding an event never blocks.</summary>
    private sealed class Answer
    {
        private readonly Channel<EditorModelEvent> events = Channel.CreateUnbounded<EditorModelEvent>(
            new UnboundedChannelOptions { SingleReader = true }
        );
        private int unread;

        public void Take(HostModelEvent next)
        {
            EditorModelEvent? taken = next switch
            {
                HostModelText text => new EditorModelEvent.Text(text.Text),
                HostModelToolCall call => new EditorModelEvent.ToolCall(call.ToolUseId, call.ToolName, call.Parameters),
                _ => null,
            };
            if (taken is null)
            {
                return;
            }

            if (Interlocked.Add(ref unread, SizeOf(taken)) > MaxUnreadCharacters)
            {
                events.Writer.TryComplete(
                    new FailureException(
                        FailureKind.BadResponse,
                        $"VS Code sent more than {MaxUnreadCharacters / (1024 * 1024)} million characters at once, so the response was truncated. Try again."
                    )
                );
            }
            else
            {
                events.Writer.TryWrite(taken);
            }
        }

        public void End() => events.Writer.TryComplete();

        public async IAsyncEnumerable<EditorModelEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await foreach (var next in events.Reader.ReadAllAsync(cancellationToken))
            {
                Interlocked.Add(ref unread, -SizeOf(next));
                yield return next;
            }
        }

        private static int SizeOf(EditorModelEvent next) =>
            next switch
            {
                EditorModelEvent.Text text => text.Content.Length,
                EditorModelEvent.ToolCall call => call.Parameters.Length + call.ToolName.Length,
                _ => 0,
            };
    }
}
