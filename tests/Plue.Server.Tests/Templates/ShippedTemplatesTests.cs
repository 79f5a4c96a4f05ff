using System.Text;
using System.Text.RegularExpressions;
using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

/// <summary>The tables of the specification, restated: name, type, default, and everything else in one order.</summary>
public class ShippedTemplatesTests
{
    private const string ForClaudeCode = "when provider_type is claude-code";
    private const string ForKeys = "when provider_type is anthropic|openai|openai-compatible|ollama|gemini|azure|openrouter|external";
    private const string Levels = "none|minimal|low|medium|high|xhigh|max";

    private static readonly string[] Provider =
    [
        "name: text",
        "description: text",
        "provider_type: select, required, default \"claude-code\", "
            + "options claude-code|anthropic|openai|openai-compatible|ollama|gemini|bedrock|vertexai|azure|openrouter|github-copilot|external|tour",
        "catalog_provider: text",
        "model: text",
        $"api_key_ref: text, {ForKeys}",
        "auth_type: select, options api_key|oauth|aws_credentials|service_account|none",
        $"cli_path: text, {ForClaudeCode}",
        $"max_turns: number, min 1, step 1, {ForClaudeCode}",
        $"custom_system_prompt: textarea, {ForClaudeCode}",
        $"allowed_tools: array of text, {ForClaudeCode}",
        "command: text, when provider_type is external",
        "endpoint: url",
        "max_tokens: number, default 4096, min 1, max 200000, step 1",
        "temperature: number, default 0.7, min 0, max 2, step 0.1",
        "stop_sequences: array of text",
        $"reasoning_level: select, options {Levels}",
        "supports_streaming: boolean, default true",
        "supports_tools: boolean, default true",
        "timeout_ms: number, default 30000, min 1, step 1000",
        "retry_policy: select, default \"standard\", options standard|none|patient",
        "headers: object",
        "additional_auth: object",
        "enabled: boolean, default true",
    ];

    private static readonly string[] Chat =
    [
        "provider_ref: codex_reference, required, filter llm-provider",
        "system_prompt_ref: codex_reference, default \"codex://prompts/default-assistant.md\", filter markdown",
        "system_prompt_override: textarea",
        "messages: array of object { role: select, options user|assistant|system; content: textarea; timestamp: datetime, auto }",
        "context_files: array of file_reference",
        "available_tools: array of text, default [\"read\", \"write\", \"search\"]",
        "permission_mode: select, default \"ask\", options ask|edit|plan",
        "model: text",
        "temperature: number, min 0, max 2, step 0.1",
        "max_tokens: number, min 1, max 200000, step 1",
        "stop_sequences: array of text",
        $"reasoning_level: select, options {Levels}",
        "mcp_servers: object",
    ];

    private static readonly string[] Task =
    [
        "title: text",
        "goal: textarea, required",
        "status: select, default \"queued\", options queued|running|paused|waiting_for_approval|waiting_for_child|over_budget|done|failed|stopped|interrupted",
        "spawned_by: codex_reference",
        "provider_ref: codex_reference, filter llm-provider",
        "model: text",
        "candidates: array of object { provider_ref: codex_reference, filter llm-provider; model: text; needs: array of select, options tools|images|reasoning|window }",
        "system_prompt_ref: codex_reference, default \"codex://prompts/default-assistant.md\", filter markdown",
        "system_prompt_override: textarea",
        "tags: array of text, default [\"agent\"]",
        "available_tools: array of text, default [\"read\", \"search\"]",
        "permissions: object { allow: array of text; ask: array of text; deny: array of text }",
        "permission_mode: select, options ask|edit|plan",
        "budget: object { usd: number, min 0; tokens: number, min 0, step 1000; rounds: number, min 1, step 1; seconds: number, min 1, step 60 }, "
            + "default usd 1, tokens 1000000, rounds 60, seconds 1800",
        "outputs: object",
        "checks: array of object { command: text; schema: object }",
        "max_spawned_tasks: number, default 0, min 0, max 100, step 1",
        "mcp_servers: object",
    ];

