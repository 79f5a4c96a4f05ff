using System.Globalization;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Chat;

/// <summary>The user's spending limits in USD; null for no limit.</summary>
internal sealed record Budget(decimal? PerDay, decimal? PerChat, decimal? CompletionsPerDay = null)
{
    public const string PerDayKey = UserConfig.BudgetPerDayKey;
    public const string PerChatKey = UserConfig.BudgetPerChatKey;

    /// <summary>Gets the keys of limits set by the organization, with the path of the policy file.</summary>
    private IReadOnlyDictionary<string, string> OfPolicy { get; init; } = new Dictionary<string, string>();

    public static Budget Of(UserConfig config) =>
        new(Amount(config.Values, PerDayKey), Amount(config.Values, PerChatKey), Amount(config.Values, UserConfig.CompletionsPerDayKey))
        {
            OfPolicy = config.Limited,
        };

    /// <param name="spentToday">Called only if there is a daily limit.</param>
    /// <exception cref="FailureException">BudgetExceeded, with both figures and where to change the limit.</exception>
    public async Task CheckAsync(decimal spentInChat, Func<Task<decimal>> spentToday)
    {
        if (PerChat is { } chat && spentInChat >= chat)
        {
            throw new FailureException(
                FailureKind.BudgetExceeded,
                $"This chat has cost {Usd(spentInChat)}, and {Limit(PerChatKey)} for a chat is {Usd(chat)}. {Advice(PerChatKey, "start a new chat")}"
            );
        }

        if (PerDay is { } day && await spentToday() is var today && today >= day)
        {
            throw new FailureException(
                FailureKind.BudgetExceeded,
                $"Today's responses have cost {Usd(today)}, and {Limit(PerDayKey)} is {Usd(day)} a day. {Advice(PerDayKey, "use a free model")}"
            );
        }
    }

    /// <summary>Checks the code completions of the day against their limit, then all responses against theirs.</summary>
    /// <inheritdoc cref="CheckAsync" path="/exception"/>
    public Task CheckCompletionsAsync(decimal completions, decimal all) =>
        CompletionsPerDay is { } limit && completions >= limit
            ? throw new FailureException(
                FailureKind.BudgetExceeded,
                $"Today's code completions have cost {Usd(completions)}, and {Limit(UserConfig.CompletionsPerDayKey)} is {Usd(limit)} a day. {Advice(UserConfig.CompletionsPerDayKey, "choose a free model")}"
            )
            : CheckAsync(0, () => Task.FromResult(all));

    private string Limit(string key) =>
        OfPolicy.TryGetValue(key, out var policy) ? $"the limit of your organization's policy ({policy})" : "your limit";

    /// <param name="otherwise">An alternative, in lower case.</param>
    private string Advice(string key, string otherwise) =>
        OfPolicy.ContainsKey(key)
            ? $"{char.ToUpperInvariant(otherwise[0])}{otherwise[1..]}."
            : $"Increase {key} in Plue's settings, or {otherwise}.";

    private static string Usd(decimal amount) => string.Create(CultureInfo.InvariantCulture, $"${amount:0.00##}");

    private static decimal? Amount(Json5Object values, string key) =>
        values.GetNumber(key) is { } number && number >= 0 && number < 1e15 ? (decimal)number : null;
}
