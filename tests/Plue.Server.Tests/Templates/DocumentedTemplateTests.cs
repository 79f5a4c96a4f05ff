using System.Text.RegularExpressions;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Templates;

/// <summary>What <c>docs/templates.md</c> and the README show is true.</summary>
public sealed partial class DocumentedTemplateTests : IAsyncDisposable
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "templates.md"));

    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public void The_agent_in_two_files_has_no_mistakes_and_its_prompt_is_filled_in()
    {
        home.Write("templates/changelog-writer.json5", Block("json5", "id: \"changelog-writer\""));
        home.Write("prompts/changelog-writer.md", Block("markdown", "Writes one entry"));
        Assert.DoesNotContain(home.House.TemplateChecks.Of("changelog-writer", null), finding => finding.Code != "reference.machine");
        Assert.Equal("You write changelog entries for users. One line each, what changed first, no adjectives.", home.House.Steering.Of("changelog-writer", Plue.Server.Json5.Json5Object.Empty).System);
    }

    [Fact]
    public void The_hook_goes_with_an_item_that_has_a_status()
    {
        home.Write("templates/changelog-writer.json5", Block("json5", "id: \"changelog-writer\""));
        home.Write("prompts/changelog-writer.md", Block("markdown", "Writes one entry"));
        home.Write("templates/entry.json5", $$"""
            {
              id: "entry", name: "Entry",
              fields: [{ name: "title", type: "text" }, { name: "status", type: "select", options: ["open", "done"], default: "open" }],
              {{Block("json5", "status_change")}}
            }
            """);
        Assert.Empty(home.House.TemplateChecks.Of("entry", null));
    }

    private static string Block(string language, string with) =>
        Blocks().Matches(Text).Where(match => match.Groups[1].Value == language).Select(match => match.Groups[2].Value).Single(block => block.Contains(with, StringComparison.Ordinal));

    [GeneratedRegex(@"```(\w+)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
