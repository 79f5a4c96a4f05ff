using System.Text;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

/// <summary>What the writer of an agent's template is told, and where.</summary>
public class AgentTemplateTests
{
    private const string Head = "{id:'x',name:'X',parent_template:'task',\n";

    private static readonly TemplateCatalog Catalog = new(new PluePaths("/no/such/folder"));

    [Theory]
    [InlineData("available_tools: ['read', 'serach']", "2:27 error: There is no tool `serach`. Did you mean `search`?")]
    [InlineData("available_tools: ['bash(ls)']", "2:19 error: There is no tool `bash(ls)`. Rules such as `bash(npm test*)` go into `permissions`.")]
    [InlineData("available_tools: ['github/create_issue']", "")]
    [InlineData("available_tools: 'read'", "2:18 error: The default of `available_tools` is text where a list was expected.")]
    [InlineData("fields: [{name: 'available_tools', default: ['raed']}]", "2:46 error: There is no tool `raed`. Did you mean `read`?")]
    [InlineData("permissions: {allow: ['bash(npm test*']}", "2:28 error: The `)` is missing at the end of the rule.")]
    [InlineData("permissions: {deny: ['write(docs/../x)']}", "2:34 error: A path in a rule goes straight to its place, without `..`.")]
    [InlineData("permissions: {alow: []}", "2:15 error: The default of `permissions` has no `alow`. Did you mean `allow`?")]
    [InlineData("budget: {usd: 1, token: 5}", "2:18 error: The default of `budget` has no `token`. Did you mean `tokens`?")]
    [InlineData("budget: {usd: -1}", "2:15 error: `usd` is less than 0, the least allowed.")]
    [InlineData("budget: {rounds: 2.5}", "2:18 error: `rounds` is a whole number of at most 2147483647.")]
    [InlineData("max_spawned_tasks: 1.5", "2:20 error: `max_spawned_tasks` is a whole number of at most 2147483647.")]
    [InlineData("max_spawned_tasks: 101", "2:20 error: The default of `max_spawned_tasks` is more than 100, the most allowed.")]
    [InlineData("outputs: {summary: 'text'}", "2:10 error: `outputs` does not look like a JSON schema. Write it as { type: \"object\", properties: { … } }.")]
    [InlineData("outputs: {type: 'objekt'}", "2:17 error: `type` is none of object, array, string, number, integer, boolean, null. Did you mean `object`?")]
    [InlineData("outputs: {properties: {a: 'string'}}", "2:27 error: `a` is text where a schema was expected.")]
    [InlineData("outputs: {properties: {a: {type: 'string'}}, required: ['b']}", "2:57 error: `required` names `b`, which is not among the properties. Did you mean `a`?")]
    [InlineData("outputs: {type: 'array', items: {type: ['string', 'nul']}}", "2:51 error: `type` is none of object, array, string, number, integer, boolean, null. Did you mean `null`?")]
    [InlineData("outputs: {type: 'object', properties: {a: {enum: []}}}", "2:50 error: `enum` is a list of the values that are allowed.")]
    [InlineData("outputs: {}", "")]
    [InlineData("checks: [{}]", "2:10 error: A check has a `command` or a `schema`, one of them.")]
    [InlineData("checks: [{command: 'npm test'}]", "")]
    [InlineData("provider_ref: ['codex://providers/a', 'b']", "2:39 error: The default of `provider_ref` is not an address that begins with codex://.")]
    public void Mistakes_in_what_an_agent_may_use_are_named_at_their_character(string line, string expected) => Assert.Equal(expected, Problems(Head + line + "}"));

