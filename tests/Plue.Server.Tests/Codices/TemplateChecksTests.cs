using Plue.Server.Codices;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Codices;

/// <summary>Findings of template checks, by stable code and location.</summary>
public sealed class TemplateChecksTests : IAsyncDisposable
{
    private readonly PlueHome home = new();
    private readonly TemplateChecks checks;

    public TemplateChecksTests() => checks = home.Services.Documents.Checks;

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public void Shipped_templates_have_no_findings() => Assert.Empty(checks.All());

    [Theory]
    [InlineData("{ id: 'x', name: 'X' ", "syntax")]
    [InlineData("{ id: 'x', name: 'X',\n  colour: 'red' }", "field")]
    [InlineData("{ id: 'x', name: 'X',\n  parent_template: 'tsk' }", "inheritance")]
    [InlineData("{ id: 'x', name: 'X', parent_template: 'task',\n  system_prompt_ref: 'codex://prompts/nope' }", "reference")]
    [InlineData("{ id: 'x', name: 'X', parent_template: 'task',\n  system_prompt_ref: 'codex://templates/task' }", "reference.type")]
    [InlineData("{ id: 'x', name: 'X', parent_template: 'task',\n  provider_ref: 'codex://providers/later' }", "reference.machine")]
    [InlineData("{ id: 'x', name: 'X', parent_template: 'task',\n  available_tools: ['reed'] }", "tool")]
    [InlineData(
        "{ id: 'x', name: 'X', parent_template: 'task',\n  automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'llm-provider' }] } }",
        "reference.type"
    )]
    [InlineData(
        "{ id: 'x', name: 'X', parent_template: 'task',\n  automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'x' }] } }",
        "risk.spawn-loop"
    )]
    [InlineData(
        "{ id: 'x', name: 'X', parent_template: 'task',\n  automation: { hooks: [{ trigger: 'created', action: 'spawn_task', template: 'y' }] } }",
        "reference"
    )]
    [InlineData(
        "{ id: 'x', name: 'X', parent_template: 'task',\n  permissions: { allow: ['write'] }, available_tools: ['write'] }",
        "risk.write-anywhere"
    )]
    [InlineData("{ id: 'x', name: 'X', parent_template: 'task-orchestrator',\n  available_tools: ['bash'] }", "inheritance")]
    [InlineData("{ id: 'x', name: 'X',\n  api_key: 'sk-ant-REDACTED' }", "secret")]
    [InlineData("{ id: 'x', name: 'X',\n  fields: [{ name: 'a', type: 'codex_reference', template_filter: 'recipee' }] }", "reference")]
    public void Each_finding_has_its_code_and_its_line(string text, string code)
    {
        var path = home.Write("templates/x.json5", text);
        var finding = Assert.Single(checks.Of("x", null), finding => finding.Code == code);
        Assert.Equal((path, text.Contains('\n', StringComparison.Ordinal) ? 2 : 1), (finding.Path, finding.Line));
        Assert.Equal(
            code.StartsWith("risk.", StringComparison.Ordinal) ? FindingKind.Risk
                : code == "reference.machine" ? FindingKind.Warning
                : FindingKind.Error,
            finding.Kind
        );
        Assert.Contains(finding, checks.All());
    }

    [Fact]
    public void Rights_that_a_workspaces_template_may_not_have_are_a_warning()
    {
        var folder = Directory.CreateDirectory(Path.Combine(home.Folder, "work")).FullName;
        home.Write(
            "work/.plue/templates/theirs.json5",
            "{ id: 'theirs', name: 'Theirs', parent_template: 'task', budget: { usd: 1 }, available_tools: ['read', 'bash'],\n permissions: { allow: ['bash(*)'] } }"
        );
        home.Services.Platform.Workspace.Open(folder, trusted: true);
        var finding = Assert.Single(checks.Of("theirs", null));
        Assert.Equal((FindingKind.Warning, "narrowed", 2), (finding.Kind, finding.Code, finding.Line));
    }

    [Fact]
    public void Unsaved_text_is_checked_as_the_content_of_its_file()
    {
        home.Write("templates/x.json5", "{ id: 'x', name: 'X' }");
        Assert.Empty(checks.Of("x", null));
        Assert.Equal(["field"], checks.Of("x", "{ id: 'x', name: 'X', wrong: 1 }").Select(finding => finding.Code));
        Assert.Equal(["field"], checks.Of("y", "{ id: 'x', name: 'X' }").Select(finding => finding.Code).Distinct());
    }

    [Fact]
    public void Items_and_providers_are_looked_at_with_all_templates()
    {
        home.Write(
            "templates/note.json5",
            "{ id: 'note', name: 'Note', fields: [{ name: 'title', type: 'text' }, { name: 'about', type: 'codex_reference', template_filter: 'note' }] }"
        );
        home.Write("items/a.json5", "{\n  template: 'note',\n  about: 'codex://items/gone',\n}");
        home.Write("items/b.json5", "{ template: 'nite' }");
        home.Write("providers/p.json5", "{ provider_type: 'olama' }");
        Assert.Equal(
            [("a.json5", 3, "reference"), ("b.json5", 1, "reference"), ("p.json5", 1, "field")],
            checks.All().Select(finding => (Path.GetFileName(finding.Path), finding.Line, finding.Code))
        );
    }

    [Fact]
    public void Reports_cycles_of_single_references_but_not_of_lists()
    {
        home.Write(
            "templates/note.json5",
            """
            { id: 'note', name: 'Note', fields: [
              { name: 'title', type: 'text' }, { name: 'follows', type: 'codex_reference', template_filter: 'note' },
              { name: 'related', type: 'array', items: { type: 'codex_reference', template_filter: 'note' } } ] }
            """
        );
        home.Write("items/a.json5", "{ template: 'note', follows: 'codex://items/b', related: ['codex://items/b'] }");
        home.Write("items/b.json5", "{ template: 'note', follows: 'codex://items/a', related: ['codex://items/a'] }");
        home.Write("items/c.json5", "{ template: 'note', related: ['codex://items/c'] }");
        Assert.Equal(
            ["`follows` is part of a reference cycle: a, b, a.", "`follows` is part of a reference cycle: b, a, b."],
            checks.All().Where(finding => finding.Code == "reference.cycle").Select(finding => finding.Message)
        );
    }
}
