using Plue.Server.Json5;
using Plue.Server.Platform;
using Plue.Server.Templates;

namespace Plue.Server.Tests.Templates;

public class TemplateValidationTests
{
    private static readonly Template Provider = new TemplateCatalog(new PluePaths("/no/such/folder")).Find("llm-provider")!;

    [Theory]
    [InlineData("{provider_type: 'anthropic', model: 'm', api_key_ref: 'vault://a/api_key', temperature: 0, enabled: false}", "")]
    [InlineData("{}", "")]
    [InlineData("{temperature: null, model: null}", "")]
    [InlineData("{\n  endpont: 'http://localhost'\n}", "2:3 error: llm-provider has no field `endpont`. Did you mean `endpoint`?")]
    [InlineData(
        "{provider_type: 'olama'}",
        "1:17 error: `provider_type` must be one of claude-code, anthropic, openai, openai-compatible, ollama, gemini, bedrock, vertexai, azure, openrouter, github-copilot, vscode, external, acp, tour. Did you mean `ollama`?"
    )]
    [InlineData("{temperature: 2.5}", "1:15 error: `temperature` is more than 2, the maximum.")]
    [InlineData("{max_tokens: 0}", "1:14 error: `max_tokens` is less than 1, the minimum.")]
    [InlineData("{max_tokens: NaN}", "1:14 error: `max_tokens` is not a finite number.")]
    [InlineData("{max_tokens: '5'}", "1:14 error: `max_tokens` is text where a number was expected.")]
    [InlineData("{enabled: 'yes'}", "1:11 error: `enabled` is text where true or false was expected.")]
    [InlineData("{endpoint: 'localhost:11434'}", "1:12 error: `endpoint` must be an address that begins with http:// or https://.")]
    [InlineData("{endpoint: 'file:///etc/passwd'}", "1:12 error: `endpoint` must be an address that begins with http:// or https://.")]
    [InlineData("{stop_sequences: ['a', 1]}", "1:24 error: `stop_sequences`, item 2, is a number where text was expected.")]
    [InlineData("{headers: []}", "1:11 error: `headers` is a list where an object was expected.")]
    [InlineData("{model: 'a', model: 'b'}", "1:14 error: `model` is defined twice.")]
    [InlineData(
        "{provider_type: 'ollama', cli_path: '/bin/claude'}",
        "1:27 warning: `cli_path` has no effect here: it applies only while `provider_type` is \"claude-code\"."
    )]
    [InlineData("{cli_path: '/bin/claude'}", "")]
    public void A_provider_file_is_validated_against_its_template(string text, string expected) =>
        Assert.Equal(expected, string.Join("\n", TemplateValidation.Check(Provider, Read(text))));

    [Theory]
    [InlineData("{}", "1:1 error: `must` is missing.")]
    [InlineData("{must: ' '}", "1:8 error: `must` is empty.")]
    [InlineData("{must: 'x', when: 'yesterday'}", "1:19 error: `when` must be a time like 2026-01-31T12:00:00Z.")]
    [InlineData("{must: 'x', when: '2026-11-21T06:00:00Z', tools: ['read'], inner: {on: true}}", "")]
    [InlineData("{must: 'x', tools: ['bash']}", "1:20 error: `tools` is locked by its template and can only be narrowed.")]
    [InlineData("{must: 'x', inner: {onn: true}}", "1:21 error: `inner` has no `onn`. Did you mean `on`?")]
    [InlineData("{must: 'x', prompt: 'prompts/a'}", "1:21 error: `prompt` must be an address that begins with codex://.")]
    [InlineData("{must: 'x', inner: {on: true}, extra: 'y'}", "")]
    [InlineData("{must: 'x', kind: 'full'}", "1:1 error: `detail` is missing.")]
    public void Every_rule_of_a_field_is_kept(string text, string expected)
    {
        var template = TemplateReaderTests
            .Read(
                """
                { id: "x", name: "X", fields: [
                  { name: "must", type: "text", required: true },
                  { name: "when", type: "datetime" },
                  { name: "tools", type: "array", items: { type: "text" }, default: ["read", "search"], locked: true },
                  { name: "inner", type: "object", properties: [{ name: "on", type: "boolean" }] },
                  { name: "prompt", type: "codex_reference" },
                  { name: "kind", type: "text" }, { name: "extra", type: "text" },
                  { name: "detail", type: "text", required: true, conditional: { field: "kind", value: ["full", "more"] } },
                ] }
                """
            )
            .Template;
        Assert.NotNull(template);
        Assert.Equal(expected, string.Join("\n", TemplateValidation.Check(template, Read(text))));
    }

    [Fact]
    public void Defaults_fill_only_what_is_missing()
    {
        var filled = Provider.WithDefaults(Read("{max_tokens: 10, temperature: null, other: 1}"));
        Assert.Equal(10, filled.GetInteger("max_tokens"));
        Assert.Equal(0.7, filled.GetNumber("temperature"));
        Assert.Equal("claude-code", filled.GetString("provider_type"));
        Assert.Equal(1, filled.GetInteger("other"));
        Assert.False(filled.Has("model"));
    }

    private static Json5Object Read(string text) => Assert.IsType<Json5Object>(Json5Reader.Read(text).Root);
}
