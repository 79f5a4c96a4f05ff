using System.Text.Json;
using Plue.Server.Messages;
using Plue.Server.Providers.Http;
using Plue.Server.Providers.Requests;

namespace Plue.Server.Providers.OpenAi;

/// <summary>Requests fill-in-the-middle completions with the API of the server.</summary>
internal sealed class CompletionCall(ProviderConnection connection, CompletionApi api)
{
    private const string DefaultMistralModel = "codestral-latest";

    private readonly RefusedOptions refused = new();

    public IAsyncEnumerable<ProviderEvent> StreamAsync(InlineCompletionRequest request, CancellationToken cancellationToken) =>
        refused.StreamAsync(
            request.Model,
            without =>
            {
                var body = BodyOf(request, without, out var sent);
                var failures = connection.Failures(request.Model);
                WireParser parser =
                    api == CompletionApi.LlamaCpp
                        ? new InfillParser(failures, request)
                        : new OpenAiParser(failures, request.ToProviderRequest(), splitsThinking: false, readsText: true);
                var url = api.At(connection.Endpoint);
                return new Attempt(connection.StreamAsync(url, body, Framing.ServerSentEvents, parser, failures, cancellationToken), sent);
            },
            cancellationToken
        );

    /// <exception cref="FailureException">The models could not be listed.</exception>
    public async Task<IReadOnlyList<CompletionModel>> ListAsync(CancellationToken cancellationToken)
    {
        JsonDocument document;
        try
        {
            document = await connection.CallAsync(connection.Endpoint.At("/models"), null, null, cancellationToken).ConfigureAwait(false);
        }
        // The server for editors at codestral.mistral.ai has no list of models.
        catch (FailureException missing)
            when (api == CompletionApi.Mistral && missing.Failure.Kind is FailureKind.NotFound or FailureKind.ModelNotFound)
        {
            return [new CompletionModel(DefaultMistralModel, null, IsKnown: true)];
        }

        using (document)
        {
            var root = document.RootElement;
            var items = root.ValueKind == JsonValueKind.Array ? root.EnumerateArray() : root.Items("data");
            return [.. items.Select(ToModel).OfType<CompletionModel>()];
        }
    }

    private CompletionModel? ToModel(JsonElement item) =>
        item.Text("id") is { } id && Completes(item, id) is not false and var known
            ? new CompletionModel(id, item.Text("name") ?? item.Text("display_name"), known == true)
            : null;

    /// <returns>Null if the server does not specify it.</returns>
    private bool? Completes(JsonElement item, string id) =>
        api switch
        {
            CompletionApi.Mistral => item.Field("capabilities")?.Field("completion_fim") is { } flag
                ? flag.ValueKind == JsonValueKind.True
                : id.StartsWith("codestral", StringComparison.OrdinalIgnoreCase)
                    && !id.Contains("embed", StringComparison.OrdinalIgnoreCase),
            // Not supported by reasoning models.
            CompletionApi.DeepSeek => !id.Contains("reasoner", StringComparison.OrdinalIgnoreCase),
            _ => id.Contains("embed", StringComparison.OrdinalIgnoreCase) ? false : null,
        };

    private byte[] BodyOf(InlineCompletionRequest request, RefusableOptions without, out RefusableOptions sent)
    {
        var used = RefusableOptions.None;
        bool Takes(RefusableOptions option)
        {
            if (without.HasFlag(option))
            {
                return false;
            }
            used |= option;
            return true;
        }

        var isInfill = api == CompletionApi.LlamaCpp;
        var body = JsonBody.Write(json =>
        {
            json.WriteString("model", request.Model);
            json.WriteString(isInfill ? "input_prefix" : "prompt", request.Prefix);
            json.WriteString(isInfill ? "input_suffix" : "suffix", request.Suffix);
            json.WriteNumber(isInfill ? "n_predict" : "max_tokens", request.MaxTokens);
            if (Takes(RefusableOptions.Temperature))
            {
                json.WriteNumber("temperature", 0);
            }
            json.WriteBoolean("stream", true);
            // Mistral and llama.cpp always report usage in the last event.
            if (api is not (CompletionApi.Mistral or CompletionApi.LlamaCpp) && Takes(RefusableOptions.StreamOptions))
            {
                json.WriteStartObject("stream_options");
                json.WriteBoolean("include_usage", true);
                json.WriteEndObject();
            }

            if (request.StopSequences.Count > 0 && Takes(RefusableOptions.StopSequences))
            {
                json.WriteStrings("stop", request.StopSequences);
            }
        });
        sent = used;
        return body;
    }
}
