using System.Runtime.CompilerServices;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Chat Completions, at OpenAI or at any of the many servers that speak it in their own accent.</summary>
public sealed class OpenAiCompatibleProvider : IProvider
{
    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();
    private readonly Dialect dialect;

    public OpenAiCompatibleProvider(ProviderSettings settings, ISecretSource secrets, ProviderHttp http, TimeProvider time)
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.openai.com/v1", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, ("authorization", "Bearer "));
        dialect = OpenAiWire.DialectOf(endpoint);
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var again = true; again;)
        {
            again = false;
            var body = OpenAiWire.Request(request, Settings, dialect, refused.Of(request.Model), out var sent);
            var failures = connection.Failures(request.Model);
            var parser = new OpenAiParser(failures, request);
            await foreach (var next in connection.StreamAsync(connection.Endpoint.At("/chat/completions"), body, Framing.ServerSentEvents, parser, failures, cancellationToken).ConfigureAwait(false))
            {
                if (next is ProviderEvent.Failed { Failure: var failure } && refused.TryLearn(request.Model, sent, failure, out var option))
                {
                    again = true;
                    // Without it only the token count of the answer is missing, which nobody waits for.
                    if (option != "stream_options") yield return new ProviderEvent.Waiting($"an answer without {option}, which {request.Model} refuses");
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
            // The list of OpenRouter is public and says nothing about the key.
            var call = dialect == Dialect.OpenRouter ? "/key" : "/models";
            using var answer = await connection.CallAsync(connection.Endpoint.At(call), null, null, cancellationToken).ConfigureAwait(false);
            return null;
        }
        // Not every server lists models, and Z.AI answers a good key with an error: only a refused key is bad news then.
        catch (FailureException exception) when (exception.Failure.Kind is FailureKind.NotFound or FailureKind.ModelNotFound
            || (dialect == Dialect.Zai && exception.Failure.Kind is not (FailureKind.ProviderAuthFailed or FailureKind.Unreachable or FailureKind.Timeout)))
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
        using var document = await connection.CallAsync(connection.Endpoint.At("/models"), null, null, cancellationToken).ConfigureAwait(false);
        var root = document.RootElement;
        var items = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : root.Items("data");
        return [.. items.Select(ToModel).OfType<ModelInfo>()];
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Servers give more than the id, each under its own names.</summary>
    private static ModelInfo? ToModel(JsonElement item)
    {
        if (item.Text("id") is not { } id) return null;
        var best = item.Field("top_provider") ?? item;
        return new ModelInfo
        {
            Id = id,
            Name = item.Text("name") ?? item.Text("display_name"),
            Description = item.Text("description"),
            ContextLength = item.Whole("context_length") ?? item.Whole("max_model_len") ?? item.Whole("context_window") ?? item.Whole("max_context_length"),
            MaxOutput = best.Whole("max_completion_tokens") ?? item.Whole("max_completion_tokens"),
            SupportsTools = item.Field("supported_parameters") is { ValueKind: JsonValueKind.Array } parameters
                ? parameters.EnumerateArray().Any(parameter => parameter.ValueKind == JsonValueKind.String && parameter.GetString() == "tools")
                : null,
            Pricing = item.Field("pricing") is { } pricing && pricing.Money("prompt") is { } input && pricing.Money("completion") is { } output and >= 0
                ? new Price(input * 1_000_000m, output * 1_000_000m, pricing.Money("input_cache_read") * 1_000_000m, pricing.Money("input_cache_write") * 1_000_000m)
                : null,
        };
    }

    /// <summary>
    /// People give the base (<c>…/v1</c>), the host alone, or the address of the call itself.
    /// A path that has a version in it (<c>/api/v1</c>, <c>/paas/v4</c>, <c>/v1beta/openai</c>) is taken as it is.
    /// </summary>
    private static string ApiRoot(string path)
    {
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal)) return path[..^"/chat/completions".Length];
        var hasVersion = path.Split('/').Any(segment => segment.Length > 1 && segment[0] == 'v' && char.IsAsciiDigit(segment[1]));
        return hasVersion ? path : path + "/v1";
    }
}
