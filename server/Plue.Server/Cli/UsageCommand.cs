using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Agents;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary><c>plue usage</c>: prints the results of usage/summary and usage/csv.</summary>
internal sealed class UsageCommand(Func<string?, Services> open, Terminal terminal)
{
    private const int DefaultDays = 30;
    private const int MaxNameLength = 40;

    private readonly Option<string?> from = CommonOptions.Day(
        "--from",
        $"The first day, as 2026-11-21; defaults to the last {DefaultDays} days"
    );
    private readonly Option<string?> to = CommonOptions.Day("--to", "The last day; defaults to today");
    private readonly Option<string> by = new("--by")
    {
        Description = "One line for each day, provider, model, template, or chat",
        DefaultValueFactory = _ => "model",
    };
    private readonly Option<bool> csv = new("--csv") { Description = "Print every response as CSV" };
    private readonly Option<bool> json = new("--json") { Description = "Print the result of usage/summary as JSON" };

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new UsageCommand(open, terminal).Build();

    private Command Build()
    {
        by.AcceptOnlyFromAmong("day", "provider", "model", "template", "chat");
        return new Subcommands(_ => open(null), terminal).Verb(
            "usage",
            "Show tokens and costs, for example: plue usage --by provider --from 2026-11-01",
            [from, to, by, csv, json],
            RunAsync
        );
    }

    private async Task<int> RunAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var handlers = new UsageHandlers(
            services.Store.Usage,
            services.Store.Chats.ListAll,
            services.Providers.Registry,
            services.Codices.Templates
        );
        var now = services.Platform.Time.GetLocalNow();
        var period = new UsageParams(
            parsed.GetValue(from) ?? Text(now.AddDays(1 - DefaultDays)),
            parsed.GetValue(to) ?? Text(now),
            (int)now.Offset.TotalMinutes
        );
        if (parsed.GetValue(csv))
        {
            terminal.Write(services.Platform.Redactor.Mask((await handlers.CsvAsync(period, cancellationToken)).Csv));
            return ExitCodes.Done;
        }

        var summary = await handlers.SummaryAsync(period, cancellationToken);
        if (parsed.GetValue(json))
        {
            terminal.WriteLine(services.Platform.Redactor.Mask(Subcommands.ToJson(summary)));
            return ExitCodes.Done;
        }

        foreach (var (name, figures) in Rows(summary, parsed.GetValue(by)!))
        {
            terminal.WriteLine(services.Platform.Redactor.Mask(Line(name, figures)));
        }

        terminal.WriteLine(Line("Total", summary.Total));
        if (summary.Total.UnpricedResponses > 0)
        {
            terminal.WriteError(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The cost is at least this much: the price of {summary.Total.UnpricedResponses} of {summary.Total.Responses} responses is not known."
                )
            );
        }

        return ExitCodes.Done;
    }

    private static IEnumerable<(string Name, Protocol.UsageFigures Figures)> Rows(UsageSummaryResult summary, string by) =>
        by switch
        {
            "day" => summary.Days.Select(row => ($"{row.Day} {row.ProviderName}", row.Figures)),
            "provider" => summary.Providers.Select(row => (row.Name, row.Figures)),
            "template" => summary.Templates.Select(row => (row.Name, row.Figures)),
            "chat" => summary.Chats.Select(row => (row.Name, row.Figures)),
            _ => summary.Models.Select(row => ($"{row.Name} ({row.ProviderName})", row.Figures)),
        };

    private static string Line(string name, Protocol.UsageFigures figures)
    {
        var cost = figures.UnpricedResponses > 0 ? $"{Spend.Money(figures.Cost)}+" : Spend.Money(figures.Cost);
        var input = figures.InputTokens + figures.CachedReadTokens + figures.CachedWriteTokens;
        var shown = SearchSnippet.Clean(name);
        shown = shown.Length > MaxNameLength ? shown[..(MaxNameLength - 1)] + "…" : shown;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{shown, -MaxNameLength}  {cost, 12}  {figures.Responses, 6} responses  {input, 12:N0} in  {figures.OutputTokens, 10:N0} out"
        );
    }

    private static string Text(DateTimeOffset day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
