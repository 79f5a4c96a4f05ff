using Plue.Server.Platform;

namespace Plue.Server.Permissions;

/// <summary>
/// Says what is done, asked about or refused: deny before ask, ask before allow, and the strictest of the agent and everybody that it works for. What is asked about
/// each time, such as files that decide what runs or a line that cannot be read, is not reached by any rule that allows.
/// </summary>
public sealed class PermissionPolicy
{
    private const int LongestRule = 1000;

    private readonly StoredRules stored;
    private readonly FileJudge files;
    private readonly CommandJudge commands;
    private readonly string userHome;

    /// <param name="paths">Plue's own folder; the usual one where it is left out.</param>
    /// <param name="userHome">What <c>~</c> is to commands and rules.</param>
    /// <param name="searchPath">What commands find their programs by.</param>
    /// <param name="shell">What runs commands.</param>
    /// <param name="ordinaryFiles">Patterns of <c>server/guarded-files.json5</c> that the user takes for ordinary files, as they are at this moment.</param>
    public PermissionPolicy(
        PluePaths? paths = null, StoredRules? stored = null, string? userHome = null, string? searchPath = null, string? shell = null, Func<IReadOnlyList<string>>? ordinaryFiles = null)
    {
        paths ??= PluePaths.FromEnvironment();
        this.stored = stored ?? new StoredRules(paths, TimeProvider.System);
        this.userHome = userHome ?? PluePaths.UserFolder;
        files = new FileJudge(new ProtectedPaths(paths, this.userHome), this.userHome, ordinaryFiles ?? (() => []));
        commands = new CommandJudge(
            files, new SystemPrograms(searchPath ?? Environment.GetEnvironmentVariable("PATH")), this.userHome, shell ?? (OperatingSystem.IsWindows() ? "cmd.exe" : "/bin/sh"));
    }

    /// <param name="tool">As templates name it.</param>
    /// <param name="rights">The agent first, then whoever it works for. Its own list of tools is the only one that counts; everything else binds from above too.</param>
    public Verdict Judge(string tool, ToolAction action, IReadOnlyList<Rights> rights)
    {
        if (action is ToolAction.OwnRecord) { return new Verdict(Decision.Allow, "It stays in the agent's own record."); }
        if (rights is not [var own, ..]) { return new Verdict(Decision.Deny, "Nobody answers for this call."); }
        if (!IsGiven(tool, own.Tools)) { return new Verdict(Decision.Deny, $"{own.Title} does not have the tool {tool}."); }

        var (strictest, rule, rules) = (Finding.Allow("It changes nothing."), (string?)null, stored.List());
        foreach (var one in rights)
        {
            var workspace = one.Workspace is null ? null : RealPath.TargetOf(one.Workspace);
            var book = new RuleBook(one.Permissions, rules.Where(stored => stored.Folder == workspace).Select(stored => stored.Rule).ToHashSet(StringComparer.Ordinal), workspace, userHome);
            var (finding, ofThis) = Judge(tool, action, one, workspace, book);
            if (finding is { Decision: Decision.Ask, IsFirm: false } && book.IsStored(ofThis)) { finding = Finding.Allow("You allowed exactly this."); }

            (strictest, rule) = (strictest.Or(finding), rule ?? ofThis);
        }

        return new Verdict(strictest.Decision, strictest.Why) { Where = strictest.Where, Rule = strictest is { Decision: Decision.Ask, IsFirm: false } && CanBeShown(rule) ? rule : null };
    }

    private (Finding Finding, string? Rule) Judge(string tool, ToolAction action, Rights rights, string? workspace, RuleBook book)
    {
        switch (action)
        {
            case ToolAction.ReadFile read: return (files.Read(read.Path, rights, book, tool), RuleOf(tool, read.Path, workspace));
            case ToolAction.ChangeFile change: return (files.Change(change.Path, rights, book, tool, isByShell: false), RuleOf(tool, change.Path, workspace));
            case ToolAction.RunCommand run:
                var finding = commands.Judge(run, rights, book, out var line);
                // The line means something else in another folder.
                return (finding, line is not null && FileJudge.Target(run.Folder) == workspace ? $"bash({line})" : null);
            case ToolAction.SpawnTask spawn:
                return (book.Of("spawn_task", spawn.TemplateId) ?? (rights.Mode == PermissionMode.PlanOnly ? FileJudge.Plan
                    : spawn.Doubt is { } doubt ? Finding.Ask(doubt)
                    : book.AllowsSpawn(spawn.TemplateId) ? Finding.Allow("Its template lists it.") : Finding.Ask("Its rules name other templates.")), $"spawn_task({spawn.TemplateId})");
            case ToolAction.CallServer call:
                var name = $"{call.Server}/{call.Tool}";
                return (book.Tool(name) ?? (rights.Mode == PermissionMode.PlanOnly ? FileJudge.Plan
                    : book.AllowsTool(name) ? Finding.Allow("A rule allows it.") : Finding.Ask($"It sends something to {call.Server}.")), name);
            case ToolAction.Fetch fetch: return (Fetch(fetch.Address, rights, book), fetch.Address.IsAbsoluteUri ? $"fetch({NetworkTarget.HostOf(fetch.Address)})" : null);
            default: throw new InvalidOperationException($"No judgement for {action.GetType().Name}");
        }
    }

    private static Finding Fetch(Uri address, Rights rights, RuleBook book)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps)) { return Finding.Deny("Only http and https addresses are fetched."); }
        if (address.UserInfo.Length > 0) { return Finding.Deny("An address with a user name in it is not fetched: it looks like another host."); }

        var host = NetworkTarget.HostOf(address);
        if (book.Of("fetch", host) is { } restricted) { return restricted; }
        if (rights.Mode == PermissionMode.PlanOnly) { return FileJudge.Plan; }
        if (book.Allows("fetch", host)) { return Finding.Allow($"A rule names {host}."); }

        return NetworkTarget.IsInner(address) ? Finding.Deny($"{host} is this machine or a network around it. Only a rule that names it allows that.") : Finding.Ask($"It sends a request to {host}.", host);
    }

    /// <summary>Exactly this file: a <c>*</c> in its name is a star.</summary>
    private static string? RuleOf(string tool, string path, string? workspace)
    {
        if (workspace is null || FileJudge.Target(path) is not { } target) { return null; }

        return $"{tool}({(RealPath.LiesIn(workspace, target) ? Path.GetRelativePath(workspace, target) : target).Replace('\\', '/')})";
    }

    private static bool CanBeShown(string? rule) => rule is { Length: <= LongestRule } && HiddenCharacters.Count(rule) == 0 && !rule.Any(char.IsControl);

    private static bool IsGiven(string tool, IReadOnlyList<string> tools) =>
        tools.Contains(tool) || tools.Any(given => given.EndsWith("/*", StringComparison.Ordinal) && tool.StartsWith(given[..^1], StringComparison.Ordinal));
}
