using Plue.Server.Codices;
using Plue.Server.Json5;
using Plue.Server.Tests.Testing;
using Plue.Server.Tests.Vault;

namespace Plue.Server.Tests.Codices;

/// <summary>Targets of addresses, and problems of broken ones.</summary>
public sealed class ReferencesTests : IAsyncDisposable
{
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public void An_address_leads_through_the_layers_to_the_file_that_counts()
    {
        Assert.Null(Resolve("codex://prompts/default-assistant.md", "markdown").Path);
        var own = home.Write("prompts/default-assistant.md", "Mine.");
        var found = Resolve("codex://prompts/default-assistant", "markdown");
        Assert.Equal((own, null), (found.Path, found.Problem));
    }

    [Theory]
    [InlineData(
        "codex://prompts/default-asistant",
        "markdown",
        "codex://prompts/default-asistant does not exist. Did you mean `default-assistant`?",
        true,
        false
    )]
    [InlineData(
        "codex://templates/task",
        "markdown",
        "codex://templates/task has the wrong type: codex://prompts/… is required here.",
        true,
        true
    )]
    [InlineData("codex://providers/later", "llm-provider", "codex://providers/later does not exist.", false, false)]
    [InlineData(
        "codex://providers/default-large",
        "llm-provider",
        "No large default is chosen yet. Choose one with Plue: Choose Default Provider.",
        false,
        false
    )]
    [InlineData("codex://chats/chat_0", "ai-chat", "codex://chats/chat_0 does not exist.", true, false)]
    [InlineData("prompts/x", "markdown", "The address must have the form codex://COLLECTION/NAME.", true, false)]
    public void Reports_a_dangling_reference_in_one_sentence(string address, string filter, string problem, bool isError, bool isWrongKind)
    {
        var found = Resolve(address, filter);
        Assert.Equal((problem, isError, isWrongKind), (found.Problem, found.IsError, found.IsWrongKind));
    }

    [Fact]
    public void A_reference_to_an_item_of_another_template_is_of_the_wrong_kind()
    {
        home.Write("templates/recipe.json5", "{ id: 'recipe', name: 'Recipe', fields: [{ name: 'title', type: 'text' }] }");
        home.Write("templates/note.json5", "{ id: 'note', name: 'Note', fields: [{ name: 'title', type: 'text' }] }");
        home.Write("items/soup.json5", "{ template: 'recipe', title: 'Soup' }");
        Assert.Null(Resolve("codex://items/soup", "recipe").Problem);
        Assert.True(Resolve("codex://items/soup", "note").IsWrongKind);
    }

    [Fact]
    public void A_default_leads_to_the_users_choice()
    {
        home.Write("config.json5", "{ default_small: { provider: 'local', model: 'qwen3' } }");
        Assert.Equal("local, qwen3", Resolve("codex://providers/default-small", "llm-provider").Title);
        Assert.NotNull(Resolve("codex://providers/default-large", "llm-provider").Problem);
    }

    [Fact]
    public async Task Reports_a_missing_key_once_the_vault_contains_any()
    {
        Assert.Null(Resolve("vault://a/key", null).Problem);
        await home.Services.Vault.Vault.CreateAsync(VaultHome.Editor, TestContext.Current.CancellationToken);
        await home.Services.Vault.Vault.StoreAsync(
            "vault://a/key",
            "secret-value-1234",
            ["https://a.example"],
            TestContext.Current.CancellationToken
        );
        Assert.Null(Resolve("Bearer vault://a/key", null).Problem);
        var missing = Resolve("vault://b/key", null);
        Assert.Equal(
            ("The vault does not contain vault://b/key. Store it with Plue: Configure Provider Key.", false),
            (missing.Problem, missing.IsError)
        );
    }

    [Fact]
    public void Finds_every_reference_of_a_template_with_its_position_and_expected_kind()
    {
        const string Text = """
            {
              id: "x", name: "X", parent_template: "task",
              provider_ref: ["codex://providers/a", "codex://providers/b"],
              fields: [
                { name: "style", type: "codex_reference", template_filter: "recipe", default: "codex://items/soup" },
                { name: "system_prompt_ref", default: "codex://prompts/p" },
                { name: "parts", type: "array", items: { type: "codex_reference", template_filter: "markdown" } },
              ],
              automation: { hooks: [{ trigger: "created", action: "spawn_task", template: "task", values: { system_prompt_ref: "codex://prompts/q" } }] },
            }
            """;
        var found = FoundReferences.InTemplate((Json5Object)Json5Reader.Read(Text).Root!, home.Services.Codices.Templates.Find).ToList();
        Assert.Equal(
            [
                ("task", "parent_template", null),
                ("codex://providers/a", "provider_ref[0]", "llm-provider"),
                ("codex://providers/b", "provider_ref[1]", "llm-provider"),
                ("recipe", "fields[0].template_filter", null),
                ("codex://items/soup", "fields[0].default", "recipe"),
                ("codex://prompts/p", "fields[1].default", "markdown"),
                ("task", "automation.hooks[0].template", "task"),
                ("codex://prompts/q", "automation.hooks[0].values.system_prompt_ref", "markdown"),
            ],
            found.Select(reference => (reference.Text, reference.Path, reference.Filter))
        );
        Assert.All(found, reference => Assert.Equal($"\"{reference.Text}\"", Text[reference.Span.Start..reference.Span.End]));
    }

    private Reference Resolve(string address, string? filter) => home.Services.Documents.References.Resolve(address, filter);
}
