using System.CommandLine;
using System.Globalization;
using Plue.Protocol;
using Plue.Server.Json5;
using Plue.Server.Modules;
using Plue.Server.Rpc;
using Plue.Server.Templates;
using FindingKind = Plue.Protocol.FindingKind;

namespace Plue.Server.Cli;

/// <summary><c>plue template</c>: the methods template/* as commands, also for CI. <c>--json</c> prints the results of the protocol.</summary>
internal sealed class TemplateCommand
{
    private readonly Terminal terminal;
    private readonly Subcommands commands;
    private readonly Option<string?> workspace = TemplateOptions.Workspace();

    private TemplateCommand(Func<string?, Services> open, Terminal terminal)
    {
        this.terminal = terminal;
        commands = new Subcommands(parsed => open(parsed.GetValue(workspace)), terminal);
    }

    /// <param name="open">Opens the services for a workspace folder. Called only if a subcommand runs.</param>
    public static Command Create(Func<string?, Services> open, Terminal terminal) => new TemplateCommand(open, terminal).Build();

    private Command Build() => new("template", "Show, check and try templates") { List(), Show(), Check(), Try(), Schema() };

    private Command List()
    {
        var collection = new Option<string?>("--collection")
        {
            Description = "Only templates for this collection: chats, tasks, providers or items",
        };
        collection.AcceptOnlyFromAmong("chats", "tasks", "providers", "items");
        return Verb(
            "list",
            "List templates, for example: plue template list",
            [collection],
            (templates, parsed, json) =>
            {
                var listed = templates.List(new TemplateListParams(parsed.GetValue(collection)));
                if (json)
                {
                    commands.WriteJson(listed);
                }
                else
                {
                    foreach (var template in listed.Templates)
                    {
                        terminal.WriteLine(Line(template));
                    }
                }

                return ExitCodes.Done;
            }
        );
    }

    private Command Show()
    {
        var id = Id();
        return Verb(
            "show",
            "Show a template with its inherited fields, for example: plue template show ai-chat",
            [id],
            (templates, parsed, json) =>
            {
                var template = templates.Get(new TemplateGetParams(parsed.GetValue(id)!));
                if (json)
                {
                    commands.WriteJson(template);
                    return ExitCodes.Done;
                }

                terminal.WriteLine(
                    $"{template.Id}  {template.Name}  {template.Collection}{(template.ParentTemplate is { } parent ? $"  from {parent}" : "")}"
                );
                if (template.Description is { } description)
                {
                    terminal.WriteLine(description);
                }
                if (template.Path is { } path)
                {
                    terminal.WriteLine($"File: {path}");
                }
                foreach (var field in template.Fields)
                {
                    terminal.WriteLine(
                        $"  {field.Name}  {ToProtocol.Name(field.Type)}{(field.Required ? "  required" : "")}{(field.Default is { } value ? $"  {value.GetRawText()}" : "")}"
                    );
                }

                return ExitCodes.Done;
            }
        );
    }

