using System.Runtime.CompilerServices;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.OpenAi;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.Copilot;

/// <summary>
/// GitHub Copilot without an editor: the user signs in at GitHub with an OAuth application, and its token is sent to Copilot unchanged. GitHub does not
/// document this; users can set their own client id.
/// </summary>
internal sealed class CopilotProvider(
    ProviderSettings settings,
    ISecretSource secrets,
    ProviderHttp http,
    TimeProvider time,
    IRequestCredential credential
) : IProvider
{
    private const string ChatPath = "/chat/completions";
    private const string ResponsesPath = "/responses";
    private static readonly TimeSpan ModelsLifetime = TimeSpan.FromMinutes(30);

    private readonly ProviderEndpoint endpoint = new(settings, "https://api.githubcopilot.com", ApiRoot);
    private readonly RefusedOptions refused = new();
    private readonly SemaphoreSlim listing = new(1, 1);
    private volatile Listed? listed;

    public ProviderSettings Settings => settings;

    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        ProviderRequest request,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var other = await OtherPathAsync(request.Model, cancellationToken).ConfigureAwait(false);
        if (other is not null and not ResponsesPath)
        {
            yield return new ProviderEvent.Failed(
                new Failure(
                    FailureKind.ModelNotFound,
                    $"{request.Model} is available at {settings.Name} only over {VendorMessage.Clean(other)}, which this version of Plue does not support there. Choose another model."
                )
            );
            yield break;
        }

        // GPT models reject a limit and apply their own.
        var isGpt = request.Model.StartsWith("gpt", StringComparison.OrdinalIgnoreCase);
        var asked = isGpt ? request with { MaxTokens = null } : request;
        var adjusted = isGpt ? settings with { MaxTokens = null } : settings;
        if (other is not null)
        {
            await foreach (
                var next in new Responses(adjusted, Connection(InitiatorOf(request), request.Messages.Any(RequestMessages.HasImages)))
                    .StreamAsync(endpoint.At(ResponsesPath), asked, cancellationToken)
                    .ConfigureAwait(false)
            )
            {
                yield return next;
            }

            yield break;
        }

        var events = refused.StreamAsync(
            request.Model,
            without =>
            {
                var body = OpenAiWire.Request(asked, adjusted, Dialect.Compatible, without, out var sent);
                var connection = Connection(InitiatorOf(request), HasImage(body));
                var failures = connection.Failures(request.Model);
                return new Attempt(
                    connection.StreamAsync(
                        endpoint.At(ChatPath),
                        body,
                        Framing.ServerSentEvents,
                        new OpenAiParser(failures, request),
                        failures,
                        cancellationToken
                    ),
                    sent
                );
            },
            cancellationToken
        );
        await foreach (var next in events.ConfigureAwait(false))
        {
            yield return next;
        }
    }

    public async Task<Failure?> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ModelsAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (FailureException fault)
        {
            return fault.Failure;
        }
    }

    public async Task<IReadOnlyList<ModelInfo>> ListModelsAsync(CancellationToken cancellationToken) =>
        [
            .. (await ModelsAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false))
                .Where(model => model.IsOffered)
                .Select(model => model.Info),
        ];

    public ValueTask DisposeAsync()
    {
        listing.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Requests after a user message are billed; those after tool results are not.</summary>
    private static string InitiatorOf(ProviderRequest request) =>
        request.Messages.LastOrDefault() is { Role: MessageRole.User } last && !last.Parts.Any(part => part is MessagePart.ToolResult)
            ? "user"
            : "agent";

    /// <summary>Searches the bytes: inside a JSON string, the quotes would be escaped.</summary>
    private static bool HasImage(byte[] body) => body.AsSpan().IndexOf("\"type\":\"image_url\""u8) >= 0;

    /// <returns>Null if the model uses Chat Completions, or is unknown.</returns>
    private async Task<string?> OtherPathAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            var known = (await ModelsAsync(ModelsLifetime, cancellationToken).ConfigureAwait(false)).FirstOrDefault(candidate =>
                candidate.Info.Id == model
            );
            return known is null || known.Endpoints.Count == 0 || known.Endpoints.Contains(ChatPath) ? null
                : known.Endpoints.Contains(ResponsesPath) ? ResponsesPath
                : known.Endpoints[0];
        }
        catch (FailureException)
        {
            // The request will fail with the same error and report it.
            return null;
        }
    }

    private async Task<IReadOnlyList<CopilotModel>> ModelsAsync(TimeSpan lifetime, CancellationToken cancellationToken)
    {
        if (Fresh() is { } known)
        {
            return known;
        }

        await listing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Fresh() is { } refreshed)
            {
                return refreshed;
            }

            using var document = await Connection(initiator: null, hasImage: false)
                .CallAsync(endpoint.At("/models"), null, null, cancellationToken)
                .ConfigureAwait(false);
            listed = new Listed(
                [.. document.RootElement.Items("data").Select(CopilotModel.Of).OfType<CopilotModel>()],
                time.GetTimestamp()
            );
            return listed.Models;
        }
        finally
        {
            listing.Release();
        }

        IReadOnlyList<CopilotModel>? Fresh() => listed is { } last && time.GetElapsedTime(last.At) < lifetime ? last.Models : null;
    }

    private ProviderConnection Connection(string? initiator, bool hasImage)
    {
        List<(string, string)> headers = [("openai-intent", "conversation-edits")];
        if (initiator is not null)
        {
            headers.Add(("x-initiator", initiator));
        }
        if (hasImage)
        {
            headers.Add(("copilot-vision-request", "true"));
        }
        return new ProviderConnection(settings, endpoint, secrets, http, time, credential) { FixedHeaders = headers };
    }

    /// <summary>Removes the call and the version, because the addresses of Copilot contain none.</summary>
    private static string ApiRoot(string path)
    {
        if (path.EndsWith(ChatPath, StringComparison.Ordinal))
        {
            path = path[..^ChatPath.Length];
        }
        return path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^"/v1".Length] : path;
    }

    private sealed record Listed(IReadOnlyList<CopilotModel> Models, long At);
}
