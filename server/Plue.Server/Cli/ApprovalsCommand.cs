using System.CommandLine;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Permissions;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>plue approvals</c>: lists and decides pending approvals of all windows of this home.</summary>
internal sealed class ApprovalsCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string> id = new("id") { Description = "The approval, as plue approvals list prints it" };
    private readonly Option<bool> always = new("--always") { Description = "Also store the rule that the list shows" };
    private readonly Option<string?> reason = new("--reason") { Description = "A message to the agent" };
    private readonly Option<bool> json = new("--json") { Description = "Print the result as JSON" };

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new ApprovalsCommand(open, terminal).Build();

    private Command Build()
    {
        var commands = new Subcommands(_ => open(null), terminal);
        return new Command("approvals", "Decide what agents ask for")
        {
            commands.Verb(
                "list",
                "List pending approvals with everything that will be done, for example: plue approvals list",
                [json],
                (services, parsed, _) => Task.FromResult(List(services, parsed.GetValue(json)))
            ),
            commands.Verb(
                "allow",
                "Allow a call, for example: plue approvals allow apr_1",
                [id, always, json],
                (services, parsed, _) => Task.FromResult(Allow(services, parsed))
            ),
            commands.Verb(
                "deny",
                "Deny a call, for example: plue approvals deny apr_1 --reason \"Use npm.\"",
                [id, reason, json],
                (services, parsed, _) => Task.FromResult(Deny(services, parsed))
            ),
        };
    }

    private int List(Services services, bool asJson)
    {
        var pending = Pending(services);
        var mask = services.Platform.Redactor.Mask;
        if (asJson)
        {
            terminal.WriteLine(mask(Subcommands.ToJson(ApprovalHandlers.List(services.Permissions.Inbox, null))));
            return ExitCodes.Done;
        }
        if (pending.Count == 0)
        {
            terminal.WriteError("There are no pending approvals.");
        }

        foreach (var one in pending)
        {
            terminal.WriteLine(mask($"{one.Id}  {one.Request.ToolName}  {string.Join(" > ", one.Request.Path)}"));
            foreach (var line in ApprovalPrompt.LinesOf(one.Request, "Rule for --always: "))
            {
                terminal.WriteLine(mask($"    {line}"));
            }
        }

        return ExitCodes.Done;
    }

    private int Allow(Services services, ParseResult parsed)
    {
        var pending = Find(services, parsed);
        if (parsed.GetValue(always))
        {
            if (pending.Request.Rule is null)
            {
                throw new FailureException(FailureKind.PermissionDenied, "This requires approval each time. Allow it without --always.");
            }

            Answer(services, pending, new ApprovalAnswer(ApprovalDecision.Always, Rule: pending.Request.Rule));
        }
        else
        {
            Answer(services, pending, new ApprovalAnswer(ApprovalDecision.Once));
        }

        Report(parsed, pending, parsed.GetValue(always) ? "always" : "once", "allowed");
        return ExitCodes.Done;
    }

    private int Deny(Services services, ParseResult parsed)
    {
        var pending = Find(services, parsed);
        Answer(services, pending, new ApprovalAnswer(ApprovalDecision.Deny, parsed.GetValue(reason)));
        Report(parsed, pending, "deny", "denied");
        return ExitCodes.Done;
    }

    private void Report(ParseResult parsed, PendingApproval pending, string decision, string done)
    {
        if (parsed.GetValue(json))
        {
            Subcommands.WriteObject(
                terminal,
                writer =>
                {
                    writer.WriteString("id"u8, pending.Id);
                    writer.WriteString("decision"u8, decision);
                }
            );
        }
        else
        {
            terminal.WriteError($"{pending.Id} is {done}.");
        }
    }

    private static void Answer(Services services, PendingApproval pending, ApprovalAnswer answer) =>
        services.Permissions.Inbox.Answer(pending.Id, pending.Fingerprint, answer, includeEqual: false);

    private PendingApproval Find(Services services, ParseResult parsed)
    {
        var named = parsed.GetValue(id);
        return Pending(services).FirstOrDefault(one => one.Id == named)
            ?? throw new FailureException(
                FailureKind.NotFound,
                $"There is no pending approval {named}. List them with plue approvals list; questions can be answered only in VS Code."
            );
    }

    /// <exception cref="FailureException">StoreReadOnly.</exception>
    private static IReadOnlyList<PendingApproval> Pending(Services services)
    {
        try
        {
            services.Permissions.Inbox.Refresh();
            return services.Permissions.Inbox.Pending;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new FailureException(
                FailureKind.StoreReadOnly,
                $"The approvals could not be read ({fault.Message.TrimEnd('.')}). Check {services.Platform.Paths.Home}.",
                fault
            );
        }
    }
}
