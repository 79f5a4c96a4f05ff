using Plue.Server.Json5;

namespace Plue.Server.Templates;

/// <summary>A valid setting that may cost or change more than intended.</summary>
/// <param name="Code">A stable code for pipelines, such as <c>risk.no-budget</c>.</param>
/// <param name="Message">The risk and how to avoid it.</param>
/// <param name="Span">A position in the template's own file; for an inherited risk, that of the parent's name.</param>
internal sealed record TemplateRisk(string Code, string Message, Json5Span Span);

/// <summary>Finds settings that authors of templates should reconsider.</summary>
internal static class TemplateRisks
{
    public const string WriteAnywhere = "risk.write-anywhere";
    public const string CheapWriter = "risk.cheap-writer";
    public const string NoBudget = "risk.no-budget";
    public const string ChildrenExceed = "risk.children-exceed";
    public const string SpawnLoop = "risk.spawn-loop";
    public const string HookLoop = "risk.hook-loop";

    private const string SpawnTool = "spawn_task";
    private static readonly string[] WritingTools = ["write", "edit", "bash"];

    /// <summary>Parts of the names of small and local models.</summary>
    private static readonly string[] CheapNames = ["default-small", "ollama", "local", "llama", "lmstudio", "lm-studio"];

    /// <param name="resolved">With fields of its parents.</param>
    /// <param name="find">Gets other effective templates with inherited fields.</param>
    /// <returns>The risks in the order of the file.</returns>
    public static IReadOnlyList<TemplateRisk> Find(Template resolved, Func<string, Template?> find)
    {
        var risks = new List<TemplateRisk>();
        if (AgentChecks.AppliesTo(resolved))
        {
            var agent = AgentSpec.Of(resolved.WithDefaults(Json5Object.Empty));
            FindWide(resolved, agent, risks);
            if (resolved.Collection == TemplateCollection.Tasks)
            {
                FindBudget(resolved, agent, find, risks);
                FindSpawnLoop(resolved, agent, find, risks);
            }
        }

        FindHookLoop(resolved, risks);
        return [.. risks.OrderBy(risk => risk.Span.Start)];
    }

    private static void FindWide(Template template, AgentSpec agent, List<TemplateRisk> risks)
    {
        var deny = Rules(agent.Permissions.Deny);
        var ask = Rules(agent.Permissions.Ask);
        var wide = agent
            .Permissions.Allow.Select(text => PermissionRule.TryParse(text, out _))
            .Where(rule => rule is { IsWide: true } && WritingTools.Contains(rule.Tool) && agent.AvailableTools.Contains(rule.Tool))
            .FirstOrDefault(rule => !deny.Concat(ask).Any(other => other.Covers(rule!)));
        if (wide is null)
        {
            return;
        }

        var what = wide.Tool == "bash" ? "run any command" : "write any file";
        var instead =
            wide.Tool == "bash"
                ? "Allow only the commands it needs, as in `bash(npm test*)`"
                : $"Limit it to a folder, as in `{wide.Tool}(src/**)`";
        risks.Add(
            new TemplateRisk(
                WriteAnywhere,
                $"It may {what} without asking, because `{wide}` is allowed. {instead}.",
                RuleSpan(template, wide.ToString())
            )
        );
        if (
            agent.ProviderRefs.Concat(agent.Candidates.SelectMany(candidate => candidate.ProviderRefs)).FirstOrDefault(IsCheap) is { } cheap
        )
        {
            risks.Add(
                new TemplateRisk(
                    CheapWriter,
                    $"A small or local model ({cheap}) can {what} without approval, and such models are easier to mislead. {instead}, or choose a larger model.",
                    SpanOf(template, "provider_ref")
                )
            );
        }
    }

    private static void FindBudget(Template template, AgentSpec agent, Func<string, Template?> find, List<TemplateRisk> risks)
    {
        var budget = agent.Budget;
        if (budget is { Usd: null, Tokens: null })
        {
            risks.Add(
                new TemplateRisk(
                    NoBudget,
                    "Its spending has no limit. Set a limit in `usd` or `tokens` in its `budget`.",
                    SpanOf(template, Narrowing.Budget)
                )
            );
            return;
        }

        if (agent.MaxSpawnedTasks == 0 || !MaySpawn(agent))
        {
            return;
        }

        foreach (
            var child in Children(template, agent, find)
                .OrderByDescending(child => AgentSpec.Of(child.WithDefaults(Json5Object.Empty)).Budget.Usd ?? decimal.MaxValue)
        )
        {
            var own = AgentSpec.Of(child.WithDefaults(Json5Object.Empty)).Budget;
            var message = (budget, own) switch
            {
                ({ Usd: not null }, { Usd: null }) or ({ Usd: null }, { Tokens: null }) =>
                    $"A subtask of `{child.Id}` has no limit in {(budget.Usd is null ? "tokens" : "USD")} and can use the entire budget. Set one in its `budget`.",
                ({ Usd: { } usd }, { Usd: { } each }) when each * agent.MaxSpawnedTasks > usd => FormattableString.Invariant(
                    $"{agent.MaxSpawnedTasks} tasks of `{child.Id}` at {each} USD come to {each * agent.MaxSpawnedTasks} USD, more than its own {usd}. Allow fewer subtasks, lower their budgets, or increase its own."
                ),
                ({ Tokens: { } tokens }, { Tokens: { } each }) when each * agent.MaxSpawnedTasks > tokens => FormattableString.Invariant(
                    $"{agent.MaxSpawnedTasks} tasks of `{child.Id}` at {each} tokens come to {each * agent.MaxSpawnedTasks}, more than its own {tokens}. Allow fewer subtasks, lower their budgets, or increase its own."
                ),
                _ => null,
            };
            if (message is null)
            {
                continue;
            }

            risks.Add(new TemplateRisk(ChildrenExceed, message, SpanOf(template, Narrowing.Budget)));
            return;
        }
    }

