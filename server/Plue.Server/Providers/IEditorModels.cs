using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>The language models that the editor offers to its extensions. Bound to the window's connection in Sidecar: providers know no window.</summary>
public interface IEditorModels
{
    /// <param name="vendor">Null for the models of all vendors.</param>
    /// <exception cref="FailureException">The editor refused or went away.</exception>
    Task<IReadOnlyList<EditorModel>> ListAsync(string? vendor, CancellationToken cancellationToken);

    /// <summary>Ends with exactly one <see cref="EditorModelEvent.Finished"/>, or throws. Cancelling stops the model.</summary>
    /// <param name="request">Its messages as every vendor accepts them, the prompt among them.</param>
    /// <exception cref="FailureException">The model or the editor refused, or the editor went away.</exception>
    IAsyncEnumerable<EditorModelEvent> StreamAsync(string vendor, ProviderRequest request, CancellationToken cancellationToken);
}

/// <param name="Vendor">The extension that offers it, as it names itself.</param>
/// <param name="MaxInputTokens">Of one request.</param>
/// <param name="SupportsTools">Null where the editor does not say.</param>
public sealed record EditorModel(
    string Id,
    string Name,
    string Vendor,
    string Family,
    long MaxInputTokens,
    bool? SupportsTools,
    bool? SupportsVision
);

/// <summary>What a model of the editor says.</summary>
public abstract record EditorModelEvent
{
    private EditorModelEvent() { }

    public sealed record Text(string Content) : EditorModelEvent;

    /// <param name="Parameters">Whole.</param>
    public sealed record ToolCall(string ToolUseId, string ToolName, string Parameters) : EditorModelEvent;

    public sealed record Finished(StopReason Reason) : EditorModelEvent;
}
