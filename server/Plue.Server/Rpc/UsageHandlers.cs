using System.Globalization;
using System.Text;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Providers.Connections;
using Plue.Server.Reviews;
using Plue.Server.Store;
using Plue.Server.Templates;

namespace Plue.Server.Rpc;

/// <summary>usage/*: tokens and costs.</summary>
/// <param name="channels">Returns all chats and tasks.</param>
internal sealed class UsageHandlers(
    UsageLedger ledger,
    Func<IReadOnlyList<ChatSummary>> channels,
    ProviderRegistry providers,
    TemplateCatalog templates
)
{
    private const int MaxOffsetMinutes = 14 * 60;

    private static readonly string[] Columns =
    [
        "Time",
        "Chat",
        "Title",
        "Template",
        "Provider",
        "Provider name",
        "Model",
        "Input tokens",
        "Output tokens",
        "Cached read tokens",
        "Cached write tokens",
        "Reasoning tokens",
        "Cost (USD)",
        "Price source",
        "First token (ms)",
        "Duration (ms)",
        "Status",
        "Responses",
    ];

    private static readonly IReadOnlyDictionary<string, string> EditorNames = new Dictionary<string, string>
    {
        [UsageEntry.Completions] = "Code completions",
        [UsageEntry.EditorChats] = "VS Code chat",
        [UsageEntry.Reviews] = "Reviews of changes",
    };

    public void Register(RpcServer server)
    {
        server.Map(Methods.UsageSummary, SummaryAsync);
        server.Map(Methods.UsageCsv, CsvAsync);
    }

    /// <exception cref="FailureException">MissingField: an invalid day.</exception>
    public async Task<UsageSummaryResult> SummaryAsync(UsageParams parameters, CancellationToken cancellationToken)
    {
        var (from, to, offset) = Period(parameters);
        return Summary(UsageSummary.Of(await ledger.ReadAsync(from, to, cancellationToken), offset));
    }

    /// <exception cref="FailureException">MissingField: an invalid day.</exception>
    public async Task<UsageCsvResult> CsvAsync(UsageParams parameters, CancellationToken cancellationToken)
    {
        var (from, to, offset) = Period(parameters);
        return new UsageCsvResult(Csv(await ledger.ReadAsync(from, to, cancellationToken), Titles(), offset));
    }

    private UsageSummaryResult Summary(UsageSummary summary)
    {
        var titles = Titles();
        var own = providers.List().ToDictionary(provider => provider.Settings.Id, provider => provider.Settings.Name);
        string NameOf(string id) => own.GetValueOrDefault(id) ?? summary.ProviderNames.GetValueOrDefault(id, id);
        return new UsageSummaryResult(
            Figures(summary.Total),
            [
                .. summary.Days.Select(row => new UsageDay(
                    row.Key.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                    row.Key.ProviderId,
                    NameOf(row.Key.ProviderId),
                    Figures(row.Figures)
                )),
            ],
            [.. summary.Providers.Select(row => new UsageRow(row.Key, NameOf(row.Key), null, Figures(row.Figures)))],
            [.. summary.Models.Select(row => new UsageRow(row.Key.Model, row.Key.Model, NameOf(row.Key.ProviderId), Figures(row.Figures)))],
            [
                .. summary.Templates.Select(row => new UsageRow(
                    row.Key,
                    EditorNames.GetValueOrDefault(row.Key) ?? templates.Find(row.Key)?.Name ?? row.Key,
                    null,
                    Figures(row.Figures)
                )),
            ],
            [.. summary.Chats.Select(row => new UsageRow(AddressOf(row.Key), TitleOf(row.Key, titles), null, Figures(row.Figures)))]
        );
    }

    private Dictionary<string, string> Titles() =>
        channels().ToDictionary(channel => channel.Id, channel => channel.Title, StringComparer.Ordinal);

    /// <summary>Returns the title, or a placeholder for a review, or for a deleted chat or task.</summary>
    internal static string TitleOf(string id, IReadOnlyDictionary<string, string> titles) =>
        titles.GetValueOrDefault(id)
        ?? (
            ReviewIds.IsReview(id) ? "Review of changes"
            : ChannelKind.Task.IsIdOfKind(id) ? "Deleted task"
            : "Deleted chat"
        );

    private static string AddressOf(string chatId) => CodexUri.OfChannel(chatId).ToString();

    private static Protocol.UsageFigures Figures(Store.UsageFigures figures) =>
        new()
        {
            Responses = figures.Responses,
            UnpricedResponses = figures.Unpriced,
            Cost = figures.Cost,
            InputTokens = figures.Usage.InputTokens,
            OutputTokens = figures.Usage.OutputTokens,
            CachedReadTokens = figures.Usage.CachedReadTokens,
            CachedWriteTokens = figures.Usage.CachedWriteTokens,
            ReasoningTokens = figures.Usage.ReasoningTokens,
            DurationMs = figures.Duration.TotalMilliseconds,
            FirstTokenMs = figures.FirstToken?.TotalMilliseconds,
        };

    /// <summary>Formats entries as CSV (RFC 4180): commas, doubled quotes, CR LF line ends.</summary>
    internal static string Csv(IEnumerable<UsageEntry> entries, IReadOnlyDictionary<string, string> titles, TimeSpan offset)
    {
        var csv = new StringBuilder();
        AppendRow(csv, Columns);
        foreach (var entry in entries.OrderBy(entry => entry.Time))
        {
            AppendRow(
                csv,
                entry.Time.ToOffset(offset).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
                entry.HasChat ? AddressOf(entry.ChatId) : "",
                EditorNames.GetValueOrDefault(entry.ChatId) ?? titles.GetValueOrDefault(entry.ChatId, ""),
                entry.Template,
                entry.ProviderId,
                entry.ProviderName,
                entry.Model,
                Number(entry.Usage?.InputTokens),
                Number(entry.Usage?.OutputTokens),
                Number(entry.Usage?.CachedReadTokens),
                Number(entry.Usage?.CachedWriteTokens),
                Number(entry.Usage?.ReasoningTokens),
                Number(entry.Cost),
                entry.PriceSource ?? "",
                Number(entry.FirstTokenMs),
                Number(entry.DurationMs),
                entry.Status,
                Number<int>(entry.Count)
            );
        }

        return csv.ToString();
    }

    private static void AppendRow(StringBuilder csv, params ReadOnlySpan<string> cells)
    {
        for (var index = 0; index < cells.Length; index++)
        {
            if (index > 0)
            {
                csv.Append(',');
            }
            AppendCell(csv, cells[index]);
        }

        csv.Append("\r\n");
    }

    /// <summary>Appends a cell; text that a spreadsheet would run as a formula is escaped.</summary>
    private static void AppendCell(StringBuilder csv, string text)
    {
        if (text.Length > 0 && text[0] is '=' or '+' or '-' or '@' or '\t' or '\r')
        {
            text = "'" + text;
        }
        if (text.AsSpan().IndexOfAny("',\"\r\n") < 0 && text.AsSpan().Trim().Length == text.Length)
        {
            csv.Append(text);
            return;
        }

        csv.Append('"').Append(text.Replace("\"", "\"\"", StringComparison.Ordinal)).Append('"');
    }

    private static string Number<T>(T? number)
        where T : struct, IFormattable => number?.ToString(null, CultureInfo.InvariantCulture) ?? "";

    /// <exception cref="FailureException">MissingField: an invalid day.</exception>
    private static (DateTimeOffset From, DateTimeOffset To, TimeSpan Offset) Period(UsageParams parameters)
    {
        var offset = TimeSpan.FromMinutes(Math.Clamp(parameters.UtcOffsetMinutes ?? 0, -MaxOffsetMinutes, MaxOffsetMinutes));
        return (
            Day(parameters.From) is { } first ? Midnight(first, offset) : DateTimeOffset.MinValue,
            Day(parameters.To) is { } last && last < DateOnly.MaxValue ? Midnight(last.AddDays(1), offset) : DateTimeOffset.MaxValue,
            offset
        );
    }

    private static DateTimeOffset Midnight(DateOnly day, TimeSpan offset) =>
        day.Year is > 1 and < 9999 ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), offset)
        : day.Year == 1 ? DateTimeOffset.MinValue
        : DateTimeOffset.MaxValue;

    private static DateOnly? Day(string? text) =>
        string.IsNullOrWhiteSpace(text) ? null
        : DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day
        : throw new FailureException(FailureKind.MissingField, $"\"{text}\" is not a day. Write it as 2026-11-21.");
}
