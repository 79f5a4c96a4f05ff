using Plue.Protocol;
using Plue.Server.Messages;
using Plue.Server.Rpc;
using Plue.Server.Store;
using Plue.Server.Tests.Testing;
using ModelChoice = Plue.Server.Messages.ModelChoice;

namespace Plue.Server.Tests.Codices;

/// <summary>Renames a document and all references to it.</summary>
public sealed class CodexRenameTests : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly PlueHome home = new();

    public ValueTask DisposeAsync() => home.DisposeAsync();

    [Fact]
    public async Task A_renamed_prompt_is_followed_by_templates_items_and_prompts_and_their_comments_stay()
    {
        home.Write("prompts/old.md", "---\ntags: [mine]\n---\nHello.");
        home.Write("prompts/other.md", "---\nname: Other\nsee: codex://prompts/old.md\n---\nSee it.");
        home.Write(
            "templates/x.json5",
            "{\n  id: 'x', // mine\n  name: 'X', parent_template: 'task',\n  system_prompt_ref: 'codex://prompts/old.md', /* kept */\n}"
        );
        home.Write(
            "templates/note.json5",
            "{ id: 'note', name: 'Note', fields: [{ name: 'prompts', type: 'array', items: { type: 'codex_reference', template_filter: 'markdown' } }] }"
        );
        home.Write("items/a.json5", "{ template: \"note\", prompts: [ \"codex://prompts/title\", \"codex://prompts/old\" /* two */ ] }");
        var done = await RenameAsync("codex://prompts/old", "new");

        Assert.Equal("codex://prompts/new", done.Uri);
        Assert.Equal(["codex://items/a", "codex://prompts/other", "codex://templates/x"], done.Updated.Select(link => link.Target).Order());
        Assert.Empty(done.Skipped);
        Assert.Equal(
            "{\n  id: 'x', // mine\n  name: 'X', parent_template: 'task',\n  system_prompt_ref: 'codex://prompts/new.md', /* kept */\n}",
            home.Read("templates/x.json5")
        );
        Assert.Equal(
            "{ template: \"note\", prompts: [ \"codex://prompts/title\", \"codex://prompts/new\" /* two */ ] }",
            home.Read("items/a.json5")
        );
        Assert.Contains("see: codex://prompts/new.md\n", home.Read("prompts/other.md"), StringComparison.Ordinal);
        Assert.False(home.Has("prompts/old.md"));
        Assert.Equal("Reference to codex://prompts/old renamed", Documents.History("codex://items/a").Versions[0].Summary);
        Assert.DoesNotContain(home.Services.Documents.Checks.All(), finding => finding.Kind == Plue.Server.Codices.FindingKind.Error);
    }

    [Fact]
    public async Task A_renamed_template_takes_its_id_its_children_its_items_its_chats_and_its_history_along()
    {
        home.Write(
            "templates/old.json5",
            "{ id: 'old', name: 'Old', parent_template: 'ai-chat', fields: [{ name: 'like', type: 'codex_reference', template_filter: 'old' }] }"
        );
        home.Write("templates/child.json5", "{ id: 'child', name: 'Child', parent_template: \"old\" }");
        home.Write("templates/form.json5", "{ id: 'form', name: 'Form' }");
        home.Write("items/a.json5", "{ template: 'form' }");
        await Documents.UpdateAsync(
            new CodexUpdateParams("codex://templates/old", null, null, null, null, null, null) { Set = Values("name", "Older") },
            CancellationToken.None
        );
        var chat = NewChat("old", "tour");

        var done = await RenameAsync("codex://templates/old", "new");
        Assert.Equal(["codex://chats/" + chat, "codex://templates/child"], done.Updated.Select(link => link.Target).Order());
        Assert.Equal(("new", "new", "new"), (Find("new").Id, Find("child").ParentTemplate, Find("new").Field("like")!.TemplateFilter));
        Assert.Null(home.Services.Codices.Templates.Find("old"));
        Assert.Equal("new", Store().Read(chat).TemplateId);
        Assert.Equal(
            ["Renamed from old", "Changed name", "Original version"],
            Documents.History("codex://templates/new").Versions.Select(version => version.Summary)
        );
        Assert.False(Documents.Get("codex://templates/new").CanUndo);

        home.Write(
            "templates/boss.json5",
            "{ id: 'boss', name: 'Boss', parent_template: 'task', available_tools: ['spawn_task'], permissions: { deny: ['spawn_task(boss)', 'bash'] } }"
        );
        await RenameAsync("codex://templates/boss", "chief");
        Assert.Contains("deny: ['spawn_task(chief)', 'bash']", home.Read("templates/chief.json5"), StringComparison.Ordinal);

        await RenameAsync("codex://templates/form", "sheet");
        Assert.Equal("{ template: 'sheet' }", home.Read("items/a.json5"));
        Assert.DoesNotContain(home.Services.Documents.Checks.All(), finding => finding.Kind == Plue.Server.Codices.FindingKind.Error);
    }

    [Fact]
    public async Task A_renamed_provider_stays_the_default_the_chats_choice_and_keeps_its_key_and_its_state()
    {
        home.Write(
            "providers/old.json5",
            "{ provider_type: 'openai-compatible', endpoint: 'http://localhost:1/v1', api_key_ref: 'vault://old/api_key' }"
        );
        home.Write("providers/program.json5", "{ provider_type: 'external', command: '/bin/true' }");
        home.Write(
            "config.json5",
            "{\n  // whom I like\n  default_large: { provider: 'old', model: 'm' },\n  fallbacks: ['codex://providers/old', 'tour'],\n}"
        );
        home.Write(
            "templates/x.json5",
            "{ id: 'x', name: 'X', parent_template: 'task', provider_ref: ['codex://providers/tour', 'codex://providers/old'] }"
        );
        var chat = NewChat("ai-chat", "old");
        await Store().UpdateAsync(chat, new ChatFields(Fallbacks: [new ModelChoice("tour"), new ModelChoice("old", "m")]), None);
        var settings = home.Services.Providers.Registry.Find("old")!.Settings;
        home.Services.Providers.Registry.Answered(settings, null);

        var done = await RenameAsync("codex://providers/old", "new");
        Assert.Empty(done.Skipped);
        Assert.Equal(
            "{\n  // whom I like\n  default_large: { provider: 'new', model: 'm' },\n  fallbacks: ['codex://providers/new', 'tour'],\n}",
            home.Read("config.json5")
        );
        Assert.Equal(
            ("new", "new", "m"),
            Store().Read(chat) is var stored ? (stored.ProviderId, stored.Fallbacks[1].ProviderId, stored.Fallbacks[1].Model) : default
        );
        var renamed = home.Services.Providers.Registry.Find("new")!.Settings;
        Assert.Equal("vault://old/api_key", renamed.ApiKeyRef);
        Assert.Equal(Plue.Server.Providers.Connections.ProviderHealth.Connected, home.Services.Providers.Registry.StateOf(renamed).Health);
        Assert.Null(home.Services.Providers.Registry.Find("old"));

        await RenameAsync("codex://providers/program", "other");
        Assert.Equal("program", home.Services.Providers.Registry.Find("other")!.Settings.AdditionalAuth["provider"]);
    }

    [Fact]
    public async Task References_in_fields_of_tasks_are_updated()
    {
        home.Write("prompts/old.md", "Hello.");
        string id;
        using (
            var journal = home.Services.Store.Chats.Create(
                ChannelKind.Task,
                "task",
                new ChatFields("A task") { Values = Values("system_prompt_ref", "codex://prompts/old.md") }
            )
        )
        {
            id = journal.Chat.Id;
        }

        var done = await RenameAsync("codex://prompts/old", "new");
        Assert.Equal([("prompt", $"codex://tasks/{id}")], done.Updated.Select(link => (link.Kind, link.Target)));
        Assert.Equal("codex://prompts/new.md", Store().Read(id).Text("system_prompt_ref"));
    }

    [Fact]
    public async Task A_dry_run_lists_the_changes_without_making_them()
    {
        home.Write("prompts/old.md", "Hello.");
        home.Write("templates/x.json5", "{ id: 'x', name: 'X', parent_template: 'task', system_prompt_ref: 'codex://prompts/old' }");
        var before = Everything();
        var done = await RenameAsync("codex://prompts/old", "new", dryRun: true);
        Assert.Equal([("prompt", "codex://templates/x")], done.Updated.Select(link => (link.Kind, link.Target)));
        Assert.Equal(before, Everything());
    }

    [Fact]
    public async Task References_in_foreign_or_invalid_files_are_skipped_and_listed()
    {
        home.Write("prompts/default-assistant.md", "Mine.");
        home.Write("templates/broken.json5", "{ id: 'broken', name: 'Broken', system_prompt_ref: 'codex://prompts/default-assistant',, }");
        var folder = Directory.CreateDirectory(Path.Combine(home.Folder, "work")).FullName;
        home.Write(
            "work/.plue/templates/theirs.json5",
            "{ id: 'theirs', name: 'Theirs', parent_template: 'task', system_prompt_ref: 'codex://prompts/default-assistant' }"
        );
        home.Services.Platform.Workspace.Open(folder, trusted: true);
        var done = await RenameAsync("codex://prompts/default-assistant", "mine");
        var why = done.Skipped.ToDictionary(left => left.Target, left => left.Reason, StringComparer.Ordinal);
        Assert.Equal("Ships with Plue.", why["codex://templates/task"]);
        Assert.Equal("It belongs to the workspace.", why["codex://templates/theirs"]);
        Assert.Equal("Its file has an error.", why["codex://templates/broken"]);
    }

    [Theory]
    [InlineData("codex://prompts/title", "x", FailureKind.PermissionDenied)]
    [InlineData("codex://prompts/mine", "title", FailureKind.Conflict)]
    [InlineData("codex://prompts/mine", "mine", FailureKind.Conflict)]
    [InlineData("codex://prompts/mine", "../x", FailureKind.NotFound)]
    [InlineData("codex://prompts/nobody", "x", FailureKind.NotFound)]
    [InlineData("codex://providers/p", "default-large", FailureKind.Conflict)]
    [InlineData("codex://templates/t", "not.an.id", FailureKind.NotFound)]
    [InlineData("codex://templates/broken", "b", FailureKind.Conflict)]
    [InlineData("codex://chats/chat_0", "b", FailureKind.NotFound)]
    public async Task An_invalid_rename_is_refused_and_changes_nothing(string uri, string name, FailureKind kind)
    {
        home.Write("prompts/mine.md", "Mine.");
        home.Write("providers/p.json5", "{ provider_type: 'tour' }");
        home.Write("templates/t.json5", "{ id: 't', name: 'T' }");
        home.Write("templates/broken.json5", "{ id: 'broken' name }");
        var before = Everything();
        var fault = await Assert.ThrowsAsync<FailureException>(() => RenameAsync(uri, name));
        Assert.Equal(kind, fault.Failure.Kind);
        Assert.Equal(before, Everything());
    }

    /// <summary>After an interruption at any step, repeating the rename completes it.</summary>
    [Fact]
    public async Task Broken_off_anywhere_nothing_dangles_and_doing_it_again_finishes_it()
    {
        for (var stop = 0; ; stop++)
        {
            await using var one = new PlueHome();
            one.Write("providers/old.json5", "{ provider_type: 'tour' }");
            one.Write("templates/x.json5", "{ id: 'x', name: 'X', parent_template: 'task', provider_ref: 'codex://providers/old' }");
            one.Write("config.json5", "{ default_large: 'old' }");
            var chats = Enumerable.Range(0, 3).Select(_ => NewChat(one, "ai-chat", "old")).ToList();
            var left = stop;
            var store = one.Services.Store.Chats;
            var breaking = DocumentHandlers.Of(
                one.Services,
                (_, _) => { },
                (id, fields, token) =>
                    left-- == 0 ? throw new InvalidOperationException("The power went.") : store.UpdateAsync(id, fields, token)
            );
            var isBroken = false;
            try
            {
                await breaking.RenameAsync(new CodexRenameParams("codex://providers/old", "new", null), None);
            }
            catch (InvalidOperationException)
            {
                isBroken = true;
            }

            var services = one.Open();
            foreach (var chat in chats)
            {
                Assert.NotNull(services.Providers.Registry.Find(services.Store.Chats.Read(chat).ProviderId!));
            }

            if (!isBroken)
            {
                break;
            }

            await DocumentHandlers
                .Of(services, (_, _) => { })
                .RenameAsync(new CodexRenameParams("codex://providers/old", "new", null), None);
            Assert.All(chats, chat => Assert.Equal("new", services.Store.Chats.Read(chat).ProviderId));
            Assert.Equal(
                ("{ provider_type: 'tour' }", "{ default_large: 'new' }", false),
                (one.Read("providers/new.json5"), one.Read("config.json5"), one.Has("providers/old.json5"))
            );
            Assert.Equal(
                ["Renamed from old", "Original version"],
                DocumentHandlers.Of(services, (_, _) => { }).History("codex://providers/new").Versions.Select(version => version.Summary)
            );
        }
    }

    [Fact]
    public async Task A_name_that_a_deleted_document_had_keeps_that_ones_history_apart()
    {
        home.Write("prompts/new.md", "Somebody else.");
        Documents.Get("codex://prompts/new");
        Documents.Delete("codex://prompts/new");
        home.Write("prompts/old.md", "Hello.");
        await RenameAsync("codex://prompts/old", "new");
        Assert.Equal("Renamed from old", Documents.History("codex://prompts/new").Versions[0].Summary);
        Assert.Equal("Renamed to new", Documents.History("codex://prompts/old").Versions[0].Summary);
    }

    private DocumentHandlers Documents => DocumentHandlers.Of(home.Services, (_, _) => { });

    private Task<CodexRenameResult> RenameAsync(string uri, string name, bool? dryRun = null) =>
        Documents.RenameAsync(new CodexRenameParams(uri, name, dryRun), None);

    private Plue.Server.Templates.Template Find(string id) =>
        home.Services.Codices.Templates.Find(id) ?? throw new InvalidOperationException(id);

    private ChatStore Store() => home.Services.Store.Chats;

    private string NewChat(string template, string provider) => NewChat(home, template, provider);

    private static string NewChat(PlueHome home, string template, string provider)
    {
        using var journal = home.Services.Store.Chats.Create(template, "A chat", provider, null);
        return journal.Chat.Id;
    }

    private static Dictionary<string, System.Text.Json.JsonElement> Values(string name, string value) =>
        new() { [name] = System.Text.Json.JsonElement.Parse($"\"{value}\"") };

    private string Everything() =>
        string.Join(
            '\n',
            Directory
                .EnumerateFiles(home.Folder, "*", SearchOption.AllDirectories)
                .Where(file =>
                    Path.GetDirectoryName(file)!.Split(Path.DirectorySeparatorChar)[^1]
                        is "prompts"
                            or "providers"
                            or "templates"
                            or "items"
                    || file.EndsWith("config.json5", StringComparison.Ordinal)
                )
                .Where(file => !file.Contains("history", StringComparison.Ordinal))
                .Order()
                .Select(file => $"{file}: {File.ReadAllText(file)}")
        );
}