    [Theory]
    [InlineData("{trigger: 'field_change', field: 'stauts', action: 'send_to_llm'}", "3:35 error: The hook names a field `stauts` that is not there. Did you mean `status`?")]
    [InlineData("{trigger: 'created', field: 'status', action: 'send_to_llm'}", "3:29 warning: `field` has no effect here: it goes with the trigger field_change.")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'titel', value: 'x'}", "3:51 error: `target` names a field `titel` that is not there. Did you mean `title`?")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'title', value: 5}", "3:67 error: The value for `title` is a number where text was expected.")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'status', value: 'finished'}", "3:68 error: The value for `status` is none of queued, running,")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'available_tools', value: ['raed']}", "3:78 error: There is no tool `raed`. Did you mean `read`?")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'title', value: '{{goal}}'}", "")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'title', value: null}", "")]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'nobody'}", "3:54 error: There is no template `nobody`, or it has mistakes.")]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'ai-chat'}", "3:54 error: `ai-chat` does not descend from task, so nobody can work on it.")]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'task-reviewer'}", "")]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'x'}", "")]
    [InlineData("{trigger: 'created', action: 'notify', message: 'a', conditions: [{field: 'goul[0].x', exists: true}]}", "3:76 error: A condition names a field `goul` that is not there. Did you mean `goal`?")]
    [InlineData("{trigger: 'created', action: 'notify', message: 'a', conditions: [{field: 'tags', contains: 'x'}]}", "")]
    public void Mistakes_in_hooks_are_named_at_their_character(string hook, string expected)
    {
        var found = Problems(Head + "automation: {hooks: [\n" + hook + "]}}");
        Assert.True(expected.Length == 0 ? found.Length == 0 : found.StartsWith(expected, StringComparison.Ordinal), found);
    }

    [Theory]
    [InlineData("automation: {hooks: [{trigger: 'created', action: 'send_to_llm'}]}",
        "1:68 error: Only chats and tasks ask a model, and this template is neither. Give it `ai-chat` or `task` as its parent.")]
    [InlineData("automation: {hooks: [{trigger: 'status_change', action: 'notify', message: 'a'}]}", "1:49 warning: This never happens: the template has no field `status`.")]
    [InlineData("automation: {hooks: [{trigger: 'created', action: 'spawn_task', template: 'x'}]}", "1:92 error: `x` does not descend from task, so nobody can work on it.")]
    [InlineData("fields: [{name: 'a', type: 'text', conditional: {field: 'b', value: 'x'}}]", "1:74 error: `conditional` of `a` names a field `b` that is not there. Did you mean `a`?")]
    [InlineData("fields: [{name: 'a', type: 'text', conditional: {field: 'b', value: 'x'}}, {name: 'b', type: 'text'}]",
        "1:74 warning: `a` depends on `b`, which a form shows below it. Write `b` first.")]
    [InlineData("fields: [{name: 'a', type: 'text', conditional: {field: 'a', value: 'x'}}]", "1:74 error: `conditional` of `a` depends on itself.")]
    [InlineData("fields: [{name: 'a', type: 'select', options: ['x'], conditional: {field: 'b', value: 'y'}}, {name: 'b', type: 'text', conditional: {field: 'a', value: 'x'}}]",
        "1:92 error: `conditional` of `a` depends on itself by way of `b`.\n1:158 error: `conditional` of `b` depends on itself by way of `a`.")]
    [InlineData("fields: [{name: 'a', type: 'boolean'}, {name: 'b', type: 'text', conditional: {field: 'a', value: [true, 'yes']}}]",
        "1:123 error: The condition on `a` is text where true or false was expected.")]
    [InlineData("metadata: {icon: 'checklist', color: 'charts.blue'}", "")]
    [InlineData("metadata: {icon: '🚀', color: 'red; x'}",
        "1:35 warning: `icon` is the name of a codicon, such as checklist. The default icon is shown.\n1:48 warning: `color` is the id of a theme color, such as charts.blue. No color is shown.")]
    public void Mistakes_in_a_template_of_ones_own_are_named_at_their_character(string line, string expected) => Assert.Equal(expected, Problems("{id:'x',name:'X'," + line + "}"));

    [Fact]
    public void A_look_that_cannot_be_shown_is_left_out_and_the_template_counts()
    {
        var template = Catalog.Check("x", "{id:'x',name:'X',metadata:{icon:'🚀',color:'url(x)'}}"u8).Template;
        Assert.NotNull(template);
        Assert.Equal((null, null), (template.Icon, template.Color));
    }

    [Fact]
    public void A_field_named_like_a_right_is_any_field_where_there_is_no_agent() =>
        Assert.Equal("", Problems("{id:'x',name:'X',fields:[{name:'available_tools',type:'array',default:['hammer']},{name:'budget',type:'number',default:1.5}]}"));

    [Fact]
    public void The_values_of_a_task_are_held_to_the_same_rules()
    {
        var values = Assert.IsType<Json5Object>(Json5Reader.Read("{goal: 'g', available_tools: ['bsh'], permissions: {ask: ['bash(']}, budget: {usd: 'much'}}").Root);
        Assert.Equal(
            ["1:31 error: There is no tool `bsh`. Did you mean `bash`?", "1:64 error: The `)` is missing at the end of the rule.", "1:84 error: `usd` is text where a number was expected."],
            TemplateValidation.Check(Catalog.Find("task")!, values).Select(problem => problem.ToString()));
    }

    private static string Problems(string text) => string.Join('\n', Catalog.Check("x", Encoding.UTF8.GetBytes(text)).Problems);
}
