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
        "model: text",
        "temperature: number, min 0, max 2, step 0.1",
        "max_tokens: number, min 1, max 200000, step 1",
        "stop_sequences: array of text",
        $"reasoning_level: select, options {Levels}",
    ];

    private readonly TemplateCatalog catalog = new(new PluePaths(Path.Combine(Path.GetTempPath(), "no-such-folder")));

    [Fact]
    public void The_provider_template_has_the_fields_of_the_specification() => Assert.Equal(Provider, Find("llm-provider").Fields.Select(Describe));

    [Fact]
    public void The_chat_template_has_the_fields_of_the_specification() => Assert.Equal(Chat, Find("ai-chat").Fields.Select(Describe));

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
            field.Default is { } value ? $"default {Json5Writer.Write(value)}" : null,
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
