using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Codices.Skills;

/// <summary>A key of the front matter of a skill.</summary>
/// <param name="IsUsed">False for a Claude Code key that Plue ignores.</param>
internal sealed record SkillKey(string Name, string Description, string Insert, bool IsUsed = true);

/// <summary>The front matter of a skill: the keys of the Agent Skills specification and of Claude Code. Other keys are kept and ignored.</summary>
internal sealed record SkillHead(Json5Object Values)
{
    public const int MaxNameLength = 64;
    public const int MaxDescriptionLength = 1024;
    private const int MaxCompatibilityLength = 500;

    public static readonly IReadOnlyList<SkillKey> Keys =
    [
        new("name", "Lower-case letters, digits and hyphens; the same as the folder.", "name: "),
        new("description", "What the skill does and when to use it. The model sees only this before it loads the skill.", "description: "),
        new("when_to_use", "More about when to use it, added to the description.", "when_to_use: "),
        new("argument-hint", "What the user can type behind /name.", "argument-hint: "),
        new("arguments", "Names of arguments: $name in the text is replaced.", "arguments: [$1]"),
        new("disable-model-invocation", "true: only the user can use it, with /name.", "disable-model-invocation: true"),
        new("user-invocable", "false: only the model can use it.", "user-invocable: false"),
        new(
            "allowed-tools",
            "Tools that it needs. Other tools that change something ask each time. The list does not allow any tool.",
            "allowed-tools: "
        ),
        new("license", "The license of the skill.", "license: "),
        new("compatibility", "What it needs: programs, packages, network.", "compatibility: "),
        new("metadata", "Further values, such as author and version.", "metadata:\n  version: "),
        new("model", "A model of Claude Code.", "model: ", IsUsed: false),
        new("effort", "A reasoning level of Claude Code.", "effort: ", IsUsed: false),
        new("context", "A separate context in Claude Code.", "context: ", IsUsed: false),
        new("agent", "A sub-agent of Claude Code.", "agent: ", IsUsed: false),
        new("hooks", "Hooks of Claude Code.", "hooks: ", IsUsed: false),
        new("paths", "Files of Claude Code for which it applies.", "paths: ", IsUsed: false),
        new("shell", "A shell of Claude Code.", "shell: ", IsUsed: false),
    ];

    public string? Name => Text("name");

    /// <summary>The description in one line; null if there is none.</summary>
    public string? Description =>
        (Text("description"), Text("when_to_use") ?? Text("when-to-use")) switch
        {
            (null, var when) => when,
            (var what, null) => what,
            var (what, when) => $"{what} {when}",
        };

    public string? ArgumentHint =>
        Text("argument-hint") ?? (Arguments.Count == 0 ? null : string.Join(' ', Arguments.Select(one => $"[{one}]")));

    public IReadOnlyList<string> Arguments => Words("arguments");

    public bool IsForModel => Flag("disable-model-invocation") != true;
    public bool IsForUser => Flag("user-invocable") != false;

    /// <summary>The tools as written, such as <c>Bash(git:*)</c>; null without the key.</summary>
    public IReadOnlyList<string>? AllowedTools => Values.Has("allowed-tools") ? Words("allowed-tools") : null;

