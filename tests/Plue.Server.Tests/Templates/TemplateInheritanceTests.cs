using System.Text;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public sealed class TemplateInheritanceTests : IDisposable
{
    private const string Base = """
        { id: "base", name: "Base", description: "d", metadata: { icon: "gear" },
          fields: [
            { name: "first", type: "text", required: true, description: "one" },
            { name: "tools", type: "array", items: { type: "text" }, default: ["read", "search", "spawn_task"], locked: true },
            { name: "size", type: "number", min: 1, max: 10, locked: true },
            { name: "mode", type: "select", options: ["a", "b", "c"], locked: true },
          ],
          automation: { hooks: [{ trigger: "created", action: "notify", message: "Made" }] } }
        """;

    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-templates-").FullName);

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Fact]
    public void A_child_takes_over_what_it_does_not_write()
    {
        Save("base", Base);
        Save(
            "child",
            """{ id: "child", name: "Child", parent_template: "base", fields: [{ name: "own", type: "url" }, { name: "first", default: "x" }] }"""
        );
        var child = Find("child");
        Assert.Equal(["first", "tools", "size", "mode", "own"], child.Fields.Select(field => field.Name));
        var first = child.Fields[0];
        Assert.Equal(("one", true, "x"), (first.Description, first.Required, (first.Default as Json5String)?.Value));
        Assert.Equal(("d", "gear", 1), (child.Description, child.Icon, child.Hooks.Count));
    }

    [Fact]
    public void A_child_that_writes_no_hooks_has_none()
    {
        Save("base", Base);
        Save("child", """{ id: "child", name: "Child", parent_template: "base", automation: { hooks: [] } }""");
        Assert.Empty(Find("child").Hooks);
    }

    [Fact]
    public void Grandchildren_inherit_through_their_parents()
    {
        Save("base", Base);
        Save("child", """{ id: "child", name: "Child", parent_template: "base", fields: [{ name: "tools", default: ["read"] }] }""");
        Save("grandchild", """{ id: "grandchild", name: "G", parent_template: "child" }""");
        Assert.Equal("[\"read\"]", Json5Writer.Write(Find("grandchild").Default("tools")!));
    }

    /// <summary>A value locked by the parent, the child's value at its top or in the field, and whether it is allowed.</summary>
    [Theory]
    [InlineData("available_tools", "['read', 'bash']", "['bash']", true)]
    [InlineData("available_tools", "['read', 'bash']", "['bash', 'write']", false)]
    [InlineData("max_spawned_tasks", "3", "2", true)]
    [InlineData("max_spawned_tasks", "3", "4", false)]
    [InlineData("budget", "{ usd: 1, rounds: 10 }", "{ usd: 0.5, rounds: 10, tokens: 5 }", true)]
    [InlineData("budget", "{ usd: 1, rounds: 10 }", "{ usd: 0.5 }", false)]
    [InlineData("budget", "{ usd: 1, rounds: 10 }", "{ usd: 1.5, rounds: 10 }", false)]
    [InlineData(
        "permissions",
        "{ allow: ['bash(npm *)'], deny: ['read(**/*.env)'] }",
        "{ allow: ['bash(npm test)'], deny: ['read'] }",
        true
    )]
    [InlineData(
        "permissions",
        "{ allow: ['bash(npm *)'], deny: ['read(**/*.env)'] }",
        "{ allow: ['bash(npm *)', 'write'], deny: ['read(**/*.env)'] }",
        false
    )]
    [InlineData("permissions", "{ allow: ['bash(npm *)'], deny: ['read(**/*.env)'] }", "{ allow: [], deny: [] }", false)]
    [InlineData("permissions", "{ ask: ['write'] }", "{ deny: ['write'] }", true)]
    [InlineData("permissions", "{ deny: ['write'] }", "{ ask: ['write'] }", false)]
    [InlineData("provider_ref", "['codex://providers/a', 'codex://providers/b']", "'codex://providers/b'", true)]
    [InlineData("provider_ref", "'codex://providers/a'", "['codex://providers/a']", true)]
    [InlineData("provider_ref", "'codex://providers/a'", "'codex://providers/b'", false)]
    [InlineData("model", "'small'", "'small'", true)]
    [InlineData("model", "'small'", "'large'", false)]
    public void Locked_fields_apply_to_children_and_codex_values(string field, string locked, string child, bool isWithin)
    {
        Save(
            "base",
            $"{{ id: 'base', name: 'Base', parent_template: 'task', fields: [{{ name: '{field}', default: {locked}, locked: true }}] }}"
        );
        Save("child", $"{{ id: 'child', name: 'Child', parent_template: 'base', {field}: {child} }}");
        var catalog = new TemplateCatalog(paths);
        Assert.Equal(isWithin, catalog.Find("child") is not null);

        var values = Assert.IsType<Json5Object>(Json5Reader.Read($"{{ goal: 'g', {field}: {child} }}").Root);
        Assert.Equal(
            isWithin ? [] : [$"`{field}` is locked by its template and can only be narrowed."],
            TemplateValidation.Check(catalog.Find("base")!, values).Select(problem => problem.Message)
        );
    }

    [Theory]
    [InlineData("['a', 'b']", "c", "1:103 error: The default of `mode` must be one of a, b. Did you mean `a`?")]
    [InlineData("['a', 'c']", "c", "")]
    public void A_select_with_fewer_options_needs_a_default_among_them(string options, string kept, string expected)
    {
        Save(
            "base",
            $"{{ id: 'base', name: 'Base', fields: [{{ name: 'mode', type: 'select', options: ['a', 'b', 'c'], default: '{kept}', locked: true }}] }}"
        );
        Save(
            "child",
            $"{{                                       id: 'child', name: 'Child', parent_template: 'base', fields: [{{ name: 'mode', options: {options} }}] }}"
        );
        Assert.Equal(expected, string.Join('\n', Problems("child")));
    }

    [Theory]
    [InlineData("{ name: 'tools', default: ['read'] }")]
    [InlineData("{ name: 'size', min: 2, max: 9 }")]
    [InlineData("{ name: 'mode', options: ['b'], required: true }")]
    public void A_locked_field_can_be_narrowed(string field)
    {
        Save("base", Base);
        Save("child", $"{{ id: 'child', name: 'Child', parent_template: 'base', fields: [{field}] }}");
        Assert.NotNull(Find("child"));
    }

    [Theory]
    [InlineData("{ name: 'tools', default: ['read', 'bash'] }", "default")]
    [InlineData("{ name: 'tools', default: null }", "default")]
    [InlineData("{ name: 'tools', items: { type: 'object' } }", "items")]
    [InlineData("{ name: 'tools', locked: false }", "locked")]
    [InlineData("{ name: 'size', max: 11 }", "max")]
    [InlineData("{ name: 'size', min: null }", "min")]
    [InlineData("{ name: 'mode', options: ['a', 'd'] }", "options")]
    [InlineData("{ name: 'mode', type: 'text' }", "type")]
    public void A_locked_field_cannot_be_widened(string field, string attribute)
    {
        Save("base", Base);
        Save("child", $"{{ id: 'child', name: 'Child', parent_template: 'base', fields: [{field}] }}");
        var name = field.Split('\'')[1];
        Assert.Contains($"1:65 error: `{name}` is locked by `base`: its `{attribute}` can be narrowed but not widened.", Problems("child"));
        Assert.Null(new TemplateCatalog(paths).Find("child"));
    }

    [Fact]
    public void Circles_missing_and_broken_parents_are_reported_where_the_parent_is_named()
    {
        Save("a", """{ id: "a", name: "A", parent_template: "b" }""");
        Save("b", """{ id: "b", name: "B", parent_template: "a" }""");
        Save("c", """{ id: "c", name: "C", parent_template: "b" }""");
        Save("self", """{ id: "self", name: "S", parent_template: "self" }""");
        Save("orphan", """{ id: "orphan", name: "O", parent_template: "nobody" }""");
        Save("broken", "{ id: ");
        Save("heir", """{ id: "heir", name: "H", parent_template: "broken" }""");
        Assert.Equal(["1:40 error: `a` inherits from itself: a, b, a."], Problems("a"));
        Assert.Equal(["1:40 error: The ancestors of `c` form a cycle at `b`."], Problems("c"));
        Assert.Equal(["1:43 error: `self` inherits from itself: self, self."], Problems("self"));
        Assert.Equal(["1:45 error: The parent template `nobody` does not exist or has errors."], Problems("orphan"));
        Assert.Equal(["1:43 error: The parent template `broken` does not exist or has errors."], Problems("heir"));
    }

    [Fact]
    public void A_default_must_fit_the_type_that_is_inherited()
    {
        Save("base", Base);
        Save(
            "child",
            """{ id: "child", name: "Child", parent_template: "base", fields: [{ name: "first", default: 5 }, { name: "other" }] }"""
        );
        Assert.Equal(
            [
                "1:91 error: The default of `first` is a number where text was expected.",
                "1:96 error: `type` is missing from `other`, and `base` has no such field.",
            ],
            Problems("child")
        );
    }

    [Fact]
    public void A_users_template_replaces_the_shipped_one_and_a_broken_one_does_not()
    {
        var catalog = new TemplateCatalog(paths);
        Assert.Equal("Chat", catalog.Find("ai-chat")?.Name);

        Save("ai-chat", """{ id: "ai-chat", name: "My chat" }""");
        Assert.Equal("My chat", catalog.Find("ai-chat")?.Name);

        Save("ai-chat", """{ id: "ai-chat", nam: "My chat" }""");
        Assert.Equal("Chat", catalog.Find("ai-chat")?.Name);
        Assert.Contains(
            catalog.List(),
            entry => entry is { Id: "ai-chat", Layer: TemplateLayer.User, Template: null, Problems.Count: > 0 }
        );

        File.Delete(Path.Combine(paths.Templates, "ai-chat.json5"));
        Assert.Equal(TemplateCatalog.ShippedIds().Count(), catalog.List().Count);
    }

    [Fact]
    public void A_template_is_found_by_its_files_name_alone()
    {
        Save("one", """{ id: "two", name: "Two" }""");
        var catalog = new TemplateCatalog(paths);
        Assert.Null(catalog.Find("one"));
        Assert.Null(catalog.Find("two"));
        Assert.Contains("Use the same name for both.", Assert.Single(Problems("one")), StringComparison.Ordinal);
    }

    private Template Find(string id) => Assert.IsType<Template>(new TemplateCatalog(paths).Find(id));

    private List<string> Problems(string id) =>
        [.. new TemplateCatalog(paths).List().Single(entry => entry.Id == id).Problems.Select(problem => problem.ToString())];

    private void Save(string id, string text) =>
        DocumentFile.Replace(Path.Combine(paths.Templates, $"{id}.json5"), Encoding.UTF8.GetBytes(text));
}
