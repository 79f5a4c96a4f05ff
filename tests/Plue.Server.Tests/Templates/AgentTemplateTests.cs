using System.Text;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

/// <summary>Diagnostics of agent templates, and their locations.</summary>
public class AgentTemplateTests
{
    private const string Head = "{id:'x',name:'X',parent_template:'task',\n";

    private static readonly TemplateCatalog Catalog = new(new PluePaths("/no/such/folder"));

    [Theory]
    [InlineData("available_tools: ['read', 'serach']", "2:27 error: The tool `serach` does not exist. Did you mean `search`?")]
    [InlineData(
        "available_tools: ['bash(ls)']",
        "2:19 error: The tool `bash(ls)` does not exist. Put rules such as `bash(npm test*)` in `permissions`."
    )]
    [InlineData("available_tools: ['github/create_issue']", "")]
    [InlineData("available_tools: 'read'", "2:18 error: The default of `available_tools` is text where a list was expected.")]
    [InlineData(
        "fields: [{name: 'available_tools', default: ['raed']}]",
        "2:46 error: The tool `raed` does not exist. Did you mean `read`?"
    )]
    [InlineData("permissions: {allow: ['bash(npm test*']}", "2:28 error: The `)` is missing at the end of the rule.")]
    [InlineData("permissions: {deny: ['write(docs/../x)']}", "2:34 error: A path in a rule must not contain `..`.")]
    [InlineData("permissions: {alow: []}", "2:15 error: The default of `permissions` has no `alow`. Did you mean `allow`?")]
    [InlineData("budget: {usd: 1, token: 5}", "2:18 error: The default of `budget` has no `token`. Did you mean `tokens`?")]
    [InlineData("budget: {usd: -1}", "2:15 error: `usd` is less than 0, the minimum.")]
    [InlineData("budget: {rounds: 2.5}", "2:18 error: `rounds` must be a whole number of at most 2147483647.")]
    [InlineData("max_spawned_tasks: 1.5", "2:20 error: `max_spawned_tasks` must be a whole number of at most 2147483647.")]
    [InlineData("max_spawned_tasks: 101", "2:20 error: The default of `max_spawned_tasks` is more than 100, the maximum.")]
    [InlineData(
        "outputs: {summary: 'text'}",
        "2:10 error: `outputs` does not look like a JSON schema. Write it as { type: \"object\", properties: { … } }."
    )]
    [InlineData(
        "outputs: {type: 'objekt'}",
        "2:17 error: `type` must be one of object, array, string, number, integer, boolean, null. Did you mean `object`?"
    )]
    [InlineData("outputs: {properties: {a: 'string'}}", "2:27 error: `a` is text where a schema was expected.")]
    [InlineData(
        "outputs: {properties: {a: {type: 'string'}}, required: ['b']}",
        "2:57 error: `required` names `b`, which is not among the properties. Did you mean `a`?"
    )]
    [InlineData(
        "outputs: {type: 'array', items: {type: ['string', 'nul']}}",
        "2:51 error: `type` must be one of object, array, string, number, integer, boolean, null. Did you mean `null`?"
    )]
    [InlineData("outputs: {type: 'object', properties: {a: {enum: []}}}", "2:50 error: `enum` is a list of the values that are allowed.")]
    [InlineData("outputs: {}", "")]
    [InlineData("checks: [{}]", "2:10 error: A check must have either a `command` or a `schema`.")]
    [InlineData("checks: [{command: 'npm test'}]", "")]
    [InlineData(
        "provider_ref: ['codex://providers/a', 'b']",
        "2:39 error: The default of `provider_ref` must be an address that begins with codex://."
    )]
    public void Reports_errors_in_agent_fields_at_their_position(string line, string expected) =>
        Assert.Equal(expected, Problems(Head + line + "}"));

