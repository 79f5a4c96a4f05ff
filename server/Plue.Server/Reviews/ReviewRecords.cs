using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Reviews;

/// <summary>The records of all reviews in Plue's folder.</summary>
internal sealed class ReviewRecords(PluePaths paths)
{
    private const string Extension = ".json";
    private const int MaxLength = 16 * 1024 * 1024;
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Gets the reviews, newest first. Records that cannot be read are skipped.</summary>
    public IReadOnlyList<StoredReview> List()
    {
        List<StoredReview> reviews = [];
        foreach (var path in Directory.Exists(paths.Reviews) ? Directory.EnumerateFiles(paths.Reviews, "*" + Extension) : [])
        {
            try
            {
                reviews.Add(Read(path));
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
            {
                // One damaged record must not hide the others; it is kept as it is.
            }
        }

        return [.. reviews.OrderByDescending(review => review.Id, StringComparer.Ordinal)];
    }

    /// <exception cref="FailureException">NotFound; StoreReadOnly: the record cannot be read.</exception>
    public StoredReview Get(string id)
    {
        var path = PathOf(id);
        try
        {
            return File.Exists(path) ? Read(path) : throw new FailureException(FailureKind.NotFound, "There is no such review.");
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            throw StoreFailure.From(fault, $"The review {path} could not be read");
        }
    }

    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public StoredReview Add(StoredReview review)
    {
        try
        {
            DurableFile.Replace(PathOf(review.Id), JsonSerializer.SerializeToUtf8Bytes(review, ReviewJson.Default.StoredReview));
            return review;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw StoreFailure.From(fault, "The review was not saved");
        }
    }

    /// <summary>Sets the state of a finding. Other processes can change the review at the same time.</summary>
    /// <exception cref="FailureException">NotFound: the review or the finding; Conflict: another process changes it; StoreReadOnly.</exception>
    public async Task<StoredReview> SetStateAsync(string id, string findingId, FindingState state, CancellationToken cancellationToken)
    {
        if (state == FindingState.Refuted)
        {
            throw new FailureException(FailureKind.BadRequest, "Only the second model refutes findings.");
        }

        using var turn = await LockAsync(id, cancellationToken);
        var review = Get(id);
        Find(review, findingId);
        return Add(
            review with
            {
                Findings = [.. review.Findings.Select(finding => finding.Id == findingId ? finding with { State = state } : finding)],
            }
        );
    }

    /// <exception cref="FailureException">NotFound.</exception>
    public static StoredFinding Find(StoredReview review, string findingId) =>
        review.Shown.FirstOrDefault(finding => finding.Id == findingId)
        ?? throw new FailureException(FailureKind.NotFound, "The review has no such finding.");

    private async Task<IDisposable> LockAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return await FileLock.AcquireAsync(paths.LockFile(Checked(id)), LockTimeout, cancellationToken);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.Conflict,
                $"Another process is changing this review ({fault.Message.TrimEnd('.')}). Try again.",
                fault
            );
        }
    }

    private static StoredReview Read(string path)
    {
        var review =
            JsonSerializer.Deserialize(
                RegularFile.Read(path, MaxLength) ?? throw new IOException($"{path} is too large."),
                ReviewJson.Default.StoredReview
            ) ?? throw new JsonException($"{path} is empty.");
        return review.Format == StoredReview.CurrentFormat
            ? review
            : throw new JsonException($"{path} was written by a newer version of Plue.");
    }

    private string PathOf(string id) => Path.Combine(paths.Reviews, Checked(id) + Extension);

    /// <exception cref="FailureException">NotFound: it is not an ID, so it must not become part of a path.</exception>
    private static string Checked(string id) =>
        ReviewIds.IsReview(id) ? id : throw new FailureException(FailureKind.NotFound, "This is not the ID of a review.");
}
