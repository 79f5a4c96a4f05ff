using System.Globalization;
using Microsoft.Extensions.Logging;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Store;

namespace Plue.Server.Chat;

/// <summary>
/// Moves chats and tasks to the trash when their last message is older than the organization's policy allows. There they expire like all deleted items.
/// Chats that are open or running are kept, with all tasks and chats of their tree.
/// </summary>
internal sealed class ChatRetention(PlatformServices platform, ChatServices services, Conversations conversations)
{
    /// <summary>The most chats of one run. Those that are left follow in the next run.</summary>
    public const int MaxPerRun = 200;
    private static readonly TimeSpan StartDelay = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Interval = TimeSpan.FromDays(1);
    private static readonly TimeSpan NextRunDelay = TimeSpan.FromMinutes(5);

    private readonly ILogger logger = platform.CreateLogger("Store");

    /// <summary>Runs after the sidecar has started, then daily. Does not throw.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var wait = StartDelay; ; )
            {
                await Task.Delay(wait, platform.Time, cancellationToken);
                wait = await Task.Run(() => RunOnce(cancellationToken), cancellationToken) < MaxPerRun ? Interval : NextRunDelay;
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("Old chats will be deleted after the next start");
        }
    }

    /// <summary>Deletes nothing without a valid policy that limits the age of chats, or while the clock is not reliable.</summary>
    /// <returns>The number of deleted chats and tasks.</returns>
    public int RunOnce(CancellationToken cancellationToken)
    {
        if (ManagedPolicy.Read(platform.Paths).Retention is not var (days, policy))
        {
            return 0;
        }
        if (ExpiryClock.Read(platform.Paths, platform.Time) is not { } now)
        {
            logger.LogInformation("No chats are deleted by age today, because the clock changed or Plue did not run for a week");
            return 0;
        }

        var deleted = 0;
        try
        {
            var before = now - TimeSpan.FromDays(days);
            foreach (var chat in Expired(before))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (deleted == MaxPerRun)
                {
                    break;
                }
                if (Delete(chat, before, days, policy))
                {
                    deleted++;
                }
            }
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            logger.LogWarning("Old chats could not be deleted: {Reason}", fault.Message);
        }

        return deleted;
    }

    /// <summary>Gets the chats and tasks to delete, oldest first.</summary>
    private IEnumerable<ChatSummary> Expired(DateTimeOffset before)
    {
        var rows = services.Store.ListAll().ToDictionary(row => UriOf(row.Id), StringComparer.Ordinal);
        var used = rows.Values.Where(IsUsed).Select(row => RootOf(row, rows)).ToHashSet(StringComparer.Ordinal);
        return rows
            .Values.Where(row => services.Store.LastActivityOf(row) < before && !used.Contains(RootOf(row, rows)))
            .OrderBy(services.Store.LastActivityOf);
    }

    /// <summary>True if the chat is open in this window, or runs or waits in any window.</summary>
    private bool IsUsed(ChatSummary row) =>
        conversations.IsOpen(row.Id)
        || row
            is { Status: ChatStatus.Running }
                or { TaskStatus: TaskStates.Queued or TaskStates.Running or TaskStates.WaitingForApproval or TaskStates.WaitingForChild };

    /// <returns>The ID of the chat or task at the top of the tree.</returns>
    private static string RootOf(ChatSummary row, Dictionary<string, ChatSummary> rows)
    {
        HashSet<string> seen = new(StringComparer.Ordinal) { row.Id };
        while (row.SpawnedBy is { } uri && rows.TryGetValue(uri, out var parent) && seen.Add(parent.Id))
        {
            row = parent;
        }

        return row.Id;
    }

    private bool Delete(ChatSummary chat, DateTimeOffset before, double days, string policy)
    {
        var hasPendingChanges = HasPendingChanges(chat.Id);
        try
        {
            if (!conversations.DeleteExpired(chat.Id, before))
            {
                return false;
            }
        }
        catch (FailureException fault) when (fault.Failure.Kind == FailureKind.NotFound)
        {
            // Another window deleted it.
            return false;
        }
        catch (FailureException fault)
        {
            logger.LogWarning("{Chat} is older than the policy allows and was not deleted: {Reason}", chat.Id, fault.Message);
            return false;
        }

        PolicyRefusals.Record(
            platform.Paths,
            platform.Time,
            string.Create(
                CultureInfo.InvariantCulture,
                $"Your organization's policy ({policy}) does not allow chats and tasks to be kept for more than {days} days after their last message. This one was moved to the trash.{(hasPendingChanges ? " It had file changes that were not reviewed, which stay in the files." : "")}"
            ),
            UriOf(chat.Id)
        );
        logger.LogInformation("{Chat} was moved to the trash after {Days} days, the limit of {Policy}", chat.Id, days, policy);
        if (hasPendingChanges)
        {
            logger.LogWarning("{Chat} had file changes that were not reviewed, which stay in the files", chat.Id);
        }
        return true;
    }

    /// <summary>False if unknown: the policy applies anyway.</summary>
    private bool HasPendingChanges(string id)
    {
        try
        {
            return services.Edits.HasPendingChanges(UriOf(id));
        }
        catch (FailureException fault)
        {
            logger.LogWarning("It is unknown if {Chat} has file changes to review: {Reason}", id, fault.Message);
            return false;
        }
    }

    private static string UriOf(string id) => CodexUri.OfChannel(id).ToString();
}
