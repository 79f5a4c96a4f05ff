using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Gemini;

/// <summary>Google's Gemini API.</summary>
public sealed class GeminiProvider : IProvider
{
    private static readonly GeminiOptions Options = new();

    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();

    /// <param name="credential">Stands in place of the key, for those who sign in.</param>
    internal GeminiProvider(ProviderSettings settings, ISecretSource secrets, ProviderHttp http, TimeProvider time, IRequestCredential? credential = null)
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://generativelanguage.googleapis.com", ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, credential ?? new ApiKeyCredential(settings, secrets, endpoint, ("x-goog-api-key", "")));
    }

    public ProviderSettings Settings { get; }

    public IAsyncEnumerable<ProviderEvent> StreamAsync(ProviderRequest request, CancellationToken cancellationToken) => refused.StreamAsync(request.Model, without =>
    {
        var body = GeminiWire.Request(request, Settings, Options, without, out var sent);
        var failures = connection.Failures(request.Model);
        var url = connection.Endpoint.At("/" + GeminiWire.CallOf(request.Model));
        return new Attempt(connection.StreamAsync(url, body, Framing.ServerSentEvents, new GeminiParser(failures, request), failures, cancellationToken), sent);
    }, cancellationToken);

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var page = await connection.CallAsync(connection.Endpoint.At("/models?pageSize=1"), null, null, cancellationToken).ConfigureAwait(false);
            return null;
        }
        // A gateway need not list models.
        catch (FailureException exception) when (exception.Failure.Kind is FailureKind.NotFound && Settings.Endpoint is not null)
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
            using var document = await connection.CallAsync(connection.Endpoint.At("/models?pageSize=1000" + after), null, null, cancellationToken).ConfigureAwait(false);
            var root = document.RootElement;
            foreach (var model in root.Items("models"))
            {
                if (model.Text("name") is not { } name || !Answers(model)) continue;
                models.Add(new ModelInfo
                {
                    Id = name.StartsWith("models/", StringComparison.Ordinal) ? name["models/".Length..] : name,
                    Name = model.Text("displayName"),
                    Description = model.Text("description"),
                    ContextLength = model.Whole("inputTokenLimit"),
                    MaxOutput = model.Whole("outputTokenLimit"),
                    CanReason = model.Flag("thinking"),
                });
            }

            if (root.Text("nextPageToken") is not { Length: > 0 } next) break;
            after = "&pageToken=" + Uri.EscapeDataString(next);
        }

        return models;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Models that embed or count only are listed as well.</summary>
    private static bool Answers(System.Text.Json.JsonElement model) =>
        model.Field("supportedGenerationMethods") is null || model.Items("supportedGenerationMethods").Any(method => method.ValueEquals("generateContent"));

    /// <summary>People give the host, the host with a version, the address of the call, or that of the part that imitates OpenAI.</summary>
    private static string ApiRoot(string path)
    {
        var models = path.IndexOf("/models/", StringComparison.Ordinal);
        if (models >= 0) path = path[..models];
        if (path.EndsWith("/models", StringComparison.Ordinal)) path = path[..^"/models".Length];
        if (path.EndsWith("/openai", StringComparison.Ordinal)) path = path[..^"/openai".Length];
        // What Plue needs is in the beta only.
        if (path.EndsWith("/v1", StringComparison.Ordinal)) path = path[..^"/v1".Length];
        return path.EndsWith("/v1beta", StringComparison.Ordinal) || path.EndsWith("/v1alpha", StringComparison.Ordinal) ? path : path + "/v1beta";
    }
}
