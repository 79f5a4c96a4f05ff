using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Store;

namespace Plue.Server.Permissions;

/// <summary>
/// Shares pending approvals between all processes of this home. Each process writes its requests to a private file and reads decisions from files next to it.
/// The requesting process validates decisions. Requests of terminated processes are dropped.
/// </summary>
internal sealed class SharedApprovals(Approvals own, PluePaths paths, ILogger logger)
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly string folder = Path.Combine(paths.Index, "approvals");
    private readonly string name = Ids.New("inbox");
    private readonly SemaphoreSlim changed = new(0, 1);
    private volatile IReadOnlyList<PendingApproval> others = [];
    private string written = "";
    private JournalLock? ownerLock;

    public event Action? Changed;

    /// <summary>Gets the pending approvals, oldest first.</summary>
    public IReadOnlyList<PendingApproval> Pending => [.. own.Pending.Concat(others).OrderBy(pending => pending.CreatedAt)];

    /// <summary>True if another process of this home asks.</summary>
    public bool IsInOtherWindow(PendingApproval pending) => others.Any(one => one.Id == pending.Id);

    /// <inheritdoc cref="Approvals.Answer"/>
    public void Answer(string id, string fingerprint, ApprovalAnswer answer, bool includeEqual)
    {
        var foreign = others.Where(one => one.Id == id || (includeEqual && one.Fingerprint == fingerprint)).ToList();
        if (foreign.FirstOrDefault(one => one.Id == id) is { } asked)
        {
            Approvals.Check(asked, fingerprint, answer);
        }
        else
        {
            own.Answer(id, fingerprint, answer, includeEqual);
        }

        try
        {
            foreach (var one in foreign)
            {
                DurableFile.Replace(
                    AnswerTo(one.Id),
                    JsonSerializer.SerializeToUtf8Bytes(
                        new StoredApprovalAnswer(fingerprint, answer),
                        SharedApprovalsContext.Default.StoredApprovalAnswer
                    )
                );
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The other window could not be notified ({fault.Message.TrimEnd('.')}). Answer there, or make {paths.Home} writable.",
                fault
            );
        }

        if (foreign.Count == 0)
        {
            return;
        }

        others = [.. others.Except(foreign)];
        // The decision also applies to equal requests of this process.
        if (includeEqual && own.Pending.FirstOrDefault(one => one.Fingerprint == fingerprint) is { } equal)
        {
            own.Answer(equal.Id, fingerprint, answer, includeEqual: true);
        }
        Changed?.Invoke();
    }

    /// <summary>Updates the files and the list until canceled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        own.Changed += Wake;
        try
        {
            while (true)
            {
                try
                {
                    Refresh();
                }
                catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or FailureException)
                {
                    logger.LogDebug("Approvals shared between windows failed: {Reason}", fault.Message);
                }

                await changed.WaitAsync(Pause, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            logger.LogDebug("Approvals are no longer shared between windows");
        }
        finally
        {
            own.Changed -= Wake;
            DeleteOwnFiles();
        }
    }

    private void Wake()
    {
        if (changed.CurrentCount > 0)
        {
            return;
        }

        try
        {
            changed.Release();
        }
        catch (SemaphoreFullException)
        {
            logger.LogTrace("A change of shared approvals was signaled twice");
        }
    }

    /// <summary>Shares the approvals of this process once, and reads those of the others.</summary>
    /// <exception cref="IOException"/>
    /// <exception cref="UnauthorizedAccessException"/>
    /// <exception cref="FailureException">StoreReadOnly.</exception>
    public void Refresh()
    {
        // A question can only be answered by the process that has its fields.
        IReadOnlyList<PendingApproval> pending = [.. own.Pending.Where(one => one.Request.Question is null)];
        PublishOwn(pending);
        if (!Directory.Exists(folder))
        {
            return;
        }

        foreach (var one in pending)
        {
            ApplyAnswer(one);
        }

        List<PendingApproval> found = [];
        foreach (var file in Directory.EnumerateFiles(folder, "inbox_*.json").Where(file => Path.GetFileNameWithoutExtension(file) != name))
        {
            if (JournalLock.IsHeld(file))
            {
                found.AddRange(
                    Read(file, SharedApprovalsContext.Default.StoredPendingApprovals)
                        ?.Asked.Where(one => one.Fingerprint == one.Request.Fingerprint)
                        ?? []
                );
            }
            else
            {
                File.Delete(file);
            }
        }

        // A request whose decision is being delivered is not listed again.
        found.RemoveAll(one => File.Exists(AnswerTo(one.Id)));
        if (found.Select(one => one.Id).SequenceEqual(others.Select(one => one.Id)))
        {
            return;
        }

        others = found;
        Changed?.Invoke();
    }

    private void PublishOwn(IReadOnlyList<PendingApproval> pending)
    {
        var now = string.Join(' ', pending.Select(one => one.Id));
        if (now == written)
        {
            return;
        }

        DurableFile.CreatePrivateDirectory(folder);
        var file = Path.Combine(folder, $"{name}.json");
        ownerLock ??= JournalLock.Acquire(file, "inbox");
        if (pending.Count == 0)
        {
            File.Delete(file);
        }
        else
        {
            DurableFile.Replace(
                file,
                JsonSerializer.SerializeToUtf8Bytes(
                    new StoredPendingApprovals(pending),
                    SharedApprovalsContext.Default.StoredPendingApprovals
                )
            );
        }

        written = now;
    }

    private void ApplyAnswer(PendingApproval asked)
    {
        var file = AnswerTo(asked.Id);
        if (!File.Exists(file))
        {
            return;
        }

        try
        {
            if (Read(file, SharedApprovalsContext.Default.StoredApprovalAnswer) is { } given)
            {
                own.Answer(asked.Id, given.Fingerprint, given.Answer, includeEqual: false);
            }
        }
        catch (FailureException fault)
        {
            logger.LogWarning("A decision from another window was not applied: {Reason}", fault.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private T? Read<T>(string file, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return RegularFile.Read(file, MaxBytes) is { } content ? JsonSerializer.Deserialize(content, type) : null;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{File} of another window was skipped: {Reason}", file, fault.Message);
            return null;
        }
    }

    private void DeleteOwnFiles()
    {
        try
        {
            File.Delete(Path.Combine(folder, $"{name}.json"));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("The shared approvals of this window could not be deleted: {Reason}", fault.Message);
        }

        ownerLock?.Dispose();
    }

    private string AnswerTo(string id) => Path.Combine(folder, $"{Path.GetFileName(id)}.answer");
}

internal sealed record StoredPendingApprovals(IReadOnlyList<PendingApproval> Asked);

internal sealed record StoredApprovalAnswer(string Fingerprint, ApprovalAnswer Answer);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true
)]
[JsonSerializable(typeof(StoredPendingApprovals))]
[JsonSerializable(typeof(StoredApprovalAnswer))]
internal sealed partial class SharedApprovalsContext : JsonSerializerContext;