    private Command Check()
    {
        var id = new Argument<string?>("id")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A template; defaults to all templates, items and providers",
        };
        var strict = new Option<bool>("--strict")
        {
            Description = "Also fail on warnings and risks, except those specific to this machine",
        };
        return Verb(
            "check",
            "Check templates for problems; fails if there are any, for example: plue template check --workspace . --strict",
            [id, strict],
            (templates, parsed, json) =>
            {
                var found = templates.Check(new TemplateCheckParams(parsed.GetValue(id), null));
                if (json)
                {
                    commands.WriteJson(found);
                }
                else
                {
                    foreach (var finding in found.Findings)
                    {
                        terminal.WriteLine(Line(finding));
                    }
                }

                var isStrict = parsed.GetValue(strict);
                return found.Findings.Any(finding =>
                    finding.Kind == FindingKind.Error || (isStrict && finding.Code != FindingCodes.ReferenceMachine)
                )
                    ? ExitCodes.Failed
                    : ExitCodes.Done;
            }
        );
    }

    private Command Try()
    {
        var id = Id();
        var set = TemplateOptions.Set();
        return Verb(
            "try",
            "Show the first request of this template without sending it, for example: plue template try task-code-writer --set goal=\"Fix the bug\"",
            [id, set],
            (templates, parsed, json) =>
            {
                var fields = templates.Get(new TemplateGetParams(parsed.GetValue(id)!)).Fields;
                var values = TemplateOptions.Values(
                    parsed.GetValue(set) ?? [],
                    name =>
                        fields.FirstOrDefault(field => field.Name == name)?.Type
                            is not (
                                Protocol.FieldType.Number
                                or Protocol.FieldType.Boolean
                                or Protocol.FieldType.Array
                                or Protocol.FieldType.Object
                            )
                );
                var tried = templates.Try(
                    new TemplateTryParams(
                        parsed.GetValue(id)!,
                        values.ToDictionary(value => value.Name, value => Json5Conversion.Of(value.Value), StringComparer.Ordinal)
                    )
                );
                if (json)
                {
                    commands.WriteJson(tried);
                }
                else
                {
                    Show(tried);
                }

                return ExitCodes.Done;
            }
        );
    }

    private Command Schema()
    {
        var id = new Argument<string?>("id")
        {
            Arity = ArgumentArity.ZeroOrOne,
            Description = "A template; defaults to the template file format",
        };
        return Verb(
            "schema",
            "Print a JSON schema for other editors, for example: plue template schema",
            [id],
            (templates, parsed, json) =>
            {
                var schema = templates.Schema(new TemplateSchemaParams(parsed.GetValue(id)));
                if (json)
                {
                    commands.WriteJson(schema);
                }
                else
                {
                    terminal.Write(schema.Schema);
                }

                return ExitCodes.Done;
            }
        );
    }

    private void Show(TemplateTryResult tried)
    {
        terminal.WriteLine($"{tried.Id}  {tried.Name}");
        terminal.WriteLine(
            tried.Provider is { } provider
                ? $"Provider: {provider.Name}{(provider.Model is { } model ? $", {model}" : "")}{(provider.Status is { } status ? $"  ({status})" : "")}"
                : "Provider: none"
        );
        foreach (var tool in tried.Tools)
        {
            terminal.WriteLine($"Tool: {tool.Name}{(tool.HasSideEffects ? "  (can make changes)" : "")}  {tool.Description}");
        }
        terminal.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"First request: about {tried.InputTokens} tokens{(tried.FirstRequestCost is { } first ? $", at most ${first:0.00####}" : "")}"
            )
        );
        if (tried.MaxCost is { } max)
        {
            terminal.WriteLine(string.Create(CultureInfo.InvariantCulture, $"In all: at most ${max:0.00####}"));
        }
        foreach (var source in tried.Sources)
        {
            terminal.WriteLine($"Source: {source.Source}{(source.OmittedReason is { } why ? $"  left out: {why}" : "")}");
        }
        terminal.WriteLine();
        terminal.WriteLine(tried.System);
        if (tried.Message.Length > 0)
        {
            terminal.WriteLine();
            terminal.WriteLine(tried.Message);
        }

        foreach (var finding in tried.Findings)
        {
            terminal.WriteError(Line(finding));
        }
    }

    private Command Verb(string name, string description, IReadOnlyList<Symbol> symbols, Func<TemplateHandlers, ParseResult, bool, int> run)
    {
        var json = CommonOptions.Json();
        return commands.Verb(
            name,
            description,
            [.. symbols, workspace, json],
            (services, parsed, _) => Task.FromResult(run(TemplateHandlers.Of(services), parsed, parsed.GetValue(json)))
        );
    }

    private static Argument<string> Id() => new("id") { Description = "The template's id" };

    private static string Line(TemplateSummary template)
    {
        List<string> words = [template.Id, template.Name, template.Collection, ToProtocol.Name(template.Layer)];
        if (template.ParentTemplate is { } parent)
        {
            words.Add($"from {parent}");
        }
        if (!template.IsActive)
        {
            words.Add(template.Problems.Any(problem => problem.IsError) ? "(has errors)" : "(hidden)");
        }
        return string.Join("  ", words);
    }

    /// <summary>Formats a finding as <c>path:line:col severity message [code]</c>, which editors and CI systems can parse.</summary>
    private static string Line(TemplateFinding finding)
    {
        var here = Directory.GetCurrentDirectory() + Path.DirectorySeparatorChar;
        var path = finding.Path.StartsWith(here, StringComparison.Ordinal) ? finding.Path[here.Length..] : finding.Path;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{(path.Length > 0 ? path : finding.TemplateId)}:{finding.Line}:{finding.Column} {ToProtocol.Name(finding.Kind)} {finding.Message} [{finding.Code}]"
        );
    }
}
