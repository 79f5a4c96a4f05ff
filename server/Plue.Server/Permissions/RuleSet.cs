using Plue.Server.Templates;

namespace Plue.Server.Permissions;

/// <summary>The rules of one agent, and those that the user stored for its folder.</summary>
internal sealed class RuleSet
{
    private static readonly bool IgnoresCase = !OperatingSystem.IsLinux();
    private static readonly string[] Readers = ["read", "search"];
    private static readonly string[] Writers = ["write", "edit"];

    private readonly IReadOnlyList<PermissionRule> allow;
    private readonly IReadOnlyList<PermissionRule> ask;
    private readonly IReadOnlyList<PermissionRule> deny;
    private readonly bool isInvalid;
    private readonly IReadOnlySet<string> stored;
    private readonly IReadOnlyList<string> folders;
    private readonly string userHome;

    /// <param name="folders">The real paths of the workspace folders. A relative rule applies to each of them.</param>
    public RuleSet(AgentPermissions permissions, IReadOnlySet<string> stored, IReadOnlyList<string> folders, string userHome)
    {
        (allow, _) = Parse(permissions.Allow);
        (ask, var askIsBroken) = Parse(permissions.Ask);
        (deny, var denyIsBroken) = Parse(permissions.Deny);
        isInvalid = askIsBroken || denyIsBroken;
        (this.stored, this.folders, this.userHome) = (stored, folders, userHome);
    }

    /// <summary>Evaluates restrictions for all forms in which the command could run.</summary>
    public Evaluation? Command(IReadOnlyList<string> words)
    {
        // The trailing space stands for arguments that a wrapper may add.
        var texts = new[]
        {
            ShellCommand.Join(words),
            string.Join(' ', words),
            ShellCommand.Join([CommandWrappers.NameOf(words[0]), .. words.Skip(1)]),
            $"{ShellCommand.Join(words)} ",
        };
        return Restricted(rule => rule.Tool == "bash" && texts.Any(rule.Matches));
    }

    public bool AllowsCommand(string text) => Allows(rule => rule.Tool == "bash" && rule.Matches(text));

    /// <summary>Evaluates restrictions on reading. Rules for reading apply to every tool that reads; rules for another tool only to it.</summary>
    /// <param name="tool">Null for commands.</param>
    /// <param name="paths">The path as given, and the real path.</param>
    public Evaluation? Read(string? tool, params string[] paths) => Path(tool is null ? Readers : [.. Readers, tool], paths);

    /// <inheritdoc cref="Read"/>
    public Evaluation? Change(string? tool, params string[] paths) => Path(tool is null ? Writers : [.. Writers, tool], paths);

    /// <param name="real">The real path.</param>
    public bool AllowsPath(string tool, string real) => Allows(rule => rule.Tool == tool && IsMatch(rule, real));

    public Evaluation? Tool(string tool) => Restricted(rule => rule.AppliesTo(tool) && rule.Pattern is null);

    public bool AllowsTool(string tool) => Allows(rule => rule.AppliesTo(tool) && rule.Pattern is null);

    public Evaluation? Of(string tool, string text) => Restricted(rule => rule.Tool == tool && rule.Matches(text));

    public bool Allows(string tool, string text) => Allows(rule => rule.Tool == tool && rule.Pattern is not null && rule.Pattern == text);

    /// <summary>True if the template can be spawned. Without a rule that names templates, all can.</summary>
    public bool AllowsSpawn(string templateId)
    {
        var named = allow.Where(rule => rule is { Tool: "spawn_task", Pattern: not null }).ToList();
        return named.Count == 0 || Allows(rule => rule.Tool == "spawn_task" && rule.Matches(templateId));
    }

    public bool IsStored(string? rule) => rule is not null && stored.Contains(rule);

    private Evaluation? Path(string[] tools, string[] paths)
    {
        // A restriction of a folder applies to its content.
        var all = paths.SelectMany(AndAbove).Distinct(StringComparer.Ordinal).ToList();
        return Restricted(rule => tools.Contains(rule.Tool) && all.Any(path => IsMatch(rule, path, IgnoresCase)));
    }

    private bool IsMatch(PermissionRule rule, string path, bool ignoreCase = false) =>
        folders.Count == 0
            ? rule.MatchesPath(path, null, userHome, ignoreCase)
            : folders.Any(folder => rule.MatchesPath(path, folder, userHome, ignoreCase));

    private static IEnumerable<string> AndAbove(string path)
    {
        for (var at = path; at is { Length: > 0 }; at = System.IO.Path.GetDirectoryName(at))
        {
            yield return at;
        }
    }

    private Evaluation? Restricted(Func<PermissionRule, bool> matches) =>
        deny.FirstOrDefault(matches) is { } denied ? Evaluation.Deny($"The permission rule {denied} denies it.")
        : isInvalid ? Evaluation.AlwaysAsk("A restricting permission rule is invalid, so every call requires approval.")
        : ask.FirstOrDefault(matches) is { } asked ? Evaluation.AlwaysAsk($"The permission rule {asked} requires approval each time.")
        : null;

    private bool Allows(Func<PermissionRule, bool> matches) => allow.Any(matches);

    private static (IReadOnlyList<PermissionRule> Rules, bool IsBroken) Parse(IReadOnlyList<string> texts)
    {
        var rules = texts.Select(text => PermissionRule.TryParse(text, out _)).ToList();
        return ([.. rules.OfType<PermissionRule>()], rules.Contains(null));
    }
}
