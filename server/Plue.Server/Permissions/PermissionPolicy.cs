using Plue.Server.Platform;
using Plue.Server.Policy;

namespace Plue.Server.Permissions;

/// <summary>
/// Decides whether a call is allowed, requires approval or is denied. Deny rules precede ask rules, ask rules precede allow rules, and the strictest result of
/// the agent and its parents applies. Allow rules never apply to calls that require approval each time, such as changes of files that control what runs or
/// commands that cannot be parsed.
/// </summary>
internal sealed class PermissionPolicy
{
    private const int MaxRuleLength = 1000;

    private readonly PluePaths paths;
    private readonly StoredRules stored;
    private readonly FilePolicy files;
    private readonly CommandPolicy commands;
    private readonly string userHome;

    /// <param name="paths">Plue's folders; null uses the default.</param>
    /// <param name="userHome">The expansion of <c>~</c> in commands and rules.</param>
    /// <param name="searchPath">The PATH of commands.</param>
    /// <param name="shell">The shell that runs commands; null for that of this machine.</param>
    /// <param name="ordinaryFiles">Patterns of <c>server/guarded-files.json5</c> that the user treats as regular files.</param>
    public PermissionPolicy(
        PluePaths? paths = null,
        StoredRules? stored = null,
        string? userHome = null,
        string? searchPath = null,
        string? shell = null,
        Func<IReadOnlyList<string>>? ordinaryFiles = null
    )
    {
        this.paths = paths ??= PluePaths.FromEnvironment();
        this.stored = stored ?? new StoredRules(paths, TimeProvider.System);
        this.userHome = userHome ?? PluePaths.UserFolder;
        files = new FilePolicy(new ProtectedPaths(paths, this.userHome), this.userHome, ordinaryFiles ?? (() => []));
        commands = new CommandPolicy(
            files,
            new SystemPrograms(searchPath ?? Environment.GetEnvironmentVariable("PATH")),
            this.userHome,
            () => shell is null ? CommandShell.OfThisMachine : CommandShell.At(shell)
        );
    }

    /// <summary>Records a call that the policy of the organization refused.</summary>
    public void RecordRefusal(string sentence, string codexId, TimeProvider time) => PolicyRefusals.Record(paths, time, sentence, codexId);

    /// <param name="tool">The name in templates.</param>
    /// <param name="rights">The agent, then its parents. The list of tools applies only to the agent itself; all other rights of parents apply, too.</param>
    public Verdict Evaluate(string tool, ToolAction action, IReadOnlyList<Rights> rights)
    {
        if (ManagedPolicy.Read(paths) is var managed && managed.RefusalOfTool(tool) is { } refusal)
        {
            return new Verdict(Decision.Deny, refusal) { IsOfPolicy = true };
        }
        if (action is ToolAction.Fetch { Address.IsAbsoluteUri: true } fetch && managed.RefusalOfHost(fetch.Address) is { } refusedHost)
        {
            return new Verdict(Decision.Deny, refusedHost) { IsOfPolicy = true };
        }
        if (action is ToolAction.OwnRecord)
        {
            return new Verdict(Decision.Allow, "It only changes the agent's own task list.");
        }
        if (rights is not [var own, ..])
        {
            return new Verdict(Decision.Deny, "No agent is responsible for this call.");
        }
        if (!IsAvailable(tool, own.Tools))
        {
            return new Verdict(Decision.Deny, $"{own.Title} does not have the tool {tool}.");
        }

        var (strictest, rule, ruleFolder, rules) = (Evaluation.Allow("It makes no changes."), (string?)null, (string?)null, stored.List());
        foreach (var one in rights)
        {
            var folder = FolderOf(action, one);
            var ruleSet = new RuleSet(
                one.Permissions,
                rules.Where(stored => stored.Folder == folder).Select(stored => stored.Rule).ToHashSet(StringComparer.Ordinal),
                FilePolicy.FoldersOf(one),
                userHome
            );
            var (finding, ofThis) = Evaluate(tool, action, one, folder, ruleSet);
            if (finding is { Decision: Decision.Ask, IsFinal: false } && ruleSet.IsStored(ofThis))
            {
                finding = Evaluation.Allow("You allowed exactly this.");
            }

            if (one.Skill is { } skill && finding is { Decision: Decision.Ask, IsFinal: false })
            {
                finding = Evaluation.AlwaysAsk($"The skill {skill} does not name it among its tools.", finding.Where);
            }

            (strictest, rule, ruleFolder) = (strictest.StricterOf(finding), rule ?? ofThis, rule is null ? folder : ruleFolder);
        }

        return new Verdict(strictest.Decision, strictest.Reason)
        {
            Where = strictest.Where,
            Rule = strictest is { Decision: Decision.Ask, IsFinal: false } && CanBeShown(rule) ? rule : null,
            RuleFolder = ruleFolder,
        };
    }

