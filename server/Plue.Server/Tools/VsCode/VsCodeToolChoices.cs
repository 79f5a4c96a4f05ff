using System.Text.Json.Serialization;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Tools.Mcp;

namespace Plue.Server.Tools.VsCode;

/// <summary>
/// The tools that the user enabled, with their definitions at that time. Stored in Plue's folder outside of all workspaces. Safe across processes.
/// </summary>
internal sealed class VsCodeToolChoices(PluePaths paths)
{
    private readonly SharedJsonFile<StoredVsCodeTools> file = new(
        Path.Combine(paths.Home, "vscode-tools.json"),
        VsCodeToolContext.Default.StoredVsCodeTools,
        new StoredVsCodeTools([]),
        "The selection"
    );

    public IReadOnlyList<McpSeenTool> List() => file.Read().Tools ?? [];

    /// <exception cref="FailureException">StoreReadOnly: nothing was changed.</exception>
    public void Change(Func<IReadOnlyList<McpSeenTool>, IReadOnlyList<McpSeenTool>> change) =>
        file.Change(stored => new StoredVsCodeTools(change(stored.Tools ?? [])));
}

internal sealed record StoredVsCodeTools(IReadOnlyList<McpSeenTool>? Tools);

[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower
)]
[JsonSerializable(typeof(StoredVsCodeTools))]
internal sealed partial class VsCodeToolContext : JsonSerializerContext;
