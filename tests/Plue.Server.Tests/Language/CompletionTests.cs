using FsCheck;
using FsCheck.Fluent;
using Plue.Server.Language;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Language;

public sealed class CompletionTests : IAsyncLifetime
{
    private const string Template = "templates/mine.json5";
    private const string Provider = "providers/mine.json5";

    private readonly LanguageHome home = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    /// <summary>Positions, each with some expected suggestions.</summary>
    public static TheoryData<string, string, string> Places =>
        new()
        {
            { Template, "|", "template" },
            { Template, "\n  tem|\n", "template" },
            { Provider, "|", "provider" },
            { Template, "{ | }", "id name description fields parent_template automation metadata" },
            { Template, "{ id: 'mine', na| }", "name" },
            { Template, "{\n  id: 'mine',\n  |\n}", "name" },
            { Template, "{\n  id: 'mine'\n  |", "name" },
            { Template, "{ parent_template: 'task', | }", "budget available_tools system_prompt_ref" },
            { Template, "{ fields: [{ | }] }", "name type required locked" },
            { Template, "{ fields: [{ name: 'a', type: '|' }] }", "text textarea number codex_reference" },
            { Template, "{ fields: [{ name: 'a', type: |", "text textarea number" },
            { Template, "{ fields: [{ name: 'a', type: tex|", "text" },
            { Template, "{ fields: [{ name: 'a', required: | }] }", "true false" },
            { Template, "{ fields: [{ name: 'a', type: 'array', items: { | } }] }", "type properties" },
            { Template, "{ fields: [{ name: 'a', type: 'object', properties: [{ type: '|' }] }] }", "number" },
            { Template, "{ fields: [{ name: 'a', type: 'select', options: ['x', 'y'], default: '|' }] }", "x y" },
            { Template, "{ fields: [{ name: 'a', type: 'boolean', default: | }] }", "true false" },
            {
                Template,
                "{ fields: [{ name: 'a', type: 'select', options: ['x'] }, { name: 'b', type: 'text', conditional: { field: '|' } }] }",
                "a b"
            },
            {
                Template,
                "{ fields: [{ name: 'a', type: 'select', options: ['x', 'y'] }, { name: 'b', conditional: { field: 'a', value: '|' } }] }",
                "x y"
            },
            { Template, "{ fields: [{ name: 'a', type: 'codex_reference', template_filter: '|' }] }", "markdown llm-provider task scout" },
            { Template, "{ parent_template: '|' }", "task ai-chat scout" },
            { Template, "{ parent_template: 'task', automation: { hooks: [{ trigger: '|' }] } }", "created field_change status_change" },
            { Template, "{ parent_template: 'task', automation: { hooks: [{ action: 'set_field', target: '|' }] } }", "status goal" },
            {
                Template,
                "{ parent_template: 'task', automation: { hooks: [{ action: 'set_field', target: 'status', value: '|' }] } }",
                "done failed"
            },
            { Template, "{ automation: { hooks: [{ action: 'spawn_task', template: 'scout', values: { | } }] } }", "area goal" },
            {
                Template,
                "{ automation: { hooks: [{ action: 'spawn_task', template: 'scout', values: { area: '|' } }] } }",
                "server window"
            },
            {
                Template,
                "{ parent_template: 'task', automation: { hooks: [{ conditions: [{ field: 'status', equals: '|' }] }] } }",
                "queued running"
            },
            { Template, "{ metadata: { icon: 'chec|' } }", "checklist" },
            { Template, "{ metadata: { color: '|' } }", "charts.blue" },
            { Template, "{ parent_template: 'task', available_tools: ['read', '|'] }", "write bash spawn_task" },
            { Template, "{ parent_template: 'task', available_tools: [|", "read" },
            { Template, "{ parent_template: 'task', system_prompt_ref: '|' }", "codex://prompts/scout codex://prompts/default-assistant" },
            { Template, "{ parent_template: 'task', system_prompt_ref: 'codex://prom|' }", "codex://prompts/scout" },
            {
                Template,
                "{ parent_template: 'task', provider_ref: '|' }",
                "codex://providers/local codex://providers/default-large codex://providers/default-small"
            },
            { Template, "{ parent_template: 'task', provider_ref: ['codex://providers/default-large', '|'] }", "codex://providers/local" },
            { Template, "{ parent_template: 'task', provider_ref: 'codex://providers/local', model: '|' }", "claude-sonnet-4-6" },
            { Template, "{ parent_template: 'task', model: '|', provider_ref: 'codex://providers/local' }", "claude-sonnet-4-6" },
            {
                Template,
                "{ parent_template: 'task', candidates: [{ provider_ref: 'codex://providers/local', model: '|' }] }",
                "claude-sonnet-4-6"
            },
            { Template, "{ parent_template: 'task', candidates: [{ needs: ['|'] }] }", "tools images" },
            { Template, "{ parent_template: 'task', budget: { | } }", "usd tokens rounds seconds" },
            { Provider, "{ | }", "provider_type name model endpoint tags" },
            { Provider, "{ provider_type: '|' }", "anthropic ollama" },
            { Provider, "{ provider_type: 'anthropic', model: '|' }", "claude-sonnet-4-6" },
            { Provider, "{ catalog_provider: '|' }", "anthropic openai" },
            { Provider, "{ api_key_ref: '|' }", "vault://local/api_key" },
            { Provider, "{ headers: { authorization: '|' } }", "vault://local/api_key" },
            { Provider, "{ enabled: | }", "true false" },
            { "items/one.json5", "{ | }", "template" },
            { "prompts/mine.md", "---\n|\n---\n", "name description tags arguments" },
            { "prompts/mine.md", "---\ndescription: x\n---\nDo {{|", "goal status" },
            { "prompts/mine.md", "---\narguments: [tone]\n---\nDo {{|", "tone selection file goal" },
            { Template, "{ parent_template: 'task', permissions: { allow: ['|'] } }", "read write(…) bash(…) spawn_task(scout)" },
            {
                Template,
                "{ parent_template: 'task', fields: [{ name: 'permissions', default: { deny: [| ] } }] }",
                "bash spawn_task(task)"
            },
            { "prompts/mine.md", "See codex://prompts/|", "codex://prompts/scout" },
        };

