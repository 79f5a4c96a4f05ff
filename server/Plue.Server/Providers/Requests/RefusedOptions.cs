using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Plue.Server.Messages;

namespace Plue.Server.Providers.Requests;

/// <summary>What can be left out of a request without changing what it asks.</summary>
[Flags]
internal enum RefusableOptions
{
    None = 0,
    StreamOptions = 1,
    Temperature = 2,

    /// <summary>Sent under its other name where the wire has two.</summary>
    MaxTokens = 4,
    ReasoningLevel = 8,
    StopSequences = 16,
    EncryptedReasoning = 32,
    PromptCacheKey = 64,
    CacheMarks = 128,
}

/// <param name="Sent">The options that the request holds.</param>
internal readonly record struct Attempt(IAsyncEnumerable<ProviderEvent> Events, RefusableOptions Sent);

/// <summary>Options that a model refused, remembered while the provider lives, so that each is tried once.</summary>
internal sealed class RefusedOptions
{
    private readonly ConcurrentDictionary<string, RefusableOptions> byModel = new();

    public RefusableOptions Of(string model) => byModel.GetValueOrDefault(model);

    /// <summary>Asks, and asks again without the option that the model refuses. That is said, because the answer is then another than was meant.</summary>
    /// <param name="ask">Gets what is to be left out.</param>
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
                    // Without some, nothing is missing that anybody waits for.
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

    /// <summary>Whether the failure blames an option that was sent. It is then left out from now on.</summary>
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

    /// <summary>The option is known and its number is not: that is for the user to put right.</summary>
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

    /// <summary>What messages call an option, the more telling name first.</summary>
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
