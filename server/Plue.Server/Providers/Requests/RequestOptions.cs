namespace Plue.Server.Providers.Requests;

/// <summary>The options of a request or, if not set, of the settings, without those that the model rejected. Records which the request contains.</summary>
/// <param name="rejected">The options to omit.</param>
internal sealed class RequestOptions(ProviderRequest request, ProviderSettings settings, RefusableOptions rejected)
{
    public RefusableOptions Sent { get; set; }

    public int? MaxTokens => request.MaxTokens ?? settings.MaxTokens;

    /// <summary>Not every model accepts it, so the writer of the request adds it to <see cref="Sent"/>.</summary>
    public string? ReasoningLevel =>
        rejected.HasFlag(RefusableOptions.ReasoningLevel) ? null : request.ReasoningLevel ?? settings.ReasoningLevel;

    public static bool IsOff(string? level) => level is "none" or "off" or "disabled";

    public string? TakeReasoningLevel() => ReasoningLevel is { } level && Take(RefusableOptions.ReasoningLevel) ? level : null;

    public double? TakeTemperature() =>
        (request.Temperature ?? settings.Temperature) is { } temperature && Take(RefusableOptions.Temperature) ? temperature : null;

    public IReadOnlyList<string> TakeStopSequences()
    {
        var stops = request.StopSequences.Count > 0 ? request.StopSequences : settings.StopSequences;
        return stops.Count > 0 && Take(RefusableOptions.StopSequences) ? stops : [];
    }

    /// <returns>False if the model rejected the option.</returns>
    public bool Take(RefusableOptions option)
    {
        if (rejected.HasFlag(option))
        {
            return false;
        }
        Sent |= option;
        return true;
    }
}
