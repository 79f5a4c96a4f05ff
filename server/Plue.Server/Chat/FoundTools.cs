using Plue.Server.Messages;
using Plue.Server.Tools;

namespace Plue.Server.Chat;

/// <summary>Finds the tools that a model found with <see cref="ToolSearchTool"/> or called, by declared name, in message order.</summary>
internal static class FoundTools
{
    /// <param name="messages">The messages to send. Tools found in summarized messages have to be found again.</param>
    public static IReadOnlyList<string> In(IReadOnlyList<Message> messages)
    {
        var searches = new HashSet<string>(StringComparer.Ordinal);
        var found = new OrderedDictionary<string, bool>(StringComparer.Ordinal);
        foreach (var part in messages.SelectMany(message => message.Parts))
        {
            switch (part)
            {
                case MessagePart.ToolUse { ToolName: ToolSearchTool.ToolName } search:
                    searches.Add(search.ToolUseId);
                    break;
                case MessagePart.ToolUse call:
                    found.TryAdd(call.ToolName, true);
                    break;
                case MessagePart.ToolResult { Result: { } text } result when searches.Contains(result.ToolUseId):
                    foreach (var name in ToolSearchTool.NamesIn(text))
                    {
                        found.TryAdd(name, true);
                    }
                    break;
            }
        }

        return [.. found.Keys];
    }
}
