using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Hooks;

/// <summary>The approved commands of hooks, stored in Plue's own folder outside all workspaces. Safe across processes.</summary>
internal sealed class HookApprovals(PluePaths paths, TimeProvider time)
{
    private readonly SharedJsonFile<StoredHookApprovals> file = new(
        Path.Combine(paths.Home, "hook-approvals.json"),
        HookApprovalContext.Default.StoredHookApprovals,
        new StoredHookApprovals([]),
        "The approval"
    );

    /// <param name="folder">The workspace folder that it runs in.</param>
    public bool IsApproved(CommandHook hook, string folder) =>
        Read() is var all && hook.Hash is var hash && all.Any(approval => approval.Hash == hash && approval.Folder == folder);

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<HookApproval> List() => Read();

    /// <exception cref="FailureException">StoreReadOnly: nothing was kept.</exception>
    public void Approve(CommandHook hook, string folder) =>
        Change(approvals =>
            [
                .. approvals.Where(one => one.Hash != hook.Hash || one.Folder != folder),
                new HookApproval(hook.Hash, folder, hook.Source, hook.When, hook.Command, time.GetUtcNow().UtcDateTime),
            ]
        );

    /// <param name="id">As in <see cref="HookApproval.Id"/>.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Revoke(string id) => Change(approvals => [.. approvals.Where(one => one.Id != id)]);

    private IReadOnlyList<HookApproval> Read() => file.Read().Hooks ?? [];

    private void Change(Func<IReadOnlyList<HookApproval>, IReadOnlyList<HookApproval>> change) =>
        file.Change(stored => new StoredHookApprovals(change(stored.Hooks ?? [])));
}

/// <param name="Hash">As in <see cref="CommandHook.Hash"/>.</param>
internal sealed record HookApproval(string Hash, string Folder, string Source, string When, string Command, DateTime ApprovedAt)
{
    private const string Prefix = "hook_";

    [JsonIgnore]
    public string Id => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Hash + Folder)));

    public static bool IsId(string id) => id.StartsWith(Prefix, StringComparison.Ordinal);
}

/// <param name="Hooks">Null in a file without them.</param>
internal sealed record StoredHookApprovals(IReadOnlyList<HookApproval>? Hooks);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredHookApprovals))]
internal sealed partial class HookApprovalContext : JsonSerializerContext;
