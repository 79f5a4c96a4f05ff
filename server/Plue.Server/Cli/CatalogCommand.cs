using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Catalog;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Rpc;

namespace Plue.Server.Cli;

/// <summary><c>plue catalog</c>. <c>--json</c> prints the result of the method of the same name.</summary>
internal static class CatalogCommand
{
    public static Command Create(Func<CatalogServices> open, Terminal terminal) =>
        new("catalog", "Manage the catalog of vendors, models and prices")
        {
            List(open, terminal),
            Show(open, terminal),
            Validate(open, terminal),
            Import(open, terminal),
            Export(open, terminal),
            Delete(open, terminal),
            Refresh(open, terminal),
            Stats(open, terminal),
            Restore(open, terminal),
        };

    private static Command List(Func<CatalogServices> open, Terminal terminal) =>
        Verb(
            "list",
            "List all vendors, for example: plue catalog list",
            [],
            open,
            terminal,
            (services, _, _) =>
            {
                var list = CatalogViews.List(services.Catalog.List());
                return ResultAsync(
                    list,
                    () =>
                    {
                        foreach (var item in list.Items)
                        {
                            terminal.WriteLine(Line(item));
                        }
                        if (list.FolderProblem is { } problem)
                        {
                            terminal.WriteError(problem);
                        }
                    }
                );
            }
        );

