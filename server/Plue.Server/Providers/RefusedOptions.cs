using System.Collections.Concurrent;
using Plue.Server.Messages;

namespace Plue.Server.Providers;

/// <summary>What can be left out of a request without changing what it asks.</summary>
[Flags]
internal enum RefusableOptions
{
    None = 0,
    StreamOptions = 1,
    Temperature = 2,
    /// <summary>Sent under its other name.</summary>
    MaxTokens = 4,
    ReasoningLevel = 8,
    StopSequences = 16,
}

/// <summary>Options that a model refused, remembered while the provider lives, so that each is tried once.</summary>
internal sealed class RefusedOptions
{
    private readonly ConcurrentDictionary<string, RefusableOptions> byModel = new();

    public RefusableOptions Of(string model) => byModel.GetValueOrDefault(model);

    /// <summary>Whether the failure blames an option that was sent. It is then left out from now on.</summary>
    public bool TryLearn(string model, RefusableOptions sent, Failure failure, out string option)
    {
        option = "";
        if (failure.Kind != FailureKind.BadRequest) return false;
        foreach (var (name, value) in Names)
        {
            if (!sent.HasFlag(value) || !failure.Message.Contains(name, StringComparison.OrdinalIgnoreCase)) continue;
            byModel.AddOrUpdate(model, value, (_, known) => known | value);
            option = name;
            return true;
        }

        return false;
    }

    private static readonly (string Name, RefusableOptions Option)[] Names =
    [
        ("stream_options", RefusableOptions.StreamOptions),
        ("temperature", RefusableOptions.Temperature),
        ("max_tokens", RefusableOptions.MaxTokens),
        ("reasoning", RefusableOptions.ReasoningLevel),
        ("thinking", RefusableOptions.ReasoningLevel),
        ("effort", RefusableOptions.ReasoningLevel),
        ("stop", RefusableOptions.StopSequences),
    ];
}