    [Theory]
    [MemberData(nameof(Places))]
    public void Suggests_what_is_valid_at_the_position(string file, string text, string expected)
    {
        var offered = home.Complete(file, text).Select(suggestion => suggestion.Label).ToList();

        Assert.Empty(expected.Split(' ').Except(offered));
    }

    [Theory]
    [InlineData(Template, "{ // a comment |\n }")]
    [InlineData(Template, "{ /* | */ }")]
    [InlineData(Template, "{ id: 'mine' | }")]
    [InlineData(Template, "{ nobody: { | } }")]
    [InlineData(Template, "{ fields: [{ name: 'a', options: '|' }] }")]
    [InlineData("prompts/mine.md", "Nothing | here")]
    public void Suggests_nothing_at_an_unknown_position(string file, string text) => Assert.Empty(home.Complete(file, text));

    [Fact]
    public void A_key_that_is_there_is_not_offered_again()
    {
        var offered = home.Complete(Template, "{ id: 'mine', |\n name: 'Mine' }").Select(suggestion => suggestion.Label).ToList();

        Assert.DoesNotContain("id", offered);
        Assert.DoesNotContain("name", offered);
    }

    [Fact]
    public void Required_keys_come_first_and_those_without_effect_last()
    {
        var offered = home.Complete(Template, "{ fields: [{ type: 'text', | }] }")
            .OrderBy(suggestion => suggestion.Sort, StringComparer.Ordinal)
            .Select(suggestion => suggestion.Label)
            .ToList();

        Assert.Equal("name", offered[0]);
        Assert.True(offered.IndexOf("options") > offered.IndexOf("locked"));
    }

    [Fact]
    public void A_rule_with_a_pattern_has_room_for_it()
    {
        var rule = home.Complete(Template, "{ parent_template: 'task', permissions: { ask: ['|'] } }")
            .Single(suggestion => suggestion.Label == "write(…)");

        Assert.Equal(("write($1)", true), (rule.Insert, rule.IsSnippet));
    }

