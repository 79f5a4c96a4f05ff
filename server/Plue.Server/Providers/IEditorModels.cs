using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The language models that the editor offers to extensions. Set in Sidecar, so that providers do not depend on the RPC layer.</summary>
internal interface IEditorModels
{
    /// <param name="vendor">Null for the models of all vendors.</param>
    /// <exception cref="FailureException">The editor refused or disconnected.</exception>
    Task<IReadOnlyList<EditorModel>> ListAsync(string? vendor, CancellationToken cancellationToken);

    /// <summary>Streams a response. Ends with exactly one <see cref="EditorModelEvent.Finished"/>, or throws. Cancellation stops the model.</summary>
    /// <param name="request">Contains messages that every vendor accepts, including the prompt.</param>
    /// <exception cref="FailureException">The model or the editor refused, or the editor disconnected.</exception>
    IAsyncEnumerable<EditorModelEvent> StreamAsync(string vendor, ProviderRequest request, CancellationToken cancellationToken);
}

/// <param name="Vendor">The name under which an extension offers the model.</param>
/// <param name="MaxInputTokens">The limit of one request.</param>
/// <param name="SupportsTools">Null if unknown.</param>
internal sealed record EditorModel(
    string Id,
    string Name,
    string Vendor,
    string Family,
    long MaxInputTokens,
    bool? SupportsTools,
    bool? SupportsVision
);

/// <summary>An event of an editor model's response.</summary>
internal abstract record EditorModelEvent
{
    private EditorModelEvent() { }

    public sealed record Text(string Content) : EditorModelEvent;

    /// <param name="Parameters">The complete JSON.</param>
    public sealed record ToolCall(string ToolUseId, string ToolName, string Parameters) : EditorModelEvent;

    public sealed record Finished(StopReason Reason) : EditorModelEvent;
}
