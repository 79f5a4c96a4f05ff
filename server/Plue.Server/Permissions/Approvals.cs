using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;

namespace Plue.Server.Permissions;

public enum ApprovalKind
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

/// <summary>A file before and after a proposed change.</summary>
/// <param name="Path">Absolute, or the address of a document.</param>
/// <param name="Before">Null for a new file.</param>
public sealed record ProposedFile(string Path, string? Before, string After);

/// <summary>An approval request.</summary>
public sealed record ApprovalRequest
{
    public required string CodexId { get; init; }
    public required IReadOnlyList<string> Path { get; init; }
    public string? ToolUseId { get; init; }
    public required string ToolName { get; init; }
    public required ApprovalKind Kind { get; init; }

    /// <summary>Letter for letter what would be done; what is done afterwards is this and nothing else.</summary>
    public required string What { get; init; }
    public string? Diff { get; init; }

    /// <summary>The files of <see cref="Diff"/> before and after it. Only this process has them.</summary>
    [JsonIgnore]
    public IReadOnlyList<ProposedFile> Files { get; init; } = [];
    public string? Where { get; init; }
    public required string Why { get; init; }
    public string? Sandbox { get; init; }
    public string? Rule { get; init; }
    public string? RuleFolder { get; init; }

    /// <summary>What the user fills in or opens; null for a yes or no. Only this process has it.</summary>
    [JsonIgnore]
    public Question? Question { get; init; }

    /// <summary>A hash of everything that the user is shown and that will be done.</summary>
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
                            What,
                            Diff ?? "",
                            Where ?? "",
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

/// <summary>A pending approval.</summary>
public sealed record PendingApproval(string Id, ApprovalRequest Request, string Fingerprint, DateTimeOffset CreatedAt);

public enum ApprovalDecision
{
    Once,
    Always,
    Deny,
}

/// <param name="Reason">The user's message to the model with a denial.</param>
/// <param name="Rule">With always: the rule as it was shown.</param>
/// <param name="Values">Of a question: a JSON object.</param>
public sealed record ApprovalAnswer(ApprovalDecision Decision, string? Reason = null, string? Rule = null, string? Values = null);

/// <summary>The pending approvals of this process, from tasks at every depth. They are not stored: they end with the process.</summary>
/// <param name="rules">Where always is kept; without it always is once.</param>
public sealed class Approvals(TimeProvider time, StoredRules? rules = null)
{
    private readonly Lock sync = new();
    private readonly List<(PendingApproval Pending, Func<bool>? IsAllowed, TaskCompletionSource<ApprovalAnswer> Answer)> waiting = [];

    /// <summary>The list is another one now. Called outside of locks.</summary>
    public event Action? Changed;

    internal DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Oldest first.</summary>
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
    /// <param name="isAllowed">Checked after each rule that is stored; if it returns true, the approval is completed. Must be quick and must not throw.</param>
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

    /// <summary>Answers once: what was answered or undone no longer exists.</summary>
    /// <param name="fingerprint">The fingerprint that the user reviewed.</param>
    /// <param name="includeEqual">Answers every question of the same fingerprint.</param>
    /// <returns>The question that was answered.</returns>
    /// <exception cref="FailureException">
    /// NotFound: it no longer waits. Conflict: it is about something else than what was seen, or another rule. PermissionDenied: always is not to be had for it.
    /// BadRequest: the values do not answer the question. StoreReadOnly: the rule was not stored; then nothing is answered.
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

    /// <summary>Completes the approvals that the rules now allow.</summary>
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
