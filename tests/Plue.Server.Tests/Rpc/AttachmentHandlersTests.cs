using System.Text;
using System.Text.Json.Nodes;
using Plue.Server.Store;
using Plue.Server.Tests.Chat;
using Plue.Server.Tests.Store;
using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>Attachments from the webview to the vendor and back, through the whole sidecar.</summary>
public sealed class AttachmentHandlersTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("plue-work-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_file_and_a_pasted_image_reach_the_model_and_stay_in_the_chat()
    {
        await using var vendor = new ScriptedEndpoint(Answer("Nice"));
        await using var sidecar = await OpenAsync(vendor);
        Write("src/a.ts", "let a = 1;");
        var image = await sidecar.Client.ResultAsync(
            "attachment/store",
            new
            {
                name = "pasted.png",
                mediaType = "image/png",
                data = Convert.ToBase64String(AttachmentsTests.Png),
            }
        );
        var blob = (string?)image?["blob"];
        Assert.Equal("src/a.ts", (string?)(await sidecar.Client.ResultAsync("attachment/inspect", new { path = "src/a.ts" }))?["path"]);
        var uri = await sidecar.Client.CreateChatAsync();
        await sidecar.Client.ResultAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "Look",
                attachments = new object[] { new { path = "src/a.ts" }, new { blob, name = "pasted.png" } },
            }
        );
        await sidecar.Client.TurnAsync();

        var body = JsonNode.Parse(vendor.Requests.Single(request => request.Target.EndsWith("completions", StringComparison.Ordinal)).Body);
        var content = body?["messages"]?.AsArray().Last()?["content"]?.AsArray();
        Assert.Equal(["text", "image_url", "text"], content?.Select(block => (string?)block?["type"]));
        Assert.Equal("<file path=\"src/a.ts\">\nlet a = 1;\n</file>", (string?)content?[0]?["text"]);
        Assert.Equal($"data:image/png;base64,{Convert.ToBase64String(AttachmentsTests.Png)}", (string?)content?[1]?["image_url"]?["url"]);

        Write("src/a.ts", "let a = 22;");
        var parts = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["messages"]?[0]?["parts"]?.AsArray();
        Assert.Equal(["file", "file", "text"], parts?.Select(part => (string?)part?["kind"]));
        Assert.True((bool?)parts?[0]?["hasChanged"]);
        Assert.Equal("let a = 1;", (string?)parts?[0]?["content"]);
        var read = await sidecar.Client.ResultAsync("attachment/read", new { blob = (string?)parts?[1]?["blob"] });
        Assert.Equal(("image/png", Convert.ToBase64String(AttachmentsTests.Png)), ((string?)read?["mediaType"], (string?)read?["data"]));
    }

    [Fact]
    public async Task Messages_about_a_file_show_no_hidden_characters_of_its_name()
    {
        await using var vendor = new ScriptedEndpoint();
        await using var sidecar = await OpenAsync(vendor);
        const string Name = "a\u001B[2J\u202E\n\u2800.bin";
        const string Shown = "a⟨U+001B⟩[2J⟨U+202E⟩⟨U+000A⟩⟨U+2800⟩.bin";
        File.WriteAllBytes(Path.Combine(folder, Name), [0, 1]);
        Assert.StartsWith(
            Shown,
            (string?)(await sidecar.Client.ResultAsync("attachment/inspect", new { path = Name }))!["note"],
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            $"no{Shown} does not exist",
            (string?)(await sidecar.Client.ResultAsync("attachment/inspect", new { path = $"no{Name}" }))!["problem"],
            StringComparison.Ordinal
        );
        var uri = await sidecar.Client.CreateChatAsync();
        var refused = await sidecar.Client.RequestAsync(
            "message/send",
            new
            {
                codexId = uri,
                text = "Look",
                attachments = new object[] { new { path = $"../{Name}" } },
            }
        );
        Assert.Contains(Shown, (string?)refused["error"]!["message"], StringComparison.Ordinal);
        var image = await sidecar.Client.RequestAsync(
            "attachment/store",
            new
            {
                name = Name,
                mediaType = "image/png",
                data = "AAAA",
            }
        );
        Assert.StartsWith(Shown, (string?)image["error"]!["message"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_chat_shows_its_pinned_files_and_every_question_carries_them()
    {
        await using var vendor = new ScriptedEndpoint(Answer("Nice"));
        var home = Directory.CreateTempSubdirectory("plue-test-").FullName;
        using var store = new StoreFixture(home);
        string id;
        await using (var journal = store.NewStore().Create("ai-chat", null, "scripted", null))
        {
            id = journal.Id;
            await journal.UpdateAsync(new ChatFields { ContextFiles = ["rules.md", "gone.md"] }, TestContext.Current.CancellationToken);
        }

        Write("rules.md", "Be kind.");
        var uri = $"codex://chats/{id}";
        await using (var sidecar = await OpenAsync(vendor, home))
        {
            var pinned = (await sidecar.Client.ResultAsync("codex/get", new { uri }))?["contextFiles"]?.AsArray();
            Assert.Equal(["rules.md", "gone.md"], pinned?.Select(file => (string?)file?["path"]));
            Assert.True((long?)pinned?[0]?["tokens"] > 0);
            Assert.Equal("gone.md does not exist.", (string?)pinned?[1]?["problem"]);
            await sidecar.Client.AskAsync(uri, "One");
            var body = JsonNode.Parse(vendor.Requests.Last().Body);
            Assert.Equal(
                "<file path=\"rules.md\">\nBe kind.\n</file>\n\n(The pinned file gone.md is not included: gone.md does not exist.)\n\nOne",
                (string?)body?["messages"]?.AsArray().Last()?["content"]
            );
            var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
            Assert.Equal(["One", "Nice"], Texts(chat));
            Assert.Equal("A pinned file was not sent: gone.md does not exist.", (string?)chat?["messages"]?[1]?["omitted"]?[0]);
        }
    }

    private async Task<InMemorySidecar> OpenAsync(ScriptedEndpoint vendor, string? home = null)
    {
        var sidecar = await InMemorySidecar.StartAsync(home);
        await sidecar.Client.ResultAsync("initialize", new { initializationOptions = new { workspaceFolder = folder, trusted = true } });
        sidecar.WriteProvider("scripted", InMemorySidecar.ProviderAt(vendor.Url));
        return sidecar;
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var stream = new FileStream(path, FileMode.Create);
        stream.Write(Encoding.UTF8.GetBytes(text));
    }
}