    private static void FindSpawnLoop(Template template, AgentSpec agent, Func<string, Template?> find, List<TemplateRisk> risks)
    {
        // A creation hook runs for every new task without any decision.
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Queue<Template>([template]);
        while (open.TryDequeue(out var at))
        {
            foreach (var hook in at.Hooks.Where(hook => hook is { Trigger: HookTrigger.Created, Action: HookAction.SpawnTask }))
            {
                var next = ((HookAction.SpawnTask)hook.Action).TemplateId;
                if (next == template.Id)
                {
                    risks.Add(
                        new TemplateRisk(
                            SpawnLoop,
                            $"A hook of every new `{template.Id}` starts another one, without end. Remove the hook, or add a condition that stops it.",
                            HookSpan(
                                template,
                                template.Hooks.First(own => own is { Trigger: HookTrigger.Created, Action: HookAction.SpawnTask })
                            )
                        )
                    );
                    return;
                }

                if (seen.Add(next) && find(next) is { } child)
                {
                    open.Enqueue(child);
                }
            }
        }

        if (agent.MaxSpawnedTasks > 0 && MaySpawn(agent) && MaySpawn(agent, template.Id))
        {
            risks.Add(
                new TemplateRisk(
                    SpawnLoop,
                    $"A `{template.Id}` can start subtasks of its own type, to any depth. Add `{SpawnTool}({template.Id})` to `deny` in its `permissions`.",
                    SpanOf(template, Narrowing.SpawnLimit)
                )
            );
        }
    }

    private static void FindHookLoop(Template template, List<TemplateRisk> risks)
    {
        var hooks = template.Hooks;
        for (var i = 0; i < hooks.Count; i++)
        {
            var seen = new HashSet<int>();
            var open = new Queue<int>([i]);
            while (open.TryDequeue(out var at))
            {
                if (hooks[at].Action is not HookAction.SetField set)
                {
                    continue;
                }

                for (var next = i; next < hooks.Count; next++)
                {
                    if (!Triggers(set, hooks[next]))
                    {
                        continue;
                    }

                    if (next == i)
                    {
                        risks.Add(
                            new TemplateRisk(
                                HookLoop,
                                $"Setting `{set.Target}` triggers this hook again{(at == i ? "" : " through another hook")}. Give it a condition that is false after it has run, or run it after another field.",
                                HookSpan(template, hooks[i])
                            )
                        );
                        open.Clear();
                        break;
                    }

                    if (seen.Add(next))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }
    }

    /// <summary>True if setting the field triggers the hook and its conditions on that field allow the new value.</summary>
    private static bool Triggers(HookAction.SetField set, AutomationHook hook)
    {
        var waits =
            (hook.Trigger == HookTrigger.FieldChange && (hook.Field is null || hook.Field == set.Target))
            || (hook.Trigger == HookTrigger.StatusChange && set.Target == "status");
        var after = Json5Object.Of((set.Target, set.Value));
        return waits && hook.Conditions.Where(condition => condition.Path.Field == set.Target).All(condition => condition.Holds(after));
    }

    /// <summary>Gets the templates that the agent can spawn: those named in its rules, otherwise the shipped ones.</summary>
    private static IEnumerable<Template> Children(Template template, AgentSpec agent, Func<string, Template?> find)
    {
        var named = Rules([.. agent.Permissions.Allow, .. agent.Permissions.Ask])
            .Where(rule => rule.Tool == SpawnTool && rule.Pattern?.Contains('*', StringComparison.Ordinal) == false)
            .Select(rule => rule.Pattern!)
            .Concat(template.Hooks.Select(hook => hook.Action).OfType<HookAction.SpawnTask>().Select(spawn => spawn.TemplateId))
            .ToList();
        return (named.Count > 0 ? named : [.. TemplateCatalog.ShippedIds().Order(StringComparer.Ordinal)])
            .Distinct()
            .Where(id => MaySpawn(agent, id))
            .Select(find)
            .OfType<Template>()
            .Where(child => child.Collection == TemplateCollection.Tasks);
    }

    private static bool MaySpawn(AgentSpec agent) => agent.AvailableTools.Contains(SpawnTool);

    private static bool MaySpawn(AgentSpec agent, string templateId)
    {
        var requested = PermissionRule.TryParse($"{SpawnTool}({templateId})", out _);
        return requested is null || !Rules(agent.Permissions.Deny).Any(rule => rule.Covers(requested));
    }

    private static bool IsCheap(string address) => CheapNames.Any(name => address.Contains(name, StringComparison.OrdinalIgnoreCase));

    private static List<PermissionRule> Rules(IEnumerable<string> texts) =>
        [.. texts.Select(text => PermissionRule.TryParse(text, out _)).OfType<PermissionRule>()];

    private static Json5Span SpanOf(Template template, string name) =>
        template.Field(name) is { DefinedKeys.Count: > 0 } field ? field.Span : template.ParentSpan;

    private static Json5Span RuleSpan(Template template, string rule) =>
        template.Field(Narrowing.Permissions) is { } field
        && field.DefinedKeys.Contains("default")
        && field.Default is Json5Object rules
        && (rules.GetArray("allow")?.Items ?? []).FirstOrDefault(item => item is Json5String text && text.Value == rule) is { } found
            ? found.Span
            : SpanOf(template, Narrowing.Permissions);

    private static Json5Span HookSpan(Template template, AutomationHook hook) =>
        template.DefinedKeys.Contains("automation") ? hook.Source.Span : template.ParentSpan;
}
