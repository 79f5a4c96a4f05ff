using System.Text.Json.Serialization;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>The approved servers and their approved state, stored in Plue's folder outside of all workspaces. Safe across processes.</summary>
internal sealed class McpApprovals(PluePaths paths, TimeProvider time)
{
    private readonly SharedJsonFile<StoredMcpApprovals> file = new(
        Path.Combine(paths.Home, "mcp-approvals.json"),
        McpApprovalContext.Default.StoredMcpApprovals,
        new StoredMcpApprovals([]),
        "The approval"
    );

    /// <returns>Null if the server was never approved.</returns>
    public McpApproval? Find(McpDeclaration server) => Read().FirstOrDefault(approval => IsOf(approval, server));

    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Approve(McpDeclaration server, McpIdentity identity, IReadOnlyList<McpSeenTool>? tools) =>
        Change(approvals =>
            [
                .. approvals.Where(approval => !IsOf(approval, server)),
                new McpApproval(server.Name, server.Source, identity.Parts, tools, time.GetUtcNow().UtcDateTime),
            ]
        );

    /// <summary>Stores the tools that belong to the approval.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void UpdateTools(McpDeclaration server, IReadOnlyList<McpSeenTool> tools) =>
        Change(approvals => [.. approvals.Select(approval => IsOf(approval, server) ? approval with { Tools = tools } : approval)]);

    /// <summary>Suspends the approval until the user has reviewed these tools.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was stored.</exception>
    public void Suspend(McpDeclaration server, IReadOnlyList<McpSeenTool> changedTools) =>
        Change(approvals =>
            [.. approvals.Select(approval => IsOf(approval, server) ? approval with { ChangedTools = changedTools } : approval)]
        );

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Revoke(McpDeclaration server) => Change(approvals => [.. approvals.Where(approval => !IsOf(approval, server))]);

    private static bool IsOf(McpApproval approval, McpDeclaration server) =>
        approval.Name == server.Name && approval.Source == server.Source;

    private void Change(Func<IReadOnlyList<McpApproval>, IReadOnlyList<McpApproval>> change) =>
        file.Change(stored => new StoredMcpApprovals(change(stored.Servers ?? [])));

    private IReadOnlyList<McpApproval> Read() => file.Read().Servers ?? [];
}

/// <param name="Tools">The tools of the first run after the approval; null before that.</param>
/// <param name="ChangedTools">The tools of the last run whose changes the user has not approved; null if there are none.</param>
internal sealed record McpApproval(
    string Name,
    string Source,
    IReadOnlyList<McpPart> Parts,
    IReadOnlyList<McpSeenTool>? Tools,
    DateTime ApprovedAt,
    IReadOnlyList<McpSeenTool>? ChangedTools = null
)
{
    /// <summary>Gets the changes of tools since the approval; empty if there are none.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> ToolChanges => ChangedTools is null ? [] : McpSeenTool.Changes(Tools ?? [], ChangedTools);
}

/// <summary>A tool as last seen by the user.</summary>
/// <param name="Definition">See <see cref="McpToolInfo"/>; null if an earlier version of Plue stored only the description.</param>
/// <param name="IsGone">True if the server no longer had the tool at the last approval.</param>
/// <param name="Tokens">The tokens of its definition in a request; 0 if an earlier version of Plue stored the tool.</param>
internal sealed record McpSeenTool(
    string Name,
    string Description,
    string Sha256,
    string? Definition = null,
    bool IsGone = false,
    long Tokens = 0
)
{
    /// <summary>Gets the changes, one entry per tool. Empty if tools were only removed, which needs no approval.</summary>
    public static IReadOnlyList<string> Changes(IReadOnlyList<McpSeenTool> before, IReadOnlyList<McpSeenTool> now)
    {
        var removed = before.Where(old => !old.IsGone && now.All(tool => tool.Name != old.Name)).ToList();
        List<string> changes = [];
        foreach (var tool in now)
        {
            if (before.FirstOrDefault(seen => seen.Name == tool.Name) is { } old)
            {
                if (Difference(old, tool) is { } difference)
                {
                    changes.Add($"Changed tool {HiddenCharacters.Visible(tool.Name)}{difference}");
                }
            }
            else if (removed.FirstOrDefault(seen => seen.Definition == tool.Definition) is { } renamed)
            {
                removed.Remove(renamed);
                changes.Add($"Renamed tool: was {HiddenCharacters.Visible(renamed.Name)}, is now {HiddenCharacters.Visible(tool.Name)}.");
            }
            else
            {
                changes.Add($"New tool {HiddenCharacters.Visible(tool.Name)}:\n{tool.Definition}");
            }
        }

        if (changes.Count > 0)
        {
            changes.AddRange(removed.Select(old => $"Removed tool {HiddenCharacters.Visible(old.Name)}."));
        }
        return changes;
    }

    /// <summary>Gets the tools that are known after an approval, including removed ones, so that their return is not reported as new.</summary>
    public static IReadOnlyList<McpSeenTool> Known(IReadOnlyList<McpSeenTool> before, IReadOnlyList<McpSeenTool> now) =>
        [
            .. now,
            .. before
                .Where(old => now.All(tool => tool.Name != old.Name))
                .Take(McpToolInfo.MaxTools)
                .Select(old => old with { IsGone = true }),
        ];

    private static string? Difference(McpSeenTool old, McpSeenTool tool)
    {
        if (old.Definition is null)
        {
            return old.Sha256 == tool.Sha256
                ? null
                : $". Only the description of the approved version is stored:\n{old.Description}\nIt is now:\n{tool.Definition}";
        }

        if (old.Definition != tool.Definition)
        {
            return $":\n{UnifiedDiff.Of(old.Definition, tool.Definition ?? "")}";
        }

        return old.Sha256 == tool.Sha256 ? null : ": only the order of its keys, or text beyond the part that Plue shows and sends.";
    }
}

internal sealed record StoredMcpApprovals(IReadOnlyList<McpApproval>? Servers);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredMcpApprovals))]
internal sealed partial class McpApprovalContext : JsonSerializerContext;
