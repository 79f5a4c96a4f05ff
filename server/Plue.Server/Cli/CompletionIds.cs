using System.CommandLine.Completions;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>The IDs of chats and tasks that a shell completes.</summary>
internal static class CompletionIds
{
    private const int Max = 50;

    /// <param name="list">Lists the chats or tasks, the last used first.</param>
    public static IEnumerable<CompletionItem> Of(Func<string?, Services> open, Func<Services, IReadOnlyList<ChatSummary>> list)
    {
        try
        {
            return [.. list(open(null)).Where(chat => !chat.Archived).Take(Max).Select(chat => new CompletionItem(chat.Id))];
        }
        catch (FailureException)
        {
            return []; // A completion reports no errors.
        }
    }
}
