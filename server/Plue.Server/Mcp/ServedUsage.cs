using System.Globalization;
using System.Text.Json.Nodes;
using Plue.Server.Store;
using Plue.Server.Tools;

namespace Plue.Server.Mcp;

/// <summary>The tool that reports tokens and cost.</summary>
internal sealed class ServedUsage(UsageLedger ledger, TimeProvider time)
{
    private const int DefaultDays = 30;
    private const int MaxDays = 366;

    public IReadOnlyList<ServedTool> Tools =>
        [
            new(
                "usage",
                "Usage",
                "Returns tokens and cost of the latest days in Plue, in total and by day, provider, model or template. unpriced_responses are missing in the cost.",
                """{"type":"object","properties":{"days":{"type":"integer","minimum":1,"maximum":366,"description":"Days up to today. Default: 30."},"by":{"type":"string","enum":["day","provider","model","template"],"description":"Default: model."}},"additionalProperties":false}""",
                ReadAsync
            ),
        ];

    private async Task<JsonObject> ReadAsync(ToolParameters given, CancellationToken cancellationToken)
    {
        var days = given.OptionalNumber("days", 1, MaxDays) ?? DefaultDays;
        var by = given.OptionalText("by") ?? "model";
        var now = time.GetLocalNow();
        var from = new DateTimeOffset(now.Date, now.Offset).AddDays(1 - days);
        var summary = UsageSummary.Of(await ledger.ReadAsync(from, now, cancellationToken), now.Offset);
        IEnumerable<JsonObject> rows = by switch
        {
            "day" => summary.Days.Select(row =>
                Row(row.Figures, ("day", Day(row.Key.Day)), ("provider", NameOf(summary, row.Key.ProviderId)))
            ),
            "provider" => summary.Providers.Select(row => Row(row.Figures, ("provider", NameOf(summary, row.Key)))),
            "model" => summary.Models.Select(row =>
                Row(row.Figures, ("model", row.Key.Model), ("provider", NameOf(summary, row.Key.ProviderId)))
            ),
            "template" => summary.Templates.Select(row => Row(row.Figures, ("template", row.Key))),
            _ => throw new ToolFailureException("`by` must be day, provider, model or template."),
        };
        return new JsonObject
        {
            ["from"] = Day(DateOnly.FromDateTime(from.DateTime)),
            ["to"] = Day(DateOnly.FromDateTime(now.DateTime)),
            ["total"] = Row(summary.Total),
            ["rows"] = new JsonArray([.. rows.Take(MaxDays)]),
        };
    }

    private static string NameOf(UsageSummary summary, string providerId) =>
        summary.ProviderNames.GetValueOrDefault(providerId, providerId);

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static JsonObject Row(UsageFigures figures, params ReadOnlySpan<(string Name, string Value)> key)
    {
        var row = new JsonObject();
        foreach (var (name, value) in key)
        {
            row[name] = value;
        }

        row["responses"] = figures.Responses;
        row["unpriced_responses"] = figures.Unpriced;
        row["cost_usd"] = figures.Cost;
        row["input_tokens"] = figures.Usage.InputTokens;
        row["output_tokens"] = figures.Usage.OutputTokens;
        row["cached_read_tokens"] = figures.Usage.CachedReadTokens;
        row["cached_write_tokens"] = figures.Usage.CachedWriteTokens;
        return row;
    }
}
