using System.Globalization;
using Plue.Server.Messages;
using Plue.Server.Store;

namespace Plue.Server.Transfer;

/// <summary>Texts for the Markdown and HTML formats.</summary>
internal static class MessageDisplay
{
    public static string RoleLabel(Message message) =>
        message switch
        {
            { Compaction: not null } => "Summary of earlier messages",
            { Role: MessageRole.User } => "You",
            { Role: MessageRole.System } => "Note",
            _ => message.ProviderInfo is { } info ? info.ModelId ?? info.ProviderId : "Answer",
        };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>Describes how a message ended abnormally; null otherwise.</summary>
    public static string? Ending(Message message) =>
        message.Status switch
        {
            MessageStatus.Streaming => "This response was still being written.",
            MessageStatus.Stopped => "Stopped.",
            MessageStatus.Interrupted => "Interrupted.",
            MessageStatus.Failed => message.Error?.Message ?? "Failed.",
            _ => null,
        };

    /// <summary>Describes the times of a chat and its hidden branches.</summary>
    public static string About(StoredChat chat)
    {
        var count = chat.Messages.Count;
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"{count} {(count == 1 ? "message" : "messages")}, created {Time(chat.CreatedAt)}, last changed {Time(chat.UpdatedAt)}."
        );
        return OtherBranches(chat.Tree) switch
        {
            0 => words,
            1 => $"{words} This is the selected branch; there is 1 other.",
            var others => string.Create(CultureInfo.InvariantCulture, $"{words} This is the selected branch; there are {others} others."),
        };
    }

    /// <summary>Counts the branches that are not visible.</summary>
    private static int OtherBranches(MessageTree tree)
    {
        var all = tree.DescendantsOf("").Skip(1).Select(id => tree.Find(id)!).ToList();
        var followed = all.Select(message => message.ParentId ?? "").ToHashSet(StringComparer.Ordinal);
        var shown = tree.Path.Select(message => message.Id).ToHashSet(StringComparer.Ordinal);
        return all.Count(message => !followed.Contains(message.Id) && !shown.Contains(message.Id));
    }

    public static string DescribeFile(MessagePart.File file) =>
        (file.IsSummary, file.Range) switch
        {
            (true, _) => " (a summary)",
            (_, { } range) => string.Create(CultureInfo.InvariantCulture, $" (lines {range.Start} to {range.End})"),
            _ => "",
        };
}
