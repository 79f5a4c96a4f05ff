using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;

namespace Plue.Server.Providers.OpenAi;

/// <summary>
/// OpenAI: the Responses API, or Chat Completions if the settings select it (<c>additional_auth.api</c>: <c>responses</c> or <c>chat_completions</c>) or if
/// another server does not support Responses.
/// </summary>
internal sealed class OpenAiProvider : IWebSearchProvider
{
    private const string ChatApi = "chat_completions";
    private const string ResponsesApi = "responses";

    /// <summary>Models in OpenAI's list that do not support chat.</summary>
    private static readonly string[] NonChatModels =
    [
        "embedding",
        "whisper",
        "tts",
        "dall-e",
        "moderation",
        "image",
        "realtime",
        "transcribe",
        "audio",
        "sora",
        "babbage",
        "davinci",
    ];

    private readonly ProviderConnection connection;
    private readonly Responses responses;
    private readonly ChatCompletions chat;
    private readonly bool isOpenAi;
    private readonly bool mayFallBack;
    private readonly bool searchesWeb;
    private volatile bool usesChat;

    /// <param name="credential">Used instead of an API key for users who sign in.</param>
    internal OpenAiProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        IRequestCredential? credential = null
    )
    {
        Settings = settings;
        var endpoint = new ProviderEndpoint(settings, "https://api.openai.com/v1", OpenAiWire.ApiRoot);
        var sent = settings with { Headers = WithAccount(settings) };
        connection = new ProviderConnection(sent, endpoint, secrets, http, time, ("authorization", "Bearer "), credential);
        responses = new Responses(settings, connection);
        chat = new ChatCompletions(
            settings,
            connection,
            OpenAiWire.DialectOf(endpoint) is var dialect and not Dialect.Compatible ? dialect : Dialect.OpenAi
        );
        isOpenAi = endpoint.IsHost("api.openai.com");
        var api = ApiOf(settings);
        usesChat = api == ChatApi;
        mayFallBack = api is null && !isOpenAi;
        searchesWeb = !usesChat && WebSearchSetting.IsOn(settings, isOpenAi);
    }

    public ProviderSettings Settings { get; }
    public ProviderCapabilities Capabilities => Settings.Capabilities with { WebSearch = searchesWeb };

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var fallsBack = false;
        if (!usesChat)
        {
            await foreach (
                var next in responses.StreamAsync(connection.Endpoint.At("/responses"), request, cancellationToken).ConfigureAwait(false)
            )
            {
                fallsBack = mayFallBack && next is ProviderEvent.Failed { Failure.Kind: FailureKind.NotFound };
                if (fallsBack)
                {
                    break;
                }
                yield return next;
            }

            if (!fallsBack)
            {
                yield break;
            }
        }

        await foreach (
            var next in chat.StreamAsync(connection.Endpoint.At("/chat/completions"), request, cancellationToken).ConfigureAwait(false)
        )
        {
            // If both APIs fail, the address is probably wrong and may be corrected, so the result is not stored.
            usesChat |= next is not ProviderEvent.Failed;
            yield return next;
        }
    }

    public async Task<WebSearchResponse> SearchWebAsync(WebSearchRequest request, CancellationToken cancellationToken)
    {
        using var answer = await connection
            .CallAsync(
                connection.Endpoint.At("/responses"),
                ResponsesWebSearch.Request(request),
                request.Model,
                cancellationToken,
                ProviderConnection.SearchTimeout
            )
            .ConfigureAwait(false);
        return ResponsesWebSearch.Read(answer.RootElement);
    }

    public Task<Failure?> CheckAsync(CancellationToken cancellationToken) =>
        connection.CheckAsync("/models", cancellationToken, kind => !isOpenAi && kind is FailureKind.NotFound or FailureKind.ModelNotFound);

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var models = await OpenAiModels.ListAsync(connection, cancellationToken).ConfigureAwait(false);
        return isOpenAi ? OnlyChat(models) : models;
    }

    internal static IReadOnlyList<ModelInfo> OnlyChat(IEnumerable<ModelInfo> models) =>
        [.. models.Where(model => !NonChatModels.Any(trade => model.Id.Contains(trade, StringComparison.OrdinalIgnoreCase)))];

    /// <summary>Returns the API selected by the settings or by the address of a call; null to detect it.</summary>
    internal static string? ApiOf(ProviderSettings settings)
    {
        if (settings.AdditionalAuth.GetValueOrDefault("api") is { Length: > 0 } api)
        {
            return api == ChatApi ? ChatApi : ResponsesApi;
        }
        if (settings.Endpoint is not { IsAbsoluteUri: true } endpoint)
        {
            return null;
        }
        var path = endpoint.AbsolutePath.TrimEnd('/');
        return path.EndsWith("/chat/completions", StringComparison.Ordinal) ? ChatApi
            : path.EndsWith("/responses", StringComparison.Ordinal) ? ResponsesApi
            : null;
    }

    /// <summary>Adds the headers of the organization and project; the user's headers take precedence.</summary>
    private static IReadOnlyDictionary<string, string> WithAccount(ProviderSettings settings)
    {
        var headers = new Dictionary<string, string>(settings.Headers, StringComparer.OrdinalIgnoreCase);
        foreach (var (field, header) in new[] { ("organization", "OpenAI-Organization"), ("project", "OpenAI-Project") })
        {
            if (settings.AdditionalAuth.GetValueOrDefault(field) is { Length: > 0 } value)
            {
                headers.TryAdd(header, value);
            }
        }

        return headers;
    }
}