    /// <summary>What each kind of agent says beyond the task. Fields that are not named here are the task's.</summary>
    public static TheoryData<string, string[]> Agents => new()
    {
        {
            "task-orchestrator",
            [
                "provider_ref: codex_reference, default \"codex://providers/default-large\", filter llm-provider",
                "system_prompt_ref: codex_reference, default \"codex://prompts/orchestrator-agent.md\", filter markdown",
                "tags: array of text, default [\"agent\", \"orchestrator\", \"meta\"]",
                "available_tools: array of text, default [\"read\", \"search\", \"spawn_task\"], locked",
                "permissions: object { allow: array of text; ask: array of text; deny: array of text }, default deny [\"spawn_task(task-orchestrator)\"]",
                Budget("usd 10, tokens 12000000, rounds 100, seconds 14400"),
                Outputs("summary", "results", "files_changed", "open_questions"),
                "max_spawned_tasks: number, default 5, min 0, max 100, step 1",
            ]
        },
        {
            "task-code-writer",
            [
                .. Specialist("default-small", "code-writer-specialist.md", "[\"agent\", \"code-writer\", \"specialist\"]", "[\"read\", \"write\", \"edit\", \"bash\", \"search\"]"),
                Budget("usd 1.5, tokens 2000000, rounds 80, seconds 3600"),
                Outputs("summary", "files_changed", "checks", "open_questions"),
                "language: select, options typescript|csharp|rust|python|javascript|other",
            ]
        },
        {
            "task-docs-writer",
            [
                .. Specialist("default-small", "docs-writer-specialist.md", "[\"agent\", \"docs-writer\", \"automated\"]", "[\"read\", \"write\"]"),
                Budget("usd 0.5, tokens 800000, rounds 40, seconds 1800"),
                Outputs("summary", "files_changed", "open_questions"),
            ]
        },
        {
            "task-reviewer",
            [
                .. Specialist("default-large", "reviewer-specialist.md", "[\"agent\", \"reviewer\", \"specialist\"]", "[\"read\", \"search\"]"),
                Budget("usd 1.5, tokens 1000000, rounds 60, seconds 1800"),
                Outputs("summary", "verdict", "findings", "open_questions"),
            ]
        },
        {
            "task-test-writer",
            [
                .. Specialist("default-small", "test-writer-specialist.md", "[\"agent\", \"test-writer\", \"specialist\"]", "[\"read\", \"write\", \"edit\", \"bash\", \"search\"]"),
                Budget("usd 1, tokens 1500000, rounds 80, seconds 3600"),
                Outputs("summary", "files_changed", "tests", "bugs", "open_questions"),
            ]
        },
    };

    private readonly TemplateCatalog catalog = new(new PluePaths(Path.Combine(Path.GetTempPath(), "no-such-folder")));

    [Fact]
    public void The_provider_template_has_the_fields_of_the_specification() => Assert.Equal(Provider, Find("llm-provider").Fields.Select(Describe));

    [Fact]
    public void The_chat_template_has_the_fields_of_the_specification() => Assert.Equal(Chat, Find("ai-chat").Fields.Select(Describe));

    [Fact]
    public void The_task_template_has_the_fields_of_the_specification() => Assert.Equal(Task, Find("task").Fields.Select(Describe));

    [Theory]
    [MemberData(nameof(Agents))]
    public void Each_kind_of_agent_has_the_fields_of_the_specification(string id, string[] own)
    {
        var names = own.Select(line => line.Split(':')[0]).ToList();
        var expected = Task.Where(line => !names.Contains(line.Split(':')[0])).Concat(own).Order(StringComparer.Ordinal);
        Assert.Equal(expected, Find(id).Fields.Select(Describe).Order(StringComparer.Ordinal));
        Assert.Equal("task", Find(id).ParentTemplate);
    }

    [Fact]
    public void The_templates_of_the_specification_ship_and_no_others() =>
        Assert.Equal(["ai-chat", "llm-provider", "task", .. Agents.Select(row => row.Data.Item1).Order(StringComparer.Ordinal)], TemplateCatalog.ShippedIds().Order(StringComparer.Ordinal));

    [Fact]
    public void A_shipped_tasks_result_names_the_place_and_the_weight_of_each_finding()
    {
        var findings = Find("task-reviewer").Default("outputs") is Json5Object outputs ? outputs.GetObject("properties")?.GetObject("findings")?.GetObject("items") : null;
        Assert.Equal(["file", "line", "severity", "message"], findings?.GetStrings("required"));
        Assert.Equal(["critical", "major", "minor"], findings?.GetObject("properties")?.GetObject("severity")?.GetStrings("enum"));
    }

    [Fact]
    public void Nothing_that_ships_is_a_risk() => Assert.All(catalog.List(), entry => Assert.Empty(TemplateRisks.Find(entry.Template!, catalog.Find)));

    [Fact]
    public void Each_template_knows_where_its_codices_live() => Assert.Equal(
        ["chats", "providers", "tasks", "tasks", "tasks", "tasks", "tasks", "tasks", "items"],
        [.. TemplateCatalog.ShippedIds().Order(StringComparer.Ordinal).Select(id => catalog.CollectionOf(id).Name()), catalog.CollectionOf("nobody").Name()]);

