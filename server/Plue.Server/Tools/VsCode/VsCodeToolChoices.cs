using System.Text.Json;
using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tools.VsCode;

/// <summary>The tools that the user enabled, as they were then. Stored in Plue's own folder outside all workspaces. Safe across processes.</summary>
internal sealed class VsCodeToolChoices(PluePaths paths)
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(10);

    private string File => Path.Combine(paths.Home, "vscode-tools.json");

    /// <summary>A file that cannot be read enables nothing.</summary>
    public IReadOnlyList<McpSeenTool> List()
    {
        try
        {
            using var content = RegularFile.OpenRead(File);
            return JsonSerializer.Deserialize(content, VsCodeToolContext.Default.StoredVsCodeTools)?.Tools ?? [];
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Change(Func<IReadOnlyList<McpSeenTool>, IReadOnlyList<McpSeenTool>> change)
    {
        try
        {
            // Other windows choose too.
            using var turn = FileLock.Acquire(File + ".lock", LockTimeout);
            DurableFile.Replace(
                File,
                JsonSerializer.SerializeToUtf8Bytes(new StoredVsCodeTools(change(List())), VsCodeToolContext.Default.StoredVsCodeTools)
            );
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The selection was not saved ({fault.Message.TrimEnd('.')}). Make {paths.Home} writable, then try again.",
                fault
            );
        }
    }
}

internal sealed record StoredVsCodeTools(IReadOnlyList<McpSeenTool> Tools);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StoredVsCodeTools))]
internal sealed partial class VsCodeToolContext : JsonSerializerContext;
