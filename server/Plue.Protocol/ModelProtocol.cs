namespace Plue.Protocol;

/// <summary>The models that VS Code's own chat may use, as far as they are known without a request.</summary>
public sealed record ModelListResult(IReadOnlyList<ModelProvider> Providers);

/// <param name="Models">The one that the provider uses by itself first.</param>
public sealed record ModelProvider(string Id, string Name, IReadOnlyList<ModelView> Models);

/// <summary>Sends a request of VS Code's own chat to a model. The output arrives as model/event; the reply follows after the last event.</summary>
/// <param name="StreamId">Created by the window, and contained in the events of this response.</param>
/// <param name="System">The system prompt; null for none.</param>
/// <param name="Messages">Oldest first, ending with the user's.</param>
public sealed record ModelSendRequestParams(
    string StreamId,
    string ProviderId,
    string Model,
    string? System,
    IReadOnlyList<HostMessage> Messages,
    IReadOnlyList<HostTool> Tools
);

public sealed record ModelSendRequestResult(StopReason StopReason);

public sealed record ModelEventParams(string StreamId, HostModelEvent Event);
