using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class TemplateReaderTests
{
    [Theory]
    [InlineData("{id: 'x', name: 'X', fileds: []}", "1:22 error: `fileds` is not a valid key of a template. Did you mean `fields`?")]
    [InlineData("{id: 'X y', name: 'X'}", "1:6 error: `id` may contain only lower-case letters, digits and hyphens.")]
    [InlineData("{id: 'x'}", "1:1 error: `name` is missing from a template.")]
    [InlineData("{id: 'x', name: 'X', name: 'Y'}", "1:22 error: `name` is defined twice.")]
    [InlineData("{id: 'x', name: 'X', version: 'one'}", "1:31 error: `version` must be a version like 1.2.0.")]
    [InlineData("{id: 'x', name: 5}", "1:17 error: `name` is a number where text was expected.")]
    [InlineData("{id: 'x', name: 'X', fields: {}}", "1:30 error: `fields` is an object where a list was expected.")]
    [InlineData("{id: 'x', name: 'X', fields: ['a']}", "1:31 error: `fields` has text where an object was expected.")]
    [InlineData("[]", "1:1 error: A template must be an object, but this is a list.")]
    [InlineData(
        "{id: 'x', name: 'X',\n fields: [{name: 'a', type: 'text', requierd: true}]}",
        "2:37 error: `requierd` is not a valid key of a field. Did you mean `required`?"
    )]
    [InlineData(
        "{id: 'x', name: 'X', fields: [{name: 'a', type: 'txt'}]}",
        "1:49 error: `type` must be one of text, textarea, number, boolean, select, url, datetime, array, object, file_reference, codex_reference. Did you mean `text`?"
    )]
    [InlineData(
        "{id: 'x', name: 'X', fields: [{name: 'a b', type: 'text'}]}",
        "1:38 error: The `name` of a field must begin with a letter and contain only letters, digits and underscores."
    )]
    [InlineData("{id: 'x', name: 'X', fields: [{name: 'a', type: 'text', min: 1}]}", "1:62 error: `min` is not valid for a text field.")]
    [InlineData(
        "{id: 'x', name: 'X', fields: [{name: 'a', type: 'text'}, {name: 'a', type: 'text'}]}",
        "1:65 error: There are two fields named `a`."
    )]
    [InlineData("{id: 'x', name: 'X', fields: [{name: 'a', type: 'number', min: 2, max: 1}]}", "1:72 error: `max` is smaller than `min`.")]
    [InlineData(
        "{id: 'x', name: 'X', automation: {hooks: [{trigger: 'created', action: 'call_llm'}]}}",
        "1:72 error: `action` must be one of send_to_llm, set_field, spawn_task, notify, run_command."
    )]
    [InlineData(
        "{id: 'x', name: 'X', automation: {hooks: [{trigger: 'created', action: 'send_to_llm', conditions: [{field: 'a'}]}]}}",
        "1:100 error: A condition needs one of equals, not_equals, exists, contains."
    )]
    [InlineData(
        "{id: 'x', name: 'X', automation: {hooks: [{trigger: 'created', action: 'send_to_llm', conditions: [{field: 'a[', equals: 1}]}]}}",
        "1:108 error: `field` must be a path like messages[-1].role."
    )]
    public void Reports_an_error_at_its_position(string text, string expected)
    {
        var reading = Read(text);
        Assert.Null(reading.Template);
        Assert.Equal(expected, string.Join("\n", reading.Problems));
    }

    [Fact]
    public void Reports_all_errors_of_a_file_together() =>
        Assert.Equal(3, Read("{id: 'x', name: 'X', colour: 1, fields: [{name: 'a', type: 'texd'}, {type: 'text'}]}").Problems.Count);

    [Fact]
    public void Any_hook_action_is_read_with_its_values()
    {
        var template = Read(
            """
            { id: "x", name: "X", automation: { hooks: [
              { trigger: "created", action: "set_field", target: "status", value: "new" },
              { trigger: "status_change", action: "spawn_task", template: "task", values: { title: "t" } },
              { trigger: "field_change", field: "a", action: "notify", message: "changed" },
            ] } }
            """
        ).Template;
        Assert.NotNull(template);
        Assert.IsType<HookAction.SetField>(template.Hooks[0].Action);
        Assert.Equal("t", Assert.IsType<HookAction.SpawnTask>(template.Hooks[1].Action).Values.GetString("title"));
        Assert.Equal(new HookAction.Notify("changed"), template.Hooks[2].Action);
    }

    [Fact]
    public void Random_objects_are_read_or_reported_and_never_thrown() =>
        Prop.ForAll(
                Json5.JsonTexts.Arbitrary,
                json =>
                {
                    var reading = TemplateReader.Read(
                        Encoding.UTF8.GetBytes(
                            $"{{id: 'x', name: 'X', fields: [{json}, {{name: {json}, type: {json}}}], automation: {json}, metadata: {{icon: {json}}}}}"
                        )
                    );
                    Assert.True(reading.Template is not null || reading.Problems.Count > 0);
                }
            )
            .QuickCheckThrowOnFailure();

    internal static TemplateReading Read(string text) => TemplateReader.Read(Encoding.UTF8.GetBytes(text));
}
