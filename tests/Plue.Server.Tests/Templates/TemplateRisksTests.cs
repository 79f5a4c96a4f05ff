using System.Text;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class TemplateRisksTests
{
    private static readonly TemplateCatalog Catalog = new(new PluePaths("/no/such/folder"));

    private const string Large = "provider_ref: 'codex://providers/default-large', ";

    [Theory]
    [InlineData(Large + "available_tools: ['bash'], permissions: { allow: ['bash(*)'] }", "risk.write-anywhere")]
    [InlineData(Large + "available_tools: ['write'], permissions: { allow: ['read(**)', 'write(**/*.ts)'] }", "risk.write-anywhere")]
    [InlineData(Large + "available_tools: ['edit'], permissions: { allow: ['edit'] }", "risk.write-anywhere")]
    [InlineData(
        "provider_ref: 'codex://providers/default-small', available_tools: ['bash'], permissions: { allow: ['bash'] }",
        "risk.cheap-writer risk.write-anywhere"
    )]
    [InlineData(
        "provider_ref: ['codex://providers/big', 'codex://providers/my-ollama'], available_tools: ['write'], permissions: { allow: ['write(/**)'] }",
        "risk.cheap-writer risk.write-anywhere"
    )]
    [InlineData(
        "candidates: [{ provider_ref: 'codex://providers/local' }], available_tools: ['write'], permissions: { allow: ['write'] }",
        "risk.cheap-writer risk.write-anywhere"
    )]
    [InlineData("available_tools: ['write'], permissions: { allow: ['write(docs/**)', 'bash(*)'] }", "")]
    [InlineData("available_tools: ['bash'], permissions: { allow: ['bash'], ask: ['bash'] }", "")]
    [InlineData("available_tools: ['bash', 'write', 'edit']", "")]
    [InlineData("budget: { rounds: 10 }", "risk.no-budget")]
    [InlineData("budget: { tokens: 1000 }", "")]
    [InlineData(
        "available_tools: ['spawn_task'], max_spawned_tasks: 3, budget: { usd: 2 }, permissions: { deny: ['spawn_task(x)'] }",
        "risk.children-exceed"
    )]
    [InlineData(
        "available_tools: ['spawn_task'], max_spawned_tasks: 3, budget: { usd: 2 }, permissions: { ask: ['spawn_task(task-docs-writer)'], deny: ['spawn_task(x)'] }",
        ""
    )]
    [InlineData(
        "available_tools: ['spawn_task'], max_spawned_tasks: 3, budget: { tokens: 2000000 }, permissions: { ask: ['spawn_task(task-docs-writer)'], deny: ['spawn_task(x)'] }",
        "risk.children-exceed"
    )]
    [InlineData("available_tools: ['spawn_task'], max_spawned_tasks: 1, budget: { usd: 50 }", "risk.spawn-loop")]
    [InlineData("available_tools: ['spawn_task'], max_spawned_tasks: 0, budget: { usd: 50 }", "")]
    [InlineData("max_spawned_tasks: 3", "")]
    [InlineData(
        "automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'x', values: { goal: 'g' } }] }",
        "risk.spawn-loop"
    )]
    [InlineData(
        "automation: { hooks: [{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'title', value: 'a' }] }",
        "risk.hook-loop"
    )]
    [InlineData("automation: { hooks: [{ trigger: 'field_change', action: 'set_field', target: 'title', value: 'a' }] }", "risk.hook-loop")]
    [InlineData(
        "automation: { hooks: [{ trigger: 'status_change', action: 'set_field', target: 'status', value: 'queued' }] }",
        "risk.hook-loop"
    )]
    [InlineData(
        "automation: { hooks: [{ trigger: 'status_change', conditions: [{ field: 'status', equals: 'done' }], action: 'set_field', target: 'status', value: 'queued' }] }",
        ""
    )]
    [InlineData(
        "automation: { hooks: [{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'goal', value: 'a' }, { trigger: 'field_change', field: 'goal', action: 'set_field', target: 'title', value: 'b' }] }",
        "risk.hook-loop"
    )]
    [InlineData(
        "automation: { hooks: [{ trigger: 'field_change', field: 'title', action: 'set_field', target: 'goal', value: 'a' }] }",
        ""
    )]
    public void Finds_risks_of_cost_and_unintended_changes(string text, string codes) =>
        Assert.Equal(codes, string.Join(' ', Find(text).Select(risk => risk.Code)));

    [Fact]
    public void A_risk_has_a_consequence_a_remedy_and_a_position()
    {
        var risks = Find("provider_ref: 'codex://providers/default-small', available_tools: ['bash'], permissions: { allow: ['bash(*)'] }");
        Assert.Equal(
            [
                "1:48 A small or local model (codex://providers/default-small) can run any command without approval, and such models are easier to mislead. Allow only the commands it needs, as in `bash(npm test*)`, or choose a larger model.",
                "1:147 It may run any command without asking, because `bash(*)` is allowed. Allow only the commands it needs, as in `bash(npm test*)`.",
            ],
            risks.Select(risk => $"{risk.Span.Line}:{risk.Span.Column} {risk.Message}")
        );
        Assert.Equal(
            "3 tasks of `task-orchestrator` at 10 USD come to 30 USD, more than its own 2. Allow fewer subtasks, lower their budgets, or increase its own.",
            Find("available_tools: ['spawn_task'], max_spawned_tasks: 3, budget: { usd: 2 }, permissions: { deny: ['spawn_task(x)'] }")
                .Single()
                .Message
        );
    }

    [Fact]
    public void Inherited_risks_are_reported_at_the_parent_reference()
    {
        var parent = Read("p", "{ id: 'p', name: 'P', parent_template: 'task', budget: { rounds: 3 } }");
        var child = TemplateInheritance
            .Resolve(
                TemplateReader.Read("{ id: 'c', name: 'C', parent_template: 'p' }"u8).Template!,
                id => id == "p" ? parent with { IsComplete = true } : null
            )
            .Template!;
        Assert.Equal(
            ("risk.no-budget", 40),
            (TemplateRisks.Find(child, Catalog.Find).Single().Code, TemplateRisks.Find(child, Catalog.Find).Single().Span.Column)
        );
    }

    [Fact]
    public void A_chain_of_hooks_that_comes_back_is_found_across_templates()
    {
        var a = Read(
            "a",
            "{ id: 'a', name: 'A', parent_template: 'task', automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'task-reviewer' }] } }"
        );
        var b = Catalog.Find("task-reviewer")! with
        {
            Hooks = [new AutomationHook(HookTrigger.Created, null, [], new HookAction.SpawnTask("a", Plue.Server.Json5.Json5Object.Empty))],
        };
        Assert.Equal("risk.spawn-loop", TemplateRisks.Find(a, id => id == "task-reviewer" ? b : Catalog.Find(id)).Single().Code);
    }

    private static IReadOnlyList<TemplateRisk> Find(string text) =>
        TemplateRisks.Find(Read("x", $"{{ id: 'x', name: 'X', parent_template: 'task', {text} }}"), Catalog.Find);

    private static Template Read(string id, string text)
    {
        var reading = Catalog.Check(id, Encoding.UTF8.GetBytes(text));
        Assert.True(reading.Template is not null, string.Join('\n', reading.Problems));
        return reading.Template;
    }
}
