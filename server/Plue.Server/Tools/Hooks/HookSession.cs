using System.Collections.Concurrent;
using System.Text.Json;
using Plue.Server.Edits;
using Plue.Server.Messages;
using Plue.Server.Permissions;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tools.Hooks;

/// <summary>
/// Runs hook commands for one chat or task: those of the user's settings, the template, and Claude Code's settings, in this order. A hook can refuse, require
/// approval, add text and replace arguments, but never allow what the rules do not. Thread-safe.
/// </summary>
internal sealed class HookSession(HookServices services, string codexId)
{
    private const string ToolName = "hook";
    private const int MaxContextLength = 20_000;
    private const int MaxReasonLength = 2_000;

    private readonly SemaphoreSlim asking = new(1, 1); // concurrent calls ask once
    private readonly ConcurrentDictionary<string, byte> denied = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> reported = new(StringComparer.Ordinal);

    public required Func<IReadOnlyList<CommandHook>> OfTemplate { get; init; }

    /// <summary>Gets the trusted folders with their real paths; null if there are none, so that no hook runs.</summary>
    public required Func<WorkspaceFolders?> Folders { get; init; }

    /// <summary>Gets the titles for an approval, from the top of the tree down.</summary>
    public required Func<IReadOnlyList<string>> Titles { get; init; }

    /// <summary>True if no user is available, so that nothing can be approved.</summary>
    public required bool IsUnattended { get; init; }

    /// <summary>True while a program responds that runs Claude Code's hooks itself.</summary>
    public Func<bool> HasOwnHooks { get; init; } = static () => false;

    /// <summary>True if a hook is registered for one of these triggers, regardless of its matcher.</summary>
    public bool Has(params IReadOnlyList<HookTrigger> triggers) =>
        Folders() is { } folders && All(folders, static _ => { }).Any(hook => triggers.Contains(hook.Trigger));

    /// <summary>Gets the thresholds of budget hooks, in percent.</summary>
    public IReadOnlyList<double> Thresholds =>
        Folders() is { } folders
            ?
            [
                .. All(folders, static _ => { })
                    .Where(hook => hook.Trigger == HookTrigger.BudgetThreshold)
                    .Select(hook => hook.At)
                    .Distinct(),
            ]
            : [];

    /// <summary>Gets the hooks for an event, in order.</summary>
    /// <param name="at">The percentage that was reached, for a budget threshold.</param>
    public IReadOnlyList<CommandHook> For(HookEvent happened, double? at = null) =>
        Folders() is { } folders
            ? [.. All(folders, static _ => { }).Where(hook => hook.Matches(happened, folders) && (at is null || hook.At == at))]
            : [];

    /// <summary>Runs the hooks for an event in order, until one refuses.</summary>
    /// <param name="turnId">The turn that file changes belong to.</param>
    /// <param name="isRecorded">True if the caller records file changes in the meantime.</param>
    /// <param name="isAsking">Called when the user is asked to approve a command, and when that has ended.</param>
    public async Task<HookEffects> RunAsync(
        HookEvent happened,
        string turnId,
        CancellationToken cancellationToken,
        bool isRecorded = false,
        Action<bool>? isAsking = null,
        double? at = null
    )
    {
        List<HookRun> runs = [];
        if (Folders() is not { } folders)
        {
            return HookEffects.None;
        }

        foreach (var problem in Problems(folders).Where(problem => reported.TryAdd(problem, 0)))
        {
            runs.Add(new HookRun("Claude Code", HookTriggers.NameOf(happened.Trigger), HookResult.Skipped, TimeSpan.Zero, problem));
        }
        string? ask = null;
        JsonElement? parameters = null;
        List<string> context = [];
        foreach (var hook in For(happened, at))
        {
            if (await WhyNotAsync(hook, happened, folders, isAsking, cancellationToken) is { } why)
            {
                // Reported once per chat, not in every message.
                if (reported.TryAdd(hook.Hash, 0))
                {
                    runs.Add(RunOf(hook, happened, HookResult.Skipped, TimeSpan.Zero, why));
                }
                continue;
            }

            var current = happened with { Parameters = parameters ?? happened.Parameters };
            var output = await RunAsync(hook, current, folders, turnId, isRecorded, cancellationToken);
            var answer = HookAnswer.Of(hook, output);
            var (refusal, text) = (Shown(answer.Refusal), Shown(answer.Context, MaxContextLength));
            var replaced =
                answer.Parameters is { } given && happened.Tool is { } tool
                    ? hook.ClaudeEvent is null
                        ? given
                        : ClaudeToolNames.FromClaude(tool, given)
                    : (JsonElement?)null;
            var run = RunOf(
                hook,
                happened,
                answer.Result,
                output.Duration,
                refusal ?? Shown(answer.Failure ?? answer.Ask ?? answer.Message)
            ) with
            {
                Context = text,
                Parameters = replaced is { } shown ? Shown(HookEvent.TextOf(shown), MaxContextLength) : null,
            };
            runs.Add(run);
            if (run.SentContext is { } sent)
            {
                context.Add(sent);
            }
            parameters = replaced ?? parameters;
            ask ??= Shown(answer.Ask) is { } reason ? $"The hook {hook.Name} requests approval: {reason}" : null;
            if (refusal is not null)
            {
                return new HookEffects
                {
                    Refusal = $"The hook {hook.Name} refused it: {refusal}",
                    Context = context,
                    Runs = runs,
                };
            }
        }

        return runs.Count == 0
            ? HookEffects.None
            : new HookEffects
            {
                Ask = ask,
                Parameters = parameters,
                Context = context,
                Runs = runs,
            };
    }

