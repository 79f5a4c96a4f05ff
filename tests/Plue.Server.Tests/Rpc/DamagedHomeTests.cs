using Plue.Server.Tests.Testing;
using static Plue.Server.Tests.Testing.ChatScript;

namespace Plue.Server.Tests.Rpc;

/// <summary>A data folder that is read-only, full or damaged: errors are clear, and unaffected features work.</summary>
public sealed class DamagedHomeTests
{
    [Fact]
    public async Task On_a_read_only_disk_chats_can_be_read_and_writing_reports_the_reason()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint);
        string uri;
        await using (var before = await InMemorySidecar.StartAsync(home))
        {
            uri = await before.Client.CreateChatAsync();
            await before.Client.AskAsync(uri, "Hi");
        }

        using var readOnly = Mount.ReadOnly(home);
        await using var sidecar = await SidecarProcess.StartAsync(home);
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri });
        Assert.Equal(["Hi", "Hello"], Texts(chat));
        Assert.Contains("read-only", (string?)chat?["readOnlyReason"], StringComparison.Ordinal);
        Assert.Single((await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?.AsArray() ?? []);
        foreach (
            var (method, parameters) in new (string, object)[]
            {
                ("codex/create", new { templateId = "ai-chat", providerId = "scripted" }),
                ("message/send", new { codexId = uri, text = "More" }),
                ("codex/update", new { uri, title = "Renamed" }),
                ("codex/delete", new { uri }),
                (
                    "provider/configure",
                    new
                    {
                        id = "scripted",
                        name = "Renamed",
                        kind = "openai-compatible",
                    }
                ),
                ("vault/create", new { method = "passphrase", secret = "correct horse battery" }),
            }
        )
        {
            var error = (await sidecar.Client.RequestAsync(method, parameters))["error"];
            Assert.Equal((method, "storeReadOnly"), (method, (string?)error?["data"]?["kind"]));
            Assert.EndsWith(".", (string?)error?["message"], StringComparison.Ordinal);
        }

        Assert.Equal(["Hi", "Hello"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task On_a_full_disk_the_draft_is_refused_and_accepted_when_there_is_space_again()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Path.Combine(Directory.CreateTempSubdirectory("plue-full-").FullName, "home");
        using var small = Mount.Small(home, 256);
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        await using var sidecar = await SidecarProcess.StartAsync(home);
        var uri = await sidecar.Client.CreateChatAsync();
        var ballast = Path.Combine(home, "ballast");
        Fill(ballast);
        var refused = (await sidecar.Client.RequestAsync("message/send", new { codexId = uri, text = new string('x', 40_000) }))["error"];
        Assert.Equal("storeReadOnly", (string?)refused?["data"]?["kind"]);
        Assert.Contains("no space left", (string?)refused?["message"], StringComparison.Ordinal);
        Assert.Equal(
            "storeReadOnly",
            ErrorKind(await sidecar.Client.RequestAsync("codex/create", new { templateId = "ai-chat", providerId = "scripted" }))
        );

        File.Delete(ballast);
        await sidecar.Client.AskAsync(uri, "Short");
        Assert.Equal(["Short", "Hello"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri })));
    }

    [Fact]
    public async Task A_damaged_chat_opens_with_a_notice_and_the_others_as_ever()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint);
        string damaged,
            whole;
        await using (var before = await InMemorySidecar.StartAsync(home))
        {
            (damaged, whole) = (await before.Client.CreateChatAsync(), await before.Client.CreateChatAsync());
            await before.Client.AskAsync(damaged, "First");
            await before.Client.AskAsync(whole, "Second");
        }

        var journal = Directory.GetFiles(Path.Combine(home, "codices", "chats"), damaged.Split('/')[^1] + ".jsonl").Single();
        var bytes = File.ReadAllBytes(journal);
        bytes[bytes.Length / 2] ^= 0x55;
        Write(journal, bytes);

        await using var sidecar = await InMemorySidecar.StartAsync(home);
        Assert.Equal(2, (await sidecar.Client.ResultAsync("codex/list", new { collection = "chats" }))?["items"]?.AsArray().Count);
        var chat = await sidecar.Client.ResultAsync("codex/get", new { uri = damaged });
        Assert.Contains("damaged", (string?)chat?["notice"], StringComparison.Ordinal);
        Assert.Null(chat?["readOnlyReason"]);
        await sidecar.Client.AskAsync(damaged, "And on");
        Assert.Equal(["Second", "Hello"], Texts(await sidecar.Client.ResultAsync("codex/get", new { uri = whole })));
    }

    [Fact]
    public async Task A_damaged_vault_reports_the_reason_and_providers_without_keys_work()
    {
        await using var endpoint = new ScriptedEndpoint(Answer("Hello"));
        var home = Home(endpoint);
        InMemorySidecar.WriteProvider(home, "keyed", InMemorySidecar.ProviderAt(endpoint.Url, "api_key_ref: 'vault://keyed/api_key'"));
        Write(Path.Combine(home, "vault.json"), "{ \"format\": 1, \"oh\": "u8.ToArray());
        await using var sidecar = await InMemorySidecar.StartAsync(home);
        var client = sidecar.Client;

        Assert.NotEmpty((string?)(await client.ResultAsync("vault/status"))?["problem"] ?? "");
        var keyed = (await client.ResultAsync("provider/list"))?["items"]?.AsArray().Single(item => (string?)item?["id"] == "keyed");
        Assert.False((bool?)keyed?["hasCredential"]);
        Assert.NotNull(
            ErrorKind(await client.RequestAsync("vault/create", new { method = "passphrase", secret = "correct horse battery" }))
        );
        var uri = await client.CreateChatAsync();
        Assert.Equal("endTurn", (string?)(await client.AskAsync(uri, "Hi"))[^1]["event"]?["stopReason"]);
        var failed = (await client.AskAsync(await client.CreateChatAsync("keyed"), "Hi"))[^1]["event"]?["error"];
        Assert.Equal("vaultLocked", (string?)failed?["kind"]);
        Assert.Single(endpoint.Requests);
    }

    private static string Home(ScriptedEndpoint endpoint)
    {
        var home = Directory.CreateTempSubdirectory("plue-home-").FullName;
        InMemorySidecar.WriteProvider(home, "scripted", InMemorySidecar.ProviderAt(endpoint.Url));
        return home;
    }

    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        { /* Full. */
        }
    }

    private static void Write(string path, byte[] bytes)
    {
        using var file = new FileStream(path, FileMode.Create);
        file.Write(bytes);
    }
}
