using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class ShippedTemplatesTests
{
    private readonly TemplateCatalog catalog = new(new PluePaths(Path.Combine(Path.GetTempPath(), "no-such-folder")));

    [Fact]
    public void Nothing_that_ships_is_a_risk() =>
        Assert.All(catalog.List(), entry => Assert.Empty(TemplateRisks.Find(entry.Template!, catalog.Find)));

    [Fact]
    public void Each_template_knows_where_its_codices_live() =>
        Assert.Equal(
            [
                "chats",
                "chats",
                "chats",
                "chats",
                "providers",
                "items",
                "tasks",
                "tasks",
                "tasks",
                "tasks",
                "tasks",
                "tasks",
                "items",
                "items",
            ],
            [
                .. TemplateCatalog.ShippedIds().Order(StringComparer.Ordinal).Select(id => catalog.CollectionOf(id).Name()),
                catalog.CollectionOf("nobody").Name(),
            ]
        );

    /// <summary>
    /// Builds the instructions of each agent type, with its prompt and tool descriptions: everything must exist, and refer only to what exists.
    /// </summary>
    [Fact]
    public void Every_prompt_tool_and_template_that_the_shipped_ones_refer_to_exists()
    {
        var prompts = new Prompts(new PluePaths(Path.Combine(Path.GetTempPath(), "no-such-folder")));
        foreach (
            var template in catalog
                .List()
                .Select(entry => entry.Template!)
                .Where(template => template.Collection is not (TemplateCollection.Providers or TemplateCollection.Items))
        )
        {
            var agent = AgentSpec.Of(template.WithDefaults(Json5Object.Empty));
            // VS Code's tools depend on the window.
            var tools = agent
                .AvailableTools.Where(tool =>
                    tool != ToolNames.AllSelected && !tool.StartsWith($"{ToolNames.VsCode}/", StringComparison.Ordinal)
                )
                .ToList();
            var texts = new[] { Assert.IsType<string>(agent.SystemPromptRef) }
                .Concat(tools.Select(tool => $"codex://prompts/tool-{tool}"))
                .Select(address => prompts.Get(address).Text)
                .ToList();
            Assert.All(texts, text => Assert.InRange(text.Length, 400, 6_000));
            Assert.All(tools, tool => Assert.NotNull(ToolNames.Find(tool)));
            Assert.All(
                agent.ProviderRefs,
                address => Assert.Contains(CodexUri.Parse(address).Name, (string[])["default-large", "default-small"])
            );
            foreach (
                var placeholder in texts.SelectMany(text => Regex.Matches(text, @"\{\{(.*?)\}\}")).Select(match => match.Groups[1].Value)
            )
            {
                Assert.NotNull(ValuePath.TryParse(placeholder) is { } path ? template.Field(path.Field) : null);
            }

            foreach (var named in texts.SelectMany(text => Regex.Matches(text, "`(task-[a-z-]+)`")).Select(match => match.Groups[1].Value))
            {
                Assert.NotNull(catalog.Find(named));
            }
        }
    }

    [Fact]
    public void Every_tool_has_its_prompt_and_every_prompt_of_a_tool_its_tool()
    {
        var prompts = PromptNames().Where(name => name.StartsWith("tool-", StringComparison.Ordinal));
        Assert.Equal(
            ToolNames.All.Select(tool => $"tool-{tool.Name}").Order(StringComparer.Ordinal),
            prompts.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Every_shipped_prompt_is_described_and_short() =>
        Assert.All(
            PromptNames(),
            name =>
            {
                var text = Encoding.UTF8.GetString(DocumentFile.ReadResource($"prompts/{name}.md")!);
                Assert.StartsWith("---\ndescription: ", text, StringComparison.Ordinal);
                Assert.InRange(text.Split('\n').Length, 4, 60);
                Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
            }
        );

    [Fact]
    public void Everything_that_ships_is_without_problems_and_described()
    {
        Assert.All(catalog.List(), entry => Assert.Empty(entry.Problems));
        Assert.All(
            catalog.List().SelectMany(entry => entry.Template?.Fields ?? []),
            field => Assert.False(string.IsNullOrWhiteSpace(field.Description), field.Name)
        );
        Assert.All(catalog.List(), entry => Assert.False(string.IsNullOrWhiteSpace(entry.Template?.Icon), entry.Id));
    }

    [Theory]
    [InlineData("user", true)]
    [InlineData("assistant", false)]
    [InlineData("system", false)]
    public void A_chat_answers_when_the_last_message_is_the_users(string role, bool answers)
    {
        var values = Json5Object.Of(("messages", Json5Array.Of([Message("user"), Message(role)])));
        var actions = AutomationHooks.Evaluate(Find("ai-chat").Hooks, new HookChange(HookTrigger.FieldChange, "messages"), values);
        Assert.Equal(answers ? [new HookAction.SendToLlm()] : [], actions);
    }

    [Fact]
    public void A_chat_does_not_answer_to_another_change()
    {
        var values = Json5Object.Of(("messages", Json5Array.Of([Message("user")])));
        Assert.Empty(AutomationHooks.Evaluate(Find("ai-chat").Hooks, new HookChange(HookTrigger.FieldChange, "model"), values));
        Assert.Empty(AutomationHooks.Evaluate(Find("ai-chat").Hooks, new HookChange(HookTrigger.Created), values));
    }

    private static IEnumerable<string> PromptNames() => new PromptFormat().ShippedNames;

    private static Json5Node Message(string role) => Json5Object.Of(("role", new Json5String(role)));

    private Template Find(string id) => Assert.IsType<Template>(catalog.Find(id));
}
