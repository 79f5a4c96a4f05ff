using System.Text;
using Plue.Server.Messages;
using Plue.Server.Providers;

namespace Plue.Server.Chat;

/// <summary>
/// Stores the reasoning before tool calls for conversations that others store: many vendors reject the results of a call without the signed reasoning before
/// it, and VS Code does not return that. Thread-safe.
/// </summary>
internal sealed class ReasoningMemory
{
    private const int MaxCalls = 500;

    private readonly Lock sync = new();
    private readonly Dictionary<string, IReadOnlyList<MessagePart.Reasoning>> byCall = new(StringComparer.Ordinal);
    private readonly Queue<string> oldest = new();

    public Round Begin() => new(this);

    /// <summary>Gets the parts of a message, with stored reasoning inserted before its calls.</summary>
    public IEnumerable<MessagePart> Restored(IReadOnlyList<MessagePart> parts)
    {
        lock (sync)
        {
            return
            [
                .. parts.SelectMany(part =>
                    part is MessagePart.ToolUse use && byCall.TryGetValue(use.ToolUseId, out var before)
                        ? [.. before, part]
                        : new[] { part }
                ),
            ];
        }
    }

    private void Keep(string toolUseId, IReadOnlyList<MessagePart.Reasoning> before)
    {
        lock (sync)
        {
            if (byCall.TryAdd(toolUseId, before))
            {
                oldest.Enqueue(toolUseId);
            }
            while (oldest.Count > MaxCalls)
            {
                byCall.Remove(oldest.Dequeue());
            }
        }
    }

    /// <summary>One response. Not thread-safe.</summary>
    internal sealed class Round(ReasoningMemory memory)
    {
        private readonly StringBuilder text = new();
        private readonly List<MessagePart.Reasoning> before = [];

        public void Take(ProviderEvent next)
        {
            switch (next)
            {
                case ProviderEvent.ReasoningDelta(var delta):
                    text.Append(delta);
                    break;
                case ProviderEvent.ReasoningFinished(var signature, var opaque):
                    before.Add(new MessagePart.Reasoning(text.ToString(), signature, opaque));
                    text.Clear();
                    break;
                case ProviderEvent.ToolCallFinished call when before.Count > 0:
                    memory.Keep(call.ToolUseId, [.. before]);
                    before.Clear();
                    break;
                case ProviderEvent.Restarted:
                    text.Clear();
                    before.Clear();
                    break;
            }
        }
    }
}