    private static Command Show(Func<CatalogServices> open, Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "The vendor's id, such as anthropic" };
        return Verb(
            "show",
            "Show one vendor with its models, for example: plue catalog show anthropic",
            [id],
            open,
            terminal,
            (services, parsed, _) =>
            {
                var chosen = parsed.GetRequiredValue(id);
                var detail = CatalogViews.Detail(
                    services.Catalog.Get(chosen)
                        ?? throw new FailureException(
                            FailureKind.NotFound,
                            $"The catalog {chosen} does not exist. List catalogs with: plue catalog list"
                        ),
                    typical: null
                );
                return ResultAsync(
                    detail,
                    () =>
                    {
                        terminal.WriteLine(Line(detail.Summary));
                        if (detail.Summary.Endpoint is { } endpoint)
                        {
                            terminal.WriteLine($"  address: {endpoint}");
                        }
                        if (detail.Summary.KeyVariable is { } variable)
                        {
                            terminal.WriteLine($"  key variable: {variable}");
                        }
                        if (detail.File is { } file)
                        {
                            terminal.WriteLine($"  file: {file}");
                        }
                        foreach (var model in detail.Models)
                        {
                            terminal.WriteLine(Line(model));
                        }
                        foreach (var problem in detail.Problems)
                        {
                            terminal.WriteError(Line(problem));
                        }
                    }
                );
            }
        );
    }

    private static Command Validate(Func<CatalogServices> open, Terminal terminal)
    {
        var file = File("A file with one provider, or with an array of them");
        return Verb(
            "validate",
            "Check a file, for example: plue catalog validate my-models.json",
            [file],
            open,
            terminal,
            (services, parsed, _) =>
            {
                var items = UserCatalogs.ReadList(Path.GetFullPath(parsed.GetRequiredValue(file)));
                List<CatalogProblem> problems =
                [
                    .. items.SelectMany(item =>
                        services
                            .Catalog.Validate(item.Document)
                            .Select(fault =>
                                CatalogViews.Problem(
                                    fault with
                                    {
                                        Path = string.Join('.', new[] { item.Place, fault.Path }.Where(part => part.Length > 0)),
                                    }
                                )
                            )
                    ),
                ];
                var hasErrors = problems.Any(problem => problem.Severity == ProblemSeverity.Error);
                return ResultAsync(
                    new CatalogValidateResult(problems),
                    () =>
                    {
                        foreach (var problem in problems)
                        {
                            terminal.WriteLine(Line(problem));
                        }
                        if (problems.Count == 0)
                        {
                            terminal.WriteLine("No problems found.");
                        }
                    },
                    hasErrors ? ExitCodes.Failed : ExitCodes.Done
                );
            }
        );
    }

    private static Command Import(Func<CatalogServices> open, Terminal terminal)
    {
        var file = File("A file with one provider, or with an array of them");
        var replace = new Option<bool>("--replace") { Description = "Replace catalogs with the same ids" };
        var allow = AllowOriginChange();
        return Verb(
            "import",
            "Add vendors from a file, for example: plue catalog import my-models.json",
            [file, replace, allow],
            open,
            terminal,
            (services, parsed, _) =>
            {
                var result = CatalogViews.Imported(
                    services.Own.Import(Path.GetFullPath(parsed.GetRequiredValue(file)), parsed.GetValue(replace), parsed.GetValue(allow)),
                    services.Catalog
                );
                return ResultAsync(
                    result,
                    () =>
                    {
                        foreach (var item in result.Imported)
                        {
                            terminal.WriteLine(
                                item.WarningCount == 0
                                    ? $"Imported {item.Id}."
                                    : $"Imported {item.Id} with {Plural.Of(item.WarningCount, "warning")}."
                            );
                        }
                        foreach (var item in result.Skipped)
                        {
                            terminal.WriteError($"Skipped {item.Id}: {item.Reason}");
                        }
                        if (!parsed.GetValue(replace) && result.Skipped.Any(item => services.Catalog.Get(item.Id) is not null))
                        {
                            terminal.WriteError(
                                "Add --replace to overwrite the existing catalogs. Their current versions are kept as backups."
                            );
                        }
                    },
                    result.Imported.Count == 0 ? ExitCodes.Failed : ExitCodes.Done
                );
            }
        );
    }

    private static Command Export(Func<CatalogServices> open, Terminal terminal)
    {
        var ids = new Argument<string[]>("id") { Description = "One or more ids", Arity = ArgumentArity.OneOrMore };
        var to = new Option<string>("--to")
        {
            Description = "The file to write; an existing file is replaced",
            HelpName = "FILE",
            Required = true,
        };
        return Verb(
            "export",
            "Write vendors to a file, for example: plue catalog export anthropic --to anthropic.json",
            [ids, to],
            open,
            terminal,
            (services, parsed, _) =>
            {
                var path = Path.GetFullPath(parsed.GetRequiredValue(to));
                services.Own.Export(parsed.GetRequiredValue(ids), path);
                return ResultAsync(new Empty(), () => terminal.WriteLine($"Wrote {path}."));
            }
        );
    }

    private static Command Delete(Func<CatalogServices> open, Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "The id of one of your catalogs" };
        var allow = AllowOriginChange();
        return Verb(
            "delete",
            "Delete one of your catalogs; it can be restored, for example: plue catalog delete my-models",
            [id, allow],
            open,
            terminal,
            (services, parsed, _) =>
            {
                var chosen = parsed.GetRequiredValue(id);
                var behind = services.Own.Delete(chosen, parsed.GetValue(allow));
                return ResultAsync(
                    new Empty(),
                    () =>
                        terminal.WriteLine(
                            behind is null
                                ? $"Deleted {chosen}."
                                : $"Deleted your catalog {chosen}. The catalog that it overrode is used again."
                        )
                );
            }
        );
    }

    private static Command Refresh(Func<CatalogServices> open, Terminal terminal) =>
        Verb(
            "refresh",
            "Fetch the catalog from the configured server, for example: plue catalog refresh",
            [],
            open,
            terminal,
            async (services, _, cancellationToken) =>
            {
                var result = CatalogViews.Refreshed(await services.Refresh.RunAsync(cancellationToken).ConfigureAwait(false));
                return await ResultAsync(result, () => terminal.WriteLine(result.Message)).ConfigureAwait(false);
            }
        );

    private static Command Stats(Func<CatalogServices> open, Terminal terminal) =>
        Verb(
            "stats",
            "Show statistics of vendors and models, for example: plue catalog stats",
            [],
            open,
            terminal,
            (services, _, _) =>
            {
                var stats = CatalogViews.Stats(services.Catalog);
                return ResultAsync(
                    stats,
                    () =>
                    {
                        terminal.WriteLine(Text($"{stats.ProviderCount} vendors, {stats.UserProviderCount} of them yours"));
                        terminal.WriteLine(
                            Text(
                                $"{stats.ModelCount} models: {stats.ReasoningModelCount} with reasoning, {stats.ImageModelCount} with image input, {stats.PricedModelCount} with known prices"
                            )
                        );
                        if (stats is { LowestInputPerMillion: { } lowest, HighestInputPerMillion: { } highest })
                        {
                            terminal.WriteLine($"{Range(lowest, highest)} per million input tokens");
                        }
                        if (stats.LargestContext is { } window)
                        {
                            terminal.WriteLine(Text($"up to {window} tokens of context"));
                        }
                        terminal.WriteLine(stats.RefreshedAt is { } at ? $"fetched {Moment(at)}" : "never fetched from a server");
                    }
                );
            }
        );

    private static Command Restore(Func<CatalogServices> open, Terminal terminal)
    {
        var backup = new Argument<string?>("backup")
        {
            Description = "The earlier version; without it, earlier versions are listed",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var allow = AllowOriginChange();
        return Verb(
            "restore",
            "List or restore earlier versions of your catalogs, for example: plue catalog restore",
            [backup, allow],
            open,
            terminal,
            (services, parsed, _) =>
            {
                if (parsed.GetValue(backup) is { } chosen)
                {
                    var detail = CatalogViews.Detail(services.Own.Restore(chosen, parsed.GetValue(allow)), typical: null);
                    return ResultAsync(detail, () => terminal.WriteLine($"Restored {detail.Summary.Id}."));
                }

                var versions = CatalogViews.Backups(services.Own);
                return ResultAsync(
                    versions,
                    () =>
                    {
                        foreach (var version in versions.Items)
                        {
                            terminal.WriteLine(
                                Text(
                                    $"{version.Id}  {version.Name}  {Plural.Of(version.ModelCount, "model")}  replaced {Moment(version.At)}"
                                )
                            );
                        }
                        if (versions.Items.Count == 0)
                        {
                            terminal.WriteLine("There are no earlier versions.");
                        }
                    }
                );
            }
        );
    }

    /// <summary>The output of a command, as JSON or as text.</summary>
    private sealed record CommandResult(string Json, Action ForPeople, int ExitCode);

    private static Task<CommandResult> ResultAsync<T>(T result, Action forPeople, int exitCode = ExitCodes.Done) =>
        Task.FromResult(new CommandResult(Subcommands.ToJson(result), forPeople, exitCode));

    private static Command Verb(
        string name,
        string description,
        Symbol[] symbols,
        Func<CatalogServices> open,
        Terminal terminal,
        Func<CatalogServices, ParseResult, CancellationToken, Task<CommandResult>> run
    )
    {
        var json = CommonOptions.Json();
        return Subcommands.Verb(
            name,
            description,
            [json, .. symbols],
            terminal,
            _ => open(),
            async (services, parsed, cancellationToken) =>
            {
                var result = await run(services, parsed, cancellationToken).ConfigureAwait(false);
                if (parsed.GetValue(json))
                {
                    terminal.WriteLine(result.Json);
                }
                else
                {
                    result.ForPeople();
                }
                return result.ExitCode;
            },
            (_, fault) =>
                fault.Failure.Kind == FailureKind.OriginChange ? $"{fault.Message} To allow it, add --allow-origin-change." : fault.Message
        );
    }

    private static Option<bool> AllowOriginChange() =>
        new("--allow-origin-change") { Description = "Allow a change of the address of a provider in use" };

    private static Argument<string> File(string description) => new("file") { Description = description };

    private static string Line(CatalogSummary item)
    {
        var prices = item is { LowestInputPerMillion: { } lowest, HighestInputPerMillion: { } highest }
            ? $"{Range(lowest, highest)} in"
            : "price n/a";
        var models = item.ModelCount == 0 ? "lists its own models" : Plural.Of(item.ModelCount, "model");
        var own =
            item.Source != CatalogSource.User ? ""
            : item.OverridesShipped ? "  (yours, overrides the shipped one)"
            : "  (yours)";
        var errors = item.ErrorCount > 0 ? "  not followed: it has errors" : "";
        return $"{item.Id}  {item.Name}  {item.Kind}  {models}  {prices}{own}{errors}";
    }

    private static string Line(ModelView model)
    {
        var price = model is { InputPerMillion: { } input, OutputPerMillion: { } output }
            ? $"${Money(input)} in, ${Money(output)} out"
            : "price n/a";
        var window = model.ContextLength is { } tokens ? Text($"{tokens} tokens") : "window unknown";
        var abilities = string.Join(
            ", ",
            new[] { model.CanReason == true ? "reasons" : "", model.SupportsVision == true ? "images" : "" }.Where(ability =>
                ability.Length > 0
            )
        );
        return $"  {model.Id}  {window}  {price}{(abilities.Length > 0 ? $"  {abilities}" : "")}";
    }

    private static string Line(CatalogProblem problem) =>
        $"{(problem.Severity == ProblemSeverity.Error ? "error" : "warning")}: {(problem.Path.Length > 0 ? $"{problem.Path}: " : "")}{problem.Message}";

    private static string Range(decimal lowest, decimal highest) =>
        lowest == highest ? $"${Money(lowest)}" : $"${Money(lowest)} to ${Money(highest)}";

    private static string Money(decimal usd) => usd.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Moment(DateTimeOffset at) => at.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
