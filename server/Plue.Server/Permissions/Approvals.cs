using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Permissions;

internal enum ApprovalKind
{
    Command,
    Write,
    Edit,
    Delete,
    Read,
    Spawn,
    ServerTool,
    StartServer,
    Fetch,
    Hook,
    Question,
    Other,
}

/// <param name="Path">An absolute path, or the address of a document.</param>
/// <param name="Before">Null for a new file.</param>
internal sealed record ProposedFile(string Path, string? Before, string After);

internal sealed record ApprovalRequest
{
    public required string CodexId { get; init; }
    public required IReadOnlyList<string> Path { get; init; }
    public string? ToolUseId { get; init; }
    public required string ToolName { get; init; }
    public required ApprovalKind Kind { get; init; }

    /// <summary>Gets exactly what will be done if the request is approved.</summary>
    [JsonPropertyName("what")]
    public required string ActionText { get; init; }
    public string? Diff { get; init; }

    /// <summary>Gets the files of <see cref="Diff"/> before and after the change. Not shared with other processes.</summary>
    [JsonIgnore]
    public IReadOnlyList<ProposedFile> Files { get; init; } = [];

    [JsonPropertyName("where")]
    public string? Location { get; init; }

    [JsonPropertyName("why")]
    public required string Reason { get; init; }
    public string? Sandbox { get; init; }
    public string? Rule { get; init; }
    public string? RuleFolder { get; init; }

    /// <summary>Gets the form or address for the user; null for a plain approval. Not shared with other processes.</summary>
    [JsonIgnore]
    public Question? Question { get; init; }

    /// <summary>Gets a hash of everything that the user is shown and that will be done.</summary>
    public string Fingerprint =>
        Convert.ToHexStringLower(
            SHA256.HashData(
                Encoding.UTF8.GetBytes(
                    string.Concat(
                        // With lengths, so that the boundaries between parts are unambiguous.
                        new[]
                        {
                            ToolName,
                            Kind.ToString(),
                            ActionText,
                            Diff ?? "",
                            Location ?? "",
                            Sandbox ?? "",
                            Rule ?? "",
                            RuleFolder ?? "",
                            Question?.Text ?? "",
                        }.Select(part => $"{part.Length}:{part}")
                    )
                )
            )
        );
}

internal sealed record PendingApproval(string Id, ApprovalRequest Request, string Fingerprint, DateTimeOffset CreatedAt);

internal enum ApprovalDecision
{
    Once,
    Always,
    Deny,
}

/// <param name="Reason">The user's message to the model, for a denial.</param>
/// <param name="Rule">The rule to store as displayed, for always.</param>
/// <param name="Values">The answer to a question, as a JSON object.</param>
internal sealed record ApprovalAnswer(ApprovalDecision Decision, string? Reason = null, string? Rule = null, string? Values = null);

/// <summary>The pending approvals of this process, from tasks at every level. They are not stored.</summary>
/// <param name="rules">Stores rules for always; null treats always as once.</param>
internal sealed class Approvals(TimeProvider time, StoredRules? rules = null)
{
    private readonly Lock sync = new();
    private readonly List<(PendingApproval Pending, Func<bool>? IsAllowed, TaskCompletionSource<ApprovalAnswer> Answer)> waiting = [];

    /// <summary>Raised when the list changes, outside of locks.</summary>
    public event Action? Changed;

    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Gets the pending approvals, oldest first.</summary>
    public IReadOnlyList<PendingApproval> Pending
    {
        get
        {
            lock (sync)
            {
                return [.. waiting.Select(one => one.Pending)];
            }
        }
    }

    /// <summary>Waits for the user's decision. Cancellation withdraws the request.</summary>
    /// <param name="isAllowed">Checked after each stored rule; if true, the request is approved. Must be fast and must not throw.</param>
    public async Task<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken, Func<bool>? isAllowed = null)
    {
        var pending = new PendingApproval(Ids.New("apr"), request, request.Fingerprint, time.GetUtcNow());
        var answer = new TaskCompletionSource<ApprovalAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
        {
            waiting.Add((pending, isAllowed, answer));
        }
        Changed?.Invoke();
        try
        {
            return await answer.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            bool isGone;
            lock (sync)
            {
                isGone = waiting.RemoveAll(one => one.Pending.Id == pending.Id) > 0;
            }
            if (isGone)
            {
                Changed?.Invoke();
            }
        }
    }

    /// <summary>Decides a pending request. Each request can be decided once.</summary>
    /// <param name="fingerprint">The fingerprint that the user reviewed.</param>
    /// <param name="includeEqual">True to decide all requests with the same fingerprint.</param>
    /// <returns>The decided request.</returns>
    /// <exception cref="FailureException">
    /// NotFound: the request is no longer pending. Conflict: the request or the rule has changed. PermissionDenied: always is not available. BadRequest: the
    /// values are invalid. StoreReadOnly: the rule could not be stored, so the request is still pending.
    /// </exception>
    public PendingApproval Answer(string id, string fingerprint, ApprovalAnswer answer, bool includeEqual)
    {
        PendingApproval asked;
        lock (sync)
        {
            var at = waiting.FindIndex(one => one.Pending.Id == id);
            if (at < 0)
            {
                throw new FailureException(FailureKind.NotFound, "This approval is no longer pending.");
            }

            asked = waiting[at].Pending;
            Check(asked, fingerprint, answer);
            if (answer.Decision == ApprovalDecision.Always)
            {
                rules?.Add(asked.Request.Rule!, asked.Request.RuleFolder!);
            }

            foreach (
                var one in waiting.Where(one => one.Pending.Id == id || (includeEqual && one.Pending.Fingerprint == fingerprint)).ToList()
            )
            {
                waiting.Remove(one);
                one.Answer.TrySetResult(answer);
            }
        }

        if (answer.Decision == ApprovalDecision.Always)
        {
            CompleteAllowed();
        }

        Changed?.Invoke();
        return asked;
    }

    /// <summary>Approves the requests that the rules now allow.</summary>
    private void CompleteAllowed()
    {
        List<(PendingApproval Pending, Func<bool>? IsAllowed, TaskCompletionSource<ApprovalAnswer> Answer)> asked;
        lock (sync)
        {
            asked = [.. waiting];
        }
        foreach (var one in asked.Where(one => one.IsAllowed?.Invoke() == true))
        {
            lock (sync)
            {
                waiting.Remove(one);
            }
            one.Answer.TrySetResult(new ApprovalAnswer(ApprovalDecision.Once));
        }
    }

    /// <summary>Throws if the decision does not match the request.</summary>
    /// <inheritdoc cref="Answer" path="/exception"/>
    internal static void Check(PendingApproval asked, string fingerprint, ApprovalAnswer answer)
    {
        if (asked.Fingerprint != fingerprint)
        {
            throw new FailureException(FailureKind.Conflict, "This approval request changed. Review it again.");
        }
        if (answer.Decision != ApprovalDecision.Deny && asked.Request.Question?.ProblemIn(answer.Values) is { } problem)
        {
            throw new FailureException(FailureKind.BadRequest, problem);
        }
        if (answer.Decision != ApprovalDecision.Always)
        {
            return;
        }
        if (asked.Request is not { Rule: { } rule, RuleFolder: not null })
        {
            throw new FailureException(FailureKind.PermissionDenied, "This requires approval each time. Allow it once, or deny it.");
        }
        if (answer.Rule != rule)
        {
            throw new FailureException(FailureKind.Conflict, "The rule differs from the one that was shown. Review it again.");
        }
    }
}
