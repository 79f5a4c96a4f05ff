using System.Threading.Channels;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Store;

namespace Plue.Server.Rpc;

/// <summary>search/chats: sends the first results immediately and the rest in batches.</summary>
internal sealed class SearchHandlers(RpcServer server, ChatSearch search, TimeProvider time)
{
    private const int MaxBatch = 200;
    private static readonly TimeSpan BatchDelay = TimeSpan.FromMilliseconds(30);

    public void Register() => server.Map(Methods.SearchChats, RunAsync);

    public static SearchQuery Query(SearchChatsParams asked) =>
        new(asked.Text)
        {
            From = asked.From,
            To = asked.To,
            ProviderId = asked.ProviderId,
            Model = asked.Model,
            HasCode = asked.HasCode,
            Status = (Messages.MessageStatus?)asked.Status,
            Role = (Messages.MessageRole?)asked.Role,
            Tags = asked.Tags ?? [],
            IncludeArchived = asked.IncludeArchived ?? false,
            Limit = Math.Clamp(asked.Limit ?? SearchQuery.DefaultLimit, 1, SearchQuery.MaxLimit),
        };

    public static SearchHit Hit(SearchMatch find) =>
        new(
            CodexUri.OfChannel(find.Chat.Id).ToString(),
            find.Chat.Title,
            find.MessageId,
            (MessageRole)find.Role,
            find.CreatedAt,
            find.Snippet.Text,
            find.Snippet.Start,
            find.Snippet.Length
        );

    public static SearchChatsResult Result(SearchSummary summary) =>
        new(summary.Hits, summary.Chats, summary.IsTruncated, summary.Unreadable);

    private async Task<SearchChatsResult> RunAsync(SearchChatsParams asked, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var found = Channel.CreateUnbounded<SearchMatch>(new UnboundedChannelOptions { SingleReader = true });
        var searching = SearchAsync(Query(asked), found.Writer, stop.Token);
        try
        {
            await PublishAsync(asked.SearchId, found.Reader, searching, stop.Token);
        }
        catch
        {
            await stop.CancelAsync();
            await Task.WhenAny(searching);
            throw;
        }

        return Result(await searching);
    }

    private async Task<SearchSummary> SearchAsync(SearchQuery query, ChannelWriter<SearchMatch> found, CancellationToken cancellationToken)
    {
        try
        {
            return await search.RunAsync(
                query,
                finds =>
                {
                    foreach (var find in finds)
                    {
                        found.TryWrite(find);
                    }
                },
                cancellationToken
            );
        }
        finally
        {
            found.Complete();
        }
    }

    private async Task PublishAsync(string searchId, ChannelReader<SearchMatch> found, Task searching, CancellationToken cancellationToken)
    {
        while (await found.WaitToReadAsync(cancellationToken))
        {
            List<SearchHit> hits = [];
            while (hits.Count < MaxBatch && found.TryRead(out var find))
            {
                hits.Add(Hit(find));
            }

            await server.NotifyAsync(Methods.SearchHits, new SearchHitsParams(searchId, hits), cancellationToken);
            await Task.WhenAny(searching, Task.Delay(BatchDelay, time, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