    [Theory]
    [InlineData(
        "{trigger: 'field_change', field: 'stauts', action: 'send_to_llm'}",
        "3:35 error: The hook refers to the field `stauts`, which does not exist. Did you mean `status`?"
    )]
    [InlineData(
        "{trigger: 'created', field: 'status', action: 'send_to_llm'}",
        "3:29 warning: `field` has no effect here: it applies only to the trigger field_change."
    )]
    [InlineData(
        "{trigger: 'created', action: 'set_field', target: 'titel', value: 'x'}",
        "3:51 error: `target` refers to the field `titel`, which does not exist. Did you mean `title`?"
    )]
    [InlineData(
        "{trigger: 'created', action: 'set_field', target: 'title', value: 5}",
        "3:67 error: The value for `title` is a number where text was expected."
    )]
    [InlineData(
        "{trigger: 'created', action: 'set_field', target: 'status', value: 'finished'}",
        "3:68 error: The value for `status` must be one of queued, running,"
    )]
    [InlineData(
        "{trigger: 'created', action: 'set_field', target: 'available_tools', value: ['raed']}",
        "3:78 error: The tool `raed` does not exist. Did you mean `read`?"
    )]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'title', value: '{{goal}}'}", "")]
    [InlineData("{trigger: 'created', action: 'set_field', target: 'title', value: null}", "")]
    [InlineData(
        "{trigger: 'created', action: 'spawn_task', template: 'nobody'}",
        "3:54 error: The template `nobody` does not exist or has errors."
    )]
    [InlineData(
        "{trigger: 'created', action: 'spawn_task', template: 'ai-chat'}",
        "3:54 error: `ai-chat` does not inherit from task, so it cannot run as a task."
    )]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'task-reviewer'}", "")]
    [InlineData("{trigger: 'created', action: 'spawn_task', template: 'x'}", "")]
    [InlineData(
        "{trigger: 'created', action: 'notify', message: 'a', conditions: [{field: 'goul[0].x', exists: true}]}",
        "3:76 error: A condition refers to the field `goul`, which does not exist. Did you mean `goal`?"
    )]
    [InlineData("{trigger: 'created', action: 'notify', message: 'a', conditions: [{field: 'tags', contains: 'x'}]}", "")]
    public void Reports_errors_in_hooks_at_their_position(string hook, string expected)
    {
        var found = Problems(Head + "automation: {hooks: [\n" + hook + "]}}");
        Assert.True(expected.Length == 0 ? found.Length == 0 : found.StartsWith(expected, StringComparison.Ordinal), found);
    }

    [Theory]
    [InlineData(
        "automation: {hooks: [{trigger: 'created', action: 'send_to_llm'}]}",
        "1:68 error: Only chats and tasks can use a model. Use `ai-chat` or `task` as the parent template."
    )]
    [InlineData(
        "automation: {hooks: [{trigger: 'status_change', action: 'notify', message: 'a'}]}",
        "1:49 warning: This hook never runs: the template has no field `status`."
    )]
    [InlineData(
        "automation: {hooks: [{trigger: 'created', action: 'spawn_task', template: 'x'}]}",
        "1:92 error: `x` does not inherit from task, so it cannot run as a task."
    )]
    [InlineData(
        "fields: [{name: 'a', type: 'text', conditional: {field: 'b', value: 'x'}}]",
        "1:74 error: `conditional` of `a` refers to the field `b`, which does not exist. Did you mean `a`?"
    )]
    [InlineData(
        "fields: [{name: 'a', type: 'text', conditional: {field: 'b', value: 'x'}}, {name: 'b', type: 'text'}]",
        "1:74 warning: `a` depends on `b`, which a form shows after it. Move `b` before it."
    )]
    [InlineData(
        "fields: [{name: 'a', type: 'text', conditional: {field: 'a', value: 'x'}}]",
        "1:74 error: `conditional` of `a` depends on itself."
    )]
    [InlineData(
        "fields: [{name: 'a', type: 'select', options: ['x'], conditional: {field: 'b', value: 'y'}}, {name: 'b', type: 'text', conditional: {field: 'a', value: 'x'}}]",
        "1:92 error: `conditional` of `a` depends on itself through `b`.\n1:158 error: `conditional` of `b` depends on itself through `a`."
    )]
    [InlineData(
        "fields: [{name: 'a', type: 'boolean'}, {name: 'b', type: 'text', conditional: {field: 'a', value: [true, 'yes']}}]",
        "1:123 error: The condition on `a` is text where true or false was expected."
    )]
    [InlineData("metadata: {icon: 'checklist', color: 'charts.blue'}", "")]
    [InlineData(
        "metadata: {icon: '🚀', color: 'red; x'}",
        "1:35 warning: `icon` is the name of a codicon, such as checklist. The default icon is shown.\n1:48 warning: `color` is the id of a theme color, such as charts.blue. No color is shown."
    )]
    public void Reports_errors_in_user_templates_at_their_position(string line, string expected) =>
        Assert.Equal(expected, Problems("{id:'x',name:'X'," + line + "}"));

    [Fact]
    public void An_invalid_icon_or_color_is_ignored_and_the_template_stays_valid()
    {
        var template = Catalog.Check("x", "{id:'x',name:'X',metadata:{icon:'🚀',color:'url(x)'}}"u8).Template;
        Assert.NotNull(template);
        Assert.Equal((null, null), (template.Icon, template.Color));
    }

    [Fact]
    public void A_field_named_like_a_right_is_any_field_where_there_is_no_agent() =>
        Assert.Equal(
            "",
            Problems(
                "{id:'x',name:'X',fields:[{name:'available_tools',type:'array',default:['hammer']},{name:'budget',type:'number',default:1.5}]}"
            )
        );

    [Fact]
    public void The_values_of_a_task_are_held_to_the_same_rules()
    {
        var values = Assert.IsType<Json5Object>(
            Json5Reader.Read("{goal: 'g', available_tools: ['bsh'], permissions: {ask: ['bash(']}, budget: {usd: 'much'}}").Root
        );
        Assert.Equal(
            [
                "1:31 error: The tool `bsh` does not exist. Did you mean `bash`?",
                "1:64 error: The `)` is missing at the end of the rule.",
                "1:84 error: `usd` is text where a number was expected.",
            ],
            TemplateValidation.Check(Catalog.Find("task")!, values).Select(problem => problem.ToString())
        );
    }

    private static string Problems(string text) => string.Join('\n', Catalog.Check("x", Encoding.UTF8.GetBytes(text)).Problems);
}
