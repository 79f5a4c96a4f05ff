using Plue.Server.Json5;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class AutomationHooksTests
{
    private const string Values =
        "{messages: [{role: 'user', tags: ['a', 'b']}, {role: 'assistant', content: 'all good'}], empty: null, matrix: [[1, 2], [3]], tags: ['urgent']}";

    [Theory]
    [InlineData("{field: 'messages[-1].role', equals: 'assistant'}", true)]
    [InlineData("{field: 'messages[0].role', equals: 'assistant'}", false)]
    [InlineData("{field: 'messages[-3].role', equals: 'user'}", false)]
    [InlineData("{field: 'messages[-3].role', not_equals: 'user'}", true)]
    [InlineData("{field: 'messages[-1].role', not_equals: 'assistant'}", false)]
    [InlineData("{field: 'messages[0].tags', equals: ['a', 'b']}", true)]
    [InlineData("{field: 'messages[0].tags', contains: 'b'}", true)]
    [InlineData("{field: 'messages[0].tags', contains: 'c'}", false)]
    [InlineData("{field: 'messages[1].content', contains: 'good'}", true)]
    [InlineData("{field: 'messages[1]', contains: 'content'}", true)]
    [InlineData("{field: 'tags', contains: 'urgent'}", true)]
    [InlineData("{field: 'tags', contains: 'later'}", false)]
    [InlineData("{field: 'missing', contains: 'x'}", false)]
    [InlineData("{field: 'missing', exists: false}", true)]
    [InlineData("{field: 'missing.deeper[2]', exists: true}", false)]
    [InlineData("{field: 'empty', exists: true}", false)]
    [InlineData("{field: 'matrix[0][1]', equals: 2}", true)]
    [InlineData("{field: 'matrix[0][1]', equals: '2'}", false)]
    [InlineData("{field: 'matrix[99999999]', exists: true}", false)]
    [InlineData("{field: 'messages[1].role', equals: 'assistant', not_equals: 'assistant'}", false)]
    public void A_condition_holds_or_does_not(string condition, bool holds)
    {
        var template = TemplateReaderTests
            .Read(
                $"{{id: 'x', name: 'X', automation: {{hooks: [{{trigger: 'created', action: 'send_to_llm', conditions: [{condition}]}}]}}}}"
            )
            .Template;
        Assert.NotNull(template);
        var actions = AutomationHooks.Evaluate(
            template.Hooks,
            new HookChange(HookTrigger.Created),
            Assert.IsType<Json5Object>(Json5Reader.Read(Values).Root)
        );
        Assert.Equal(holds, actions.Count == 1);
    }

    [Fact]
    public void All_conditions_must_hold_and_actions_keep_their_order()
    {
        var template = TemplateReaderTests
            .Read(
                """
                { id: "x", name: "X", automation: { hooks: [
                  { trigger: "field_change", action: "notify", message: "one" },
                  { trigger: "field_change", field: "a", action: "notify", message: "never", conditions: [{ field: "a", equals: 1 }, { field: "a", equals: 2 }] },
                  { trigger: "field_change", field: "a", action: "notify", message: "two", conditions: [{ field: "a", equals: 1 }, { field: "b", exists: false }] },
                ] } }
                """
            )
            .Template;
        Assert.NotNull(template);
        var actions = AutomationHooks.Evaluate(
            template.Hooks,
            new HookChange(HookTrigger.FieldChange, "a"),
            Json5Object.Of(("a", new Json5Number(1)))
        );
        Assert.Equal([new HookAction.Notify("one"), new HookAction.Notify("two")], actions);
    }

    [Theory]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a[")]
    [InlineData("a[]")]
    [InlineData("a[x]")]
    [InlineData("a[1]b")]
    [InlineData("a]")]
    [InlineData("[0]")]
    [InlineData("a b")]
    public void An_invalid_path_is_null(string text) => Assert.Null(ValuePath.TryParse(text));
}
