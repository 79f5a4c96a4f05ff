using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;

namespace Plue.Server.Tools.Mcp;

/// <summary>Which servers the user lets start, as they were then, in Plue's own folder: no workspace reaches it. Safe across processes.</summary>
internal sealed class McpApprovals(PluePaths paths, TimeProvider time)
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);

    private string File => Path.Combine(paths.Home, "mcp-approvals.json");

    /// <returns>Null when it was never approved.</returns>
    public McpApproval? Find(McpDeclaration server) => Read().FirstOrDefault(approval => IsOf(approval, server));

    /// <exception cref="FailureException">StoreReadOnly: nothing was kept.</exception>
    public void Approve(McpDeclaration server, McpIdentity identity, IReadOnlyList<McpSeenTool>? tools) => Change(approvals =>
        [.. approvals.Where(approval => !IsOf(approval, server)), new McpApproval(server.Name, server.Source, identity.Parts, tools, time.GetUtcNow().UtcDateTime)]);

    /// <summary>Keeps what the tools are that go with the approval.</summary>
    /// <exception cref="FailureException">StoreReadOnly: nothing was kept.</exception>
    public void KeepTools(McpDeclaration server, IReadOnlyList<McpSeenTool> tools) => Change(approvals =>
        [.. approvals.Select(approval => IsOf(approval, server) ? approval with { Tools = tools } : approval)]);

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Revoke(McpDeclaration server) => Change(approvals => [.. approvals.Where(approval => !IsOf(approval, server))]);

    private static bool IsOf(McpApproval approval, McpDeclaration server) => approval.Name == server.Name && approval.Source == server.Source;

    private void Change(Func<IReadOnlyList<McpApproval>, IReadOnlyList<McpApproval>> change)
    {
        try
        {
            // Other windows approve too.
            using var turn = FileTurn.Take(File + ".lock", LockPatience);
            DurableFile.Replace(File, JsonSerializer.SerializeToUtf8Bytes(new StoredMcpApprovals(change(Read())), McpApprovalContext.Default.StoredMcpApprovals));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(FailureKind.StoreReadOnly, $"The approval was not kept ({fault.Message.TrimEnd('.')}). Make {paths.Home} writable, then try again.", fault);
        }
    }

    /// <summary>A file that cannot be read approves nothing.</summary>
    private IReadOnlyList<McpApproval> Read()
    {
        try
        {
            using var content = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return JsonSerializer.Deserialize(content, McpApprovalContext.Default.StoredMcpApprovals)?.Servers ?? [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }
}

/// <param name="Tools">As they were when it first ran after the approval; null before that.</param>
internal sealed record McpApproval(string Name, string Source, IReadOnlyList<McpPart> Parts, IReadOnlyList<McpSeenTool>? Tools, DateTime ApprovedAt);

/// <summary>A tool as the user knew it.</summary>
internal sealed record McpSeenTool(string Name, string Description, string Sha256);

internal sealed record StoredMcpApprovals(IReadOnlyList<McpApproval> Servers);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredMcpApprovals))]
internal sealed partial class McpApprovalContext : JsonSerializerContext;
