using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Network;
using Plue.Server.Platform;
using Plue.Server.Policy;
using Plue.Server.Providers;
using Plue.Server.Store;

namespace Plue.Server.Telemetry;

/// <summary>Exports spans and metrics of chats and tasks as OpenTelemetry (OTLP over HTTP, JSON). Off until the user sets an endpoint.</summary>
internal sealed class TelemetryServices : IAsyncDisposable
{
    private const string CallField = "spawned_by_call";

    private readonly PlatformServices platform;
    private readonly CodexServices codices;
    private readonly ProviderServices providers;
    private readonly StoreServices store;

    public TelemetryServices(
        PlatformServices platform,
        CodexServices codices,
        ProviderServices providers,
        StoreServices store,
        ISecretSource secrets,
        HostConnections connections
    )
    {
        (this.platform, this.codices, this.providers, this.store) = (platform, codices, providers, store);
        Exporter = new TelemetryExporter(
            () => Settings,
            address => PolicyRefusals.Record(platform.Paths, platform.Time, connections.RefusalOf(address)),
            providers.OpenHttp,
            secrets,
            platform.Redactor.Mask,
            platform.Time
        );
    }

    public TelemetryExporter Exporter { get; }
    public TelemetrySettings Settings => TelemetrySettings.Of(codices.Config);
    public TimeProvider Time => platform.Time;

    public string Mask(string text) => platform.Redactor.Mask(text);

    public void Add(Span span) => Exporter.Add(span);

    /// <summary>Creates the spans of a single request that is not stored.</summary>
    public ITurnSink Trace(string requestId, string agent, string question, ITurnSink inner) =>
        new TurnTracer(requestId, inner, new(StringComparer.Ordinal), this, new TracedCodex(agent, null, null), question);

    /// <summary>Reads the template of a chat or task, and the call that started it, from its journal.</summary>
    public TracedCodex Describe(string codexId)
    {
        try
        {
            var stored = store.Chats.Read(CodexUri.Parse(codexId).Name);
            return new TracedCodex(
                stored.TemplateId,
                stored.IsTask ? stored.Text(StoredChat.SpawnedByField) : null,
                stored.Text(CallField)
            );
        }
        catch (FailureException)
        {
            return new TracedCodex("unknown", null, null);
        }
    }

    /// <summary>Gets the attributes of a provider and its server.</summary>
    public IEnumerable<KeyValuePair<string, object>> AttributesOf(string providerId)
    {
        var settings = providers.Registry.Find(providerId)?.Settings;
        yield return new(
            "gen_ai.provider.name",
            ProviderKinds.Find(settings?.Kind ?? providerId)?.TelemetryName ?? settings?.Kind ?? providerId
        );
        if (settings?.Address is { } address)
        {
            yield return new("server.address", address.Host);
            yield return new("server.port", (long)address.Port);
        }
    }

    public ValueTask DisposeAsync() => Exporter.DisposeAsync();
}

/// <param name="Agent">The ID of its template.</param>
/// <param name="ParentId">The chat or task that started it; null if the user did.</param>
/// <param name="Call">The parent's call that started it; null if a hook did.</param>
internal sealed record TracedCodex(string Agent, string? ParentId, string? Call);
