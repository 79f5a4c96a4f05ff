using System.CommandLine;
using System.Globalization;
using Plue.Server.Agents;
using Plue.Server.Chat;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Templates;

namespace Plue.Server.Cli;

/// <summary>The subcommands of <c>plue task</c> for tasks that exist. A task that runs in a window or another terminal is controlled there.</summary>
internal sealed class TaskControl(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string> text = new("text") { Description = "The message to the agent" };
    private readonly Option<bool> all = new("--all") { Description = "Stop all tasks" };
    private readonly Option<decimal?> usd = new("--budget")
    {
        Description = "The limit of the task and its subtasks, in US dollars",
        HelpName = "USD",
    };
    private readonly Option<long?> tokens = new("--tokens") { Description = "The limit of input and output tokens" };
    private readonly Option<int?> rounds = new("--rounds") { Description = "The limit of rounds" };
    private readonly Option<int?> seconds = new("--seconds") { Description = "The limit of the working time" };
    private readonly Option<bool> json = new("--json") { Description = "Print the task as JSON" };

    /// <param name="arity">Zero or one if the subcommand also works without a task.</param>
    public static Argument<string> Named(Func<string?, Services> open, ArgumentArity? arity = null)
    {
        var named = new Argument<string>("task")
        {
            Description = "The task: its codex:// address or its ID, as plue task list prints it",
            Arity = arity ?? ArgumentArity.ExactlyOne,
        };
        named.CompletionSources.Add(_ => CompletionIds.Of(open, services => services.Store.Chats.ListTasks()));
        return named;
    }

    /// <summary>Gets the address of the task that the user named.</summary>
    public static string UriOf(string named) =>
        named.Contains("://", StringComparison.Ordinal) ? named : CodexUri.OfChannel(named).ToString();

    /// <param name="tasks">Opens the tasks. The caller disposes the conversations.</param>
    public IEnumerable<Command> Verbs(Subcommands commands, Func<Services, (Conversations Conversations, AgentTasks Tasks)> tasks)
    {
        var task = Named(open);
        var optional = Named(open, ArgumentArity.ZeroOrOne);
        Command Verb(
            string name,
            string description,
            Argument<string> named,
            IReadOnlyList<Symbol> symbols,
            Func<AgentTasks, ParseResult, string?, CancellationToken, Task> run
        ) =>
            commands.Verb(
                name,
                description,
                [named, .. symbols, json],
                async (services, parsed, cancellationToken) =>
                {
                    var (conversations, agents) = tasks(services);
                    await using (conversations)
                    {
                        var uri = parsed.GetValue(named) is { } given ? UriOf(given) : null;
                        await run(agents, parsed, uri, cancellationToken);
                        if (uri is not null)
                        {
                            Print(services, agents, uri, parsed.GetValue(json));
                        }
                        return ExitCodes.Done;
                    }
                }
            );

        yield return Verb("show", "Show a task, for example: plue task show task_1", task, [], (_, _, _, _) => Task.CompletedTask);
        yield return Verb(
            "stop",
            "Stop a task and its subtasks, for example: plue task stop task_1",
            optional,
            [all],
            (agents, parsed, uri, cancellationToken) =>
                uri is not null ? agents.StopAsync(uri, under: true, StopCause.User, cancellationToken)
                : parsed.GetValue(all) ? agents.StopAllAsync(cancellationToken)
                : throw new FailureException(FailureKind.BadRequest, "Name the task, or use --all.")
        );
        yield return Verb(
            "pause",
            "Pause a running task after its current step, for example: plue task pause task_1",
            task,
            [],
            (agents, _, uri, cancellationToken) => agents.PauseAsync(CheckRunning(agents, uri!), cancellationToken)
        );
        yield return Verb(
            "steer",
            "Send a message to a running task, for example: plue task steer task_1 \"Keep it short.\"",
            task,
            [text],
            (agents, parsed, uri, cancellationToken) =>
                agents.SteerAsync(CheckRunning(agents, uri!), parsed.GetValue(text)!, cancellationToken)
        );
        yield return Verb(
            "budget",
            "Change the limits of a task, for example: plue task budget task_1 --budget 2",
            task,
            [usd, tokens, rounds, seconds],
            (agents, parsed, uri, cancellationToken) =>
                agents.SetBudgetAsync(
                    uri!,
                    new AgentBudget(parsed.GetValue(usd), parsed.GetValue(tokens), parsed.GetValue(rounds), parsed.GetValue(seconds)),
                    cancellationToken
                )
        );
    }

    /// <exception cref="FailureException">Conflict: it does not run.</exception>
    private static string CheckRunning(AgentTasks tasks, string uri) =>
        tasks.Reader.Row(uri) is { Status: { } status } && !AgentTasks.IsActive(status)
            ? throw new FailureException(FailureKind.Conflict, "This task is not running. Continue it with plue task resume.")
            : uri;

    private void Print(Services services, AgentTasks tasks, string uri, bool asJson)
    {
        var row = tasks.Reader.Row(uri) ?? throw new FailureException(FailureKind.NotFound, "There is no such task.");
        var mask = services.Platform.Redactor.Mask;
        if (asJson)
        {
            terminal.WriteLine(mask(Subcommands.ToJson(TaskViews.View(row))));
            return;
        }

        terminal.WriteLine(mask(Line(row)));
        if (row.Note is { } note)
        {
            terminal.WriteLine(mask($"  {note}"));
        }
        foreach (var child in tasks.Reader.Rows(uri, includeArchived: true).Where(child => child.Uri != uri).Reverse())
        {
            terminal.WriteLine(mask($"  {Line(child)}"));
        }
        if (tasks.ResultOf(uri) is { } result)
        {
            terminal.WriteLine(mask(result.Outputs is { } outputs ? outputs.GetRawText() : result.Output));
        }
    }

    /// <summary>Returns a task as a line: address, status, cost and title.</summary>
    public static string Line(TaskRow row) =>
        string.Create(CultureInfo.InvariantCulture, $"{row.Uri}  {row.Status, -12} {Cost(row.TotalSpent), 10}  {row.Summary.Title}");

    private static string Cost(Spend spend) => spend.IsUsdKnown ? Spend.Money(spend.Usd) : $"{Spend.Money(spend.Usd)}+";
}
