using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Codices;

namespace Plue.Server.Transfer.Programs;

/// <summary>Converts a command or prompt of another program to a slash command.</summary>
internal static partial class ImportedPrompt
{
    private const string Input = "input";

    /// <returns>The prompt, and its omissions, one sentence each.</returns>
    public static (string Text, IReadOnlyList<string> Notes) Of(SettingFile file)
    {
        var text = file.Read();
        var (description, hint, body) = file.Path.EndsWith(".toml", StringComparison.Ordinal) ? OfToml(text) : OfMarkdown(text);
        List<string> notes = [];
        if (Commands().IsMatch(body))
        {
            notes.Add("Its commands in `!` do not run. The model sees them as text.");
        }

        var arguments = new List<string>();
        var literal = Literal(Elsewhere().Replace(body, match => Placeholder(match, arguments)));
        // Placeholders were marked before the braces in the text were escaped.
        var output = new StringBuilder("---\ndescription: ").Append(JsonFields.Quoted(Line(description ?? file.Name))).Append('\n');
        if (arguments.Count > 0)
        {
            output
                .Append("arguments: [")
                .AppendJoin(
                    ", ",
                    arguments
                        .Distinct(StringComparer.Ordinal)
                        .Select(name => JsonFields.Quoted(name == Input && hint is not null ? $"{name}?: {Line(hint)}" : $"{name}?"))
                )
                .Append("]\n");
        }

        return (output.Append("---\n").Append(Marked().Replace(literal, "{{${name}}}")).Append('\n').ToString(), notes);
    }

    /// <summary>Escapes double braces in text without placeholders.</summary>
    public static string Literal(string text) => text.Trim().Replace("{{", "\\{{", StringComparison.Ordinal);

    /// <summary>Gets instructions and the files to which they apply; null for all files.</summary>
    public static (string Text, string? AppliesTo) Instructions(SettingFile file)
    {
        var parsed = FrontMatter.Parse(file.Read());
        var values = parsed.Values;
        var patterns = values.GetString("applyTo") ?? List("globs") ?? List("paths");
        return (parsed.Body, patterns is null or "" or "**" or "**/*" or "*" ? null : patterns);

        string? List(string key) =>
            values.GetStrings(key) is { Count: > 0 } list ? string.Join(',', list)
            : values.GetString(key) is { Length: > 0 } text ? text
            : null;
    }

    private static (string? Description, string? Hint, string Body) OfMarkdown(string text)
    {
        var parsed = FrontMatter.Parse(text);
        return (parsed.Values.GetString("description"), parsed.Values.GetString("argument-hint"), parsed.Body);
    }

    private static (string? Description, string? Hint, string Body) OfToml(string text)
    {
        var values = TomlStrings.Read(text);
        return (values.GetValueOrDefault("description"), null, values.GetValueOrDefault("prompt") ?? "");
    }

    private static string Placeholder(Match match, List<string> arguments)
    {
        var name =
            match.Groups["own"] is { Success: true, Value: var own } ? own
            : match.Groups["named"] is { Success: true, Value: var named } ? named
            : match.Groups["number"] is { Success: true, Value: var number } ? $"argument{number}"
            : Input;
        if (name is not (PromptArguments.Selection or PromptArguments.File))
        {
            arguments.Add(name);
        }

        return $"\u0001{name}\u0002";
    }

    private static string Line(string text) => text.ReplaceLineEndings(" ").Trim();

    // $ARGUMENTS and $1; {{args}} and {{{ input }}}; ${input:name:hint}, ${selection} and ${file}.
    [GeneratedRegex(
        @"\$ARGUMENTS\b|\$(?<number>[1-9])\b|\{\{args\}\}|\{\{\{\s*input\s*\}\}\}|\$\{input:(?<named>[A-Za-z_][A-Za-z0-9_]{0,39})(?::[^}\n]{0,200})?\}|\$\{(?<own>selection|file)\}",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex Elsewhere();

    [GeneratedRegex("\u0001(?<name>[A-Za-z0-9_]+)\u0002", RegexOptions.CultureInvariant)]
    private static partial Regex Marked();

    [GeneratedRegex(@"(?m)^\s*!`|!\{", RegexOptions.CultureInvariant)]
    private static partial Regex Commands();
}
