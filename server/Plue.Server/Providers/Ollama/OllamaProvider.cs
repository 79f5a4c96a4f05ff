using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Ollama;

/// <summary>
/// Uses Ollama's own API, because the OpenAI-compatible one cannot set the context length and silently truncates the start of a long chat. Properties of a
/// model are requested once and cached, because a different context length reloads the model.
/// </summary>
internal sealed class OllamaProvider : IInlineCompletionProvider
{
    /// <summary>The maximum number of models whose details are requested, one call each.</summary>
    private const int MaxShownModels = 100;

    private readonly ProviderConnection connection;
    private readonly ConcurrentDictionary<string, OllamaModel> models = new();

    public OllamaProvider(ProviderSettings settings, ISecretSource secrets, ProviderHttp http, TimeProvider time)
    {
        Settings = settings;
        connection = new ProviderConnection(
            settings,
            new ProviderEndpoint(settings, "http://localhost:11434", Root),
            secrets,
            http,
            time,
            ("authorization", "Bearer ")
        );
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (!models.TryGetValue(request.Model, out var model))
        {
            Failure? failed = null;
            try
            {
                model = await ProbeAsync(request.Model, cancellationToken).ConfigureAwait(false);
            }
            catch (FailureException exception)
            {
                failed = exception.Failure;
            }

            if (failed is not null)
            {
                yield return new ProviderEvent.Failed(failed);
                yield break;
            }
        }

        if (model!.Can("vision") == false && request.Messages.Any(RequestMessages.HasImages))
        {
            yield return new ProviderEvent.Waiting($"a response without images, which {request.Model} does not support");
        }

        var body = OllamaWire.Request(request, Settings, model);
        var failures = connection.Failures(request.Model);
        var parser = new OllamaParser(failures, request);
        await foreach (
            var next in connection
                .StreamAsync(connection.Endpoint.At("/api/chat"), body, Framing.JsonLines, parser, failures, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            yield return next;
        }
    }

    /// <summary>Omits the context length of chats, which would reload the model.</summary>
    public IAsyncEnumerable<ProviderEvent> CompleteAsync(InlineCompletionRequest request, CancellationToken cancellationToken)
    {
        var failures = connection.Failures(request.Model);
        var parser = new OllamaParser(failures, request.ToProviderRequest());
        return connection.StreamAsync(
            connection.Endpoint.At("/api/generate"),
            OllamaWire.Generate(request),
            Framing.JsonLines,
            parser,
            failures,
            cancellationToken
        );
    }

    /// <summary>Reads the details of each model, because only they show whether its template supports a suffix.</summary>
    public async Task<IReadOnlyList<CompletionModel>> ListCompletionModelsAsync(CancellationToken cancellationToken)
    {
        List<CompletionModel> found = [];
        foreach (var model in (await ListModelsAsync(cancellationToken).ConfigureAwait(false)).Take(MaxShownModels))
        {
            try
            {
                var known = models.GetValueOrDefault(model.Id) ?? await ProbeAsync(model.Id, cancellationToken).ConfigureAwait(false);
                if (known.Can("insert") != false)
                {
                    found.Add(new CompletionModel(model.Id, model.Name, known.Can("insert") == true));
                }
            }
            catch (FailureException gone) when (gone.Failure.Kind is FailureKind.ModelNotFound or FailureKind.NotFound)
            {
                // The model was removed after it was listed.
            }
        }

        return found;
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) => connection.CheckAsync("/api/version", cancellationToken);

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        using var document = await connection
            .CallAsync(connection.Endpoint.At("/api/tags"), null, null, cancellationToken)
            .ConfigureAwait(false);
        var listed = new List<ModelInfo>();
        foreach (var item in document.RootElement.Items("models"))
        {
            if ((item.Text("model") ?? item.Text("name")) is not { } id)
            {
                continue;
            }
            var details = item.Field("details");
            var known = models.GetValueOrDefault(id) ?? OllamaModel.Of(item);
            listed.Add(
                new ModelInfo
                {
                    Id = id,
                    Name = item.Text("name"),
                    Description = details is { } about
                        ? string.Join(' ', new[] { about.Text("parameter_size"), about.Text("quantization_level") }.OfType<string>())
                        : null,
                    ContextLength = known.ContextLength,
                    SupportsTools = known.Can("tools"),
                    SupportsVision = known.Can("vision"),
                }
            );
        }

        return listed;
    }

    /// <exception cref="FailureException">Ollama does not respond, or does not have the model.</exception>
    private async Task<OllamaModel> ProbeAsync(string name, CancellationToken cancellationToken)
    {
        using var shown = await connection
            .CallAsync(connection.Endpoint.At("/api/show"), OllamaWire.Show(name), name, cancellationToken)
            .ConfigureAwait(false);
        return models.GetOrAdd(name, OllamaModel.Of(shown.RootElement));
    }

    private static string Root(string path)
    {
        foreach (var ending in new[] { "/v1", "/api/chat", "/api" })
        {
            if (path.EndsWith(ending, StringComparison.Ordinal))
            {
                return path[..^ending.Length];
            }
        }

        return path;
    }
}
