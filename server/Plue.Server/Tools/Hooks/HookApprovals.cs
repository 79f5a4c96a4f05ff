using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Hooks;

/// <summary>The approved hook commands, stored in Plue's folder outside of all workspaces. Safe across processes.</summary>
internal sealed class HookApprovals(PluePaths paths, TimeProvider time)
{
    private readonly SharedJsonFile<StoredHookApprovals> file = new(
        Path.Combine(paths.Home, "hook-approvals.json"),
        HookApprovalContext.Default.StoredHookApprovals,
        new StoredHookApprovals([]),
        "The approval"
    );

    /// <param name="folder">The workspace folder that the hook runs in.</param>
    public bool IsApproved(CommandHook hook, string folder) =>
        Read() is var all && hook.Hash is var hash && all.Any(approval => approval.Hash == hash && approval.Folder == folder);

    /// <summary>Gets the approvals, oldest first.</summary>
    public IReadOnlyList<HookApproval> List() => Read();

    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Approve(CommandHook hook, string folder) =>
        Change(approvals =>
            [
                .. approvals.Where(one => one.Hash != hook.Hash || one.Folder != folder),
                new HookApproval(hook.Hash, folder, hook.Source, hook.When, hook.Command, time.GetUtcNow().UtcDateTime),
            ]
        );

    /// <param name="id">See <see cref="HookApproval.Id"/>.</param>
    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Revoke(string id) => Change(approvals => [.. approvals.Where(one => one.Id != id)]);

    private IReadOnlyList<HookApproval> Read() => file.Read().Hooks ?? [];

    private void Change(Func<IReadOnlyList<HookApproval>, IReadOnlyList<HookApproval>> change) =>
        file.Change(stored => new StoredHookApprovals(change(stored.Hooks ?? [])));
}

/// <param name="Hash">See <see cref="CommandHook.Hash"/>.</param>
internal sealed record HookApproval(string Hash, string Folder, string Source, string When, string Command, DateTime ApprovedAt)
{
    private const string Prefix = "hook_";

    [JsonIgnore]
    public string Id => Prefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Hash + Folder)));

    public static bool IsId(string id) => id.StartsWith(Prefix, StringComparison.Ordinal);
}

/// <param name="Hooks">Null if the file has none.</param>
internal sealed record StoredHookApprovals(IReadOnlyList<HookApproval>? Hooks);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredHookApprovals))]
internal sealed partial class HookApprovalContext : JsonSerializerContext;