    [Theory]
    [InlineData("{ fields: [{ name: \"a\", type: \"|\" }] }", "number", "{ fields: [{ name: \"a\", type: \"number\" }] }")]
    [InlineData("{ fields: [{ name: 'a', type: num| }] }", "number", "{ fields: [{ name: 'a', type: 'number' }] }")]
    [InlineData("{ fields: [{ name: 'a', type: 'nu|mbeer' }] }", "number", "{ fields: [{ name: 'a', type: 'number' }] }")]
    [InlineData("{ fields: [{ name: 'a', type: 'nu|\n }] }", "number", "{ fields: [{ name: 'a', type: 'number'\n }] }")]
    [InlineData(
        "{ parent_template: 'task', system_prompt_ref: 'codex://prompts/default|-assistant' }",
        "codex://prompts/scout",
        "{ parent_template: 'task', system_prompt_ref: 'codex://prompts/scout' }"
    )]
    [InlineData("{ i|: 'x' }", "id", "{ id: 'x' }")]
    [InlineData("{ 'i|': 'x' }", "id", "{ 'id': 'x' }")]
    public void A_suggestion_replaces_the_whole_token(string text, string label, string expected)
    {
        var (document, offset) = home.At(Template, text);
        var chosen = Completions.At(home.Sources, document, offset).First(suggestion => suggestion.Label == label);

        Assert.Equal(expected, Formatter.Applied(document.Text, [(chosen.Replaces, chosen.Insert)]));
    }

    [Fact]
    public void A_model_comes_with_its_price_and_window()
    {
        var model = home.Complete(Provider, "{ provider_type: 'anthropic', model: '|' }")
            .First(suggestion => suggestion.Label == "claude-sonnet-4-6");

        Assert.Contains("$", model.Detail, StringComparison.Ordinal);
        Assert.Contains("tokens", model.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_is_never_offered_itself_as_its_parent() =>
        Assert.DoesNotContain(
            "scout",
            home.Complete("templates/scout.json5", "{ id: 'scout', parent_template: '|' }").Select(suggestion => suggestion.Label)
        );

    [Fact]
    public void A_tool_that_is_listed_is_not_offered_again() =>
        Assert.DoesNotContain(
            "read",
            home.Complete(Template, "{ parent_template: 'task', available_tools: ['read', '|'] }").Select(suggestion => suggestion.Label)
        );

    /// <summary>Completes at any position of any prefix of a shipped file.</summary>
    [Fact]
    public void Any_beginning_of_a_shipped_template_is_answered_at_any_place()
    {
        var shipped = TemplateCatalog
            .ShippedIds()
            .Order(StringComparer.Ordinal)
            .Select(id => System.Text.Encoding.UTF8.GetString(TemplateCatalog.ReadShipped(id)!))
            .ToArray();
        var cases =
            from text in Gen.Elements(shipped)
            from length in Gen.Choose(0, text.Length)
            from offset in Gen.Choose(0, length)
            select (text[..length], offset);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(400),
            Prop.ForAll(
                cases.ToArbitrary(),
                one =>
                {
                    var (text, offset) = one;
                    var document = home.Open(Template, text);
                    foreach (var suggestion in Completions.At(home.Sources, document, offset))
                    {
                        Assert.True(
                            suggestion.Replaces.Start <= offset
                                && offset <= suggestion.Replaces.End
                                && suggestion.Replaces.End <= text.Length,
                            $"{suggestion} at {offset}"
                        );
                        Assert.DoesNotContain('\n', document[suggestion.Replaces]);
                    }

                    _ = Hovers.At(home.Sources, document, offset);
                    _ = Navigation.Definition(home.Sources, document, offset);
                }
            )
        );
    }

    [Fact]
    public void Any_text_is_answered() =>
        Prop.ForAll<string, int>(
                (text, place) =>
                {
                    var document = home.Open(Template, "{ fields: [ " + text);
                    _ = Completions.At(home.Sources, document, (int)((uint)place % (document.Text.Length + 1)));
                    _ = Problems.Of(home.Sources, document);
                    _ = Symbols.Of(document);
                }
            )
            .QuickCheckThrowOnFailure();
}