    private IEnumerable<CommandHook> All(WorkspaceFolders folders, Action<string> report) =>
        services
            .OfUser()
            .Concat(OfTemplate())
            .Concat(HasOwnHooks() ? [] : ClaudeHookFiles.Read(folders, services.ClaudeUserFolder(), report));

    private List<string> Problems(WorkspaceFolders folders)
    {
        List<string> problems = [];
        _ = All(folders, problems.Add).Count();
        return problems;
    }

    private static HookRun RunOf(CommandHook hook, HookEvent happened, HookResult result, TimeSpan duration, string? text) =>
        new(hook.Name, HookTriggers.NameOf(hook.Trigger), result, duration, text) { ToolUseId = happened.ToolUseId };

    private async Task<HookOutput> RunAsync(
        CommandHook hook,
        HookEvent happened,
        WorkspaceFolders folders,
        string turnId,
        bool isRecorded,
        CancellationToken cancellationToken
    )
    {
        // File changes of a hook belong to the turn and can be undone.
        var scope = isRecorded
            ? null
            : await FolderEdits.BeginAsync(
                services.Edits,
                new EditAuthor(codexId, turnId, happened.ToolUseId ?? turnId, ToolName),
                folders,
                null,
                null,
                cancellationToken
            );
        try
        {
            return await services.Command.RunAsync(
                hook,
                happened.ToJson(hook, codexId, folders.First.Path),
                hook.FilesOf(happened, folders),
                folders,
                cancellationToken
            );
        }
        finally
        {
            if (scope is not null)
            {
                await scope.EndAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>Asks the user for a command that runs outside the sandbox, if it is not approved for the folder.</summary>
    /// <param name="why">What it means.</param>
    /// <returns>Why it does not run, as a sentence; null if it may, and without a trusted folder.</returns>
    public async Task<string?> WhyNotAsync(CommandHook command, string why, CancellationToken cancellationToken) =>
        Folders() is { } folders ? await WhyNotAsync(command, new HookEvent(command.Trigger), folders, null, cancellationToken, why) : null;

    /// <summary>Asks the user for a command that is not approved.</summary>
    /// <param name="why">What it means, if it runs outside the sandbox; null for a hook.</param>
    /// <returns>Why it does not run, as a sentence; null if it may.</returns>
    private async Task<string?> WhyNotAsync(
        CommandHook hook,
        HookEvent happened,
        WorkspaceFolders folders,
        Action<bool>? isAsking,
        CancellationToken cancellationToken,
        string? why = null
    )
    {
        var folder = folders.First.Path;
        if (!hook.NeedsApproval || services.Stored.IsApproved(hook, folder))
        {
            return null;
        }
        if (IsUnattended)
        {
            return $"It is not approved, and no user is available to approve it. It comes from {hook.Source}.";
        }

        await asking.WaitAsync(cancellationToken);
        try
        {
            if (services.Stored.IsApproved(hook, folder))
            {
                return null;
            }
            if (denied.ContainsKey(hook.Hash))
            {
                return DeniedBy(hook, why);
            }

            var request = services.Approvals.AskAsync(
                new ApprovalRequest
                {
                    CodexId = codexId,
                    Path = Titles(),
                    ToolUseId = happened.ToolUseId,
                    ToolName = ToolName,
                    Kind = ApprovalKind.Hook,
                    ActionText = hook.Command,
                    Location = $"{hook.Source}: {hook.When}",
                    Reason =
                        why
                        ?? $"The hook in {hook.Source} is new or changed. If you allow it, it runs at each {hook.When} in this workspace without asking.",
                    Sandbox = why is not null
                        ? "It runs outside Plue's sandbox."
                        : await services.Command.DescribeAsync(folders, cancellationToken),
                },
                cancellationToken
            );
            isAsking?.Invoke(true);
            try
            {
                if ((await request).Decision == ApprovalDecision.Deny)
                {
                    denied[hook.Hash] = 0;
                    return DeniedBy(hook, why);
                }
            }
            finally
            {
                isAsking?.Invoke(false);
            }

            services.Stored.Approve(hook, folder);
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Message;
        }
        finally
        {
            asking.Release();
        }
    }

    private static string DeniedBy(CommandHook hook, string? why) =>
        why is null ? $"You denied this hook of {hook.Source}, so it does not run in this chat." : "You denied it in this chat.";

    private string? Shown(string? text, int length = MaxReasonLength) =>
        text is null ? null
        : services.Mask(text) is var masked && masked.Length <= length ? masked
        : masked[..length] + "…";
}
