using System.Runtime.CompilerServices;
using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Anthropic;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Bedrock;

/// <summary>Models on AWS Bedrock: Claude with Anthropic's protocol, others with AWS's. Uses AWS keys, whose source failures name, or an API key.</summary>
internal sealed class BedrockProvider : IProvider
{
    private readonly ISecretSource secrets;
    private readonly ProviderHttp http;
    private readonly TimeProvider time;
    private readonly AwsCredentials credentials;
    private readonly RefusedOptions refused = new();
    private volatile Place? known;

    /// <param name="environment">Returns an environment variable.</param>
    /// <param name="home">The user's home folder, which contains <c>.aws</c>.</param>
    /// <param name="mask">Registers each secret that is found outside the vault for masking.</param>
    public BedrockProvider(
        ProviderSettings settings,
        ISecretSource secrets,
        ProviderHttp http,
        TimeProvider time,
        Func<string, string?> environment,
        string home,
        Action<string> mask
    )
    {
        Settings = settings;
        this.secrets = secrets;
        this.http = http;
        this.time = time;
        credentials = new AwsCredentials(settings, secrets, http, time, environment, home, mask);
    }

    public ProviderSettings Settings { get; }

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        if (Find(request.Model, out var place) is { } failure)
        {
            yield return new ProviderEvent.Failed(failure);
            yield break;
        }

