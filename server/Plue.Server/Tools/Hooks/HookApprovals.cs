using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Hooks;

/// <summary>The approved hook commands and preparations of worktrees, stored in Plue's folder outside of all workspaces. Safe across processes.</summary>
internal sealed class HookApprovals(PluePaths paths, TimeProvider time)
{
    private readonly SharedJsonFile<StoredHookApprovals> file = new(
        Path.Combine(paths.Home, "hook-approvals.json"),
        HookApprovalContext.Default.StoredHookApprovals,
        new StoredHookApprovals([], null),
        "The approval"
    );

    /// <param name="folder">The workspace folder that the hook runs in.</param>
    public bool IsApproved(CommandHook hook, string folder) => IsApproved(hook.Hash, folder);

    /// <param name="hash">The hash of what is approved.</param>
    public bool IsApproved(string hash, string folder) => Read().Any(approval => approval.Hash == hash && approval.Folder == folder);

    /// <summary>True if the user declined a proposal, which is made only once.</summary>
    public bool IsDeclined(string hash, string folder) => file.Read().Declined?.Contains(new DeclinedProposal(hash, folder)) == true;

    /// <summary>Gets the approvals, oldest first.</summary>
    public IReadOnlyList<HookApproval> List() => Read();

    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Approve(CommandHook hook, string folder) => Approve(hook.Hash, folder, hook.Source, hook.When, hook.Command);

    /// <param name="source">The display path of the file that defines it.</param>
    /// <param name="when">When it is done, for display.</param>
    /// <param name="text">What is done, for display.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Approve(string hash, string folder, string source, string when, string text) =>
        Change(approvals =>
            [
                .. approvals.Where(one => one.Hash != hash || one.Folder != folder),
                new HookApproval(hash, folder, source, when, text, time.GetUtcNow().UtcDateTime),
            ]
        );

    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Decline(string hash, string folder) =>
        file.Change(stored =>
            stored with
            {
                Declined = [.. (stored.Declined ?? []).Except([new DeclinedProposal(hash, folder)]), new DeclinedProposal(hash, folder)],
            }
        );

    /// <param name="id">See <see cref="HookApproval.Id"/>.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Revoke(string id) => Change(approvals => [.. approvals.Where(one => one.Id != id)]);

    private IReadOnlyList<HookApproval> Read() => file.Read().Hooks ?? [];

    private void Change(Func<IReadOnlyList<HookApproval>, IReadOnlyList<HookApproval>> change) =>
        file.Change(stored => stored with { Hooks = change(stored.Hooks ?? []) });
}

/// <param name="Hash">See <see cref="CommandHook.Hash"/>.</param>
internal sealed record HookApproval(string Hash, string Folder, string Source, string When, string Command, DateTime ApprovedAt)
{
    private const string Prefix = "hook_";

    [JsonIgnore]
    public string Id => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Hash + Folder)));

    public static bool IsId(string id) => id.StartsWith(Prefix, StringComparison.Ordinal);
}

internal sealed record DeclinedProposal(string Hash, string Folder);

/// <param name="Hooks">Null if the file has none.</param>
/// <param name="Declined">Null if the file has none.</param>
internal sealed record StoredHookApprovals(IReadOnlyList<HookApproval>? Hooks, IReadOnlyList<DeclinedProposal>? Declined);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredHookApprovals))]
internal sealed partial class HookApprovalContext : JsonSerializerContext;
