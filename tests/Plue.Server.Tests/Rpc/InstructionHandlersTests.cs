using System.Text.Json.Nodes;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>The instructions that a model receives, and their notifications to the window.</summary>
public sealed class InstructionHandlersTests : IAsyncLifetime
{
    private readonly ScriptedEndpoint endpoint = new() { Route = _ => Answer("Yes.") };
    private readonly string folder = Directory.CreateTempSubdirectory("plue-workspace-").FullName;
    private InMemorySidecar sidecar = null!;
    private string uri = "";

    public async ValueTask InitializeAsync()
    {
        sidecar = await InMemorySidecar.StartAsync(folder: folder, trusted: true);
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        Write(
            sidecar.Home,
            "templates/mine.json5",
            "{ id: 'mine', name: 'Mine', parent_template: 'ai-chat', fields: [{ name: 'system_prompt_ref', default: 'codex://prompts/mine' }, { name: 'team', type: 'array', items: { type: 'text' }, default: ['Ada', 'Bo'] }] }"
        );
        Write(sidecar.Home, "prompts/mine.md", "---\ndescription: Mine\n---\nWork on {{title}} with {{team}}.\n{{nothing}}\nDone.");
        uri = await CreateAsync("mine");
    }

    public async ValueTask DisposeAsync()
    {
        await sidecar.DisposeAsync();
        await endpoint.DisposeAsync();
    }

    [Fact]
    public async Task The_model_receives_the_filled_prompt_followed_by_the_instructions_of_the_folder()
    {
        Write(folder, "AGENTS.md", "Use tabs. {{title}}");
        var system = await AskedAsync("Hello");
        Assert.StartsWith("Work on Talk with Ada, Bo.\nDone.\n\n# Rules of this project\n", system, StringComparison.Ordinal);
        Assert.EndsWith("\n\n## AGENTS.md\n\nUse tabs. {{title}}", system, StringComparison.Ordinal);
        Assert.Equal(["prompt mine", "rules AGENTS.md", "template Mine", "provider Scripted"], await SourcesAsync());
    }

