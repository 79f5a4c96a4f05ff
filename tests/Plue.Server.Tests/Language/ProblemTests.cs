using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Language;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Language;

public sealed class ProblemTests : IAsyncLifetime
{
    private readonly LanguageHome home = new();

    public ValueTask InitializeAsync() => default;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Theory]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', descripton: 'x' }",
        "descripton: `descripton` is not a valid key of a template. Did you mean `description`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'other', name: 'Scout' }",
        "'other': `id` is `other`, but the file is named `scout.json5`. Use the same name for both."
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'tsk' }",
        "'tsk': The parent template `tsk` does not exist or has errors."
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', available_tools: ['raed'] }",
        "'raed': The tool `raed` does not exist. Did you mean `read`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', system_prompt_ref: 'codex://prompts/scuot' }",
        "codex://prompts/scuot: codex://prompts/scuot does not exist. Did you mean `scout`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', system_prompt_ref: 'codex://providers/local' }",
        "codex://providers/local: codex://providers/local has the wrong type: codex://prompts/… is required here."
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', metadata: { icon: 'checklst' } }",
        "'checklst': The icon `checklst` does not exist. Did you mean `checklist`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'taks' }] } }",
        "'taks': The template `taks` does not exist or has errors."
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', automation: { hooks: [{ trigger: 'created', action: 'set_field', target: 'gaol', value: 'x' }] } }",
        "'gaol': `target` refers to the field `gaol`, which does not exist. Did you mean `goal`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', automation: { hooks: [{ trigger: 'field_change', field: 'gaol', action: 'send_to_llm' }] } }",
        "gaol: The hook refers to the field `gaol`, which does not exist. Did you mean `goal`?"
    )]
    [InlineData("templates/scout.json5", "{ id: 'scout' name: 'Scout' }", "name: Found 'name' where ',' or '}' was expected.")]
    [InlineData(
        "providers/local.json5",
        "{ provider_type: 'anthropc' }",
        "'anthropc': `provider_type` must be one of claude-code, anthropic, openai, openai-compatible, ollama, gemini, bedrock, vertexai, azure, openrouter, github-copilot, vscode, external, acp, tour. Did you mean `anthropic`?"
    )]
    [InlineData(
        "providers/local.json5",
        "{ provider_type: 'anthropic', model: 'claude-sonet-4-6' }",
        "'claude-sonet-4-6': Local has no model `claude-sonet-4-6`. Did you mean `claude-sonnet-4-6`?"
    )]
    [InlineData(
        "providers/local.json5",
        "{ provider_type: 'anthropic', api_key_ref: 'vault://local/apikey' }",
        "vault://local/apikey: The vault does not contain vault://local/apikey. Store it with Plue: Configure Provider Key."
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', parent_template: 'task', permissions: { allow: ['spawn_task(scuot)'] } }",
        "spawn_task(scuot): The template `scuot` does not exist or has errors. Did you mean `scout`?"
    )]
    [InlineData(
        "templates/scout.json5",
        "{ id: 'scout', name: 'Scout', fields: [{ name: 'a', type: 'codex_reference', template_filter: 'taks' }] }",
        "taks: The template `taks` does not exist or has errors. Did you mean `task`?"
    )]
    [InlineData(
        "prompts/scout.md",
        "Look for {{gaol}}.",
        "gaol: `gaol` has no value: no template that uses this prompt has this field, and it is not an argument. Did you mean `goal`?"
    )]
    [InlineData("items/one.json5", "{ template: 'nobody' }", "'nobody': The template `nobody` does not exist or has errors.")]
    [InlineData(
        "prompts/mine.md",
        "---\ndescription: x\n",
        "---: The front matter has no closing line of three hyphens, so it is treated as part of the prompt."
    )]
    public void Publishes_a_diagnostic_at_the_error(string file, string text, string expected) =>
        Assert.Contains(expected, home.Check(file, text));

    [Fact]
    public void No_diagnostic_for_a_placeholder_with_a_value()
    {
        const string filled =
            "---\ndescription: x\narguments: [tone]\n---\n{{goal}} {{area}} {{budget.usd}} {{tone}} {{selection}} {{title}} {{messages[-1].content}} \\{{nobody}} {{ no field }}\n";

        Assert.Empty(home.Check("prompts/scout.md", filled));
        // The field exists only in the one template that uses the prompt.
        Assert.Single(home.Check("prompts/scout.md", filled.Replace("area", "language", StringComparison.Ordinal)));
    }

    [Fact]
    public void All_placeholders_of_shipped_prompts_have_values()
    {
        foreach (
            var codex in home.Sources.Documents.Of(CodexCollection.Prompts).List().Where(codex => codex.Layer == TemplateLayer.Shipped)
        )
        {
            Assert.Empty(Problems.Of(home.Sources, home.Sources.Find(codex.Uri!)!).Select(problem => $"{codex.Uri}: {problem.Message}"));
        }
    }

    /// <summary>The editor, checks and renames find references with the same code.</summary>
    [Fact]
    public void A_reference_is_the_same_in_the_editor_as_everywhere_else()
    {
        foreach (var id in TemplateCatalog.ShippedIds())
        {
            var document = home.Open($"templates/{id}.json5", System.Text.Encoding.UTF8.GetString(TemplateCatalog.ReadShipped(id)!));
            var found = FoundReferences
                .InTemplate(document.Root, home.Sources.Templates.Find)
                .Where(reference => reference.To is not null)
                .Select(reference => reference.To);

            Assert.Equal(
                found,
                Mentions
                    .Of(new DocumentModel(home.Sources, document))
                    .Where(mention => mention.Found?.To is not null)
                    .Select(mention => mention.Found!.To)
            );
        }
    }

    [Fact]
    public void A_key_in_a_file_is_marked_and_never_repeated()
    {
        var problem = Assert.Single(
            Problems.Of(
                home.Sources,
                home.Open("providers/local.json5", "{ provider_type: 'anthropic', api_key_ref: 'sk-ant-0123456789abcdef0123' }")
            ),
            one => one.Code == Problems.Secret
        );

        Assert.Equal(LiteralSecrets.Message, problem.Message);
    }

    [Fact]
    public void Shipped_and_valid_files_have_no_problems()
    {
        home.Write("config.json5", "{ default_large: \"local\", default_small: \"local\" }");
        Assert.Empty(home.Check("templates/scout.json5", LanguageHome.Scout));
        foreach (var id in TemplateCatalog.ShippedIds())
        {
            var document = home.Open($"templates/{id}.json5", System.Text.Encoding.UTF8.GetString(TemplateCatalog.ReadShipped(id)!));
            Assert.DoesNotContain(
                Problems.Of(home.Sources, document),
                problem => !problem.Code.StartsWith("risk.", StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public void A_file_has_the_same_problems_in_the_editor_as_elsewhere()
    {
        const string broken =
            "{ id: 'scout', name: 'Scout', parent_template: 'task', budget: { usd: -1 }, max_spawned_tasks: 'x', fields: [{ name: 'a', type: 'selct' }] }";
        var listed = home
            .Sources.Templates.Check("scout", System.Text.Encoding.UTF8.GetBytes(broken))
            .Problems.Select(problem => problem.Message);

        Assert.Empty(
            listed.Except(Problems.Of(home.Sources, home.Open("templates/scout.json5", broken)).Select(problem => problem.Message))
        );
    }

    [Fact]
    public void Risks_are_reported_as_warnings()
    {
        var risk = Assert.Single(
            Problems.Of(
                home.Sources,
                home.Open(
                    "templates/scout.json5",
                    LanguageHome.Scout.Replace("{ usd: 1, rounds: 20 }", "{ rounds: 20 }", StringComparison.Ordinal)
                )
            )
        );

        Assert.Equal((TemplateRisks.NoBudget, false), (risk.Code, risk.IsError));
    }

    [Fact]
    public void A_file_too_large_gets_one_sentence_and_costs_nothing_else()
    {
        var document = home.Open("templates/scout.json5", new string(' ', Json5Reader.MaxBytes + 1));

        Assert.Equal("The file is larger than 4 MiB, the maximum size.", Assert.Single(Problems.Of(home.Sources, document)).Message);
        Assert.Empty(Completions.At(home.Sources, document, 5));
        Assert.Empty(Symbols.Of(document));
        Assert.Empty(Formatter.Format(document));
    }

    [Fact]
    public void A_file_of_marks_alone_is_survived()
    {
        foreach (
            var bomb in new[]
            {
                new string('[', 100_000),
                new string('{', 100_000),
                string.Concat(Enumerable.Repeat("{fields:[", 20_000)),
                new string('"', 50_001),
                "/*" + new string('*', 100_000),
            }
        )
        {
            var document = home.Open("templates/scout.json5", bomb);

            Assert.NotEmpty(Problems.Of(home.Sources, document));
            _ = Completions.At(home.Sources, document, bomb.Length);
            _ = Symbols.Of(document);
        }
    }

    [Fact]
    public async Task The_workspaces_files_count_only_when_it_is_trusted()
    {
        Assert.Null(home.Sources.LocationOf(Path.Combine(home.Workspace, ".plue", "templates", "a.json5")));

        await using var trusted = new LanguageHome(trusted: true);
        Assert.Equal(
            CodexCollection.Templates,
            trusted.Sources.LocationOf(Path.Combine(trusted.Workspace, ".plue", "templates", "a.json5"))?.Collection
        );
        Assert.Null(trusted.Sources.LocationOf(Path.Combine(trusted.Workspace, ".plue", "providers", "a.json5")));
        Assert.Null(trusted.Sources.LocationOf(Path.Combine(trusted.Workspace, "templates", "a.json5")));
        Assert.Null(trusted.Sources.LocationOf(Path.Combine(trusted.Home, "templates", "deep", "a.json5")));
        Assert.Null(trusted.Sources.LocationOf(Path.Combine(trusted.Home, "x", "..", "templates", "a.json5")));
    }
}
