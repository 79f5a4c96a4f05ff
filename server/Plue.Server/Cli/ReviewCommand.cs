using System.CommandLine;
using System.Globalization;
using Plue.Server.Agents;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Reviews;
using Plue.Server.Rpc;
using Plue.Server.Store;

namespace Plue.Server.Cli;

/// <summary>
/// <c>plue review</c>: has a model review changes. Exit codes: 0 no finding at or above the level, 1 findings, 2 it could not run or not completely, or bad usage,
/// 3 the budget was reached, 130 interrupted.
/// </summary>
internal sealed class ReviewCommand(Func<string?, Services> open, Terminal terminal)
{
    private const int HasFindings = 1;
    private const int CouldNotRun = 2;
    private const int OverBudget = 3;

    private readonly Option<bool> staged = new("--staged") { Description = "Only what the next commit would contain" };
    private readonly Option<string?> range = new("--range")
    {
        Description = "The changes between two commits, as main..topic, or main...topic for those since topic began",
        HelpName = "RANGE",
    };
    private readonly Option<int?> pullRequest = new("--pull-request")
    {
        Description = "The changes of a pull request, which gh reads",
        HelpName = "NUMBER",
    };
    private readonly Option<string?> workspace = TemplateOptions.Folder(
        "The folder to review, which is then trusted; defaults to the current one"
    );
    private readonly Option<string?> provider = new("--provider") { Description = "A configured provider; defaults to that of new chats" };
    private readonly Option<string?> model = new("--model") { Description = "The model to use" };
    private readonly Option<decimal?> budget = new("--budget")
    {
        Description = "The budget of the review in US dollars; defaults to the setting",
        HelpName = "USD",
    };
    private readonly Option<string> failOn = new("--fail-on")
    {
        Description = "The lowest severity with which the exit code is 1: error, warning, or note",
        DefaultValueFactory = _ => SarifReport.NameOf(FindingSeverity.Warning),
    };
    private readonly Option<bool> json = new("--json") { Description = "Print the review as JSON" };
    private readonly Option<bool> sarif = new("--sarif") { Description = "Print the review as SARIF 2.1.0, for code scanning" };
    private readonly Option<int?> passphraseFd = CommonOptions.PassphraseFd();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new ReviewCommand(open, terminal).Build();

    private Command Build()
    {
        failOn.AcceptOnlyFromAmong([.. Enum.GetValues<FindingSeverity>().Select(SarifReport.NameOf)]);
        budget.Validators.Add(result =>
        {
            if (result.GetValue(budget) is <= 0)
            {
                result.AddError("--budget must be greater than 0.");
            }
        });
        var command = new Command(
            "review",
            "Review the changes of the working tree, or other changes, and print the problems found, for example: plue review --staged --fail-on error"
        )
        {
            staged,
            range,
            pullRequest,
            workspace,
            provider,
            model,
            budget,
            failOn,
            json,
            sarif,
            passphraseFd,
        };
        command.Validators.Add(result =>
        {
            if (
                ((bool[])[result.GetValue(staged), result.GetValue(range) is not null, result.GetValue(pullRequest) is not null]).Count(
                    one => one
                ) > 1
            )
            {
                result.AddError("Use only one of --staged, --range, and --pull-request.");
            }
            if (result.GetValue(json) && result.GetValue(sarif))
            {
                result.AddError("Use either --json or --sarif, not both.");
            }
            if (result.GetValue(model) is not null && result.GetValue(provider) is null)
            {
                result.AddError("--model requires --provider.");
            }
        });
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        Services? services = null;
        try
        {
            services = open(Path.GetFullPath(parsed.GetValue(workspace) ?? Environment.CurrentDirectory));
            await VaultCommand.UnlockIfRequestedAsync(
                services.Vault.Vault,
                parsed.GetValue(passphraseFd),
                services.Providers.Registry.SwitchedOn(),
                terminal,
                cancellationToken
            );
            var review = await ReviewAsync(services, parsed, cancellationToken);
            Write(services, review, parsed);
            terminal.Flush();
            return ExitCodeOf(review, parsed.GetValue(failOn)!);
        }
        catch (FailureException fault)
        {
            terminal.WriteError(services?.Platform.Redactor.Mask(fault.Message) ?? fault.Message);
            return fault.Failure.Kind == FailureKind.BudgetExceeded ? OverBudget : CouldNotRun;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Interrupted;
        }
    }

