using System.CommandLine;
using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Messages;
using Plue.Server.Modules;
using Plue.Server.Platform;
using Plue.Server.Rpc;
using Plue.Server.Templates;
using FieldType = Plue.Server.Templates.FieldType;

namespace Plue.Server.Cli;

/// <summary><c>plue config</c>: the settings of the Settings page. The file keeps its comments.</summary>
internal sealed class ConfigCommand(Func<string?, Services> open, Terminal terminal)
{
    private readonly Argument<string> name = new("name") { Description = "The setting, as plue config list prints it" };
    private readonly Argument<string[]> values = new("value")
    {
        Arity = ArgumentArity.OneOrMore,
        Description = "The value: text as it is, everything else as JSON. A list can be given as several values.",
    };
    private readonly Option<bool> json = CommonOptions.Json();

    public static Command Create(Func<string?, Services> open, Terminal terminal) => new ConfigCommand(open, terminal).Build();

    private Command Build()
    {
        name.CompletionSources.Add(_ => SettingsSchema.Names.Select(setting => new System.CommandLine.Completions.CompletionItem(setting)));
        var commands = new Subcommands(_ => open(null), terminal);
        return new Command("config", "Show and change the settings, for example: plue config list")
        {
            commands.Verb(
                "list",
                "List all settings with their values, for example: plue config list",
                [json],
                (services, parsed, _) =>
                {
                    List(commands, services, parsed.GetValue(json));
                    return Task.FromResult(ExitCodes.Done);
                }
            ),
            commands.Verb(
                "get",
                "Print a setting, for example: plue config get proxy",
                [name, json],
                (services, parsed, _) =>
                {
                    Show(commands, services, FieldOf(parsed), parsed.GetValue(json));
                    return Task.FromResult(ExitCodes.Done);
                }
            ),
            commands.Verb(
                "set",
                "Change a setting, for example: plue config set budget_usd_per_day 5",
                [name, values, json],
                (services, parsed, _) =>
                {
                    var field = FieldOf(parsed);
                    UserConfig.Set(services.Platform.Paths, field.Name, ValueOf(field, parsed.GetValue(values)!));
                    Show(commands, services, field, parsed.GetValue(json));
                    return Task.FromResult(ExitCodes.Done);
                }
            ),
            commands.Verb(
                "reset",
                "Remove a setting from the file, so that its default applies, for example: plue config reset proxy",
                [name, json],
                (services, parsed, _) =>
                {
                    var field = FieldOf(parsed);
                    UserConfig.Set(services.Platform.Paths, field.Name, null);
                    Show(commands, services, field, parsed.GetValue(json));
                    return Task.FromResult(ExitCodes.Done);
                }
            ),
        };
    }

    private void List(Subcommands commands, Services services, bool asJson)
    {
        var settings = SettingsHandlers.Result(services.Platform.Paths, services.Codices.Config);
        if (asJson)
        {
            commands.WriteJson(settings);
            return;
        }

        foreach (var group in settings.Groups)
        {
            terminal.WriteLine($"{group.Title}");
            foreach (var field in group.Fields)
            {
                var isSet = settings.Values.TryGetValue(field.Name, out var value);
                terminal.WriteLine(
                    services.Platform.Redactor.Mask(
                        $"  {field.Name} = {(isSet ? TextOf(value) : field.Default is { } usual ? $"{TextOf(usual)} (default)" : "(not set)")}"
                    )
                );
            }
        }

        foreach (var sentence in settings.Policy)
        {
            terminal.WriteError(sentence);
        }
        Report(settings.Problem);
    }

    private void Show(Subcommands commands, Services services, TemplateField field, bool asJson)
    {
        var config = services.Codices.Config;
        var isSet = config.Values.Has(field.Name);
        var value = (isSet ? config.Values.Find(field.Name) : field.Default) is { } node ? FieldViews.ToJson(node) : (JsonElement?)null;
        if (asJson)
        {
            commands.WriteObject(writer =>
            {
                writer.WriteString("name"u8, field.Name);
                writer.WritePropertyName("value"u8);
                if (value is { } known)
                {
                    known.WriteTo(writer);
                }
                else
                {
                    writer.WriteNullValue();
                }
                writer.WriteBoolean("isDefault"u8, !isSet);
            });
        }
        else if (value is { } known)
        {
            terminal.WriteLine(services.Platform.Redactor.Mask(TextOf(known)));
        }

        if (config.Limited.TryGetValue(field.Name, out var policy))
        {
            terminal.WriteError($"Your organization's policy ({policy}) limits this setting.");
        }
        Report(SettingsHandlers.Result(services.Platform.Paths, config).Problem);
    }

    private void Report(FileFault? problem)
    {
        if (problem is not null)
        {
            terminal.WriteError(
                string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{problem.Path}:{problem.Line}:{problem.Column} {problem.Message}"
                )
            );
        }
    }

    /// <exception cref="FailureException">BadRequest: there is no such setting.</exception>
    private TemplateField FieldOf(ParseResult parsed)
    {
        var given = parsed.GetValue(name)!;
        return SettingsSchema.Find(given)
            ?? throw new FailureException(
                FailureKind.BadRequest,
                $"There is no setting {HiddenCharacters.VisibleLine(given)}.{NearestName.Hint(given, SettingsSchema.Names)} List them with plue config list."
            );
    }

    /// <exception cref="FailureException">BadRequest: the value cannot be read.</exception>
    private static Json5Node ValueOf(TemplateField field, IReadOnlyList<string> given)
    {
        if (field.Type == FieldType.Array && !(given is [var one] && one.TrimStart().StartsWith('[')))
        {
            return Json5Array.Of(given.Select(text => field.Items is { } item ? ItemOf(item, text) : new Json5String(text)));
        }

        return given.Count == 1
            ? ItemOf(field, given[0])
            : throw new FailureException(FailureKind.BadRequest, $"{field.Name} has one value. Put text with spaces in quotation marks.");
    }

    private static Json5Node ItemOf(TemplateField field, string text)
    {
        var isText = field.Type is not (FieldType.Number or FieldType.Boolean or FieldType.Array or FieldType.Object);
        if (isText && !(SettingsSchema.IsChoice(field) && text.TrimStart().StartsWith('{')))
        {
            return new Json5String(text);
        }

        return Json5Reader.Read(text) is { IsValid: true, Root: { } value }
            ? value
            : throw new FailureException(
                FailureKind.BadRequest,
                $"The value of {field.Name} is not valid. Write it as JSON, for example true, 5, or [\"a\"]."
            );
    }

    private static string TextOf(JsonElement value) =>
        HiddenCharacters.VisibleLine(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());
}
