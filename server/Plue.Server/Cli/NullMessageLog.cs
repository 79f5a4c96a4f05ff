using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>A message log that stores nothing.</summary>
internal sealed class NullMessageLog : IMessageLog
{
    public ValueTask AppendAsync(Message message, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public ValueTask BeginAsync(Message streaming, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void AppendPartial(string messageId, int partIndex, bool isReasoning, string text) { }

    public void ResetPartial(string messageId) { }
}