    private async Task<StoredReview> ReviewAsync(Services services, ParseResult parsed, CancellationToken cancellationToken)
    {
        var target =
            parsed.GetValue(staged) ? new ReviewTarget(ReviewSource.Staged)
            : parsed.GetValue(range) is { } commits ? new ReviewTarget(ReviewSource.Range, commits)
            : parsed.GetValue(pullRequest) is { } number ? new ReviewTarget(ReviewSource.PullRequest, PullRequest: number)
            : new ReviewTarget(ReviewSource.WorkingTree);
        var reviewer = parsed.GetValue(provider) is { } chosen ? new ModelChoice(chosen, parsed.GetValue(model)) : null;
        return await services
            .Reviews(services.Chat(new SilentEvents(), isUnattended: true))
            .Reviewer.ReviewAsync(
                services.Platform.Workspace.TrustedFolder!,
                target,
                new ReviewOptions(reviewer, parsed.GetValue(budget)),
                progress =>
                    terminal.WriteError(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{(progress.IsChecking ? "Checking findings" : "Reviewing")}: {progress.Done} of {progress.Total} requests"
                        )
                    ),
                cancellationToken
            );
    }

    private void Write(Services services, StoredReview review, ParseResult parsed)
    {
        var mask = services.Platform.Redactor.Mask;
        if (parsed.GetValue(json))
        {
            terminal.WriteLine(mask(Subcommands.ToJson(ReviewViews.View(review))));
        }
        else if (parsed.GetValue(sarif))
        {
            terminal.WriteLine(mask(SarifReport.Of(review)));
        }
        else
        {
            foreach (var finding in review.Shown)
            {
                terminal.WriteLine(
                    mask(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{SearchSnippet.Clean(finding.File)}:{finding.Line}: {SarifReport.NameOf(finding.Severity)}: {SearchSnippet.Clean(finding.Title)}{(finding.IsChecked ? "" : " (not checked)")}"
                        )
                    )
                );
                terminal.WriteLine(mask($"    {SearchSnippet.Clean(finding.Reason)}"));
            }
        }

        foreach (var omission in review.Omitted)
        {
            terminal.WriteError(mask($"{SearchSnippet.Clean(omission.Path)} {SearchSnippet.Clean(omission.Reason.TrimEnd('.'))}."));
        }

        terminal.WriteError(mask(Summary(services, review)));
    }

    private static string Summary(Services services, StoredReview review)
    {
        if (review.Files == 0 && review.IsComplete)
        {
            return $"There are no changes to review in {review.Folder}.";
        }

        var figures = Reviews.ReviewFigures.Of([review]);
        var rate = Reviews.ReviewFigures.Of(new ReviewRecords(services.Platform.Paths).List()).FalseAlarmRate;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{Plural.Of(figures.Open, "finding")}, {figures.Refuted} refuted, {(review is { Cost: 0, HasUnknownCost: true } ? "cost n/a" : Spend.Money(review.Cost) + (review.HasUnknownCost ? "+" : ""))}{(rate is { } known ? $". False alarms so far: {known * 100:0} %" : "")}"
        );
    }

    private static int ExitCodeOf(StoredReview review, string level) =>
        review.Shown.Any(finding => finding.Severity >= Enum.Parse<FindingSeverity>(level, ignoreCase: true)) ? HasFindings
        : review.IsOverBudget ? OverBudget
        : review.IsComplete ? ExitCodes.Done
        : CouldNotRun;
}
