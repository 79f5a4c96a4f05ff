using Plue.Server.Codices;
using Plue.Server.Language;
using Plue.Server.Messages;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Language;

public sealed class NavigationTests : IAsyncLifetime
{
    private const string Scout = "templates/scout.json5";

    private readonly LanguageHome home = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Theory]
    [InlineData(Scout, "{ fields: [{ ty|pe: 'text' }] }", "Type of the value")]
    [InlineData(Scout, "{ parent_template: 'task', budg|et: {} }", "Overrides the default from `task`")]
    [InlineData(Scout, "{ parent_template: 'task', fields: [{ name: 'go|al' }] }", "Inherited from `task`")]
    [InlineData(Scout, "{ parent_template: 'task', available_tools: ['ba|sh'] }", "Runs a command")]
    [InlineData(Scout, "{ parent_template: 'ta|sk' }", "Ships with Plue")]
    [InlineData(Scout, "{ system_prompt_ref: 'codex://prompts/sc|out' }", "Looks around")]
    [InlineData(Scout, "{ provider_ref: 'codex://providers/lo|cal' }", "Anthropic")]
    [InlineData(Scout, "{ provider_ref: 'codex://providers/nob|ody' }", "does not exist")]
    [InlineData("providers/local.json5", "{ provider_type: 'anthropic', model: 'claude-son|net-4-6' }", "per million tokens")]
    [InlineData("providers/local.json5", "{ api_key_ref: 'vault://local/api|_key' }", "api.anthropic.com")]
    [InlineData("providers/local.json5", "{ max_t|okens: 5 }", "From 1 to 200000")]
    [InlineData("prompts/scout.md", "Look for {{go|al}}", "What should be done")]
    public void The_thing_under_the_pointer_is_explained(string file, string text, string expected) =>
        Assert.Contains(expected, home.Hover(file, text), StringComparison.Ordinal);

    [Fact]
    public void File_content_cannot_become_a_link_or_an_image_in_a_hover()
    {
        home.Write("prompts/bad.md", "---\ndescription: \"[click](command:plue.x) ![x](https://example.com/a.png) <b>\"\n---\n");

        var text = home.Hover(Scout, "{ system_prompt_ref: 'codex://prompts/b|ad' }")!;

        Assert.DoesNotContain("](", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" <b>", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Scout, "{ system_prompt_ref: 'codex://prompts/sc|out' }", "prompts/scout.md")]
    [InlineData("items/a.json5", "{ template: 'sc|out' }", "templates/scout.json5")]
    [InlineData("prompts/a.md", "See codex://templates/sco|ut.", "templates/scout.json5")]
    public void A_reference_leads_to_its_file(string file, string text, string expected)
    {
        var (document, offset) = home.At(file, text);

        Assert.Equal(Path.Combine(home.Home, expected), Navigation.Definition(home.Sources, document, offset)?.Document.Location.Path);
        Assert.Equal(
            expected,
            Assert.Single(Navigation.Links(home.Sources, document), link => link.At.Contains(offset)).Target.Location.Path[
                (home.Home.Length + 1)..
            ]
        );
    }

    [Fact]
    public void A_parent_that_ships_and_the_fields_it_has_are_found_in_it()
    {
        var (document, offset) = home.At(
            Scout,
            "{ parent_template: 'task', fields: [{ name: 'x', conditional: { field: 'sta|tus', value: 'done' } }] }"
        );

        var found = Navigation.Definition(home.Sources, document, offset)!;

        Assert.Equal((TemplateLayer.Shipped, "task.json5"), (found.Document.Location.Layer, found.Document.Location.Path));
        Assert.Equal("status", found.Document[found.At]);
    }

    [Fact]
    public void Finds_the_definition_of_a_user_field()
    {
        var (document, offset) = home.At(
            Scout,
            LanguageHome.Scout.Replace("conditional: { field: \"area", "conditional: { field: \"ar|ea", StringComparison.Ordinal)
        );

        var found = Navigation.Definition(home.Sources, document, offset)!;

        Assert.Equal(document.Text.IndexOf("area", StringComparison.Ordinal), found.At.Start);
    }

    [Fact]
    public void Everything_that_names_a_codex_is_found()
    {
        home.Write("items/one.json5", "{ template: \"scout\" }");
        var (document, offset) = home.At("prompts/other.md", "codex://prompts/sc|out");

        var prompts = Navigation.References(home.Sources, document, offset, withDefinition: true);
        Assert.Equal("codex://prompts/scout", Assert.Single(prompts).Document[prompts[0].At]);

        var (template, id) = home.At(Scout, LanguageHome.Scout.Replace("\"scout\"", "\"sc|out\"", StringComparison.Ordinal));
        var templates = Navigation.References(home.Sources, template, id, withDefinition: true);
        Assert.Equal(
            ["one.json5", "scout.json5"],
            templates.Select(one => Path.GetFileName(one.Document.Location.Path)).Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void A_prompt_is_renamed_with_every_file_that_names_it()
    {
        var (document, offset) = home.At(Scout, LanguageHome.Scout.Replace("prompts/scout", "prompts/sc|out", StringComparison.Ordinal));

        Assert.Equal("scout", Renames.Prepare(home.Sources, document, offset)?.Name);
        var edit = Renames.To(home.Sources, document, offset, "ranger");

        Assert.Equal(
            (Path.Combine(home.Home, "prompts", "scout.md"), Path.Combine(home.Home, "prompts", "ranger.md")),
            (edit.From, edit.To)
        );
        var changed = Assert.Single(edit.Documents);
        Assert.Contains("codex://prompts/ranger", Formatter.Applied(changed.Document.Text, changed.Edits), StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_is_renamed_at_its_id()
    {
        home.Write("templates/child.json5", "{ id: \"child\", name: \"Child\", parent_template: \"scout\" }");
        var (document, offset) = home.At(Scout, LanguageHome.Scout.Replace("id: \"scout", "id: \"sc|out", StringComparison.Ordinal));

        var edit = Renames.To(home.Sources, document, offset, "ranger");

        Assert.EndsWith("ranger.json5", edit.To, StringComparison.Ordinal);
        Assert.Equal(
            ["child.json5", "scout.json5"],
            edit.Documents.Select(one => Path.GetFileName(one.Document.Location.Path)).Order(StringComparer.Ordinal)
        );
        Assert.All(
            edit.Documents,
            one => Assert.Contains("\"ranger\"", Formatter.Applied(one.Document.Text, one.Edits), StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_template_is_renamed_in_the_rules_that_name_it()
    {
        home.Write(
            "templates/chief.json5",
            "{ id: \"chief\", name: \"Chief\", parent_template: \"task\", permissions: { allow: [\"spawn_task(scout)\"] } }"
        );
        var (document, offset) = home.At(Scout, LanguageHome.Scout.Replace("id: \"scout", "id: \"sc|out", StringComparison.Ordinal));

        var edit = Renames.To(home.Sources, document, offset, "ranger").Documents.Single(one => one.Document.Location.Name == "chief");

        Assert.Contains("\"spawn_task(ranger)\"", Formatter.Applied(edit.Document.Text, edit.Edits), StringComparison.Ordinal);
    }

    [Fact]
    public void A_field_is_renamed_in_all_places_where_its_template_names_it()
    {
        var (document, offset) = home.At(Scout, LanguageHome.Scout.Replace("name: \"area", "name: \"ar|ea", StringComparison.Ordinal));

        var edit = Assert.Single(Renames.To(home.Sources, document, offset, "place").Documents);

        Assert.Equal(LanguageHome.Scout.Replace("area", "place", StringComparison.Ordinal), Formatter.Applied(document.Text, edit.Edits));
    }

    [Theory]
    [InlineData("{ parent_template: 'ta|sk' }")]
    [InlineData("{ parent_template: 'task', fields: [{ name: 'x', conditional: { field: 'sta|tus' } }] }")]
    [InlineData("{ name: 'Sc|out' }")]
    public void Symbols_that_are_not_the_users_cannot_be_renamed(string text)
    {
        var (document, offset) = home.At(Scout, text);

        Assert.Null(Renames.Prepare(home.Sources, document, offset));
        Assert.Throws<FailureException>(() => Renames.To(home.Sources, document, offset, "other"));
    }

    [Fact]
    public void A_provider_that_the_settings_name_is_renamed_in_Plue()
    {
        home.Write("config.json5", "{ default_large: \"local\" }");
        var (document, offset) = home.At(Scout, "{ parent_template: 'task', provider_ref: 'codex://providers/lo|cal' }");

        Assert.Contains(
            "Run Plue: Rename",
            Assert.Throws<FailureException>(() => Renames.To(home.Sources, document, offset, "other")).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData(
        "Change to “description”",
        "{ id: 'scout', name: 'Scout', descri|pton: 'x' }",
        "{ id: 'scout', name: 'Scout', description: 'x' }"
    )]
    [InlineData(
        "Remove “nobody”",
        "{\n  id: 'scout',\n  no|body: { a: 1 },\n  name: 'Scout',\n}",
        "{\n  id: 'scout',\n  name: 'Scout',\n}"
    )]
    [InlineData(
        "Change to “read”",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', available_tools: ['ra|ed'] }",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', available_tools: ['read'] }"
    )]
    [InlineData(
        "Change to “scout”",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', system_prompt_ref: 'codex://prompts/sc|uot' }",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', system_prompt_ref: 'codex://prompts/scout' }"
    )]
    [InlineData("Add “name”", "{|\n  id: 'scout',\n}", "{\n  name: \"\",\n  id: 'scout',\n}")]
    public void Offers_a_quick_fix(string title, string text, string expected)
    {
        var (document, offset) = home.At(Scout, text);

        var fix = Assert.Single(QuickFixes.At(home.Sources, document, new TextSpan(offset, offset)), one => one.Title == title);

        Assert.Equal(expected, Formatter.Applied(document.Text, fix.Edits));
    }

    [Fact]
    public void A_prompt_that_is_missing_can_be_made()
    {
        var (document, offset) = home.At(
            Scout,
            "{ id: 'scout', name: 'Scout', parent_template: 'task', system_prompt_ref: 'codex://prompts/no|body-yet' }"
        );

        var fix = Assert.Single(QuickFixes.At(home.Sources, document, new TextSpan(offset, offset)), one => one.Creates is not null);

        Assert.Equal(Path.Combine(home.Home, "prompts", "nobody-yet.md"), fix.Creates?.Path);
        Assert.NotEmpty(FrontMatter.Parse(fix.Creates!.Value.Text).Values.GetString("description")!);
    }

    [Fact]
    public void A_key_in_a_provider_can_be_moved_into_the_vault()
    {
        var (document, offset) = home.At(
            "providers/local.json5",
            "{ provider_type: 'anthropic', api_key_ref: 'sk-an|t-0123456789abcdef0123' }"
        );

        Assert.Contains(QuickFixes.At(home.Sources, document, new TextSpan(offset, offset)), fix => fix.MovesKeyOf == "local");
    }

    [Fact]
    public void The_outline_has_fields_and_hooks_by_name()
    {
        var symbols = Symbols.Of(home.Open(Scout, LanguageHome.Scout));

        Assert.Equal(["area", "depth"], symbols.Single(symbol => symbol.Title == "fields").Children.Select(symbol => symbol.Title));
        Assert.Equal("field_change", symbols.Single(symbol => symbol.Title == "automation").Children[0].Children[0].Title);
    }

    [Fact]
    public void The_outline_of_a_prompt_has_its_headings_and_none_of_its_code()
    {
        var symbols = Symbols.Of(home.Open("prompts/a.md", "# One\n## Two\n```\n# no\n```\n# Three\n"));

        Assert.Equal(["One", "Three"], symbols.Select(symbol => symbol.Title));
        Assert.Equal("Two", Assert.Single(symbols[0].Children).Title);
    }
}
