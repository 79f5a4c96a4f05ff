using Plue.Server.Messages;

namespace Plue.Server.Store;

/// <summary>Spending by day, provider, model, template and chat.</summary>
internal sealed class UsageSummary
{
    private readonly Sums total = new();
    private readonly Dictionary<(DateOnly Day, string ProviderId), Sums> days = [];
    private readonly Dictionary<string, Sums> providers = new(StringComparer.Ordinal);
    private readonly Dictionary<(string ProviderId, string Model), Sums> models = [];
    private readonly Dictionary<string, Sums> templates = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Sums> chats = new(StringComparer.Ordinal);

    /// <param name="offset">The time zone offset of the user's days.</param>
    public static UsageSummary Of(IEnumerable<UsageEntry> entries, TimeSpan offset)
    {
        var summary = new UsageSummary();
        foreach (var entry in entries)
        {
            summary.Add(entry, offset);
        }

        return summary;
    }

    public UsageFigures Total => total.ToFigures();

    /// <summary>Oldest first.</summary>
    public IReadOnlyList<((DateOnly Day, string ProviderId) Key, UsageFigures Figures)> Days =>
        [
            .. days.OrderBy(pair => pair.Key.Day)
                .ThenBy(pair => pair.Key.ProviderId, StringComparer.Ordinal)
                .Select(pair => (pair.Key, pair.Value.ToFigures())),
        ];

    /// <summary>Most expensive first, then by tokens, as in the other lists.</summary>
    public IReadOnlyList<(string Key, UsageFigures Figures)> Providers => ByCost(providers);
    public IReadOnlyList<((string ProviderId, string Model) Key, UsageFigures Figures)> Models => ByCost(models);
    public IReadOnlyList<(string Key, UsageFigures Figures)> Templates => ByCost(templates);
    public IReadOnlyList<(string Key, UsageFigures Figures)> Chats => ByCost(chats);

    /// <summary>The name of a provider when it last responded.</summary>
    public IReadOnlyDictionary<string, string> ProviderNames => names;

    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);

    private void Add(UsageEntry entry, TimeSpan offset)
    {
        names[entry.ProviderId] = entry.ProviderName;
        var day = DateOnly.FromDateTime(entry.Time.UtcDateTime + offset);
        total.Add(entry);
        Of(days, (day, entry.ProviderId)).Add(entry);
        Of(providers, entry.ProviderId).Add(entry);
        Of(models, (entry.ProviderId, entry.Model)).Add(entry);
        Of(templates, entry.Template).Add(entry);
        if (entry.HasChat)
        {
            Of(chats, entry.ChatId).Add(entry);
        }
    }

    private static Sums Of<TKey>(Dictionary<TKey, Sums> groups, TKey key)
        where TKey : notnull
    {
        if (!groups.TryGetValue(key, out var sums))
        {
            groups.Add(key, sums = new Sums());
        }

        return sums;
    }

    private static IReadOnlyList<(TKey Key, UsageFigures Figures)> ByCost<TKey>(Dictionary<TKey, Sums> groups)
        where TKey : notnull =>
        [
            .. groups
                .Select(pair => (pair.Key, Figures: pair.Value.ToFigures()))
                .OrderByDescending(row => row.Figures.Cost)
                .ThenByDescending(row => row.Figures.Usage.TotalTokens),
        ];

    private sealed class Sums
    {
        private readonly List<double> firstTokens = [];
        private int responses;
        private int unpriced;
        private decimal cost;
        private long input;
        private long output;
        private long cachedRead;
        private long cachedWrite;
        private long reasoning;
        private double duration;

        public void Add(UsageEntry entry)
        {
            responses += entry.Count;
            if (entry.Cost is { } paid)
            {
                cost += paid;
            }
            else
            {
                unpriced += entry.Count;
            }

            if (entry.Usage is { } usage)
            {
                input += usage.InputTokens;
                output += usage.OutputTokens;
                cachedRead += usage.CachedReadTokens;
                cachedWrite += usage.CachedWriteTokens;
                reasoning += usage.ReasoningTokens;
            }

            duration += entry.DurationMs ?? 0;
            if (entry.FirstTokenMs is { } first)
            {
                firstTokens.Add(first);
            }
        }

        public UsageFigures ToFigures()
        {
            var usage = new Usage
            {
                InputTokens = input,
                OutputTokens = output,
                CachedReadTokens = cachedRead,
                CachedWriteTokens = cachedWrite,
                ReasoningTokens = reasoning,
            };
            return new UsageFigures(responses, unpriced, cost, usage, TimeSpan.FromMilliseconds(duration), Median());
        }

        private TimeSpan? Median()
        {
            if (firstTokens.Count == 0)
            {
                return null;
            }

            firstTokens.Sort();
            var middle = firstTokens.Count / 2;
            return TimeSpan.FromMilliseconds(
                firstTokens.Count % 2 == 1 ? firstTokens[middle] : (firstTokens[middle - 1] + firstTokens[middle]) / 2
            );
        }
    }
}

/// <param name="Unpriced">Responses whose price is not known; they are missing in <paramref name="Cost"/>.</param>
/// <param name="Cost">USD.</param>
/// <param name="Duration">The total duration of all responses.</param>
/// <param name="FirstToken">The median; null if it was not measured.</param>
internal sealed record UsageFigures(int Responses, int Unpriced, decimal Cost, Usage Usage, TimeSpan Duration, TimeSpan? FirstToken);
