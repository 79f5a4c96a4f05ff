using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Reviews;

namespace Plue.Server.Rpc;

/// <summary>review/*: reviews of changes in the workspace folders. Untrusted folders are not read.</summary>
internal sealed class ReviewHandlers(ReviewServices services, Workspace workspace)
{
    private const int MaxListed = 50;

    public void Register(RpcServer server)
    {
        server.Map(
            Methods.ReviewStart,
            async (asked, cancellationToken) =>
                ReviewViews.View(
                    await services.Reviewer.ReviewAsync(
                        FolderOf(asked.Folder),
                        new ReviewTarget((ReviewSource)asked.Source, asked.Range, asked.PullRequest),
                        new ReviewOptions(),
                        progress =>
                            _ = server.TryNotifyAsync(
                                Methods.ReviewProgress,
                                new ReviewProgressParams(asked.Ticket, progress.Done, progress.Total, progress.IsChecking)
                            ),
                        cancellationToken
                    )
                )
        );
        server.Map(Methods.ReviewList, (_, _) => Task.Run(List));
        server.Map(Methods.ReviewGet, (asked, _) => Task.Run(() => ReviewViews.View(services.Records.Get(asked.Id))));
        server.Map(
            Methods.ReviewDecide,
            async (asked, cancellationToken) =>
                ReviewViews.View(
                    await services.Records.SetStateAsync(asked.Id, asked.FindingId, (FindingState)asked.State, cancellationToken)
                )
        );
        server.Map(
            Methods.ReviewApply,
            async (asked, cancellationToken) =>
            {
                var (review, question) = await services.Fixes.ApplyAsync(asked.Id, asked.FindingId, asked.IsConfirmed, cancellationToken);
                return new ReviewApplyResult(ReviewViews.View(review), question);
            }
        );
    }

    private ReviewListResult List()
    {
        var reviews = services.Records.List();
        var folders = workspace.TrustedFolders?.Resolved();
        return new ReviewListResult(
            [.. reviews.Where(review => folders?.FolderOf(review.Folder) is not null).Take(MaxListed).Select(ReviewViews.View)],
            ReviewViews.View(Reviews.ReviewFigures.Of(reviews))
        );
    }

    private string FolderOf(string? given)
    {
        var folders =
            workspace.TrustedFolders
            ?? throw new FailureException(
                FailureKind.Untrusted,
                "Changes can only be reviewed in a trusted folder. Open the folder and trust it."
            );
        return given is null ? folders.First.Path
            : folders.Paths.Contains(given, StringComparer.Ordinal) ? given
            : throw new FailureException(FailureKind.NotFound, "This folder is not part of the workspace.");
    }
}
