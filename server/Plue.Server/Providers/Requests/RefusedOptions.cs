using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Requests;

/// <summary>The options that can be omitted from a request without changing its meaning.</summary>
[Flags]
internal enum RefusableOptions
{
    None = 0,
    StreamOptions = 1,
    Temperature = 2,

    /// <summary>Sent under its other name if the API has two.</summary>
    MaxTokens = 4,
    ReasoningLevel = 8,
    StopSequences = 16,
    EncryptedReasoning = 32,
    PromptCacheKey = 64,
    CacheMarks = 128,
}

/// <param name="Sent">The options in the request.</param>
internal readonly record struct Attempt(IAsyncEnumerable<ProviderEvent> Events, RefusableOptions Sent);

/// <summary>The options that a model rejected, stored for the lifetime of the provider, so that each is tried once.</summary>
internal sealed class RefusedOptions
{
    private readonly ConcurrentDictionary<string, RefusableOptions> byModel = new();

    public RefusableOptions Of(string model) => byModel.GetValueOrDefault(model);

    /// <summary>Sends a request, and again without an option that the model rejects. The user is informed, because the response may differ.</summary>
    /// <param name="ask">Sends the request without the given options.</param>
    public async IAsyncEnumerable<ProviderEvent> StreamAsync(
        string model,
        Func<RefusableOptions, Attempt> ask,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        for (var again = true; again; )
        {
            again = false;
            var hasAnswered = false;
            var attempt = ask(Of(model));
            await foreach (var next in attempt.Events.WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (
                    !hasAnswered
                    && next is ProviderEvent.Failed { Failure: var failure }
                    && TryLearn(model, attempt.Sent, failure, out var option)
                )
                {
                    again = true;
                    // Some options do not affect the response, so their omission is not reported.
                    if (!SilentOptions.Contains(option))
                    {
                        yield return new ProviderEvent.Waiting($"a response without {option}, which {model} does not support");
                    }
                    break;
                }

                hasAnswered |= next is not (ProviderEvent.Accepted or ProviderEvent.Waiting);
                yield return next;
            }
        }
    }

    /// <summary>True if the failure was caused by an option that was sent. The option is omitted from now on.</summary>
    public bool TryLearn(string model, RefusableOptions sent, Failure failure, out string option)
    {
        option = "";
        if (failure.Kind != FailureKind.BadRequest)
        {
            return false;
        }
        foreach (var (name, value) in Names)
        {
            if (
                !sent.HasFlag(value)
                || (value == RefusableOptions.MaxTokens && IsAboutSize(failure.Message))
                || !failure.Message.Contains(name, StringComparison.OrdinalIgnoreCase)
            )
            {
                continue;
            }
            byModel.AddOrUpdate(model, value, (_, known) => known | value);
            option = value == RefusableOptions.EncryptedReasoning ? "encrypted reasoning" : name;
            return true;
        }

        return false;
    }

    /// <summary>True if only the value of an option is rejected, which the user must correct.</summary>
    private static bool IsAboutSize(string message) =>
        message.Contains("too large", StringComparison.OrdinalIgnoreCase)
        || message.Contains("at most", StringComparison.OrdinalIgnoreCase);

    private static readonly string[] SilentOptions =
    [
        "stream_options",
        "encrypted reasoning",
        "prompt_cache_key",
        "cachePoint",
        "cache_control",
        "prompt caching",
    ];

    /// <summary>The names of options in error messages, the more specific ones first.</summary>
    private static readonly (string Name, RefusableOptions Option)[] Names =
    [
        ("encrypted content", RefusableOptions.EncryptedReasoning),
        ("encrypted_content", RefusableOptions.EncryptedReasoning),
        ("prompt_cache_key", RefusableOptions.PromptCacheKey),
        ("cachePoint", RefusableOptions.CacheMarks),
        ("cache_control", RefusableOptions.CacheMarks),
        ("prompt caching", RefusableOptions.CacheMarks),
        ("stream_options", RefusableOptions.StreamOptions),
        ("temperature", RefusableOptions.Temperature),
        ("max_completion_tokens", RefusableOptions.MaxTokens),
        ("max_output_tokens", RefusableOptions.MaxTokens),
        ("max_tokens", RefusableOptions.MaxTokens),
        ("reasoning", RefusableOptions.ReasoningLevel),
        ("thinking", RefusableOptions.ReasoningLevel),
        ("effort", RefusableOptions.ReasoningLevel),
        ("stop", RefusableOptions.StopSequences),
    ];
}