    [Fact]
    public async Task A_response_stores_its_instruction_sources_and_a_change_applies_to_the_next()
    {
        Write(folder, "AGENTS.md", "Use tabs.");
        await AskedAsync("One");
        Write(sidecar.Home, "prompts/mine.md", "Be brief.");
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url, "temperature: 0.5"));
        Assert.StartsWith("Be brief.\n\n# Rules", await AskedAsync("Two"), StringComparison.Ordinal);
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        var (first, second) = (Versions(chat?["messages"]?[1]), Versions(chat?["messages"]?[3]));
        Assert.Equal(
            ["codex://prompts/mine", Path.Combine(folder, "AGENTS.md"), "codex://templates/mine", "codex://providers/scripted"],
            first.Keys
        );
        Assert.Equal(["codex://prompts/mine", "codex://providers/scripted"], first.Keys.Where(key => first[key] != second[key]));
        Assert.All(second.Values, version => Assert.Matches("^[0-9a-f]{12}$", version));
        Assert.Equal(second.Values, chat?["instructions"]?.AsArray().Select(source => (string?)source?["version"]));
    }

    [Fact]
    public async Task A_changed_parent_changes_the_version_of_its_templates()
    {
        Write(sidecar.Home, "templates/child.json5", "{ id: 'child', name: 'Child', parent_template: 'mine', fields: [] }");
        var child = await CreateAsync("child");
        var before = await VersionAsync(child, "template");
        Write(sidecar.Home, "templates/mine.json5", "{ id: 'mine', name: 'Mine', parent_template: 'ai-chat', fields: [] }");
        Assert.NotEqual(before, await VersionAsync(child, "template"));
    }

    [Fact]
    public async Task Rules_of_a_folder_that_is_not_trusted_are_not_read_and_the_setting_turns_them_off()
    {
        Write(folder, "AGENTS.md", "Use tabs.");
        await sidecar.Client.ResultAsync("settings/set", new { name = "workspace_rules", value = false });
        Assert.DoesNotContain("tabs", await AskedAsync("One"), StringComparison.Ordinal);
        Assert.Equal(
            "The instruction files of the workspace, such as AGENTS.md, are turned off in the settings.",
            (string?)(await SteeringAsync())?["note"]
        );

        await sidecar.Client.ResultAsync("settings/set", new { name = "workspace_rules", value = true });
        Assert.Contains("tabs", await AskedAsync("Two"), StringComparison.Ordinal);

        await using var other = await InMemorySidecar.StartAsync(folder: folder, trusted: false);
        other.WriteProvider("scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        var chat = await other.Client.CreateChatAsync();
        var result = await other.Client.ResultAsync("message/instructions", new { codexId = chat });
        Assert.StartsWith("The workspace is not trusted", (string?)result?["note"], StringComparison.Ordinal);
        Assert.DoesNotContain("rules", Kinds(result));
    }

    [Fact]
    public async Task The_list_has_instructions_of_folders_with_the_file_that_made_them_apply_and_allows_them()
    {
        Write(folder, "src/AGENTS.md", "Use tabs.\u202E");
        Write(folder, "src/a.txt", "alpha");
        var answers = new Queue<ScriptedAnswer>([Calls("", ("c1", "read", """{"path":"src/a.txt"}""")), Answer("Read.")]);
        endpoint.Route = request => request.Method == "POST" && answers.TryDequeue(out var next) ? next : Answer("Yes.");
        await AskedAsync("Read it");
        JsonNode? Nested(JsonNode? list) =>
            list?["sources"]?.AsArray().SingleOrDefault(source => (string?)source?["title"] == "src/AGENTS.md");
        var source = Nested(await SteeringAsync());
        Assert.Equal(
            ("rules", "src/a.txt", true, "It has an invisible character that a model reads."),
            ((string?)source?["kind"], (string?)source?["appliesTo"], (bool?)source?["canBeAllowed"], (string?)source?["omittedReason"])
        );
        var allowed = await sidecar.Client.ResultAsync(
            "message/allowInstructions",
            new
            {
                codexId = uri,
                source = (string?)source?["source"],
                version = (string?)source?["version"],
            }
        );
        Assert.Null((string?)Nested(allowed)?["omittedReason"]);

        answers.Enqueue(Calls("", ("c2", "read", """{"path":"src/a.txt","from":1}""")));
        await AskedAsync("Read it again");
        Assert.Contains(
            "Use tabs.\u202E",
            JsonNode.Parse(endpoint.Requests.Last(request => request.Method == "POST").Body)!["messages"]!.AsArray()[^1]![
                "content"
            ]!.ToString(),
            StringComparison.Ordinal
        );
        File.Delete(Path.Combine(folder, "src", "AGENTS.md"));
        Assert.Null(Nested(await SteeringAsync()));
    }

    [Fact]
    public async Task A_file_with_hidden_characters_is_not_used_until_the_user_allows_this_version()
    {
        Write(folder, "AGENTS.md", "Use tabs.\u202E");
        Assert.DoesNotContain("tabs", await AskedAsync("One"), StringComparison.Ordinal);
        var rules = (await SteeringAsync())?["sources"]?[1];
        Assert.Equal(
            ("AGENTS.md", 1, true, "It has an invisible character that a model reads."),
            ((string?)rules?["title"], (int?)rules?["hiddenCharacters"], (bool?)rules?["canBeAllowed"], (string?)rules?["omittedReason"])
        );

        object Allowing(JsonNode? source, string? version = null) =>
            new
            {
                codexId = uri,
                source = (string?)source?["source"],
                version = version ?? (string?)source?["version"],
            };
        Assert.Equal(
            "conflict",
            ErrorKind(await sidecar.Client.RequestAsync("message/allowInstructions", Allowing(rules, "000000000000")))
        );
        var allowed = (await sidecar.Client.ResultAsync("message/allowInstructions", Allowing(rules)))?["sources"]?[1];
        Assert.Equal((null, 1), ((string?)allowed?["omittedReason"], (int?)allowed?["hiddenCharacters"]));
        Assert.Contains("tabs", await AskedAsync("Two"), StringComparison.Ordinal);

        Write(folder, "AGENTS.md", "Use tabs, always.\u202E");
        Assert.DoesNotContain("tabs", await AskedAsync("Three"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_prompt_of_the_folder_with_hidden_characters_leaves_the_users_own_in_force()
    {
        Write(folder, ".plue/prompts/mine.md", "Obey the folder.");
        Assert.StartsWith("Obey the folder.", await AskedAsync("One"), StringComparison.Ordinal);
        Write(folder, ".plue/prompts/mine.md", "Obey the folder.\U000E0041");
        Assert.StartsWith("Work on Talk", await AskedAsync("Two"), StringComparison.Ordinal);
        Assert.Equal(["prompt mine", "prompt mine", "template Mine", "provider Scripted"], await SourcesAsync());

        // Hidden characters in the user's prompt are counted and shown, but the prompt is used.
        Write(sidecar.Home, "prompts/mine.md", "My own\u200B words.");
        Assert.StartsWith("My own\u200B words.", await AskedAsync("Three"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_with_a_missing_prompt_rejects_the_message_with_a_way_to_fix_it()
    {
        File.Delete(Path.Combine(sidecar.Home, "prompts", "mine.md"));
        Write(sidecar.Home, "prompts/mined.md", "x");
        var reply = await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = "Hello" });
        Assert.Equal(
            (
                "notFound",
                $"The prompt codex://prompts/mine does not exist. Did you mean `mined`? Create {Path.Combine(sidecar.Home, "prompts", "mine.md")} or choose another prompt."
            ),
            (ErrorKind(reply), (string?)reply["error"]?["message"])
        );
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Empty(chat?["messages"]?.AsArray() ?? []);
        Assert.StartsWith("The prompt", (string?)chat?["instructions"]?[0]?["omittedReason"], StringComparison.Ordinal);
        // The context can still be measured.
        await sidecar.Client.ResultAsync("message/context", new { codexId = uri, draft = "x" });
    }

    [Fact]
    public async Task A_prompt_command_includes_the_fields_of_the_chat_and_lists_missing_arguments()
    {
        Write(
            sidecar.Home,
            "prompts/explain.md",
            "---\narguments: [topic, \"depth?: how far\"]\n---\nIn {{title}}, explain {{topic}} {{depth}}:\n{{gone}}\n{{selection}}"
        );
        var prompt = await sidecar.Client.ResultAsync("message/prompt", new { codexId = uri, prompt = "codex://prompts/explain" });
        var text = (string?)prompt?["text"] ?? "";
        Assert.Equal("In Talk, explain {{topic}} {{depth}}:\n{{selection}}", text);
        Assert.Equal(
            ["{{topic}}", "{{depth}}", "{{selection}}"],
            prompt?["placeholders"]?.AsArray().Select(hole => text.Substring((int)hole!["start"]!, (int)hole["length"]!))
        );
        Assert.Equal(
            ["topic False ", "depth True how far"],
            prompt
                ?["arguments"]?.AsArray()
                .Select(argument => $"{argument?["name"]} {(bool?)argument?["isOptional"]} {argument?["description"]}")
        );
    }

    private static void Write(string folder, string path, string text)
    {
        var file = Path.Combine(folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    private async Task<string> CreateAsync(string templateId) =>
        (string?)
            (
                await sidecar.Client.ResultAsync(
                    "codex/create",
                    new
                    {
                        templateId,
                        providerId = "scripted",
                        title = "Talk",
                    }
                )
            )?["uri"]
        ?? "";

    /// <returns>The instructions in the request.</returns>
    private async Task<string> AskedAsync(string text)
    {
        await sidecar.Client.AskAsync(uri, text);
        return (string?)JsonNode.Parse(endpoint.Requests[^1].Body)?["messages"]?[0]?["content"] ?? "";
    }

    private Task<JsonNode?> SteeringAsync() => sidecar.Client.ResultAsync("message/instructions", new { codexId = uri });

    private async Task<IEnumerable<string>> SourcesAsync() =>
        (await SteeringAsync())?["sources"]?.AsArray().Select(source => $"{source?["kind"]} {source?["title"]}") ?? [];

    private async Task<string?> VersionAsync(string codexId, string kind) =>
        (string?)
            (await sidecar.Client.ResultAsync("message/instructions", new { codexId }))
                ?["sources"]?.AsArray()
                .Single(source => (string?)source?["kind"] == kind)
                ?["version"];

    private static IEnumerable<string?> Kinds(JsonNode? result) =>
        result?["sources"]?.AsArray().Select(source => (string?)source?["kind"]) ?? [];

    private static Dictionary<string, string> Versions(JsonNode? message) =>
        (message?["instructions"]?.AsArray() ?? []).ToDictionary(
            source => (string)source!["source"]!,
            source => (string)source!["version"]!
        );
}
