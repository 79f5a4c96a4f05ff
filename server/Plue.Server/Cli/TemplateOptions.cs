using System.CommandLine;
using Plue.Server.Json5;
using Plue.Server.Messages;

namespace Plue.Server.Cli;

/// <summary>Options that the commands for templates share, and the parser of their values.</summary>
internal static class TemplateOptions
{
    public static Option<string?> Workspace() => Folder("Also use the .plue folder of this workspace, which trusts it");

    /// <summary>Creates the option <c>--workspace</c> for a folder that must exist.</summary>
    public static Option<string?> Folder(string description)
    {
        var option = new Option<string?>("--workspace") { Description = description, HelpName = "DIR" };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var folder }] && !Directory.Exists(folder))
            {
                result.AddError($"The folder {folder} does not exist.");
            }
        });
        return option;
    }

    public static Option<string[]> Set()
    {
        var option = new Option<string[]>("--set")
        {
            Description = "A field of the template, as NAME=VALUE; can be repeated",
            HelpName = "NAME=VALUE",
        };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError("--set must have the form NAME=VALUE.");
            }
        });
        return option;
    }

    /// <summary>Parses the values of <c>--set</c>; the last value of a name wins. A value of a text field is used as it is; other values are JSON5.</summary>
    /// <param name="isText">Returns true if the field with this name is a text field.</param>
    /// <exception cref="FailureException">BadRequest: a value is invalid.</exception>
    public static IReadOnlyList<(string Name, Json5Node Value)> Values(IReadOnlyList<string> given, Func<string, bool> isText) =>
        [
            .. given
                .Select(pair => pair.Split('=', 2))
                .GroupBy(pair => pair[0].Trim(), StringComparer.Ordinal)
                .Select(pairs => (pairs.Key, Value(pairs.Key, pairs.Last()[1], isText(pairs.Key)))),
        ];

    private static Json5Node Value(string name, string text, bool isText)
    {
        if (isText)
        {
            return new Json5String(text);
        }

        var read = Json5Reader.Read(text);
        return read is { IsValid: true, Root: { } value }
            ? value
            : throw new FailureException(
                FailureKind.BadRequest,
                $"The value of {name} is not valid: {read.Errors[0].Message} Enter it as JSON."
            );
    }
}
