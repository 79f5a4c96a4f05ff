using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Plue.Server.Messages;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Gemini;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.VertexAi;

/// <summary>Gemini and Claude models on Google Vertex AI, each with its vendor's protocol, authenticated with an access token.</summary>
internal sealed partial class VertexProvider : IProvider
{
    private const string CheapModel = "gemini-2.5-flash";

    private static readonly GeminiOptions GeminiOptions = new(SendsCallIds: false);

    private readonly GoogleAccount account;
    private readonly bool isSignedInOtherwise;
    private readonly ProviderConnection connection;
    private readonly RefusedOptions refused = new();

    /// <param name="environment">Returns an environment variable.</param>
    /// <param name="home">The user's home folder, where gcloud stores its credentials.</param>
    /// <param name="mask">Registers each secret that is found outside the vault for masking.</param>
    public VertexProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        Func<string, string?> environment,
        string home,
        Action<string> mask
    )
        : this(settings, secrets, http, time, environment, home, mask, null) { }

    /// <param name="credential">Used instead of Google's credentials.</param>
    internal VertexProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        Func<string, string?> environment,
        string home,
        Action<string> mask,
        IRequestCredential? credential
    )
    {
        Settings = settings;
        isSignedInOtherwise = credential is not null;
        account = new GoogleAccount(settings, secrets, http, time, environment, home, mask);
        // An invalid location, which cannot be part of a host name, is reported when it is used.
        var endpoint = new ProviderEndpoint(settings, PlainName().IsMatch(Location) ? HostOf(Location) : HostOf("global"), ApiRoot);
        connection = new ProviderConnection(settings, endpoint, secrets, http, time, credential ?? new VertexCredential(account));
    }

    public ProviderSettings Settings { get; }

    private string Location => Settings.AuthField("location") ?? "global";

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var (root, failure) = await RootAsync(request.Model, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            yield return new ProviderEvent.Failed(failure);
            yield break;
        }

        var events = refused.StreamAsync(request.Model, without => Ask(root, request, without, cancellationToken), cancellationToken);
        await foreach (var next in events.ConfigureAwait(false))
        {
            yield return next;
        }
    }

    /// <summary>Requests one token, or for Gemini the token count of a word, which needs the same permissions and is free.</summary>
    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        var model = Settings.Model ?? CheapModel;
        var (root, failure) = await RootAsync(model, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            return failure;
        }
        var (call, body) = VertexModels.IsClaude(model)
            ? (
                ":rawPredict",
                """{"anthropic_version":"vertex-2023-10-16","max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}"""u8.ToArray()
            )
            : (":countTokens", """{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]}"""u8.ToArray());
        return await connection
            .CheckAsync(root + VertexModels.PathOf(model) + call, cancellationToken, body: body, model: model)
            .ConfigureAwait(false);
    }

    /// <summary>Returns an empty list, so that the catalog is used: Vertex does not list the models that a project may use.</summary>
    public Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelInfo>>([]);

    public ValueTask DisposeAsync()
    {
        account.Dispose();
        return ValueTask.CompletedTask;
    }

    private Attempt Ask(string root, ProviderRequest request, RefusableOptions without, CancellationToken cancellationToken)
    {
        var failures = connection.Failures(request.Model);
        var (call, body, sent, parser) = VertexModels.IsClaude(request.Model)
            ? (
                ":streamRawPredict",
                AnthropicWire.Request(request, Settings, without, out var claude, AnthropicHost.Vertex),
                claude,
                (WireParser)new AnthropicParser(failures, request, isHosted: true)
            )
            : (
                ":streamGenerateContent?alt=sse",
                GeminiWire.Request(request, Settings, GeminiOptions, without, out var gemini),
                gemini,
                new GeminiParser(failures, request)
            );
        var url = connection.Endpoint.At(root + VertexModels.PathOf(request.Model) + call);
        return new Attempt(connection.StreamAsync(url, body, Framing.ServerSentEvents, parser, failures, cancellationToken), sent);
    }

    /// <summary>Returns the address before the model, or why there is none.</summary>
    private async ValueTask<(string Root, Failure? Failure)> RootAsync(string model, CancellationToken cancellationToken)
    {
        if (!connection.Endpoint.IsHttp)
        {
            return ("", connection.Failures(model).NotHttp());
        }
        if (!PlainName().IsMatch(Location))
        {
            return (
                "",
                new Failure(
                    FailureKind.MissingField,
                    $"{VendorMessage.Clean(Location)} is not a location of Google Cloud. Give one like europe-west1, or global, in the settings of {Settings.Name}."
                )
            );
        }

        if (VertexModels.IsForeign(model))
        {
            return (
                "",
                new Failure(
                    FailureKind.ModelNotFound,
                    $"Plue asks Vertex AI for models of Google and Anthropic only, and {VendorMessage.Clean(model)} is neither. Choose another model."
                )
            );
        }

        try
        {
            var project = await account
                .ProjectAsync(isSignedInOtherwise ? null : new Uri(connection.Endpoint.Origin), cancellationToken)
                .ConfigureAwait(false);
            return ($"/projects/{Uri.EscapeDataString(project)}/locations/{Location}", null);
        }
        catch (FailureException exception)
        {
            return ("", exception.Failure);
        }
    }

    private static string HostOf(string location) =>
        location switch
        {
            "global" => "https://aiplatform.googleapis.com",
            "us" or "eu" => $"https://aiplatform.{location}.rep.googleapis.com",
            _ => $"https://{location}-aiplatform.googleapis.com",
        };

    /// <summary>Accepts the host, the host with its version, or the address of a call.</summary>
    private static string ApiRoot(string path)
    {
        var project = path.IndexOf("/projects/", StringComparison.Ordinal);
        if (project >= 0)
        {
            path = path[..project];
        }
        return path.EndsWith("/v1", StringComparison.Ordinal) || path.EndsWith("/v1beta1", StringComparison.Ordinal) ? path : path + "/v1";
    }

    [GeneratedRegex("^[a-z0-9-]{1,40}$")]
    private static partial Regex PlainName();
}
