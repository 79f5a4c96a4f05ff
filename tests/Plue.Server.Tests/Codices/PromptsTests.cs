using System.Text;
using Plue.Server.Codices;
using Plue.Server.Messages;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Codices;

public sealed class PromptsTests : IDisposable
{
    private readonly PluePaths paths = new(Directory.CreateTempSubdirectory("plue-prompts-").FullName);
    private readonly Prompts prompts;

    public PromptsTests() => prompts = new Prompts(paths);

    public void Dispose() => Directory.Delete(paths.Home, recursive: true);

    [Theory]
    [InlineData("codex://prompts/default-assistant")]
    [InlineData("codex://prompts/default-assistant.md")]
    public void The_shipped_prompt_is_found_without_its_front_matter(string reference)
    {
        var prompt = prompts.Get(reference);
        Assert.StartsWith("You are the assistant in Plue", prompt.Text, StringComparison.Ordinal);
        Assert.False(string.IsNullOrWhiteSpace(prompt.Description));
        Assert.Equal(TemplateLayer.Shipped, prompt.Layer);
        Assert.InRange(prompt.Text.Length, 500, 4_000);
    }

    [Fact]
    public void A_users_prompt_overrides_the_shipped_one()
    {
        Save("default-assistant.md", "\uFEFF---\r\ndescription: 'Mine'\r\nelse: 1\r\n---\r\n\r\nBe brief.\r\n\r\n---\r\nReally.\r\n");
        var prompt = prompts.Get("codex://prompts/default-assistant");
        Assert.Equal(("Be brief.\n\n---\nReally.", "Mine", TemplateLayer.User), (prompt.Text, prompt.Description, prompt.Layer));
    }

    [Theory]
    [InlineData("Just text", "Just text", 0)]
    [InlineData("---\nopen: yes\ntext", "---\nopen: yes\ntext", 1)]
    [InlineData("---\n---\ntext", "text", 0)]
    [InlineData("", "", 0)]
    public void Front_matter_is_only_what_is_closed(string file, string text, int problems)
    {
        Save("x.md", file);
        var prompt = prompts.Get("codex://prompts/x");
        Assert.Equal((text, problems), (prompt.Text, prompt.Problems.Count));
    }

    [Fact]
    public void An_unreadable_user_prompt_is_reported_and_the_shipped_one_is_used()
    {
        Save("default-assistant.md", [0xFF, 0xFF]);
        var prompt = prompts.Get("codex://prompts/default-assistant");
        Assert.Equal((TemplateLayer.Shipped, 1), (prompt.Layer, prompt.Problems.Count));

        Save("own.md", [0xFF, 0xFF]);
        Assert.Throws<FailureException>(() => prompts.Get("codex://prompts/own"));
    }

    [Theory]
    [InlineData("codex://prompts/nobody")]
    [InlineData("codex://prompts/../vault")]
    [InlineData("codex://providers/default-assistant")]
    [InlineData("default-assistant")]
    public void A_dangling_reference_is_reported(string reference) =>
        Assert.Equal(FailureKind.NotFound, Assert.Throws<FailureException>(() => prompts.Get(reference)).Failure.Kind);

    [Fact]
    public void Every_prompt_is_listed_once()
    {
        Save("mine.md", "x");
        Save("default-assistant.md", "x");
        Save("Not A Name.md", "x");
        var expected = new PromptFormat()
            .ShippedNames.Append("mine")
            .Order(StringComparer.Ordinal)
            .Select(name => $"codex://prompts/{name}");
        Assert.Equal(expected, prompts.List().Select(uri => uri.ToString()));
    }

    private void Save(string name, string text) => Save(name, Encoding.UTF8.GetBytes(text));

    private void Save(string name, byte[] bytes) => DocumentFile.Replace(Path.Combine(paths.Prompts, name), bytes);
}
