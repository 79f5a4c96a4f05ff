using Microsoft.Extensions.Logging;
using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>
/// Finds messages in all chats and tasks by reading their journals: newest chats first, and in each the newest messages first. A chat whose title has the
/// terms is found if none of its messages is. Any number of searches can run at a time; each has two dedicated threads, because it reads continuously.
/// </summary>
internal sealed class ChatSearch(ChatStore store, ILogger logger)
{
    private const int Workers = 2;

    /// <param name="onMatches">Called with the matches of one chat after all newer chats were reported; never concurrently.</param>
    /// <exception cref="FailureException">StoreReadOnly: the chats cannot be listed.</exception>
    /// <exception cref="OperationCanceledException">The caller canceled, and both threads have ended.</exception>
    public async Task<SearchSummary> RunAsync(
        SearchQuery query,
        Action<IReadOnlyList<SearchMatch>> onMatches,
        CancellationToken cancellationToken
    )
    {
        if (query.IsEmpty)
        {
            return new SearchSummary(0, 0, false, 0);
        }

        var chats = await Task.Run(() => store.ListAll().Where(query.Includes).ToList(), cancellationToken);
        var round = new SearchRun(chats, query.Limit, onMatches, cancellationToken);
        var ready = new JournalQuery(query);
        void RunWorker()
        {
            while (round.Next() is { } index)
            {
                round.SetResult(index, Scan(ready, chats[index], cancellationToken));
            }
        }

        await Task.WhenAll(
            Enumerable
                .Range(0, Workers)
                .Select(_ => Task.Factory.StartNew(RunWorker, cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default))
        );
        cancellationToken.ThrowIfCancellationRequested();
        return round.Summary;
    }

    /// <summary>Null when the chat cannot be read.</summary>
    private IReadOnlyList<SearchMatch>? Scan(JournalQuery query, ChatSummary chat, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var matcher = new JournalMatcher(query, chat, cancellationToken);
        try
        {
            using var journal = JournalReader.Open(store.PathOf(chat.Id));
            if (query.MayMatch(journal, cancellationToken))
            {
                var scan = new JournalScan(matcher.Take);
                JournalReader.Read(journal, scan);
                Journal.RefuseNewer(scan, "chat");
            }
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            // The file was deleted meanwhile.
            return [];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FailureException)
        {
            logger.LogInformation("{Chat} was not searched: {Reason}", chat.Id, exception.Message);
            return null;
        }

        var matches = matcher.Matches;
        return matches.Count > 0 ? matches
            : query.Query.MatchTitle(chat) is { } title ? [title]
            : [];
    }

    /// <summary>Assigns the chats in order and reports their matches in that order, up to the limit.</summary>
    private sealed class SearchRun(
        IReadOnlyList<ChatSummary> chats,
        int limit,
        Action<IReadOnlyList<SearchMatch>> onMatches,
        CancellationToken cancellationToken
    )
    {
        private readonly Lock sync = new();
        private readonly IReadOnlyList<SearchMatch>?[] results = new IReadOnlyList<SearchMatch>?[chats.Count];
        private int next;
        private int reported;
        private int found;
        private int hits;
        private int chatsWithHits;
        private int unreadable;

        public SearchSummary Summary
        {
            get
            {
                lock (sync)
                {
                    return new(hits, chatsWithHits, found > limit, unreadable);
                }
            }
        }

        /// <summary>Null at the end, or when later chats can no longer be reported.</summary>
        public int? Next()
        {
            lock (sync)
            {
                return next < chats.Count && found <= limit ? next++ : null;
            }
        }

        public void SetResult(int index, IReadOnlyList<SearchMatch>? matches)
        {
            lock (sync)
            {
                if (matches is null)
                {
                    unreadable++;
                }

                results[index] = matches ?? [];
                found += matches?.Count ?? 0;
                for (; reported < chats.Count && results[reported] is { } ready; results[reported++] = null)
                {
                    // Several chats may be ready after a slow one.
                    cancellationToken.ThrowIfCancellationRequested();
                    Report(ready);
                }
            }
        }

        private void Report(IReadOnlyList<SearchMatch> matches)
        {
            IReadOnlyList<SearchMatch> shown = [.. matches.Take(limit - hits)];
            if (shown.Count == 0)
            {
                return;
            }

            hits += shown.Count;
            chatsWithHits++;
            onMatches(shown);
        }
    }
}

/// <param name="Chats">The number of chats with matches.</param>
/// <param name="IsTruncated">True if there are more matches than the limit.</param>
/// <param name="Unreadable">The number of chats that could not be read.</param>
internal sealed record SearchSummary(int Hits, int Chats, bool IsTruncated, int Unreadable);
