using System.Text.Json;
using Plue.Server.Codices;
using Plue.Server.Codices.Skills;
using Plue.Server.Platform;
using Plue.Server.Templates;
using Plue.Server.Tools;

namespace Plue.Server.Tests.Tools;

public sealed class CodexToolTests : IDisposable
{
    private readonly ToolFixture fixture = new();
    private readonly PluePaths paths;

    public CodexToolTests()
    {
        paths = new PluePaths(fixture.Home);
        Directory.CreateDirectory(paths.Prompts);
        File.WriteAllText(Path.Combine(paths.Prompts, "house-style.md"), "---\ndescription: How we write\n---\nShort sentences.\n");
        Directory.CreateDirectory(paths.Providers);
        File.WriteAllText(Path.Combine(paths.Providers, "mine.json5"), "{ name: \"Mine\", provider_type: \"ollama\" }");
    }

    public void Dispose() => fixture.Dispose();

    [Fact]
    public async Task A_prompt_of_the_user_is_listed_and_read_whole()
    {
        Assert.Contains("codex://prompts/house-style", await CallAsync("""{"collection":"prompts"}"""), StringComparison.Ordinal);
        Assert.Contains("Short sentences.", await CallAsync("""{"uri":"codex://prompts/house-style.md"}"""), StringComparison.Ordinal);
        Assert.Contains("codex://templates/task-code-writer", await CallAsync("""{"collection":"templates"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"uri":"codex://providers/mine"}""")]
    [InlineData("""{"uri":"codex://chats/chat_1"}""")]
    [InlineData("""{"uri":"/etc/passwd"}""")]
    [InlineData("""{"uri":"codex://prompts/../providers/mine"}""")]
    [InlineData("""{"collection":"providers"}""")]
    [InlineData("""{"collection":"prompts","uri":"codex://prompts/house-style"}""")]
    [InlineData("{}")]
    public async Task Nothing_else_is_reached(string parameters) =>
        await Assert.ThrowsAsync<ToolFailureException>(() => CallAsync(parameters));

    [Fact]
    public async Task The_tool_is_available_only_if_listed() =>
        Assert.Empty(await Source().FindAsync(["read"], [], TestContext.Current.CancellationToken));

    private CodexTool Source()
    {
        var templates = new TemplateCatalog(paths, () => null);
        return new CodexTool(
            new Documents(paths, templates, TimeProvider.System, () => null),
            new SkillCatalog(paths, TimeProvider.System, () => null, () => 0),
            _ => ""
        );
    }

    private async Task<string> CallAsync(string parameters)
    {
        var tool = Assert.Single(await Source().FindAsync(["codex"], [], TestContext.Current.CancellationToken));
        using var document = JsonDocument.Parse(parameters);
        var planned = await tool.PlanAsync(document.RootElement.Clone(), fixture.Context, TestContext.Current.CancellationToken);
        return (await planned.RunAsync(new Silent(), TestContext.Current.CancellationToken)).Text;
    }

    private sealed class Silent : IToolProgress
    {
        public void Report(string text) { }
    }
}