        var events = refused.StreamAsync(
            request.Model,
            without => Ask(place!.Runtime, request, without, cancellationToken),
            cancellationToken
        );
        await foreach (var next in events.ConfigureAwait(false))
        {
            yield return next;
        }
    }

    /// <summary>Requests one token from a small model, the cheapest call that shows that the keys may call models.</summary>
    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            var model = Settings.Model ?? BedrockModels.CheapModelIn(Here().Region);
            if (Find(model, out var place) is { } failure)
            {
                return failure;
            }
            return await place!
                .Runtime.CheckAsync(BedrockModels.PathOf(model) + "/converse", cancellationToken, body: ConverseWire.Check(), model: model)
                .ConfigureAwait(false);
        }
        catch (FailureException exception)
        {
            return exception.Failure;
        }
    }

    /// <summary>Returns an empty list if the keys lack the permission to list models, which differs from the one to call them.</summary>
    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken)
    {
        var control = Here().Control;
        var foundation = new Dictionary<string, ModelInfo>(StringComparer.Ordinal);
        var models = new List<ModelInfo>();
        using (var page = await ListAsync(control, "/foundation-models", cancellationToken).ConfigureAwait(false))
        {
            foreach (var entry in page?.RootElement.Items("modelSummaries") ?? [])
            {
                if (
                    entry.Text("modelId") is not { } id
                    || !Has(entry, "outputModalities", "TEXT")
                    || entry.Flag("responseStreamingSupported") == false
                )
                {
                    continue;
                }
                var model = new ModelInfo
                {
                    Id = id,
                    Name = entry.Text("modelName"),
                    Description = entry.Text("providerName"),
                    SupportsVision = Has(entry, "inputModalities", "IMAGE"),
                };
                foundation[id] = model;
                if (Has(entry, "inferenceTypesSupported", "ON_DEMAND"))
                {
                    models.Add(model);
                }
            }
        }

        const int MaxPages = 10;
        var after = "";
        for (var at = 0; at < MaxPages; at++)
        {
            using var page = await ListAsync(control, "/inference-profiles?maxResults=1000" + after, cancellationToken)
                .ConfigureAwait(false);
            if (page is null)
            {
                break;
            }
            foreach (var entry in page.RootElement.Items("inferenceProfileSummaries"))
            {
                if (entry.Text("inferenceProfileId") is not { } id || entry.Text("status") is not (null or "ACTIVE"))
                {
                    continue;
                }
                var arn = entry.Items("models").Select(model => model.Text("modelArn")).FirstOrDefault(text => text is not null);
                var origin = arn is null ? null : foundation.GetValueOrDefault(arn[(arn.LastIndexOf('/') + 1)..]);
                // Profiles of models that do not write text have no entry above.
                if (origin is null && foundation.Count > 0)
                {
                    continue;
                }
                models.Add(
                    new ModelInfo
                    {
                        Id = id,
                        Name = entry.Text("inferenceProfileName") ?? origin?.Name,
                        Description = origin?.Description,
                        SupportsVision = origin?.SupportsVision,
                    }
                );
            }

            if (page.RootElement.Text("nextToken") is not { Length: > 0 } next)
            {
                break;
            }
            after = "&nextToken=" + Uri.EscapeDataString(next);
        }

        return models;
    }

    private Attempt Ask(
        ProviderConnection connection,
        ProviderRequest request,
        RefusableOptions without,
        CancellationToken cancellationToken
    )
    {
        var failures = connection.Failures(request.Model);
        var path = BedrockModels.PathOf(request.Model);
        var (call, body, sent, parser) = BedrockModels.IsOf(request.Model, "anthropic")
            ? (
                "/invoke-with-response-stream",
                AnthropicWire.Request(request, Settings, without, out var invoked, AnthropicHost.Bedrock),
                invoked,
                (WireParser)new InvokeParser(failures, request)
            )
            : (
                "/converse-stream",
                ConverseWire.Request(request, Settings, without, out var conversed),
                conversed,
                new ConverseParser(failures, request)
            );
        return new Attempt(
            connection.StreamAsync(connection.Endpoint.At(path + call), body, Framing.EventStream, parser, failures, cancellationToken),
            sent
        );
    }

    /// <returns>Why the model cannot be called; null if it can.</returns>
    private Failure? Find(string model, out Place? place)
    {
        place = null;
        try
        {
            place = Here();
            return place.Region is { } region ? BedrockModels.WrongRegion(model, region, Settings.Name) : null;
        }
        catch (FailureException exception)
        {
            return exception.Failure;
        }
    }

    /// <summary>Returns the connections for the current region, which may come from a file that changes.</summary>
    /// <exception cref="FailureException">Neither a region nor an endpoint is configured.</exception>
    private Place Here()
    {
        var region = Settings.Endpoint is { IsAbsoluteUri: true } own && AwsHosts.RegionOf(own) is { } named ? named : credentials.Region();
        if (known is { } place && place.Region == region)
        {
            return place;
        }
        if (region is null && Settings.Endpoint is null)
        {
            throw new FailureException(
                FailureKind.MissingField,
                $"{Settings.Name} needs the AWS region to ask. Set one in its settings, such as us-east-1, or in AWS_REGION."
            );
        }

        var runtime = new ProviderEndpoint(Settings, AwsHosts.Runtime(region ?? ""), ApiRoot);
        var control = new ProviderEndpoint(Settings, AwsHosts.Control(region ?? ""), ApiRoot);
        var keys = new BedrockCredential(credentials, region, time);
        var takesKey =
            Settings.Auth != AuthType.AwsCredentials
            && (Settings.ApiKeyRef is not null || (Settings.AuthType == AuthType.ApiKey && credentials.BearerToken() is null));
        return known = new Place(region, Connect(runtime), Connect(control));

        ProviderConnection Connect(ProviderEndpoint endpoint)
        {
            IRequestCredential credential = takesKey
                ? new ApiKeyCredential(Settings, secrets, endpoint, ("authorization", "Bearer "))
                : keys;
            return new ProviderConnection(Settings, endpoint, secrets, http, time, credential);
        }
    }

    /// <summary>Returns null if access is denied, or if a gateway has no list.</summary>
    private async Task<JsonDocument?> ListAsync(ProviderConnection control, string call, CancellationToken cancellationToken)
    {
        try
        {
            return await control.CallAsync(control.Endpoint.At(call), null, null, cancellationToken).ConfigureAwait(false);
        }
        // A key may be bound to the host of responses only.
        catch (FailureException exception)
            when (exception.Failure.Kind == FailureKind.KeyNotBoundToOrigin
                || (exception.Failure.Kind == FailureKind.NotFound && Settings.Endpoint is not null)
                || (
                    exception.Failure.Kind == FailureKind.ProviderAuthFailed
                    && exception.Failure.Message.Contains("not authorized", StringComparison.OrdinalIgnoreCase)
                )
            )
        {
            return null;
        }
    }

    private static bool Has(JsonElement entry, string list, string value) =>
        entry.Items(list).Any(item => item.ValueKind == JsonValueKind.String && item.ValueEquals(value));

    /// <summary>Accepts the host, a prefix, or the address of a call.</summary>
    private static string ApiRoot(string path)
    {
        var model = path.IndexOf("/model/", StringComparison.Ordinal);
        if (model >= 0)
        {
            path = path[..model];
        }
        return path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^"/v1".Length] : path;
    }

    /// <param name="Region">Null for an endpoint that accepts an API key and is not an AWS host.</param>
    private sealed record Place(string? Region, ProviderConnection Runtime, ProviderConnection Control);
}
