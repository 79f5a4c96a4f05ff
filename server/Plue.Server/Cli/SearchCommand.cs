using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary><c>plue search TEXT</c>: runs search/chats and prints matches as they are found.</summary>
internal sealed class SearchCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string[]> text = new("text")
    {
        Arity = ArgumentArity.ZeroOrMore,
        Description = "Words that the message must contain, or \"a phrase\" in quotes; without any, only the other options filter",
    };
    private readonly Option<string?> from = CommonOptions.Day("--from", "The first day, as 2026-11-21");
    private readonly Option<string?> to = CommonOptions.Day("--to", "The last day");
    private readonly Option<string?> provider = new("--provider")
    {
        Description = "The provider of the response, by its name in codex://providers/",
    };
    private readonly Option<string?> model = new("--model") { Description = "The model of the response" };
    private readonly Option<bool> code = new("--code") { Description = "Only messages with a code block" };
    private readonly Option<Protocol.MessageStatus?> status = new("--status") { Description = "Only messages with this status" };
    private readonly Option<bool> archived = new("--archived") { Description = "Search archived chats too" };
    private readonly Option<int> limit = new("--limit")
    {
        Description = "Maximum number of hits",
        DefaultValueFactory = _ => SearchQuery.DefaultLimit,
    };
    private readonly Option<bool> json = new("--json") { Description = "Print one JSON object per line, as in search/hits" };

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new SearchCommand(open, terminal).Build();

    private Command Build()
    {
        var command = new Subcommands(_ => open(null), terminal).Verb(
            "search",
            "Search the text of all chats, for example: plue search \"date parser\"",
            [text, from, to, provider, model, code, status, archived, limit, json],
            RunAsync
        );
        return command;
    }

    private async Task<int> RunAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var query = SearchHandlers.Query(
            new SearchChatsParams("", string.Join(' ', parsed.GetValue(text) ?? []))
            {
                From = Day.Midnight(parsed.GetValue(from), DateTimeKind.Local),
                To = Day.Midnight(parsed.GetValue(to), DateTimeKind.Local, daysLater: 1),
                ProviderId = parsed.GetValue(provider),
                Model = parsed.GetValue(model),
                HasCode = parsed.GetValue(code) ? true : null,
                Status = parsed.GetValue(status),
                IncludeArchived = parsed.GetValue(archived),
                Limit = parsed.GetValue(limit),
            }
        );
        var asJson = parsed.GetValue(json);
        var summary = await services.Store.Search.RunAsync(
            query,
            finds =>
            {
                foreach (var hit in finds.Select(SearchHandlers.Hit))
                {
                    terminal.WriteLine(services.Platform.Redactor.Mask(asJson ? Subcommands.ToJson(hit) : Lines(hit)));
                }
            },
            cancellationToken
        );
        if (summary.IsTruncated)
        {
            terminal.WriteError(
                string.Create(CultureInfo.InvariantCulture, $"There are more than {summary.Hits} hits. Increase --limit to see more.")
            );
        }
        if (summary.Unreadable > 0)
        {
            terminal.WriteError(
                summary.Unreadable == 1
                    ? "1 chat could not be read."
                    : string.Create(CultureInfo.InvariantCulture, $"{summary.Unreadable} chats could not be read.")
            );
        }
        return ExitCodes.Done;
    }

    private static string Lines(SearchHit hit)
    {
        var place = hit.MessageId.Length == 0 ? hit.CodexId : $"{hit.CodexId} {hit.MessageId}";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{hit.CreatedAt.ToLocalTime():yyyy-MM-dd HH:mm}  {SearchSnippet.Clean(hit.Title)}\n  {hit.Snippet}\n  {place}"
        );
    }
}