    /// <summary>Validates the values; each error is one sentence.</summary>
    /// <param name="folder">The name of the skill's folder.</param>
    public static IReadOnlyList<DocumentProblem> Check(Json5Object values, string folder)
    {
        List<DocumentProblem> problems = [];
        void Warn(string key, string message) =>
            problems.Add(DocumentProblem.Warning(message, values.FindMember(key)?.NameSpan ?? new Json5Span(0, 0, 1, 1)));

        var head = new SkillHead(values);
        if (head.Name is { } name)
        {
            if (WhyNoName(name) is { } why)
            {
                Warn("name", $"`name` {why}");
            }
            else if (name != folder)
            {
                Warn(
                    "name",
                    $"The name `{name}` differs from the folder `{folder}`: Claude Code uses the folder, other programs the name."
                );
            }
        }
        if (head.Text("description") is null)
        {
            Warn(
                "description",
                "Without `description` the model sees the first paragraph. Describe what the skill does and when to use it."
            );
        }
        else if (head.Description!.Length > MaxDescriptionLength)
        {
            Warn("description", $"The description has {head.Description.Length} characters; {MaxDescriptionLength} of them are sent.");
        }
        if (head.Text("compatibility") is { Length: > MaxCompatibilityLength })
        {
            Warn("compatibility", $"`compatibility` can have at most {MaxCompatibilityLength} characters.");
        }

        foreach (var key in new[] { "disable-model-invocation", "user-invocable" })
        {
            if (values.Has(key) && head.Flag(key) is null)
            {
                Warn(key, $"`{key}` must be true or false.");
            }
        }
        if (!head.IsForModel && !head.IsForUser)
        {
            Warn("user-invocable", "The skill cannot be used: the model and the user are both excluded.");
        }
        if (values.Has("metadata") && values.GetObject("metadata") is null)
        {
            Warn("metadata", "`metadata` must be indented lines of `key: value`.");
        }
        foreach (var key in Keys.Where(key => !key.IsUsed && values.Has(key.Name)))
        {
            Warn(key.Name, $"Plue does not use `{key.Name}`.");
        }

        return problems;
    }

    /// <returns>Null for a valid name; otherwise the end of an error message.</returns>
    public static string? WhyNoName(string name) =>
        name.Length is 0 or > MaxNameLength ? $"must have 1 to {MaxNameLength} characters."
        : !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            ? "can have only lower-case letters, digits and hyphens."
        : name[0] == '-' || name[^1] == '-' || name.Contains("--", StringComparison.Ordinal)
            ? "cannot begin or end with a hyphen, or have two in a row."
        : null;

    /// <summary>Converts a folder name to a valid name, such as <c>PDF Forms</c> to <c>pdf-forms</c>; null if there is none.</summary>
    public static string? NameOf(string folder)
    {
        var name = string.Concat(folder.ToLowerInvariant().Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) ? c : '-'))
            .Trim('-');
        while (name.Contains("--", StringComparison.Ordinal))
        {
            name = name.Replace("--", "-", StringComparison.Ordinal);
        }

        return WhyNoName(name) is null ? name : null;
    }

    /// <summary>Splits at commas and spaces outside parentheses and quotes.</summary>
    internal static IReadOnlyList<string> Split(string text)
    {
        List<string> words = [];
        var (start, depth, quote) = (0, 0, '\0');
        for (var at = 0; at <= text.Length; at++)
        {
            var c = at < text.Length ? text[at] : ',';
            if (quote != '\0' && at < text.Length)
            {
                quote = c == quote ? '\0' : quote;
                continue;
            }

            quote = c is '"' or '\'' ? c : '\0';
            depth += c switch
            {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if (at < text.Length && (depth > 0 || !(c == ',' || char.IsWhiteSpace(c))))
            {
                continue;
            }

            if (text[start..at].Trim() is { Length: > 0 } word)
            {
                words.Add(word is ['"' or '\'', .. var inner, '"' or '\''] ? inner : word);
            }
            start = Math.Min(at + 1, text.Length);
        }

        return words;
    }

    private IReadOnlyList<string> Words(string key) =>
        Values.Find(key) is Json5Array ? Values.GetStrings(key)
        : Text(key) is { } text ? Split(text)
        : [];

    private string? Text(string key) =>
        Values.GetString(key) is { } text && text.Trim() is { Length: > 0 } trimmed ? OneLine.Of(trimmed) : null;

    private bool? Flag(string key) =>
        Text(key)?.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" => true,
            "false" or "no" or "off" => false,
            _ => null,
        };
}