    /// <summary>What a model of each kind of agent would be told: its prompt and its tools'. All of it is there, and nothing in it names what is not.</summary>
    [Fact]
    public void Every_prompt_tool_and_template_that_the_shipped_ones_refer_to_exists()
    {
        var prompts = new Prompts(new PluePaths(Path.Combine(Path.GetTempPath(), "no-such-folder")));
        foreach (var template in catalog.List().Select(entry => entry.Template!).Where(template => template.Collection != TemplateCollection.Providers))
        {
            var agent = AgentSpec.Of(template.WithDefaults(Json5Object.Empty));
            var told = new[] { Assert.IsType<string>(agent.SystemPromptRef) }.Concat(agent.AvailableTools.Select(tool => $"codex://prompts/tool-{tool}"))
                .Select(address => prompts.Get(address).Text).ToList();
            Assert.All(told, text => Assert.InRange(text.Length, 400, 6_000));
            Assert.All(agent.AvailableTools, tool => Assert.NotNull(ToolNames.Find(tool)));
            Assert.All(agent.ProviderRefs, address => Assert.Contains(CodexUri.Parse(address).Name, (string[])["default-large", "default-small"]));
            foreach (var placeholder in told.SelectMany(text => Regex.Matches(text, @"\{\{(.*?)\}\}")).Select(match => match.Groups[1].Value))
            {
                Assert.NotNull(ValuePath.TryParse(placeholder) is { } path ? template.Field(path.Field) : null);
            }

            foreach (var named in told.SelectMany(text => Regex.Matches(text, "`(task-[a-z-]+)`")).Select(match => match.Groups[1].Value)) { Assert.NotNull(catalog.Find(named)); }
        }
    }

    [Fact]
    public void Every_tool_has_its_prompt_and_every_prompt_of_a_tool_its_tool()
    {
        var prompts = PromptNames().Where(name => name.StartsWith("tool-", StringComparison.Ordinal));
        Assert.Equal(ToolNames.All.Select(tool => $"tool-{tool.Name}").Order(StringComparer.Ordinal), prompts.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_shipped_prompt_is_described_and_short() => Assert.All(PromptNames(), name =>
    {
        var text = Encoding.UTF8.GetString(DocumentFile.ReadResource($"prompts/{name}.md")!);
        Assert.StartsWith("---\ndescription: ", text, StringComparison.Ordinal);
        Assert.InRange(text.Split('\n').Length, 4, 60);
        Assert.DoesNotContain("\r", text, StringComparison.Ordinal);
    });

    [Fact]
    public void Everything_that_ships_is_without_problems_and_described()
    {
        Assert.All(catalog.List(), entry => Assert.Empty(entry.Problems));
        Assert.All(catalog.List().SelectMany(entry => entry.Template?.Fields ?? []), field => Assert.False(string.IsNullOrWhiteSpace(field.Description), field.Name));
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

    private static IEnumerable<string> PromptNames() => new PromptForm().ShippedNames;

    private static string[] Specialist(string provider, string prompt, string tags, string tools) =>
    [
        $"provider_ref: codex_reference, default \"codex://providers/{provider}\", filter llm-provider",
        $"system_prompt_ref: codex_reference, default \"codex://prompts/{prompt}\", filter markdown",
        $"tags: array of text, default {tags}",
        $"available_tools: array of text, default {tools}",
    ];

    private static string Budget(string limits) => Task.Single(line => line.StartsWith("budget", StringComparison.Ordinal)).Split(", default")[0] + ", default " + limits;

    private static string Outputs(params string[] properties) => "outputs: object, default schema of " + string.Join(", ", properties);

    private static string Written(TemplateField field) => field.Default switch
    {
        Json5Object schema when field.Name == "outputs" => "schema of " + string.Join(", ", schema.GetObject("properties")!.Members.Select(member => member.Name)),
        Json5Object value => string.Join(", ", value.Members.Select(member => $"{member.Name} {Json5Writer.Write(member.Value)}")),
        _ => Json5Writer.Write(field.Default!),
    };

    private static Json5Node Message(string role) => Json5Object.Of(("role", new Json5String(role)));

    private Template Find(string id) => Assert.IsType<Template>(catalog.Find(id));

    private static string Describe(TemplateField field) => field.Name + ": " + DescribeType(field);

    private static string DescribeType(TemplateField field)
    {
        var properties = field.Properties.Count == 0 ? "" : $" {{ {string.Join("; ", field.Properties.Select(Describe))} }}";
        string?[] parts =
        [
            field.Type.Name() + (field.Items is { } items ? $" of {DescribeType(items)}" : "") + properties,
            field.Required ? "required" : null,
            field.Default is not null ? $"default {Written(field)}" : null,
            field.Options.Count > 0 ? $"options {string.Join('|', field.Options)}" : null,
            field.Min is { } min ? FormattableString.Invariant($"min {min}") : null,
            field.Max is { } max ? FormattableString.Invariant($"max {max}") : null,
            field.Step is { } step ? FormattableString.Invariant($"step {step}") : null,
            field.Auto ? "auto" : null,
            field.TemplateFilter is { } filter ? $"filter {filter}" : null,
            field.Conditional is { } condition ? $"when {condition.Field} is {string.Join('|', condition.Values.Cast<Json5String>().Select(text => text.Value))}" : null,
            field.Locked ? "locked" : null,
        ];
        return string.Join(", ", parts.Where(part => part is not null));
    }
}
