using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Anthropic;

/// <summary>The Messages API, at Anthropic or at an endpoint that speaks it.</summary>
public sealed class AnthropicProvider : IProvider
{
    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();

    /// <param name="credential">In place of a key.</param>
    internal AnthropicProvider(ProviderSettings settings, ISecretSource secrets, ProviderHttp http, TimeProvider time, IRequestCredential? credential = null)
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.anthropic.com", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, credential ?? new ApiKeyCredential(settings, secrets, endpoint, KeyHeader(endpoint)))
        {
            FixedHeaders = [("anthropic-version", "2023-06-01")],
        };
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var again = true; again;)
        {
            again = false;
            var body = AnthropicWire.Request(request, Settings, refused.Of(request.Model), out var sent);
            var failures = connection.Failures(request.Model);
            var parser = new AnthropicParser(failures, request);
            await foreach (var next in connection.StreamAsync(connection.Endpoint.At("/messages"), body, Framing.ServerSentEvents, parser, failures, cancellationToken).ConfigureAwait(false))
            {
                if (next is ProviderEvent.Failed { Failure: var failure } && refused.TryLearn(request.Model, sent, failure, out var option))
                {
                    again = true;
                    yield return new ProviderEvent.Waiting($"an answer without {option}, which {request.Model} refuses");
                    break;
                }

                yield return next;
            }
        }
    }

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var page = await connection.CallAsync(connection.Endpoint.At("/models?limit=1"), null, null, cancellationToken).ConfigureAwait(false);
            return null;
        }
        // Endpoints of this form need not list models: that one answers, and not with a refused key, is all there is to learn.
        catch (FailureException exception) when (exception.Failure.Kind is FailureKind.NotFound or FailureKind.ModelNotFound && Settings.Endpoint is not null)
        {
            return null;
        }
        catch (FailureException exception)
        {
            return exception.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        const int MostPages = 10;
        var models = new List<ModelInfo>();
        var after = "";
        for (var page = 0; page < MostPages; page++)
        {
            using var document = await connection.CallAsync(connection.Endpoint.At("/models?limit=1000" + after), null, null, cancellationToken).ConfigureAwait(false);
            var root = document.RootElement;
            foreach (var model in root.Items("data"))
            {
                if (model.Text("id") is not { } id) continue;
                models.Add(new ModelInfo { Id = id, Name = model.Text("display_name"), ContextLength = model.Whole("max_input_tokens"), MaxOutput = model.Whole("max_tokens") });
            }

            if (root.Flag("has_more") != true || root.Text("last_id") is not { } last) break;
            after = "&after_id=" + Uri.EscapeDataString(last);
        }

        return models;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>People give the host, the host with <c>/v1</c>, or the address of the call itself.</summary>
    private static string ApiRoot(string path)
    {
        if (path.EndsWith("/messages", StringComparison.Ordinal)) path = path[..^"/messages".Length];
        return path.EndsWith("/v1", StringComparison.Ordinal) ? path : path + "/v1";
    }

    private static (string, string) KeyHeader(ProviderEndpoint endpoint) =>
        endpoint.IsHost("minimax.io") || endpoint.IsHost("minimaxi.com") ? ("authorization", "Bearer ") : ("x-api-key", "");
}