    /// <summary>Gets the workspace folder whose stored rules apply: that of the file or command, otherwise the first. Null without one.</summary>
    private static string? FolderOf(ToolAction action, Rights rights)
    {
        var path = action switch
        {
            ToolAction.ReadFile read => read.Path,
            ToolAction.ChangeFile change => change.Path,
            ToolAction.RunCommand run => run.Folder,
            ToolAction.SendInput input => input.Folder,
            _ => null,
        };
        return (path is not null && FilePolicy.Target(path) is { } target ? FilePolicy.FolderOf(rights, target) : null)
            ?? (rights.Folders is { } folders ? RealPath.TargetOf(folders.First.Path) : null);
    }

    private (Evaluation Finding, string? Rule) Evaluate(string tool, ToolAction action, Rights rights, string? workspace, RuleSet ruleSet)
    {
        switch (action)
        {
            case ToolAction.ReadFile read:
                return (files.Read(read.Path, rights, ruleSet, tool), RuleOf(tool, read.Path, workspace));
            case ToolAction.ReadSkill skill:
                return (ruleSet.Read(tool, skill.Path) ?? Evaluation.Allow("It belongs to a skill that is on."), null);
            case ToolAction.ChangeFile change:
                return (files.Change(change.Path, rights, ruleSet, tool, isByShell: false), RuleOf(tool, change.Path, workspace));
            case ToolAction.RunCommand run:
                var finding = commands.Evaluate(run, rights, ruleSet, out var line);
                // No rule is offered in another folder, because the line could mean something else there.
                return (finding, line is not null && FilePolicy.Target(run.Folder) == workspace ? $"bash({line})" : null);
            case ToolAction.SendInput input:
                var answer = commands.Evaluate(input, rights, ruleSet, out var typed);
                return (answer, typed is not null && FilePolicy.Target(input.Folder) == workspace ? $"bash({typed})" : null);
            case ToolAction.SpawnTask spawn:
                return (
                    ruleSet.Of("spawn_task", spawn.TemplateId)
                        ?? (
                            rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                            : spawn.Doubt is { } doubt ? Evaluation.Ask(doubt)
                            : ruleSet.AllowsSpawn(spawn.TemplateId) ? Evaluation.Allow("Its template lists it.")
                            : Evaluation.Ask("Its permission rules name other templates.")
                        ),
                    $"spawn_task({spawn.TemplateId})"
                );
            case ToolAction.CallServer call:
                var name = $"{call.Server}/{call.Tool}";
                return (
                    ruleSet.Tool(name)
                        ?? (
                            rights.Mode == PermissionMode.PlanOnly ? FilePolicy.NoChanges(rights)
                            : ruleSet.AllowsTool(name) ? Evaluation.Allow("A permission rule allows it.")
                            : Evaluation.Ask($"It sends something to {call.Server}.")
                        ),
                    name
                );
            case ToolAction.CallVsCodeTool:
                return (
                    ruleSet.Tool(tool)
                        ?? (
                            rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                            : ruleSet.AllowsTool(tool) ? Evaluation.Allow("A permission rule allows it.")
                            : Evaluation.Ask("It runs in VS Code, where it can do anything that you can.")
                        ),
                    tool
                );
            case ToolAction.RunTests:
                return (
                    ruleSet.Tool(tool)
                        ?? (
                            rights.Folders is null ? Evaluation.Deny("No workspace folder is open, so there are no tests to run.")
                            : rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                            : ruleSet.AllowsTool(tool) ? Evaluation.Allow("A permission rule allows it.")
                            : Evaluation.Ask("It runs tests of the workspace, which can do anything that you can.")
                        ),
                    tool
                );
            case ToolAction.RunCell:
                return (
                    ruleSet.Tool(tool)
                        ?? (
                            rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                            : ruleSet.AllowsTool(tool) ? Evaluation.Allow("A permission rule allows it.")
                            : Evaluation.Ask("It runs in the kernel of the notebook, without a sandbox, and can do anything that you can.")
                        ),
                    tool
                );
            case ToolAction.UseAgentTool:
                return (
                    ruleSet.Tool(tool) is { Decision: Decision.Deny } refused ? refused
                    : rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                    : Evaluation.AlwaysAsk("The agent does not say which files or commands it would use."),
                    null
                );
            case ToolAction.ChangeDocument change:
                return (
                    ruleSet.Tool(tool) is { Decision: Decision.Deny } denied ? denied
                    : rights.Mode.DeniesChanges() ? FilePolicy.NoChanges(rights)
                    : Evaluation.AlwaysAsk($"It changes {change.Uri}, which can decide what agents do."),
                    null
                );
            case ToolAction.Fetch fetch:
                return (
                    Fetch(fetch.Address, rights, ruleSet),
                    fetch.Address.IsAbsoluteUri ? $"fetch({NetworkTarget.HostOf(fetch.Address)})" : null
                );
            case ToolAction.SearchWeb search:
                return (
                    ruleSet.Tool(tool)
                        ?? (
                            rights.Mode == PermissionMode.PlanOnly ? FilePolicy.NoChanges(rights)
                            : ruleSet.AllowsTool(tool) ? Evaluation.Allow("A permission rule allows it.")
                            : Evaluation.Ask($"It sends the query to {search.Vendor} and costs money.")
                        ),
                    tool
                );
            default:
                throw new InvalidOperationException($"No policy for {action.GetType().Name}");
        }
    }

