using System.Text.Json;
using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Rpc;
using Plue.Server.Tests.Testing;
using FindingKind = Plue.Protocol.FindingKind;

namespace Plue.Server.Tests.Chat;

/// <summary>Previews of templates, without requests.</summary>
public sealed class TemplateTrialTests : IAsyncDisposable
{
    private const string Scout =
        "{ id: 'scout', name: 'Scout', parent_template: 'task', provider_ref: 'codex://providers/p', system_prompt_ref: 'codex://prompts/scout', "
        + "available_tools: ['read', 'write', 'github/create_issue'], budget: { usd: 0.25 } }";
    private readonly PlueHome home = new();

    public TemplateTrialTests()
    {
        home.Write("templates/scout.json5", Scout);
        home.Write("prompts/scout.md", "You are a scout.");
        // Nothing listens there, so a request would fail.
        home.Write(
            "providers/p.json5",
            "{ name: 'Paid', provider_type: 'anthropic', endpoint: 'http://127.0.0.1:9', model: 'claude-sonnet-4-6', max_tokens: 1000 }"
        );
    }

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public void The_prompt_the_goal_the_tools_and_the_cost_are_shown_without_a_call()
    {
        var tried = Try("scout", ("goal", "Find the bug."));
        Assert.Equal(("You are a scout.", "Find the bug."), (tried.System, tried.Message));
        Assert.Equal(
            [("read", false, true), ("write", true, true), ("github/create_issue", true, false)],
            tried.Tools.Select(tool => (tool.Name, tool.HasSideEffects, tool.IsKnown))
        );
        Assert.Equal(
            ("p", "claude-sonnet-4-6", "untested", false),
            (tried.Provider!.ProviderId, tried.Provider.Model, tried.Provider.Status, tried.Provider.IsFree)
        );
        Assert.NotNull(tried.Provider.ContextWindow);
        var price = tried.Provider.Price!;
        Assert.True(
            tried.InputTokens > TokenEstimate.Of(tried.System) + TokenEstimate.Of(tried.Message),
            "What a model is told of its tools counts."
        );
        Assert.Equal((tried.InputTokens * price.InputPerMillion + 1000 * price.OutputPerMillion) / 1_000_000m, tried.FirstRequestCost);
        Assert.Equal(0.25m, tried.MaxCost);
        Assert.Empty(tried.Findings);
    }

    [Fact]
    public void Nothing_is_stored_by_a_trial()
    {
        string[] Files() => [.. Directory.EnumerateFiles(home.Folder, "*", SearchOption.AllDirectories).Order()];
        var before = Files();
        Try("scout", ("goal", "Find the bug."));
        Assert.Equal(before, Files());
    }

    [Fact]
    public void A_value_that_does_not_fit_and_one_that_is_missing_are_findings()
    {
        var tried = Try("scout", ("status", "asleep"));
        Assert.Contains(tried.Findings, finding => finding is { Kind: FindingKind.Error, Message: "`goal` is missing." });
        Assert.Contains(tried.Findings, finding => finding.Message.StartsWith("`status` must be one of", StringComparison.Ordinal));
    }

    [Fact]
    public void The_fallback_is_used_when_the_first_provider_fails_and_the_reason_is_shown()
    {
        home.Write("providers/off.json5", "{ name: 'Off', provider_type: 'ollama', model: 'qwen3', enabled: false }");
        home.Write("providers/own.json5", "{ name: 'Own', provider_type: 'ollama', model: 'qwen3' }");
        var tried = Try(
            "scout",
            ("goal", "g"),
            ("provider_ref", new[] { "codex://providers/gone", "codex://providers/off", "codex://providers/own" })
        );
        Assert.Equal(("own", true, 0m), (tried.Provider!.ProviderId, tried.Provider.IsFree, tried.FirstRequestCost));
        Assert.Contains(tried.Findings, finding => finding.Message == "Off is switched off. Switch it on, or choose another provider.");
        Assert.Null(Try("scout", ("goal", "g"), ("provider_ref", "codex://providers/off")).Provider);
    }

    [Fact]
    public void The_cheapest_candidate_that_can_do_what_is_needed_would_answer()
    {
        home.Write("providers/own.json5", "{ name: 'Own', provider_type: 'ollama', model: 'qwen3', supports_tools: false }");
        home.Write(
            "templates/pick.json5",
            "{ id: 'pick', name: 'Pick', parent_template: 'task', candidates: [{ provider_ref: 'codex://providers/p' }, { provider_ref: 'codex://providers/own' }] }"
        );
        home.Write(
            "templates/able.json5",
            "{ id: 'able', name: 'Able', parent_template: 'task', candidates: [{ provider_ref: 'codex://providers/p', needs: ['tools'] }, { provider_ref: 'codex://providers/own', needs: ['tools'] }] }"
        );
        Assert.Equal("own", Try("pick", ("goal", "g")).Provider!.ProviderId);
        Assert.Equal("p", Try("able", ("goal", "g")).Provider!.ProviderId);
    }

    [Fact]
    public void A_template_without_a_provider_uses_the_default_of_the_user()
    {
        home.Write("config.json5", "{ default_large: { provider: 'p', model: 'claude-opus-4-6' } }");
        var tried = Try("task", ("goal", "g"));
        Assert.Equal(("p", "claude-opus-4-6"), (tried.Provider!.ProviderId, tried.Provider.Model));
    }

    [Fact]
    public void A_template_with_errors_is_not_tried_and_the_first_error_is_named()
    {
        home.Write("templates/bad.json5", "{ id: 'bad',\n  name: 3 }");
        var fault = Assert.Throws<FailureException>(() => Try("bad"));
        Assert.Equal("The template bad has an error at line 2, column 9: `name` is a number where text was expected.", fault.Message);
        Assert.Equal(
            "The template scoot does not exist. Did you mean `scout`?",
            Assert.Throws<FailureException>(() => Try("scoot")).Message
        );
    }

    private TemplateTryResult Try(string id, params (string Name, object Value)[] values) =>
        TemplateHandlers
            .Of(home.Services)
            .Try(
                new TemplateTryParams(
                    id,
                    values.ToDictionary(
                        value => value.Name,
                        value =>
                            JsonElement.Parse(
                                value.Value is string[] list
                                    ? $"[{string.Join(',', list.Select(item => $"\"{item}\""))}]"
                                    : $"\"{value.Value}\""
                            ),
                        StringComparer.Ordinal
                    )
                )
            );
}