    private static Evaluation Fetch(Uri address, Rights rights, RuleSet ruleSet)
    {
        if (!address.IsAbsoluteUri || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
        {
            return Evaluation.Deny("Only http and https URLs can be fetched.");
        }
        if (address.UserInfo.Length > 0)
        {
            return Evaluation.Deny("A URL with a user name is not fetched because it can disguise its host.");
        }

        var host = NetworkTarget.HostOf(address);
        if (ruleSet.Of("fetch", host) is { } restricted)
        {
            return restricted;
        }
        if (rights.Mode == PermissionMode.PlanOnly)
        {
            return FilePolicy.NoChanges(rights);
        }
        if (ruleSet.Allows("fetch", host))
        {
            return Evaluation.Allow($"A permission rule names {host}.");
        }

        return NetworkTarget.IsPrivate(address)
            ? Evaluation.Deny($"{host} is this machine or a private network. Only a permission rule that names it allows access.")
            : Evaluation.Ask($"It sends a request to {host}.", host);
    }

    /// <summary>Gets the rule for exactly this file, with <c>*</c> in its name taken literally.</summary>
    private static string? RuleOf(string tool, string path, string? workspace)
    {
        if (workspace is null || FilePolicy.Target(path) is not { } target)
        {
            return null;
        }

        return $"{tool}({(RealPath.IsUnder(workspace, target) ? Path.GetRelativePath(workspace, target) : target).Replace('\\', '/')})";
    }

    private static bool CanBeShown(string? rule) =>
        rule is { Length: <= MaxRuleLength } && HiddenCharacters.Count(rule) == 0 && !rule.Any(char.IsControl);

    private static bool IsAvailable(string tool, IReadOnlyList<string> tools) =>
        tools.Contains(tool)
        || tools.Any(given => given.EndsWith("/*", StringComparison.Ordinal) && tool.StartsWith(given[..^1], StringComparison.Ordinal));
}
